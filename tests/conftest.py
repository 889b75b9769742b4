"""What all tests share: the folder of real test data, and the project's own root."""

import os
from pathlib import Path

import pytest

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
