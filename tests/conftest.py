"""What all tests share: the folder of real test data, and the project's own root."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, and no time limit: a busy machine is no failure.
settings.register_profile("project", derandomize=True, deadline=None)
settings.load_profile("project")
# Tests share the machine's cores; OpenMP threads that wait for one another on busy cores spin for seconds.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test reads or leaves counts in the user's own cache.
os.environ["ASR_HARNESS_CACHE"] = ""

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("harness", "benchmarks", "results", "pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE")
"""What the wheel is built from."""


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real speech and real predictions, which are not part of the project."""
    folder = Path(os.environ.get("ASR_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "predictions" / "expected.json").is_file():
        pytest.skip(f"no test data at {folder}; ASR_TEST_DATA names its folder")
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: building leaves files behind."""
    source = tmp_path_factory.mktemp("source")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "runs"))
        else:
            shutil.copy(ROOT / name, source / name)
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(source / "dist")]
    subprocess.run(command, cwd=source, capture_output=True, check=True)
    (path,) = (source / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that has the wheel, and our requirements."""
    home = tmp_path_factory.mktemp("environment") / ".venv"
    venv.create(home, symlinks=True)
    programs = home / "bin"
    installer = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "-q", "--no-deps"]
    subprocess.run([*installer, "--no-index", str(wheel)], check=True, capture_output=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs
