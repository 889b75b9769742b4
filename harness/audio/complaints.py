"""What libmpg123, within libsndfile, writes on stderr about a broken MP3: taken off the screen, and told as ours.

It writes to the process's own stderr, from whichever thread decodes. While it is at work, that is a file in memory;
whatever else was written there meanwhile is passed on as soon as it is done, after milliseconds.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from typing import Self

STDERR = 2
_NOTE = re.compile(
    rb"^(?:\[[^\]\n]*libmpg123/[^\]\n]*\] *)?(?:error|Note|Warning|warning): *(?P<said>[^\n]*)\n?", re.MULTILINE
)
"""A line of its own. Others' lines may begin so too, but hardly while it is at work."""
MOST = 3
"""Complaints about one file that are told."""


class _Caught:
    """The process's stderr, for all threads together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth, self._together = 0, False
        self._real = self._file = -1
        self._place = 0
        """Up to where what is in the file was passed on."""

    def enter(self) -> None:
        """From now on stderr is the file."""
        with self._lock:
            if not self._depth:
                self._begin()
            self._depth += 1
            self._together = self._together or self._depth > 1

    def leave(self) -> tuple[list[str], bool]:
        """What was complained since anybody left; whether it may be about another file at work at that time."""
        with self._lock:
            self._depth -= 1
            together = self._together
            if not self._depth and self._real >= 0:
                os.dup2(self._real, STDERR)
            said = self._drained()
            if not self._depth:
                self._end()
            return said, together

    def _begin(self) -> None:
        try:
            if self._file < 0:
                with tempfile.TemporaryFile() as file:
                    self._file = os.dup(file.fileno())
            self._real = os.dup(STDERR)
            os.dup2(self._file, STDERR)
        except OSError:  # there is no stderr, or no more descriptors: it is written where it was
            self._real = -1

    def _end(self) -> None:
        self._together, self._place = False, 0
        if self._real >= 0:
            os.close(self._real)
            self._real = -1
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)

    def _drained(self) -> list[str]:
        size = os.fstat(self._file).st_size if self._real >= 0 else 0
        if size <= self._place:
            return []
        written = os.pread(self._file, size - self._place, self._place)
        self._place = size
        others = _NOTE.sub(b"", written)
        while others:
            others = others[os.write(self._real, others) :]
        return [match["said"].decode("utf-8", "replace").strip() for match in _NOTE.finditer(written)]


_CAUGHT = _Caught()


class Complaints:
    """What is complained about one file, each time that it is at work in a ``with`` block."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}
        self._together = False

    def __enter__(self) -> Self:
        _CAUGHT.enter()
        return self

    def __exit__(self, *_error: object) -> None:
        said, together = _CAUGHT.leave()
        self._said |= dict.fromkeys(said)
        self._together = self._together or (together and bool(said))

    @property
    def text(self) -> str:
        """One line; empty where nothing was complained."""
        if not self._said:
            return ""
        about = "its decoder, or that of another file at the same time, says" if self._together else "its decoder says"
        more = len(self._said) - MOST
        return f"{about}: {'; '.join([*self._said][:MOST])}{f'; and {more} more' if more > 0 else ''}"
