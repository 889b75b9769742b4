"""Parts of a benchmark, by length, session or tag, and the words that were confused.

Formulas, sources and edge cases are in docs/scoring.md.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from harness.records.details import Confusions, Slice
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import wer_interval

if TYPE_CHECKING:
    from harness.scoring.scored import ScoredUtterance

T = TypeVar("T", str, tuple[str, str])

LENGTHS = {"0": 0, "1-4": 4, "5-9": 9, "10-19": 19, "20-39": 39, "40+": math.inf}
"""Buckets of reference words, first to last, with the most that each holds."""

MOST_VALUES = 100
"""Values of a tag that is sliced by."""


def by_length(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by number of reference words; empty buckets are left out."""
    return _slices(utterances, "length", _bucket, LENGTHS)


def _bucket(one: ScoredUtterance) -> str:
    return next(name for name, most in LENGTHS.items() if len(one.reference) <= most)


def by_session(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by session, in order of appearance; utterances without one are left out."""
    return _slices(utterances, "session", lambda one: one.row.session)


def by_tag(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by each value of each tag, tags by name and values in order of appearance.

    A tag of more than MOST_VALUES values names utterances, not groups of them: own data has any column as a tag.
    """
    values: dict[str, set[str]] = {}
    for one in utterances:
        for tag, value in one.row.tags.items():
            values.setdefault(tag, set()).add(value)
    tags = sorted(tag for tag, found in values.items() if len(found) <= MOST_VALUES)
    return [part for tag in tags for part in _slices(utterances, tag, functools.partial(_tagged, tag=tag))]


def _tagged(one: ScoredUtterance, tag: str) -> str | None:
    return one.row.tags.get(tag)


def _slices(
    utterances: Sequence[ScoredUtterance],
    kind: str,
    value_of: Callable[[ScoredUtterance], str | None],
    order: Iterable[str] = (),
) -> list[Slice]:
    parts: dict[str, list[ScoredUtterance]] = {}
    for one in utterances:
        if (value := value_of(one)) is not None:
            parts.setdefault(value, []).append(one)
    return [_slice(kind, value, parts[value]) for value in (order or parts) if value in parts]


def _slice(kind: str, value: str, part: Sequence[ScoredUtterance]) -> Slice:
    errors, words = [one.counts.errors for one in part], [one.counts.words for one in part]
    counts = sum((one.counts for one in part), ErrorCounts())
    return Slice(
        kind=kind,
        value=value,
        utterances=len(part),
        errors=counts,
        words=counts.words,
        rate=counts.rate,
        interval=wer_interval(errors, words, [one.row.session for one in part]) if kind != "session" else None,
    )


def confusions(utterances: Iterable[ScoredUtterance], top: int = 20) -> Confusions:
    """The most frequent substitutions, deletions and insertions; merged compounds are none."""
    substituted: Counter[tuple[str, str]] = Counter()
    deleted: Counter[str] = Counter()
    inserted: Counter[str] = Counter()
    for one in utterances:
        for step in one.alignment if one.counts.errors else ():
            if step.operation == "deletion":
                deleted[step.reference[0]] += 1
            elif step.operation == "insertion":
                inserted[step.hypothesis[0]] += 1
            elif step.operation == "substitution":
                substituted[step.reference[0], step.hypothesis[0]] += 1
    return Confusions(
        substitutions=_most_common(substituted, top),
        deletions=_most_common(deleted, top),
        insertions=_most_common(inserted, top),
    )


def _most_common(counted: Counter[T], top: int) -> tuple[tuple[T, int], ...]:
    """Most frequent first, equally frequent ones in alphabetical order, so that the list is always the same."""
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:top])
