"""Figures as they would be saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.reporting import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """The figures that would have been saved, by their names."""
    found: dict[str, Figure] = {}
    monkeypatch.setattr(drawing, "save", lambda figure, stem: found.update({stem.name: figure}) or [])
    return found
