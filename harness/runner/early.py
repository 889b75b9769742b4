"""A benchmark in parts, in an order that was drawn beforehand, until its verdict is certain.

Each part is planned as a whole, so that clips of like length share a batch; between two parts the run is looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.records.run import EarlyRecord
    from harness.runner.loop import Loop
    from harness.runner.selection import Row, Selected


class Watch(Protocol):
    """One benchmark of a run, looked at while it goes on."""

    @property
    def parts(self) -> Sequence[set[str]]:
        """Ids of all its utterances, in the order in which they are to be run."""

    def look(self, lines: Sequence[Line]) -> EarlyRecord | None:
        """Why the run can be stopped after these lines; None where it has to go on."""


class Early(Protocol):
    """Who decides whether a run is stopped."""

    def begun(self, seed: int) -> EarlyRecord:
        """What run.json says of it from the beginning."""

    def watch(self, benchmark: str, rows: Sequence[Row], seed: int) -> Watch | str:
        """Looks after a benchmark, or says why it has to be run to its end."""


def begin(early: Early | None, before: EarlyRecord | None) -> EarlyRecord | None:
    """What run.json says; a run that is gone on with keeps its order, and what it was stopped for."""
    if early is None:
        return None
    new = early.begun(secrets.randbits(31) if before is None else before.seed)
    return before if before is not None and before.baseline == new.baseline else new


def run_in_parts(
    loop: Loop, selected: Selected, early: Early, seed: int, note: Callable[[str], None]
) -> tuple[int, EarlyRecord | None, int]:
    """Runs a benchmark until it is through, or its verdict is certain.

    Returns:
        How many utterances were run, why it was stopped where it was, and how many utterances there are.

    Raises:
        As `Loop.run` and `Selected.open`.
    """
    rows = selected.listed({line.id for line in loop.journal.lines})
    watch = early.watch(loop.benchmark, rows, seed)
    if isinstance(watch, str):
        note(f"{loop.benchmark}: run to its end, {watch}")
        return loop.run(selected.part({row.id for row in rows})), None, len(rows)
    seen = 0
    for ids in watch.parts:
        seen += loop.run(selected.part(ids))
        found = watch.look(loop.journal.lines) if seen < len(rows) else None
        if found is not None:
            return seen, found, len(rows)
    return seen, None, len(rows)
