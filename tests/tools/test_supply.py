"""Pinned versions with digests, and the bill of materials: from what pip and the environment say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from harness.version import DISTRIBUTION, VERSION
from tools.write_hashes import CONSTRAINTS, File, line, pins
from tools.write_sbom import bill, component


def test_only_pins_are_asked_for() -> None:
    assert pins("# x\nnumpy==2.4.6  # why\n\nray>=2\ntorch==2.13.0; python_version > '3'\n") == [
        "numpy==2.4.6",
        "torch==2.13.0; python_version > '3'",
    ]
    assert len(pins(CONSTRAINTS.read_text(encoding="utf-8"))) > 20


def test_what_is_said_of_the_pins_counts_them(root: Path) -> None:
    text = (root / "SECURITY.md").read_text(encoding="utf-8")
    stated = re.findall(r"\((\d+) today\)|the (\d+) pins", text)
    assert [int(one or other) for one, other in stated] == [len(pins(CONSTRAINTS.read_text(encoding="utf-8")))] * 2


A, B = "a" * 64, "b" * 64


def test_all_files_of_the_version_and_no_other() -> None:
    files = [File("1.0", B), File("1.0", A), File("1.0.1", "c" * 64), File("1.0+cpu", "d" * 64), File("1.0", A)]
    expected = f"x==1.0 --hash=sha256:{A} --hash=sha256:{B} --hash=sha256:{'d' * 64}"
    assert line("x==1.0", files) == expected
    assert line("x==1.0rc1", [File("1.0rc1", A), File("1.0", B)]) == f"x==1.0rc1 --hash=sha256:{A}"
    assert line("x==1; python_version > '3'", [File("1.0", A)]) == f"x==1; python_version > '3' --hash=sha256:{A}"


@pytest.mark.parametrize("digest", [None, "", "a" * 63, "g" * 64, "A" * 64])
def test_a_file_without_a_digest_is_refused(digest: str | None) -> None:
    with pytest.raises(ValueError, match="x==1: the index states no digest"):
        line("x==1", [File("1", A), File("1", digest)])


def test_a_version_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="x==2: no file of this version"):
        line("x==2", [File("1", A)])


def test_pips_own_finder_reads_an_index_and_a_folder(tmp_path: Path, root: Path) -> None:
    """An index states digests; of a file in a folder it is what the file is. Neither is downloaded nor installed."""
    for name in ("one", "two"):
        (tmp_path / "index" / name).mkdir(parents=True)
    here = f'<a href="https://files.invalid/one-1.0-py3-none-any.whl#sha256={A}">one-1.0-py3-none-any.whl</a>'
    other = f'<a href="https://files.invalid/one-1.0-cp27-cp27m-win32.whl#sha256={B}">one-1.0-cp27-cp27m-win32.whl</a>'
    (tmp_path / "index" / "one" / "index.html").write_text(f"<!DOCTYPE html><html><body>{here}{other}</body></html>")
    (tmp_path / "index" / "two" / "index.html").write_text("<!DOCTYPE html><html><body></body></html>")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "two-2.0+cpu-py3-none-any.whl").write_bytes(b"a wheel")
    flags = ["--index-url", (tmp_path / "index").as_uri(), "--find-links", str(tmp_path / "wheels")]
    of_the_wheel = hashlib.sha256(b"a wheel").hexdigest()
    code = (
        "import sys; from tools.write_hashes import *; print(*hashed(sys.argv[1:3], finder(sys.argv[3:])), sep='\\n')"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}

    def asked(*pins: str) -> subprocess.CompletedProcess[str]:  # in a process of its own: pip warns of itself
        command = [sys.executable, "-W", "ignore", "-c", code, *pins, *flags]
        surroundings = {**kept, "PIP_CONFIG_FILE": os.devnull}
        return subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, check=False)

    done = asked("two==2.0", "one==1.0")
    assert done.stdout == f"one==1.0 --hash=sha256:{A}\ntwo==2.0 --hash=sha256:{of_the_wheel}\n"
    assert "ValueError: one==1.1: no file of this version" in asked("two==2.0", "one==1.1").stderr


def test_the_bill_names_everything_once() -> None:
    found = bill(metadata.distributions())
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.5")
    own = found["metadata"]["component"]
    assert (own["name"], own["version"], own["type"]) == (DISTRIBUTION, VERSION, "application")
    references = [each["bom-ref"] for each in found["components"]]
    assert len(references) == len(set(references)) > 20
    assert f"pkg:pypi/numpy@{metadata.version('numpy')}" in references
    assert json.loads(json.dumps(found)) == found


def test_a_package_by_its_purl() -> None:
    assert component("Ruamel.YAML_x", "1.0+cpu", "MIT") == {
        "type": "library",
        "bom-ref": "pkg:pypi/ruamel-yaml-x@1.0%2Bcpu",
        "name": "ruamel-yaml-x",
        "version": "1.0+cpu",
        "purl": "pkg:pypi/ruamel-yaml-x@1.0%2Bcpu",
        "licenses": [{"license": {"name": "MIT"}}],
    }
