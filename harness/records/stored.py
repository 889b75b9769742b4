"""Rows that stay in their file: a million of them are held as the places where they stand, and decoded when looked at.

What is made of a file of a million utterances looks at each of them a few times, in order. Decoding one takes a
microsecond; holding it takes two kilobytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np
from isal import isal_zlib

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")
U = TypeVar("U")

LARGE_BYTES = 16 << 20
"""Size of a file from which its rows stay in it: some thirty thousand utterances."""
CAN_STAY = hasattr(os, "pread")
"""Whether a file that is open may be read at any place, and be replaced meanwhile: not on Windows."""

_BLOCK = 512
"""Rows that are read at once where they stand next to each other."""
_KEYS = 10_000
"""Keys that are brought into a column at once."""
_LONGEST_KEY = 200
_LINE = 1 << 16
"""Bytes that are looked at for the end of a line."""
_SPAN = 1 << 20
"""Bytes that are read at once at most. With more, the system gives and takes the memory of each anew."""


class OpenFile:
    """A file that stays open as long as somebody has rows of it, whatever becomes of its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def read(self, begin: int, size: int) -> bytes:
        """So many bytes from there; forked processes may do so at the same time."""
        return os.pread(self.number, size, begin)

    def state(self) -> tuple[int, ...]:
        """What tells the file from another, and from what it was: device, inode, size and times."""
        facts = os.fstat(self.number)
        return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns

    def checksum(self, end: int, begin: int = 0, before: int = 0) -> int:
        """CRC-32 of the bytes up to a place, going on from that of those before another."""
        for at in range(begin, end, _SPAN):
            before = isal_zlib.crc32(self.read(at, min(_SPAN, end - at)), before)
        return before

    def lines(self, begin: int, end: int) -> Iterator[bytes]:
        """The lines between two places where lines begin, without their ends."""
        rest = b""
        for at in range(begin, end, _SPAN):
            *whole, rest = (rest + self.read(at, min(_SPAN, end - at))).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def next_line(self, begin: int, end: int) -> int:
        """Where the first line behind a place begins; the end where there is none."""
        for at in range(begin, end, _LINE):
            found = self.read(at, min(_LINE, end - at)).find(b"\n")
            if found >= 0:
                return at + found + 1
        return end

    def last_line(self, begin: int, end: int) -> int:
        """Where what comes after the last line end before a place begins; a given place where there is none."""
        for at in range(end, begin, -_LINE):
            start = max(begin, at - _LINE)
            found = self.read(start, at - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
        return begin

    def lines_until(self, begin: int) -> int:
        """How many lines end before that place."""
        return sum(self.read(at, min(_SPAN, begin - at)).count(b"\n") for at in range(0, begin, _SPAN))

    def __del__(self) -> None:
        if hasattr(self, "number"):
            os.close(self.number)


class Stored(Sequence[T], Generic[T]):
    """Rows of a file, decoded anew each time.

    Args:
        file: that holds them.
        begins: where each row begins, in bytes.
        sizes: how many bytes each has.
        decode: makes a row of its bytes.
    """

    def __init__(
        self, file: OpenFile, begins: NDArray[np.int64], sizes: NDArray[np.int64], decode: Callable[[bytes], T]
    ) -> None:
        self._file, self._begins, self._sizes = file, begins, sizes
        self.decode = decode
        """Makes a row of its bytes."""

    def __len__(self) -> int:
        return len(self._begins)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Stored[T]: ...
    def __getitem__(self, at: int | slice) -> T | Stored[T]:
        """A row, or some of them, which stay in the file."""
        if isinstance(at, slice):
            return Stored(self._file, self._begins[at], self._sizes[at], self.decode)
        return self.decode(self._file.read(int(self._begins[at]), int(self._sizes[at])))

    def __iter__(self) -> Iterator[T]:
        """All rows; those that stand next to each other in the file are read at once."""
        decode = self.decode
        for start in range(0, len(self), _BLOCK):
            begins = self._begins[start : start + _BLOCK].tolist()
            sizes = self._sizes[start : start + _BLOCK].tolist()
            span = begins[-1] + sizes[-1] - begins[0]
            if span <= _SPAN and all(one < other for one, other in pairwise(begins)):
                data = self._file.read(begins[0], span)
                for begin, size in zip(begins, sizes, strict=True):
                    at = begin - begins[0]
                    yield decode(data[at : at + size])
            else:
                for begin, size in zip(begins, sizes, strict=True):
                    yield decode(self._file.read(begin, size))

    def __eq__(self, other: object) -> bool:
        """Whether the rows are those of another sequence."""
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def place(self, at: int) -> int:
        """Where a row begins, in bytes."""
        return int(self._begins[at])

    def where(self, places: Sequence[int] | NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where rows begin, and how many bytes they have."""
        at = np.asarray(places, dtype=np.int64)
        return self._begins[at], self._sizes[at]

    def taken(self, places: Sequence[int] | NDArray[Any]) -> Stored[T]:
        """The rows at these places, in this order."""
        return Stored(self._file, *self.where(places), self.decode)

    def mapped(self, change: Callable[[T], U]) -> Stored[U]:
        """What becomes of each row; done anew each time that it is looked at."""
        decode = self.decode
        return Stored(self._file, self._begins, self._sizes, lambda raw: change(decode(raw)))


def mapped(rows: Sequence[T], change: Callable[[T], U]) -> Sequence[U]:
    """What becomes of each row, held as the rows are."""
    return rows.mapped(change) if isinstance(rows, Stored) else [change(row) for row in rows]


def taken(rows: Sequence[T], places: Sequence[int] | NDArray[np.int64]) -> Sequence[T]:
    """The rows at these places, in this order, held as the rows are."""
    if isinstance(places, range) and places == range(len(rows)):
        return rows
    return rows.taken(places) if isinstance(rows, Stored) else [rows[int(at)] for at in places]


def order_of(keys: Iterable[str]) -> NDArray[np.int64]:
    """The places of keys in their order, that of Python; equal ones stay as they stand.

    UTF-8 sorts as its characters do, and takes a quarter of the memory of texts.
    """
    parts: list[NDArray[np.bytes_]] = []
    every = iter(keys)
    while part := [key.encode("utf-8", "surrogatepass") for key in islice(every, _KEYS)]:
        if max(map(len, part)) > _LONGEST_KEY or any(key.endswith(b"\0") for key in part):
            # Such keys have no place in columns of equal width, whose ends are zeros.
            texts: list[bytes] = [key for found in parts for key in found.tolist()] + part
            texts += [key.encode("utf-8", "surrogatepass") for key in every]
            return np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)
        parts.append(np.array(part))
    return np.argsort(np.concatenate(parts), kind="stable") if parts else np.zeros(0, np.int64)
