"""Pinned versions with digests, and the bill of materials: from what pip and the environment say."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import pytest

from harness.version import DISTRIBUTION, VERSION
from tools.write_hashes import CONSTRAINTS, hashed, pins
from tools.write_sbom import bill, component


def test_only_pins_are_asked_for() -> None:
    assert pins("# x\nnumpy==2.4.6  # why\n\nray>=2\ntorch==2.13.0; python_version > '3'\n") == [
        "numpy==2.4.6",
        "torch==2.13.0; python_version > '3'",
    ]
    assert len(pins(CONSTRAINTS.read_text(encoding="utf-8"))) > 20


def item(name: str, digest: str | None) -> dict[str, Any]:
    hashes = {"archive_info": {"hashes": {"sha256": digest}}} if digest else {}
    return {"metadata": {"name": name, "version": "1"}, "download_info": hashes}


def test_a_line_for_each_file_with_its_digest() -> None:
    report = {"install": [item("b", "b" * 64), item("A", "a" * 64)]}
    assert [*hashed(report)] == [f"A==1 --hash=sha256:{'a' * 64}", f"b==1 --hash=sha256:{'b' * 64}"]


@pytest.mark.parametrize("digest", [None, "", "a" * 63, "g" * 64])
def test_a_file_without_a_digest_is_refused(digest: str | None) -> None:
    with pytest.raises(ValueError, match="a 1: the index states no digest"):
        list(hashed({"install": [item("a", digest)]}))


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
