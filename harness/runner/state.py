"""What the loop, the pipeline that it feeds, and whoever began it share while a benchmark runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.models.base import Model
    from harness.records.run import Event
    from harness.runner.clock import Clock
    from harness.runner.plan import Budget


class Stop:
    """Set from a signal handler; the loop ends after the batch in hand."""

    def __init__(self) -> None:
        self.requested = False


@dataclass(slots=True, kw_only=True)
class State:
    """One model at work on one benchmark."""

    model: Model
    budget: Budget
    """What a batch may hold; a lack of memory makes it smaller."""
    clock: Clock
    stop: Stop
    warm: bool = False
    """Whether the model is warm already."""
    overlap: bool = True
    """Whether stages of different batches run beside each other; else each waits for the last."""
    events: list[Event] = field(default_factory=list)
    """What disturbed the run, such as a lack of memory."""
    batches: int = 0
    """The number of the next batch."""

    def next_number(self) -> int:
        """The number of a batch that begins."""
        self.batches += 1
        return self.batches - 1
