"""Counts the errors of many pairs of texts at once: each text normalized once, all cores where it pays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from harness.processes import can_fork, in_shares
from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile
    from harness.scoring.texts import Texts

Pair = tuple[str, str, str]
"""Reference, hypothesis, both raw, and their language."""

WORTH_A_WORKER = 1_000_000
"""Characters of texts to score from which starting a process pays: about a quarter of a second of work."""


class Counted(msgspec.Struct, frozen=True, gc=False):
    """The score of one pair."""

    counts: ErrorCounts
    dropped: bool = False
    """The profile leaves such a reference out of our own runs: it normalizes to nothing."""
    as_written: bool = False
    """The normalizer raised on one of the two, so both are counted as they are written."""


COLUMNS = 6
"""Hits, substitutions, deletions, insertions, dropped, as written."""


def packed(counted: Iterable[Counted]) -> list[tuple[int, ...]]:
    """As plain numbers, which travel faster than objects and fit an array."""
    return [
        (c.hits, c.substitutions, c.deletions, c.insertions, one.dropped, one.as_written)
        for one in counted
        for c in (one.counts,)
    ]


def unpacked(rows: Iterable[Sequence[int]]) -> list[Counted]:
    """What was `packed`."""
    return [Counted(ErrorCounts(*row[:4]), bool(row[4]), bool(row[5])) for row in rows]


def count_pairs(pairs: Sequence[Pair], profile: Profile, workers: int = 1) -> list[Counted]:
    """Count all pairs.

    Args:
        pairs: texts and languages.
        profile: the rules.
        workers: processes at most, this one included; the result does not depend on it.

    Returns:
        One for each pair, in their order.
    """
    if workers > 1:
        size = sum(len(reference) + len(hypothesis) for reference, hypothesis, _ in pairs)
        workers = min(workers, 1 + size // WORTH_A_WORKER)
    if workers < 2 or not can_fork():
        return _count_all(pairs, profile)
    counted: list[Counted | None] = [None] * len(pairs)
    shards = _shards(pairs, workers)
    for shard, found in zip(shards, _in_processes(shards, pairs, profile), strict=True):
        for index, one in zip(shard, found, strict=True):
            counted[index] = one
    return [one for one in counted if one is not None]


def _count_all(pairs: Iterable[Pair], profile: Profile) -> list[Counted]:
    texts: dict[str, Texts] = {}
    counted = []
    for reference, hypothesis, language in pairs:
        if language not in texts:
            texts[language] = profile.texts(language)
        counts, left, as_written = profile.count_pair(texts[language], reference, hypothesis, language)
        counted.append(Counted(counts, dropped=not as_written and profile.drops(left), as_written=as_written))
    return counted


def _shards(pairs: Sequence[Pair], count: int) -> list[list[int]]:
    """Indices of pairs in shards of about equal work; what shares a reference goes together, to be normalized once."""
    by_reference: dict[str, list[int]] = {}
    for index, (reference, _, _) in enumerate(pairs):
        by_reference.setdefault(reference, []).append(index)
    sized = [(sum(len(pairs[index][1]) + 50 for index in group), group) for group in by_reference.values()]
    loads, shards = [0] * count, [list[int]() for _ in range(count)]
    for size, group in sorted(sized, key=lambda entry: -entry[0]):
        shard = loads.index(min(loads))
        loads[shard] += size
        shards[shard].extend(group)
    return shards


def _in_processes(shards: Sequence[Sequence[int]], pairs: Sequence[Pair], profile: Profile) -> list[list[Counted]]:
    """Each shard in a process of its own, the first in this one."""

    def counted(share: int) -> list[array[int]]:
        found = _count_all((pairs[index] for index in shards[share]), profile)
        return [array("q", chain.from_iterable(packed(found)))]

    return [unpacked(zip(*[iter(numbers)] * COLUMNS, strict=True)) for (numbers,) in in_shares(counted, len(shards))]
