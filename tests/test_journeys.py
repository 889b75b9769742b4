"""Users' tasks from an empty folder with the wheel, by what README and docs say and nothing else."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.cli import VERBS

ROOT = Path(__file__).resolve().parents[1]
JOURNEYS = ROOT / "tests" / "journeys"
SHORT = {
    "engineer": {"CLIPS": "6"},
    "researcher": {"SUITE": "digits", "MODEL": "tiny-nar", "LIMIT": "10"},
}
"""What makes each of them quick."""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


def journey(name: str, programs: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    clean |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"} | environment
    script = JOURNEYS / f"{name}.sh"
    return subprocess.run(["bash", str(script)], cwd=folder, env=clean, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SHORT)
def test_it_is_done(name: str, installed: Path, tmp_path: Path) -> None:
    done = journey(name, installed, tmp_path, **SHORT[name])
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert done.stdout.endswith(f"{name}: done\n")


@pytest.mark.skipif("ASR_SLOW_TESTS" not in os.environ, reason="minutes: set ASR_SLOW_TESTS=1")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SHORT)
def test_it_is_done_in_full(name: str, installed: Path, tmp_path: Path) -> None:
    done = journey(name, installed, tmp_path)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("name", SHORT)
def test_every_step_stands_in_the_docs(name: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    docs = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    lines = re.findall(r"^run-eval (.*)$", (JOURNEYS / f"{name}.sh").read_text(), re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        words = shlex.split(re.sub(r"\$\{\w+:\+[^}]*\}", "--limit 1", line.split(" | ")[0].split(" > ")[0]))
        verb = words[0] if words[0] in VERBS else "--"
        documented = [one for one in re.findall(r"run_eval\.py ([^`\n]*)", docs) if one.startswith(verb)]
        assert documented, line
        for flag in (word for word in words if word.startswith("--")):
            assert re.search(rf"{re.escape(flag)}(?![\w-])", docs), f"{flag} of: {line}"


@pytest.mark.parametrize("name", SHORT)
def test_it_begins_in_an_empty_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = journey(name, tmp_path, tmp_path)
    assert (done.returncode, done.stderr) == (1, "run this in an empty folder\n")


TUTORIAL = ROOT / "docs" / "tutorial_why_30_percent.md"


@pytest.mark.skipif("ASR_SLOW_TESTS" not in os.environ, reason="minutes: set ASR_SLOW_TESTS=1")
@pytest.mark.timeout(1800)
def test_the_tutorial_s_commands_are_run_in_turn(installed: Path, tmp_path: Path) -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    commands = re.findall(r"^run_eval\.py (.*)$", text, re.MULTILINE)
    assert len(commands) == 9
    told = ""
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", f"{installed}/run-eval {command}"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"
        told += done.stdout + done.stderr
    for figure in ("30.86 % WER", "40.80", "-9.947"):
        assert figure in text
        assert figure in told
    said = (tmp_path / "alignments.txt").read_text()
    assert "HYP:  that is not a valid 100        number please try again" in said
    assert (tmp_path / "report" / "index.html").is_file()
