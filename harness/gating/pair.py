"""One number of a benchmark on both sides, utterance for utterance: its error rate, or a further metric."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from harness.records.decision import Blame
from harness.records.stored import taken
from harness.scoring.metrics import Metric, get_metric
from harness.scoring.metrics.base import parts_of
from harness.scoring.pairing import PairedBenchmark, as_counts
from harness.scoring.significance import Counts, difference

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.records.statistics import Difference
    from harness.scoring.metrics.base import Parts
    from harness.scoring.scored import ScoredUtterance


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why a metric cannot be judged."""

    sides: list[str]
    """Those that have none: ``baseline``, ``run``."""
    reason: str | None
    """Why, where that is known."""


class RowPairs(Sequence[tuple["Line", "Line"]]):
    """Each utterance as the baseline and as the run has it; held as the rows are.

    Args:
        before: the baseline's rows.
        after: the run's, of the same utterances.
    """

    def __init__(self, before: Sequence[Line], after: Sequence[Line]) -> None:
        self._before, self._after = before, after

    def __len__(self) -> int:
        return len(self._before)

    @overload
    def __getitem__(self, at: int) -> tuple[Line, Line]: ...
    @overload
    def __getitem__(self, at: slice) -> RowPairs: ...
    def __getitem__(self, at: int | slice) -> tuple[Line, Line] | RowPairs:
        """One, or some of them."""
        if isinstance(at, slice):
            return RowPairs(self._before[at], self._after[at])
        return self._before[at], self._after[at]

    def __iter__(self) -> Iterator[tuple[Line, Line]]:
        return zip(self._before, self._after, strict=True)

    def taken(self, places: Sequence[int]) -> RowPairs:
        """Those at these places."""
        return RowPairs(taken(self._before, places), taken(self._after, places))


def some_of(rows: Sequence[tuple[Line, Line]], places: Sequence[int]) -> Sequence[tuple[Line, Line]]:
    """Those at these places."""
    return rows.taken(places) if isinstance(rows, RowPairs) else [rows[at] for at in places]


@dataclass(frozen=True, slots=True)
class Pair:
    """What was counted on both sides."""

    benchmark: str
    metric: Metric
    before: Counts
    """The baseline's."""
    after: Counts
    """The run's."""
    rows: Sequence[tuple[Line, Line]]
    """Each utterance as the baseline and as the run has it."""
    sessions: list[str | None]
    changed: int
    """Utterances whose counts differ."""
    rewritten: int = 0
    """Utterances whose counts agree, but whose raw transcripts do not."""

    def worse_by(self, level: float) -> Difference | None:
        """How much worse the run is: run minus baseline where lower is better, else turned round."""
        sides = (self.after, self.before) if self.metric.better == "lower" else (self.before, self.after)
        return difference(*sides, self.sessions, level)

    @property
    def more_errors(self) -> float:
        """How many more errors the run has."""
        return float(self.after.errors.sum() - self.before.errors.sum())

    def part(self, held: Sequence[int], sessions: Sequence[str | None] | None = None) -> Pair:
        """Some of the utterances, of these sessions; unless given each is one of its own."""
        before, after = (Counts(one.errors[held], one.words[held]) for one in (self.before, self.after))
        rows = some_of(self.rows, held)
        units: list[str | None] = [str(at) for at in held] if sessions is None else [*sessions]
        changed = int(((before.errors != after.errors) | (before.words != after.words)).sum())
        return Pair(self.benchmark, self.metric, before, after, rows, units, changed)

    def blame(self, most: int) -> tuple[Blame, ...]:
        """The utterances that add most to what got worse."""
        words = self.after.words.sum().item()
        before, after = (
            side.errors if self.metric.better == "lower" else side.words - side.errors
            for side in (self.before, self.after)
        )
        sign = 1 if self.metric.better == "lower" else -1
        more = after - before
        least = np.sort(more)[-most:][:1]  # of the most that are wanted
        places = np.flatnonzero((more > 0) & (more >= least)) if len(least) else np.zeros(0, np.int64)
        found = zip(more[places].tolist(), some_of(self.rows, places.tolist()), strict=True)
        worst = heapq.nsmallest(most, found, key=lambda item: (-item[0], item[1][0].id))
        return tuple(
            Blame(
                id=new.id,
                more_errors=one,
                contribution=sign * one / words,
                reference=new.reference,
                before=old.hypothesis or "",
                after=new.hypothesis or "",
            )
            for one, (old, new) in worst
        )


def pair_rates(paired: PairedBenchmark) -> Pair:
    """The error rate of a benchmark, of which the first system is the baseline, the second the run."""
    before, after = paired.counts()
    rows = RowPairs(paired.rows(0), paired.rows(1))
    changed = (before.table != after.table).any(axis=1)
    alike = rows.taken(np.flatnonzero(~changed).tolist())
    return Pair(
        paired.benchmark,
        get_metric("cer" if paired.by_character else "wer"),
        as_counts(before),
        as_counts(after),
        rows,
        paired.sessions(),
        int(changed.sum()),
        sum(old.hypothesis != new.hypothesis for old, new in alike),
    )


def pair_metric(
    paired: PairedBenchmark, metric: Metric, utterances: Sequence[Sequence[ScoredUtterance]]
) -> Pair | Lacking:
    """A metric of a benchmark; which sides have no such metric where one of them has none.

    Args:
        paired: the baseline, then the run.
        metric: a ratio.
        utterances: those of each side that are scored.
    """
    (old, reason), (new, other) = (
        parts_of(one, metric, held) for one, held in zip(paired.scored, utterances, strict=True)
    )
    lacking = [what for what, parts in (("baseline", old), ("run", new)) if not any(one and one[1] for one in parts)]
    if lacking:
        return Lacking(lacking, reason or other)
    rows, sessions = RowPairs(paired.rows(0), paired.rows(1)), paired.sessions()
    both = [
        (at, before, after)
        for at, places in enumerate(zip(*(order.tolist() for order in paired.order), strict=True))
        if (before := old[places[0]]) is not None and (after := new[places[1]]) is not None
    ]
    return Pair(
        paired.benchmark,
        metric,
        _columns([before for _, before, _ in both]),
        _columns([after for _, _, after in both]),
        rows.taken([at for at, _, _ in both]),
        [sessions[at] for at, _, _ in both],
        sum(before != after for _, before, after in both),
    )


def _columns(parts: Sequence[Parts]) -> Counts:
    return Counts(*np.array([one[:2] for one in parts], dtype=np.float64).reshape(-1, 2).T)
