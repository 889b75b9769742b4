"""A checkpoint, loaded as a user has it loaded, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.models.base import LoadOptions
from harness.models.generating.model import Generating
from harness.models.registry import load_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.models.base import Model
    from harness.types import Clip


def load(folder: Path, **options: Any) -> Generating:
    """The model of a folder, with `LoadOptions`."""
    model = load_model(str(folder), LoadOptions(**options))
    assert isinstance(model, Generating)
    return model


def texts(model: Model, some: Sequence[Clip]) -> list[str]:
    """The texts of a batch."""
    return [made.text for made in model.text(model.infer(model.transfer(model.features(some))))]
