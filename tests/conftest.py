"""What all tests share: the folder of real test data, and the project's own root."""

import os
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
