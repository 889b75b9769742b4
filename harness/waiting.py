"""What a person sees while a command without a bar of its own works: where it is, at least every two seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.reporting.escape import plain
from harness.streams import exact, tell

SILENCE_SECONDS = 1.75
"""After which something is said, also where nothing new is known."""

FIRST_SECONDS = 0.25
"""After which the first line comes: the start of the program was silent already."""

Say = Callable[[str], None]
"""Is told what is being done."""


class Waiting:
    """Says what is being done, the first time when it takes long, and how long it takes.

    Args:
        write: is given each line.
        clock: seconds that never run backwards.
    """

    def __init__(self, write: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._doing = ""
        self._began = clock()
        self._last = self._began + FIRST_SECONDS - SILENCE_SECONDS
        self._lock = threading.Lock()

    def at(self, doing: str) -> None:
        """Something new is begun, or gone on with; said where the last line is old enough."""
        with self._lock:
            if doing.partition(":")[0] != self._doing.partition(":")[0]:
                self._began = self._clock()
            self._doing = doing
            self._say_if_silent()

    def tick(self) -> None:
        """Says where it is, and for how long already, where the last line is old enough."""
        with self._lock:
            self._say_if_silent()

    def _say_if_silent(self) -> None:
        now = self._clock()
        if self._doing and now - self._last >= SILENCE_SECONDS:
            self._last = now
            self._write(f"{self._doing} ({now - self._began:.0f} s)")


@contextmanager
def waiting(*, quiet: bool = False) -> Iterator[Say]:
    """What is to be told where a command is; writes to standard error, over the last line where that is a terminal."""
    if quiet:
        yield lambda _doing: None
        return
    terminal = sys.stderr.isatty()
    waiting = Waiting(_over_the_last if terminal else tell)
    done = threading.Event()

    def beat() -> None:
        while not done.wait(0.2):
            waiting.tick()

    thread = threading.Thread(target=beat, name="waiting", daemon=True)
    thread.start()
    try:
        yield waiting.at
    finally:
        done.set()
        thread.join()
        if terminal:
            exact(sys.stderr).write("\r\x1b[K")


def _over_the_last(line: str) -> None:
    stream = exact(sys.stderr)
    stream.write(f"\r\x1b[K{plain(line)[:100]}")
    stream.flush()
