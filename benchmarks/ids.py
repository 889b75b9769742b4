"""Ids that were seen before, in 12 to 24 bytes each: a set of strings takes over a hundred."""

from __future__ import annotations

from array import array

FEWEST = 1 << 10
"""Places of the smallest table; a power of two."""


class IdSet:
    """A set of strings that can be asked and added to; it holds their 64-bit hashes in one table.

    Two different ids are taken for the same with a probability of N * N / 2**65: 4e-11 for forty thousand of them, less
    than that of a bit flipping on the way from the disk.
    """

    __slots__ = ("_count", "_mask", "_table")

    def __init__(self) -> None:
        self._count, self._mask = 0, FEWEST - 1
        self._table = _empty(FEWEST)

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __contains__(self, name: str) -> bool:
        """Whether it was added."""
        return self._table[self._place(_key(name))] != 0

    def add(self, name: str) -> bool:
        """Adds a string; says whether it is new."""
        key = _key(name)
        place = self._place(key)
        if self._table[place]:
            return False
        self._table[place] = key
        self._count += 1
        if 3 * self._count > 2 * self._mask:
            self._grow()
        return True

    def _place(self, key: int) -> int:
        """Where a hash stands in the table, or the free place where it belongs."""
        table, mask = self._table, self._mask
        place = key & mask
        while table[place] not in {0, key}:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        """Twice the places."""
        old, self._mask = self._table, 2 * self._mask + 1
        self._table = _empty(self._mask + 1)
        for key in old:
            if key:
                self._table[self._place(key)] = key


def _empty(places: int) -> array[int]:
    """A table without a hash in it."""
    return array("Q", bytes(8 * places))


def _key(name: str) -> int:
    """A 64-bit hash other than 0, which stands for a free place."""
    return hash(name) & 0xFFFF_FFFF_FFFF_FFFF or 1
