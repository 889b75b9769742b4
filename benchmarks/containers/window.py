"""Encoded audio that is looked into here and there: of a long file, only what is asked for is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from benchmarks.files import regular

if TYPE_CHECKING:
    from types import TracebackType

    from benchmarks.dataset import Audio

HEAD = 4096
"""Bytes that are read at once to begin with: most headers are shorter."""

AHEAD = 1 << 16
"""Bytes that are read at once later on."""


class Window:
    """Bytes by their place. What lies beyond the end is not there: less is returned, nothing is raised.

    Args:
        read: gives so many bytes from a place.
        size: bytes that there are.
        close: gives back what `read` needs.
    """

    def __init__(
        self, read: Callable[[int, int], bytes], size: int, close: Callable[[], object] = lambda: None
    ) -> None:
        self._read, self.size, self._close = read, size, close
        self._begin, self._held = 0, b""
        self._more = HEAD

    @classmethod
    def of(cls, audio: Audio) -> Self:
        """Opens encoded audio.

        Raises:
            OSError: it is not there.
        """
        if audio.path is None:
            return cls.over(audio.data or b"")
        if hasattr(os, "pread"):
            there, begin = regular(audio.path).st_size, audio.offset
            descriptor = os.open(audio.path, os.O_RDONLY)
            size = there - begin if audio.size is None else audio.size

            def part(place: int, count: int) -> bytes:
                return os.pread(descriptor, min(count, max(0, size - place)), begin + place)

            return cls(part, size, lambda: os.close(descriptor))
        file = audio.open()

        def read(place: int, count: int) -> bytes:
            file.seek(place)
            return file.read(count)

        return cls(read, audio.length(), file.close)

    @classmethod
    def over(cls, data: bytes) -> Self:
        """Bytes that are there already."""
        return cls(lambda place, count: data[place : place + count], len(data))

    def after(self, begin: int) -> Window:
        """What comes after a place, as if it began there."""
        return Window(lambda place, count: self._read(begin + place, count), max(0, self.size - begin))

    def at(self, place: int, count: int) -> bytes:
        """So many bytes from a place, as far as they are there."""
        begin = place - self._begin
        if begin < 0 or begin + count > len(self._held):
            if place >= self.size or place < 0 or count <= 0:
                return b""
            self._begin, begin = place, 0
            self._held = self._read(place, max(count, min(self._more, self.size - place)))
            self._more = AHEAD
        return self._held[begin : begin + count]

    def number(self, place: int, count: int, *, big: bool = False) -> int:
        """An unsigned number of so many bytes; 0 where they are not there."""
        found = self.at(place, count)
        return int.from_bytes(found, "big" if big else "little") if len(found) == count else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._close()
