"""Counts which of two references a system has where they differ, and tells fitting from chance.

A position says something where the words on both of its sides are there. Then a hypothesis has the original's words,
the correction's, or neither. Honest systems have the original's too: where they hear wrong what the annotator heard so.
So a system is said to fit the reference only if all of these hold, each one-sided at 5 %:

1. it has the original's words at such positions more often than it makes the same error elsewhere, where the
   references agree (its habit);
2. of what is wrong at these positions by the correction, more than two thirds are exactly the original's words: an
   annotator's slip is one of many ways to be wrong;
3. where other systems are given, it has the original's words more often than they do together.

A worse system errs more often, but not more often in the annotator's way (2); one that errs seldom is below its like
(3) and its habit (1). All three must fail at once for a false alarm, which therefore is no more likely than any one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from harness.records.fitting import Fitting
from harness.scoring import lattice
from harness.scoring.align import align
from harness.scoring.fitting.positions import Facing, Position, Words, positions, shared, verdict
from harness.scoring.intervals import can_estimate, jackknife, rates_without, sum_by_session, wer_interval
from harness.scoring.significance import Counts, difference
from harness.scoring.student_t import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.scoring.metrics.base import Utterances
    from harness.scoring.profiles import Profile

CHANCE = 2 / 3
"""Of the errors at positions, the share that an honest system may make in the annotator's way."""
LEVEL = 0.9
"""Of two-sided intervals whose lower end is one-sided at 5 %."""
WEIGHT = 2.0
"""Occurrences that what is known of errors in general counts for, beside those of the same words."""

Pair = tuple[tuple[str, ...], tuple[str, ...]]
"""The correction's words, and the original's."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a system has at the positions of one utterance."""

    positions: tuple[Position, ...]

    def count(self, which: str | None) -> int:
        """Positions of a verdict; None: where it is not known what belongs there."""
        return sum(one.verdict == which for one in self.positions)

    @property
    def decided(self) -> int:
        """Positions where the system has what one of the references has."""
        return self.count("original") + self.count("corrected")


