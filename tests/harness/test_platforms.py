"""Systems without what only Linux, or only Unix, has: the program does the same there, by plainer means."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

WITHOUT = """
import os, sys
for name in ("fork", "memfd_create", "pread", "preadv", "sched_getaffinity", "sendfile", "sysconf"):
    delattr(os, name)
sys.modules["resource"] = sys.modules["fcntl"] = None
"""
"""Takes away, before anything of ours is imported, what Windows does not have; part of it macOS has not either."""

MAIN = "import sys; from harness.cli import main; sys.exit(main(sys.argv[1:]))"


def run(script: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def results(out: Path) -> list[Any]:
    folder = out / "digits" / "tiny-nar"
    lines = [json.loads(line) for line in (folder / "digits.jsonl").read_text().splitlines()]
    scores = json.loads((folder / "scores.json").read_text())
    return [
        [(line["id"], line["hypothesis"]) for line in lines],
        [{name: value for name, value in entry.items() if name != "speed"} for entry in scores["benchmarks"]],
    ]


def test_a_run_needs_nothing_that_only_linux_has(tmp_path: Path) -> None:
    words = ("--suite", "digits", "--model", "tiny-nar", "--limit", "8", "--quiet")
    for script, name in ((MAIN, "with"), (WITHOUT + MAIN, "without")):
        done = run(script, *words, "--out", str(tmp_path / name))
        assert (done.returncode, done.stderr) == (0, "")
    assert results(tmp_path / "with") == results(tmp_path / "without")


@pytest.mark.parametrize("words", [("doctor",), ("list", "suites")])
def test_commands_need_nothing_that_only_linux_has(words: tuple[str, ...]) -> None:
    done = run(WITHOUT + MAIN, *words)
    assert (done.returncode, done.stderr) == (0, "")
