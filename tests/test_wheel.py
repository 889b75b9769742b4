"""The wheel in an environment of its own: what it brings, and that it works beside a foreign `benchmarks`."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def bin_(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment in somebody's repository that has the wheel, and our requirements."""
    project = tmp_path_factory.mktemp("project")
    home = project / ".venv"
    venv.create(home, symlinks=True)
    programs = home / "bin"
    installer = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "-q", "--no-deps"]
    subprocess.run([*installer, "--no-index", str(wheel)], check=True, capture_output=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name in ("benchmarks/__init__.py", "benchmarks/mine.py"):  # the user's own
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("MINE = 1\n")
    git = ["git", "-C", str(project), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "benchmarks"], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    return programs


def run(*command: str | Path, cwd: Path, **environment: str) -> tuple[int, str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, env=clean | environment
    )
    return done.returncode, done.stdout, done.stderr


def project(programs: Path) -> Path:
    return programs.parents[1]


def test_the_wheel_holds_what_is_read_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"harness", "benchmarks", "asr_harness"}
    for part in ("harness", "benchmarks"):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / part).rglob("*") if path.is_file()}
        here = {name for name in here if "__pycache__" not in name and not name.endswith("checkpoint/README.md")}
        assert here == {name for name in names if name.startswith(f"{part}/") and "/results/" not in name}
    published = {f"harness/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "results" / "published").iterdir()}
    assert {name for name in names if "/results/" in name} == published
    assert {"harness/py.typed", "benchmarks/py.typed"} <= names


@pytest.mark.parametrize("place", [".", "elsewhere"])
def test_the_command_works_beside_a_package_benchmarks(bin_: Path, place: str) -> None:
    cwd = project(bin_) / place
    cwd.mkdir(exist_ok=True)
    status, out, error = run(bin_ / "run-eval", "list", "suites", cwd=cwd)
    assert (status, error) == (0, "")
    assert "open_asr" in out
    status, out, error = run(bin_ / "python", "-m", "harness.cli", "list", "suites", cwd=cwd)
    assert (status, error) == (0, "")
    assert "open_asr" in out
    status, _, error = run(bin_ / "run-eval", "list", "suites", cwd=cwd, PYTHONPATH=str(project(bin_)))
    assert (status, error) == (0, "")


def test_a_run_of_the_installed_program_states_the_version_and_no_commit(bin_: Path) -> None:
    words = ["--suite", "digits", "--model", "tiny-nar", "--limit", "1", "--quiet", "--out", "runs"]
    status, _, error = run(bin_ / "run-eval", *words, cwd=project(bin_))
    assert (status, error) == (0, "")
    record: Any = json.loads((project(bin_) / "runs" / "digits" / "tiny-nar" / "run.json").read_text())
    assert record["environment"]["packages"]
    assert (record["environment"].get("commit"), record["environment"].get("dirty")) == (None, None)


def test_published_figures_are_found(bin_: Path) -> None:
    code = "from harness.reporting.published import *; print(FOLDER, len(published_figures()))"
    status, out, error = run(bin_ / "python", "-P", "-c", code, cwd=project(bin_))
    assert (status, error) == (0, "")
    folder, count = out.split()
    assert folder.endswith("site-packages/harness/results/published")
    assert int(count) > 1_000


LIBRARY = """
import harness
run = harness.evaluate("digits", model=lambda waveform, language: "one two", limit=2)
print(len(run.to_pandas("utterance")), harness.score(["the cat sat"], ["the cat sad"], language="en").wer * 3)
import benchmarks.mine
print(benchmarks.MINE, benchmarks.mine.MINE)
"""


def test_a_program_of_somebody_s_has_its_own_package_and_ours(bin_: Path) -> None:
    status, out, error = run(bin_ / "python", "-c", LIBRARY, cwd=project(bin_))
    assert (status, error) == (0, "")
    assert out == "2 1.0\n1 1\n"


@pytest.mark.parametrize(
    ("name", "both"), [("benchmarks/registry.py", "benchmarks.registry"), ("benchmarks.py", "benchmarks")]
)
def test_what_hides_ours_is_named_in_one_line(bin_: Path, tmp_path: Path, name: str, both: str) -> None:
    (tmp_path / "benchmarks").mkdir()
    if name != "benchmarks.py":
        (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / name).write_text("raise SystemExit('nobody asked to run this')\n")
    place = tmp_path / ("benchmarks.py" if name == "benchmarks.py" else "benchmarks/__init__.py")
    code = "import sys; from harness.cli import main; sys.exit(main(['list', 'suites']))"
    said = f"{place} hides the package 'benchmarks' of asr-harness (both have {both}); start"
    status, out, error = run(bin_ / "python", "-c", "import harness; harness.score(['a'], ['b'])", cwd=tmp_path)
    assert (status, out) == (1, "")
    assert error.splitlines()[-1].startswith(f"harness.errors.UsageError: {said}")
    status, out, error = run(bin_ / "python", "-c", code, cwd=tmp_path)
    assert (status, out) == (2, "")
    (line,) = error.splitlines()
    assert line.startswith(f"error: {said}")
    status, out, error = run(bin_ / "python", "-P", "-c", code, cwd=tmp_path)
    assert (status, error) == (0, "")
    status, out, error = run(bin_ / "python", "-m", "harness.cli", "list", "suites", cwd=tmp_path)
    assert (status, error) == (0, "")
