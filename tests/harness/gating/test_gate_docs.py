"""docs/gate.md does what it says: every command of the page is run, in its order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from harness.gating.policy import parse_policy

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "gate.md"


def blocks() -> list[tuple[str, int, str]]:
    """Kind, expected exit status and content of each fenced block of the page."""
    found = re.findall(r"^```(\w+)(?: exit=(\d))?\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [(kind, int(status or 0), content) for kind, status, content in found]


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script as CI does, with `python` being the one that runs the tests."""
    binary = folder / "bin"
    binary.mkdir(exist_ok=True)
    python = binary / "python"
    if not python.exists():
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    variables |= {"PATH": f"{binary}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)} | environment
    command = ["bash", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that looks like the project's root to the page's commands."""
    for name in ("run_eval.py", "docs", "harness", "benchmarks", "results"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_every_command_of_the_page(project: Path) -> None:
    output = ""
    ran = 0
    for kind, status, content in blocks():
        if kind == "sh":
            done = shell(content, project)
            assert done.returncode == status, f"{content}\n{done.stdout}\n{done.stderr}"
            output = done.stdout
            ran += 1
        elif kind == "text":
            for line in content.splitlines():
                assert line in output, f"{line!r} is not in:\n{output}"
    assert ran == 10
    assert (project / "report" / "index.html").stat().st_size > 10_000
    failures = ET.parse(project / "gate.xml").getroot().get("failures")
    assert failures == "1"
    assert "❌ ASR gate: FAIL" in (project / "gate.md").read_text("utf-8")


def test_the_policy_of_the_page_is_one() -> None:
    [content] = [content for kind, _, content in blocks() if kind == "toml"]
    policy = parse_policy(tomllib.loads(content), "docs/gate.md")
    assert policy.rule("ami_ihm").margin == 0.005
    assert {name: table.margin for name, table in policy.metrics.items()} == {"ser": 1.0, "inserted_on_silence": 0.5}