@dataclass(slots=True)
class Habits:
    """What a system does where the references agree."""

    pairs: dict[Pair, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Of the words of a position elsewhere: how often the original's, the correction's, and other words are there."""
    general: Counter[str] = field(default_factory=Counter)
    """Words that are right, substituted and left out; borders of words, and those where something is inserted."""

    def expected(self, position: Position) -> float:
        """The chance of the original's words, where it is these or the correction's, were it any other place."""
        kind, of = "substituted", "right"
        if not position.original:
            kind = "left out"
        elif not position.corrected:
            kind, of = "inserted", "borders"
        wrong, right = self.general[kind], self.general[of]
        base = wrong / (wrong + right) if wrong + right else 0.5
        here = self.pairs.get((position.corrected, position.original), Counter())
        decided = here["original"] + here["corrected"]
        return (here["original"] + WEIGHT * base) / (decided + WEIGHT)


@dataclass(frozen=True, slots=True)
class SystemJudged:
    """A system on a benchmark."""

    utterances: list[Judged | None]
    """None where there is no corrected reference, or one accepts several spellings."""
    habits: Habits
    sessions: list[str | None]


def judge(utterances: Utterances, profile: Profile, language: str) -> SystemJudged:
    """What a system has where its references and their corrections differ, and what it does elsewhere."""
    merge, texts = profile.matches_compounds(language), profile.texts(language)
    found: list[Judged | None] = []
    triples: list[tuple[Words, Words, Words]] = []
    for one in utterances:
        raw = one.row.reference, one.row.corrected or "", one.row.hypothesis or ""
        if one.row.corrected is None or any(lattice.parse(text) is not None for text in raw[:2]):
            found.append(None)
            continue
        (original, corrected, hypothesis), _ = texts.together(*raw)
        triple = texts.units(original), texts.units(corrected), texts.units(hypothesis)
        triples.append(triple)
        found.append(Judged(tuple(positions(*triple, merge=merge))))
    pairs = {(place.corrected, place.original) for each in found if each for place in each.positions}
    return SystemJudged(found, _habits(triples, pairs, merge=merge), [one.row.session for one in utterances])


def _habits(triples: Iterable[tuple[Words, Words, Words]], pairs: Iterable[Pair], *, merge: bool) -> Habits:
    """What becomes of the same words where the references agree, and of words in general."""
    habits = Habits()
    by_first: dict[str, list[Pair]] = defaultdict(list)
    inserted: list[Pair] = []
    empty = 0  # borders with nothing between, which is the correction of every insertion
    for pair in pairs:
        (by_first[pair[0][0]] if pair[0] else inserted).append(pair)
    for original, corrected, hypothesis in triples:
        alignment = align(corrected, hypothesis, merge=merge)
        facing = Facing.of(alignment)
        for begin, end in shared(original, corrected, merge=merge):
            for at in range(begin, end):
                habits.general["right"] += facing.begins[at] is not None
                found = facing.between(at, at + 1)
                if facing.begins[at] is None and found is not None:
                    habits.general["left out" if found[0] == found[1] else "substituted"] += 1
                for pair in by_first.get(corrected[at], ()):
                    stop = at + len(pair[0])
                    if stop <= end and tuple(corrected[at:stop]) == pair[0]:
                        _note(habits, pair, facing.between(at, stop), hypothesis, merge=merge)
                gap = facing.between(at, at) if at > begin else None
                if gap is not None:
                    habits.general["borders"] += 1
                    habits.general["inserted"] += gap[0] != gap[1]
                    empty += gap[0] == gap[1]
                    for pair in inserted if gap[0] != gap[1] else ():
                        _note(habits, pair, gap, hypothesis, merge=merge)
    for pair in inserted if empty else ():
        habits.pairs[pair]["corrected"] += empty
    return habits


def _note(habits: Habits, pair: Pair, place: tuple[int, int] | None, hypothesis: Words, *, merge: bool) -> None:
    if place is not None:
        habits.pairs[pair][verdict(hypothesis[place[0] : place[1]], pair[1], pair[0], merge=merge)] += 1


def fitting(system: SystemJudged, others: Sequence[SystemJudged] = ()) -> Fitting:
    """What is found of a system, on the same utterances as the others."""
    each = [one or Judged(()) for one in system.utterances]
    k, m, n = (np.array([one.count(which) for one in each]) for which in ("original", "corrected", "neither"))
    habit = np.array(
        [
            sum(system.habits.expected(place) for place in one.positions if place.verdict in {"original", "corrected"})
            for one in each
        ]
    )
    total, wrong = k + m, k + n
    decided = int(total.sum())
    panel = None
    if others:
        sums = [
            [sum(judged.count("original") for judged in row if judged), sum(judged.decided for judged in row if judged)]
            for row in zip(*(one.utterances for one in others), strict=True)
        ]
        panel = Counts(*np.array(sums, dtype=np.float64).reshape(-1, 2).T)
    tests = [
        _above(Counts(k, total), Counts(habit, total.astype(np.float64)), system.sessions),
        _above_chance(k, wrong, system.sessions),
        *([] if panel is None else [_above(Counts(k, total), panel, system.sessions)]),
    ]
    fits: bool | None = None
    if False in tests:
        fits = False
    elif None not in tests:
        fits = True
    interval = wer_interval(k, total, system.sessions)
    if interval is not None:  # a part is never more than all
        interval = replace(interval, high=min(1.0, interval.high))
    return Fitting(
        original=int(k.sum()),
        corrected=int(m.sum()),
        neither=int(n.sum()),
        unplaced=sum(one.count(None) for one in each),
        rate=float(k.sum()) / decided if decided else None,
        interval=interval,
        habit=float(habit.sum()) / decided if decided else None,
        others=None if panel is None else panel.rate,
        alike=float(k.sum() / wrong.sum()) if wrong.sum() else None,
        fits=fits,
    )


def _above_chance(right: NDArray[np.int64], of: NDArray[np.int64], sessions: Sequence[Hashable]) -> bool | None:
    """Whether a share is above `CHANCE`, one-sided; its error is no less than that of such a share of single errors."""
    if not of.any():
        return None
    if not right.any():
        return False
    found, sizes = sum_by_session(sessions, right, of)
    if not can_estimate(sizes):
        return None
    share = float(found.sum() / sizes.sum())
    estimate = jackknife(share, rates_without(found, sizes), sizes)
    error = max(estimate.standard_error, math.sqrt(CHANCE * (1 - CHANCE) / float(sizes.sum())))
    return share - CHANCE > quantile((1 + LEVEL) / 2, estimate.degrees) * error


def _above(first: Counts, second: Counts, sessions: Sequence[Hashable]) -> bool | None:
    """Whether a rate is above another, one-sided; None where it cannot be told."""
    if not first.rate:  # nothing is above what is nothing, however little is known
        return False if first.words.sum() else None
    found = difference(first, second, sessions, LEVEL) if second.words.sum() else None
    return None if found is None else found.low > 0
