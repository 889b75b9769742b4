"""Predictions, counted under a profile: what every number, table, test and page is made from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from harness.records.stored import Stored
from harness.scoring import cache
from harness.scoring.counting import Counted, Pair, count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.facts import Facts, facts_of
from harness.scoring.large import PackedCounts, Part, count_parts, pack
from harness.scoring.losses import Losses, losses
from harness.scoring.sessions import merge_sessions

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.align import Alignment
    from harness.scoring.predictions import Predictions, System
    from harness.scoring.profiles import Profile
    from harness.scoring.texts import Texts


class ScoredUtterance:
    """One utterance (or session of chunks) as it is scored. Words are characters in languages without spaces.

    Args:
        row: as read; it has a hypothesis.
        counts: of its errors.
        texts: of its language under the profile.
        profile: the rules.
        language: of both texts.
    """

    __slots__ = (
        "__weakref__",
        "_alignment",
        "_language",
        "_profile",
        "as_written",
        "counts",
        "hypothesis",
        "reference",
        "row",
    )

    def __init__(self, row: Line, counts: ErrorCounts, texts: Texts, profile: Profile, language: str) -> None:
        reference, hypothesis, as_written = texts.pair(row.reference, row.hypothesis or "")
        self.row, self.counts = row, counts
        self.as_written: bool = as_written
        """The normalizer cannot read one of the two, so that both are scored as they are written."""
        self.reference: list[str] = [*map(sys.intern, texts.units(reference))]
        """Words of the reference, normalized; those that are equal are one object, as there are many of each."""
        self.hypothesis: list[str] = [*map(sys.intern, texts.units(hypothesis))]
        """Words of the hypothesis, normalized."""
        self._profile, self._language = profile, language
        self._alignment: Alignment | None = None

    @property
    def alignment(self) -> Alignment:
        """How the two face each other; made once. Its counts are `counts`."""
        if self._alignment is None:
            self._alignment = self._profile.align(self.reference, self.hypothesis, self._language)
        return self._alignment


@dataclass(frozen=True)
class Scored:
    """One benchmark of one model, counted."""

    predictions: Predictions
    """As read."""
    units: Predictions
    """What is scored: rows as they are, or sessions put together from their chunks."""
    profile: Profile
    """The rules that it was counted under."""
    counted: Sequence[Counted | None]
    """One for each row of `units`; None where the row has no hypothesis to count."""
    seen: Facts | None = field(default=None, repr=False, compare=False)
    """What was noted of the rows of `units` while they were counted."""

    @property
    def language(self) -> str:
        """Of all rows."""
        return self.units.language

    @cached_property
    def target(self) -> str | None:
        """The language that was translated into (`Predictions.target`); None of transcripts, whose rows were seen."""
        return self.units.target if self.facts.translated else None

    @cached_property
    def failed(self) -> int:
        """Utterances without a transcript, whether or not that counts as an empty one."""
        if self.predictions.scores_empty or not isinstance(self.counted, PackedCounts):
            return sum(row.hypothesis is None for row in self.predictions.rows)
        return len(self.counted) - self.counted.present

    @property
    def empty_references(self) -> int:
        """Rows whose reference normalizes to nothing."""
        if isinstance(self.counted, PackedCounts):
            return int(self.counted.dropped.sum())
        return sum(found.dropped for found in self.counted if found is not None)

    @property
    def as_written(self) -> int:
        """Rows that are counted as they are written."""
        if isinstance(self.counted, PackedCounts):
            return self.counted.as_written
        return sum(found.as_written for found in self.counted if found is not None)

    @cached_property
    def table(self) -> PackedCounts:
        """What was counted, as numbers."""
        return pack(self.counted)

    @cached_property
    def facts(self) -> Facts:
        """What the rows of `units` say, but for their texts."""
        return facts_of(self.units.rows) if self.seen is None else self.seen

    def drops(self, index: int) -> bool:
        """Whether a row is one that the profile does not score: a reference of our own runs that comes to nothing."""
        found = self.counted[index]
        return self.units.ours and found is not None and found.dropped

    def kept(self, *, dropped: bool = False) -> Sequence[ErrorCounts]:
        """Counts of each row of `units`; zeros where the row is failed or, unless so asked, dropped."""
        if isinstance(self.counted, PackedCounts):
            return self.counted.kept(ours=self.units.ours and not dropped)
        return [
            ErrorCounts() if found is None or (self.drops(index) and not dropped) else found.counts
            for index, found in enumerate(self.counted)
        ]

    @cached_property
    def losses(self) -> Losses:
        """What the rules do not see of its texts, references and hypotheses."""
        if self.facts.ascii:
            return Losses()
        texts = (text for row in self.units.rows for text in (row.reference, row.hypothesis or ""))
        return losses(texts, self.profile, self.language)

    def utterances(self, *, dropped: bool = False) -> list[ScoredUtterance]:
        """The rows that are scored, and those that the profile drops if so `dropped`, with their texts."""
        texts = self.profile.texts(self.language)
        return [
            ScoredUtterance(row, found.counts, texts, self.profile, self.language)
            for index, (row, found) in enumerate(zip(self.units.rows, self.counted, strict=True))
            if found is not None and (dropped or not self.drops(index))
        ]


def count_predictions(predictions: Predictions, profile: Profile) -> Scored:
    """Count every row of one benchmark that has a hypothesis.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    return _count([_Task(merge_sessions(predictions), predictions, profile)], workers=1, cached=False)[0]


