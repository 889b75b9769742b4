"""A part of a benchmark that stands for the whole: seeded, and stratified by length.

Never the first N: the hub's copies are sorted longest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance

T = TypeVar("T")


def sample_ids(utterances: Iterable[Utterance], limit: int, seed: int = 0) -> set[str]:
    """The ids of a stratified sample, holding nothing of the utterances but ids and lengths.

    Chunks of one session are taken together or not at all, since they are scored against one reference: of such a
    benchmark as many sessions are taken as make up about `limit` utterances, one at least.

    Raises:
        UsageError: `limit` is less than 1.
    """
    units: dict[str, list[str]] = {}
    lengths: dict[str, float] = {}
    total = 0
    for utterance in utterances:
        unit = utterance.id if utterance.parent_id is None else f"parent {utterance.parent_id}"
        units.setdefault(unit, []).append(utterance.id)
        lengths[unit] = lengths.get(unit, 0.0) + (utterance.duration or 0.0)
        total += 1
    wanted = limit if limit < 1 or len(units) == total else max(1, round(limit * len(units) / total))
    chosen = sample(list(units), wanted, seed, length=lengths.__getitem__, key=str)
    return {name for unit in chosen for name in units[unit]}


def sample(
    items: Sequence[T], limit: int, seed: int = 0, *, length: Callable[[T], float], key: Callable[[T], str]
) -> list[T]:
    """At most `limit` items, spread evenly over the lengths, in the order in which they came.

    They are sorted by length and cut into `limit` strata of equal size (within one); of each the item with the least
    hash of seed and key is taken. So the sample does not depend on the order in which the items came, nor on Python's
    random generator.

    Raises:
        UsageError: `limit` is less than 1.
    """
    if limit < 1:
        raise UsageError(f"--limit takes a number of utterances from 1, not {limit}")
    if len(items) <= limit:
        return list(items)
    order = sorted(range(len(items)), key=lambda index: (length(items[index]), key(items[index])))
    bounds = [number * len(order) // limit for number in range(limit + 1)]
    strata = [order[low:high] for low, high in pairwise(bounds)]
    draws = [hashlib.sha256(f"{seed}:{key(item)}".encode()).digest() for item in items]
    chosen = {min(stratum, key=draws.__getitem__) for stratum in strata}
    return [item for index, item in enumerate(items) if index in chosen]
