"""Fixtures of the runner's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.runner.journal import JournalFile


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    with JournalFile(tmp_path / "b.jsonl") as opened:
        yield opened
