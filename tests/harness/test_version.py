"""The version and the program's name, in a checkout and among installed packages."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness import version
from harness.cli import main
from harness.errors import ExitStatus

ROOT = Path(__file__).parents[2]
NAMING = {"version.py", "shadowing.py"}
"""The files that mean one of the two names, whatever was typed."""


def test_version_is_the_projects() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (stated["name"], stated["version"]) == (version.DISTRIBUTION, version.VERSION)
    assert version.IN_CHECKOUT


def _copy(folder: Path) -> str:
    """What a copy of the package in `folder` says of itself."""
    (folder / "harness").mkdir(parents=True, exist_ok=True)
    shutil.copy(version.__file__, folder / "harness")
    code = "from harness.version import *; print(VERSION, IN_CHECKOUT, program())"
    command = [sys.executable, "-S", "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_installed_version_is_the_distributions(tmp_path: Path) -> None:
    info = tmp_path / "asr_harness-7.8.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: asr-harness\nVersion: 7.8.9\n")
    assert _copy(tmp_path) == "7.8.9 False run-eval"


def test_somebody_elses_project_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "theirs"\nversion = "3.2.1"\n')
    assert _copy(tmp_path) == "unknown False run-eval"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/usr/bin/run-eval", "run-eval"),
        ("run-eval.exe", "run-eval"),
        ("./run_eval.py", "run_eval.py"),
        ("/site-packages/harness/cli.py", "python -m harness.cli"),
        ("ipykernel_launcher.py", "run_eval.py"),  # a notebook in a checkout
        ("", "run_eval.py"),
    ],
)
def test_program_is_called_as_typed(typed: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [typed])
    assert version.program() == name


@pytest.mark.parametrize("typed", ["run-eval", "run_eval.py"])
def test_messages_name_what_was_typed(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setattr(sys, "argv", [f"/bin/{typed}"])
    other = "run_eval.py" if typed == "run-eval" else "run-eval"
    for words in (["--help"], ["gate", "--help"], ["baseline", "list", "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(words)
        text = capsys.readouterr().out
        assert f"usage: {typed}" in text
        assert other not in text
    assert main([]) == ExitStatus.USAGE
    assert f"see {typed} --help" in capsys.readouterr().err


def test_no_text_of_ours_has_a_name_of_the_program_in_it() -> None:
    """A message says `program()`; only docstrings, which nobody is shown while the program runs, have the name."""
    found = []
    for path in (file for part in ("harness", "benchmarks") for file in (ROOT / part).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and id(node) not in told and path.name not in NAMING
            if isinstance(node.value, str) and ("run_eval.py" in node.value or "run-eval" in node.value)
        ]
    assert not found


@pytest.mark.parametrize("command", [["run_eval.py"], ["-m", "harness.cli"]])
def test_the_version_is_printed(command: list[str]) -> None:
    done = subprocess.run([sys.executable, *command, "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"asr-harness {version.VERSION}\n"
