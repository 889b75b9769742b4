"""What a run will hold on its device, before anything is loaded: by the model's card and the plan of its batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.devices import kind_of

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.models.base import ModelCard
    from harness.runner.plan import Budget

BYTES = {"float32": 4, "bfloat16": 2}
"""Of a number, by dtype."""

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Predicted:
    """Bytes that weights and batches take; None where the card does not say."""

    weights: int | None
    each: float | None
    """Of a clip, or of a second where `by_seconds`."""
    largest: float
    """Clips of the batch that takes most, or its seconds."""
    least: float
    """Clips of the smallest batch that there can be, or its seconds: one clip, the longest."""
    by_seconds: bool
    device: str

    @property
    def total(self) -> float | None:
        """Of the weights and the largest batch together."""
        return None if self.weights is None or self.each is None else self.weights + self.each * self.largest

    def told(self, free: int | None) -> str:
        """In words, beside what is free on the device; empty where nothing is known."""
        if self.total is None or self.weights is None:
            return ""
        parts = f"weights {self.weights / GIB:.1f}, the largest batch {(self.total - self.weights) / GIB:.1f}"
        where = "on the host" if kind_of(self.device) == "cpu" else f"on {self.device}"
        of = f", of {free / GIB:.1f} free" if free is not None else ""
        return f"about {self.total / GIB:.1f} GiB {where} ({parts}){of}"

    def too_much(self, free: int | None) -> str:
        """That it does not fit, and what would; empty where it fits, or that is not known."""
        if free is None or self.weights is None:
            return ""
        if self.weights > free:
            return f"the weights alone do not fit: {self.weights / GIB:.1f} GiB of {free / GIB:.1f} free"
        if self.total is None or self.each is None or self.total <= free:
            return ""
        fits = (free - self.weights) / self.each
        flag = "--batch-seconds" if self.by_seconds else "--batch-size"
        if fits < self.least:
            return f"not even the longest clip alone fits into the {free / GIB:.1f} GiB that are free"
        return f"the largest batch does not fit, and will be planned anew: {flag} {int(fits)} would"


def predict(
    card: ModelCard | None,
    seconds: Sequence[float],
    batches: Sequence[Sequence[int]],
    budget: Budget,
    settings: Settings,
) -> Predicted:
    """What a plan will take.

    Args:
        card: of the model, as far as it is known.
        seconds: of each clip.
        batches: the plan, as indices of clips.
        budget: by which it was made.
        settings: the device and the number format.
    """
    weights, each, by_seconds = None, None, False
    if card is not None:
        weights = card.weight_bytes or (card.parameters or 0) * BYTES[settings.dtype] or None
        by_seconds = card.clip_bytes is None
        values = card.second_values
        each = card.clip_bytes if not by_seconds else None if values is None else values * BYTES[settings.dtype]
    costs = [budget.cost([seconds[index] for index in batch]) if by_seconds else len(batch) for batch in batches]
    least = max(budget.window, *seconds, 0.0) if by_seconds else 1
    return Predicted(weights, each, max(costs, default=0), least, by_seconds, settings.device)
