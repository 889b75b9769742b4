"""One number of a benchmark on both sides, utterance for utterance: its error rate, or a further metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.records.decision import Blame
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


@dataclass(frozen=True, slots=True)
class Pair:
    """What was counted on both sides."""

    benchmark: str
    metric: Metric
    before: Counts
    """The baseline's."""
    after: Counts
    """The run's."""
    rows: list[tuple[Line, Line]]
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
        rows = [self.rows[at] for at in held]
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
        more = (after - before).tolist()
        sign = 1 if self.metric.better == "lower" else -1
        worse = [(one, *rows) for one, rows in zip(more, self.rows, strict=True) if one > 0]
        worse.sort(key=lambda item: (-item[0], item[1].id))
        return tuple(
            Blame(
                id=new.id,
                more_errors=one,
                contribution=sign * one / words,
                reference=new.reference,
                before=old.hypothesis or "",
                after=new.hypothesis or "",
            )
            for one, old, new in worse[:most]
        )


def pair_rates(paired: PairedBenchmark) -> Pair:
    """The error rate of a benchmark, of which the first system is the baseline, the second the run."""
    before, after = paired.counts(range(len(paired.order[0])))
    rows = list(zip(paired.rows(0), paired.rows(1), strict=True))
    alike = (old == new for old, new in zip(before, after, strict=True))
    return Pair(
        paired.benchmark,
        get_metric("cer" if paired.by_character else "wer"),
        as_counts(before),
        as_counts(after),
        rows,
        paired.sessions(),
        sum(old != new for old, new in zip(before, after, strict=True)),
        sum(same and old.hypothesis != new.hypothesis for same, (old, new) in zip(alike, rows, strict=True)),
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
    rows, sessions = list(zip(paired.rows(0), paired.rows(1), strict=True)), paired.sessions()
    both = [
        (at, before, after)
        for at, places in enumerate(zip(*paired.order, strict=True))
        if (before := old[places[0]]) is not None and (after := new[places[1]]) is not None
    ]
    return Pair(
        paired.benchmark,
        metric,
        _columns([before for _, before, _ in both]),
        _columns([after for _, _, after in both]),
        [rows[at] for at, _, _ in both],
        [sessions[at] for at, _, _ in both],
        sum(before != after for _, before, after in both),
    )


def _columns(parts: Sequence[Parts]) -> Counts:
    return Counts(*np.array([one[:2] for one in parts], dtype=np.float64).reshape(-1, 2).T)
