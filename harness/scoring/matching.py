"""Which rows of two systems are the same utterance, told without holding either: a million stay in their files.

As `harness.scoring.pairing.keyed` and `mismatch` tell it of rows that are held: by id, and where an id occurs again by
its place among its equals; the references must be equal.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.records.stored import order_of, taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.journal import Line

Key = tuple[str, int]
"""An utterance's id, and which of those with this id it is: others' ids may repeat."""


@dataclass(frozen=True, slots=True)
class Match:
    """How the rows of a second system stand to those of a first."""

    places: NDArray[np.int64]
    """Of each row of the first, which row of the second is the same utterance; -1 where none is."""
    missing: NDArray[np.int64]
    """Rows of the first that are not in the second, ascending."""
    added: NDArray[np.int64]
    """Rows of the second that are not in the first, ascending."""
    changed: NDArray[np.int64]
    """Rows of the first that the second has with another reference, ascending."""

    @property
    def whole(self) -> bool:
        """Whether both are of the same utterances."""
        return not (len(self.missing) or len(self.added) or len(self.changed))


def match(first: Sequence[Line], second: Sequence[Line]) -> Match:
    """Pairs the rows of two systems."""
    none = np.zeros(0, np.int64)
    changed = _changed_in_order(first, second)
    if changed is not None:
        return Match(np.arange(len(first)), none, none, changed)
    places = _places(first, second)
    both = np.flatnonzero(places >= 0)
    there = np.zeros(len(second), dtype=bool)
    there[places[both]] = True
    pairs = zip(taken(first, both), taken(second, places[both]), strict=True)
    differs = np.fromiter((one.reference != other.reference for one, other in pairs), dtype=bool, count=len(both))
    return Match(places, np.flatnonzero(places < 0), np.flatnonzero(~there), both[differs])


def _changed_in_order(first: Sequence[Line], second: Sequence[Line]) -> NDArray[np.int64] | None:
    """The rows whose references differ, where the ids are the same in the same order; else None."""
    if len(first) != len(second):
        return None
    found = array("q")
    for at, (one, other) in enumerate(zip(first, second, strict=True)):
        if one.id != other.id:
            return None
        if one.reference != other.reference:
            found.append(at)
    return np.asarray(found, np.int64)


def _places(first: Sequence[Line], second: Sequence[Line]) -> NDArray[np.int64]:
    """Of each row of the first that of the second with its key, or -1.

    Both are gone through in the order of ids, in which equal ones stay as they stand: the nth meets the nth.
    """
    places = np.full(len(first), -1)
    left, right = _by_id(first), _by_id(second)
    one, other = next(left, None), next(right, None)
    while one is not None and other is not None:
        if one[0] == other[0]:
            places[one[1]] = other[1]
            one, other = next(left, None), next(right, None)
        elif one[0] < other[0]:
            one = next(left, None)
        else:
            other = next(right, None)
    return places


def _by_id(rows: Sequence[Line]) -> Iterator[tuple[str, int]]:
    """The id of each row and its place, in the order of ids."""
    order = order_of(row.id for row in rows)
    return ((row.id, at) for row, at in zip(taken(rows, order), order.tolist(), strict=True))


def keys_of(rows: Sequence[Line], places: NDArray[np.int64]) -> list[Key]:
    """The keys of some of the rows, whose places ascend."""
    if not len(places):
        return []
    wanted = {row.id for row in taken(rows, places)}
    held, times = set(places.tolist()), Counter[str]()
    found = []
    for at, row in enumerate(rows):
        if row.id in wanted:
            times[row.id] += 1
            if at in held:
                found.append((row.id, times[row.id]))
    return found
