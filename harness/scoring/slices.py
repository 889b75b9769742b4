"""Parts of a benchmark, by length, session or tag, and the words that were confused.

Formulas, sources and edge cases are in docs/scoring.md.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from harness.records.details import Confusions, Slice
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import wer_interval

if TYPE_CHECKING:
    from harness.scoring.scored import ScoredUtterance

T = TypeVar("T", str, tuple[str, str])

LENGTHS = ((0, 0), (1, 4), (5, 9), (10, 19), (20, 39), (40, None))
"""Buckets of reference words, first to last."""


def by_length(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by number of reference words; empty buckets are left out."""
    return _slices(utterances, "length", lambda one: [_bucket(len(one.reference))], [_name(*ends) for ends in LENGTHS])


def _bucket(words: int) -> str:
    return next(_name(low, high) for low, high in LENGTHS if high is None or words <= high)


def _name(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def by_session(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by session, in order of appearance; utterances without one are left out."""
    return _slices(utterances, "session", lambda one: [] if one.row.session is None else [one.row.session], None)


def by_tag(utterances: Sequence[ScoredUtterance]) -> list[Slice]:
    """Slices by each value of each tag, tags by name and values in order of appearance."""
    tags = sorted({tag for one in utterances for tag in one.row.tags})
    return [part for tag in tags for part in _slices(utterances, tag, functools.partial(_tag_values, tag=tag), None)]


def _tag_values(one: ScoredUtterance, tag: str) -> list[str]:
    return [one.row.tags[tag]] if tag in one.row.tags else []


def _slices(
    utterances: Sequence[ScoredUtterance],
    kind: str,
    values: Callable[[ScoredUtterance], list[str]],
    order: Sequence[str] | None,
) -> list[Slice]:
    parts: dict[str, list[ScoredUtterance]] = {}
    for one in utterances:
        for value in values(one):
            parts.setdefault(value, []).append(one)
    return [_slice(kind, value, parts[value]) for value in (order or parts) if value in parts]


def _slice(kind: str, value: str, part: Sequence[ScoredUtterance]) -> Slice:
    counts = sum((one.counts for one in part), ErrorCounts())
    return Slice(
        kind=kind,
        value=value,
        utterances=len(part),
        errors=counts,
        words=counts.words,
        rate=counts.rate,
        interval=wer_interval(
            [one.counts.errors for one in part],
            [one.counts.words for one in part],
            [one.row.session for one in part],
        ),
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
