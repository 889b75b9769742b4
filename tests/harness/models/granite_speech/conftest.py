"""Fixtures of Granite Speech: a checkpoint of each type, and loading as `--model` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.models.base import LoadOptions
from harness.models.registry import load_model
from tests.harness.models.granite_speech.tiny import build


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A granite_speech checkpoint."""
    return build(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def plus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A granite_speech_plus checkpoint."""
    return build(tmp_path_factory.mktemp("plus"), "granite_speech_plus")


@pytest.fixture
def load() -> Callable[..., Any]:
    """Loads a folder as `--model` does; options as words, keywords as such."""

    def made(folder: Path, *options: str, keywords: tuple[str, ...] = (), rows: bool = False) -> Any:
        return load_model(str(folder), LoadOptions(model_option=options, keywords=keywords, row_keywords=rows))

    return made
