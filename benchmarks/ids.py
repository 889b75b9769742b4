"""Ids by the order in which they came, in 14 to 21 bytes each: a set of strings takes over a hundred."""

from __future__ import annotations

from array import array

FEWEST = 1 << 10
"""Places of the smallest table; a power of two."""


class IdSet:
    """A set of strings that can be asked and added to; it holds their 64-bit hashes, numbered as they came.

    Two different ids are taken for the same with a probability of N * N / 2**65: 4e-11 for forty thousand of them, less
    than that of a bit flipping on the way from the disk.
    """

    __slots__ = ("_hashes", "_mask", "_table")

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._mask = FEWEST - 1
        self._table = _empty(FEWEST)  # at a hash's place its number plus one; 0 is a free place

    def __len__(self) -> int:
        """How many there are."""
        return len(self._hashes)

    def __contains__(self, name: str) -> bool:
        """Whether it was added."""
        return self._table[self._place(_key(name))] != 0

    def number(self, name: str) -> int | None:
        """How many were added before it; None where it was not added."""
        found = self._table[self._place(_key(name))]
        return found - 1 if found else None

    def add(self, name: str) -> bool:
        """Adds a string; says whether it is new."""
        key = _key(name)
        place = self._place(key)
        if self._table[place]:
            return False
        self._hashes.append(key)
        self._table[place] = len(self._hashes)
        if 3 * len(self._hashes) > 2 * self._mask:
            self._grow()
        return True

    def _place(self, key: int) -> int:
        """Where a hash stands in the table, or the free place where it belongs."""
        table, hashes, mask = self._table, self._hashes, self._mask
        place = key & mask
        while (number := table[place]) and hashes[number - 1] != key:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        """Twice the places."""
        self._mask = 2 * self._mask + 1
        self._table = _empty(self._mask + 1)
        for number, key in enumerate(self._hashes, start=1):
            self._table[self._place(key)] = number


def _empty(places: int) -> array[int]:
    """A table without a number in it."""
    return array("I", bytes(array("I").itemsize * places))


def _key(name: str) -> int:
    """A 64-bit hash."""
    return hash(name) & 0xFFFF_FFFF_FFFF_FFFF
