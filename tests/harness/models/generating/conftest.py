"""The tiny checkpoints of all families, each built once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness.models.generating.checkpoints import NEEDS, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Called with a family, gives the folder of its checkpoint; it is not to be changed."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family in NEEDS:
            pytest.importorskip(NEEDS[family])
        if family not in made:
            made[family] = build(family, tmp_path_factory.mktemp("tiny") / family)
        return made[family]

    return make
