"""The thin edge of the load mode: real time, and a thread for each request that is under way."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.load_generator.offer import Answer

WAKE_EARLY = 0.002
"""Seconds before a request is due, at which the sleep before it ends; the rest passes in short naps, since a long sleep
may end late."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said to one clip."""

    text: str
    first: float | None = None
    """Seconds from sending to the first piece of it, where it is streamed."""


class GaveUpError(HarnessError):
    """No answer in the time that was waited for."""


class Threads:
    """The `Wire` of the real world.

    A thread takes a request, sends it, and waits for its answer; idle ones take the next, and a new one is made where
    none is idle. They are daemons: a program that is told to end does not wait for answers.
    """

    def __init__(self, ask: Callable[[int], Reply]) -> None:
        """`ask` sends a clip and waits for its answer; it is called in many threads at a time.

        It raises GaveUpError or another HarnessError where no transcript comes.
        """
        self._ask = ask
        self._work: queue.SimpleQueue[tuple[int, Callable[[Answer], None]]] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._idle = self._under_way = 0

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.perf_counter()

    def wait(self, until: float) -> None:
        """Sleeps."""
        while (left := until - time.perf_counter()) > 0:
            time.sleep(left - WAKE_EARLY if left > 2 * WAKE_EARLY else min(left, WAKE_EARLY / 10))

    def send(self, clip: int, done: Callable[[Answer], None]) -> None:
        """Hands it to a thread."""
        with self._changed:
            self._under_way += 1
            if self._idle:
                self._idle -= 1
            else:
                threading.Thread(target=self._serve, name="load", daemon=True).start()
        self._work.put((clip, done))

    def settle(self, until: float) -> None:
        """Waits for the threads."""
        with self._changed:
            while self._under_way and (left := until - time.perf_counter()) > 0:
                self._changed.wait(left)

    def _serve(self) -> None:
        while True:
            clip, done = self._work.get()
            done(self._answer(clip))
            with self._changed:
                self._under_way -= 1
                self._idle += 1
                self._changed.notify_all()

    def _answer(self, clip: int) -> Answer:
        sent = time.perf_counter()
        text, first, error, gave_up = "", None, None, False
        try:
            reply = self._ask(clip)
            text, first = reply.text, None if reply.first is None else sent + reply.first
        except GaveUpError as reason:
            error, gave_up = str(reason), True
        except Exception as reason:  # noqa: BLE001 - whatever it is, it is of this request alone
            error = str(reason) if isinstance(reason, HarnessError) else f"{type(reason).__name__}: {reason}"
        return Answer(sent=sent, ended=time.perf_counter(), first=first, text=text, error=error, timed_out=gave_up)