def count_systems(
    systems: Sequence[System], profiles: Sequence[Profile], *, workers: int = 1, cached: bool = False
) -> list[list[Scored]]:
    """Count all benchmarks of several models, each under its profile; what they share is normalized once.

    Args:
        systems: the models' predictions.
        profiles: one for each.
        workers: processes at most.
        cached: look up, and keep, counts between commands (`harness.scoring.cache`).

    Returns:
        For each system its benchmarks, in their order.

    Raises:
        DataError: the chunks of a session are incomplete.
    """
    tasks = [
        _Task(merge_sessions(predictions), predictions, profile)
        for system, profile in zip(systems, profiles, strict=True)
        for predictions in system.benchmarks
    ]
    scored = iter(_count(tasks, workers, cached=cached))
    return [[next(scored) for _ in system.benchmarks] for system in systems]


class _Task(NamedTuple):
    """One benchmark of one model to be counted."""

    units: Predictions
    predictions: Predictions
    profile: Profile

    def each(self) -> Iterator[Pair]:
        """What there is to count."""
        language = self.units.language
        return ((row.reference, row.hypothesis, language) for row in self.units.rows if row.hypothesis is not None)

    def pairs(self) -> list[Pair]:
        """What there is to count, at once."""
        return list(self.each())


def _count(tasks: Sequence[_Task], workers: int, *, cached: bool) -> list[Scored]:
    """Count all tasks, those whose rows stay in their files as `harness.scoring.large` does."""
    large = [isinstance(task.units.rows, Stored) for task in tasks]
    stored = [task for task, is_large in zip(tasks, large, strict=True) if is_large]
    held = [task for task, is_large in zip(tasks, large, strict=True) if not is_large]
    counted = iter(_count_stored(stored, workers, cached=cached)), iter(_count_held(held, workers, cached=cached))
    return [next(counted[not is_large]) for is_large in large]


def _count_stored(tasks: Sequence[_Task], workers: int, *, cached: bool) -> Iterator[Scored]:
    """Count what stays in its files, the systems of one benchmark side by side."""
    counted: dict[int, PackedCounts] = {}
    seen: dict[int, Facts] = {}
    cached = cached and cache.folder() is not None
    keys = [cache.key_of(task.each(), task.profile) if cached else "" for task in tasks]
    for at, key in enumerate(keys):
        known = cache.load_table(key, len(tasks[at].units.rows)) if cached else None
        if known is not None:
            counted[at] = PackedCounts(known)
    for name, profile in dict.fromkeys((task.units.benchmark, task.profile) for task in tasks):
        left = [
            at
            for at, task in enumerate(tasks)
            if (task.units.benchmark, task.profile) == (name, profile) and at not in counted
        ]
        parts = [Part(tasks[at].units.rows, tasks[at].units.language) for at in left]
        for at, (counts, facts) in zip(left, count_parts(parts, profile, workers), strict=True):
            counted[at], seen[at] = counts, facts
        for at in left if cached else ():
            cache.store_table(keys[at], counted[at].table)
    return (
        Scored(task.predictions, task.units, task.profile, counted[at], seen.get(at)) for at, task in enumerate(tasks)
    )


def _count_held(tasks: Sequence[_Task], workers: int, *, cached: bool) -> list[Scored]:
    """Count what is held in memory, the tasks of one profile together."""
    pairs = [task.pairs() for task in tasks]
    keys = [cache.key_of(part, task.profile) if cached else "" for task, part in zip(tasks, pairs, strict=True)]
    counted = [cache.load(key, len(part)) if cached else None for key, part in zip(keys, pairs, strict=True)]
    for profile in dict.fromkeys(task.profile for task in tasks):
        left = [at for at, task in enumerate(tasks) if task.profile == profile and counted[at] is None]
        found = iter(count_pairs([pair for at in left for pair in pairs[at]], profile, workers))
        for at in left:
            counted[at] = new = [next(found) for _ in pairs[at]]
            if cached:
                cache.store(keys[at], new)
    scored = []
    for task, known in zip(tasks, counted, strict=True):
        found = iter(known or ())
        rows = [None if row.hypothesis is None else next(found) for row in task.units.rows]
        scored.append(Scored(task.predictions, task.units, task.profile, rows))
    return scored
