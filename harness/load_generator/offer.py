"""The open loop: every request is sent at its time, whatever became of those before it.

A closed loop, which waits for an answer before it asks again, sends less where the server is slow, so that the slow
moments are hardly ever seen: *coordinated omission*. Here the schedule does not know of the answers, and a latency
counts from the moment at which the request was to be sent, not from that at which it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from harness.load_generator.schedule import Arrival

HEAD_START = 0.02
"""Seconds before a rate begins, so that its first request is not late already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one request ended. Times are those of the wire's clock, in seconds."""

    sent: float
    """When it was really sent."""
    ended: float
    """When the whole answer was there, or when it was known that none comes."""
    first: float | None = None
    """When the first piece of it was there, where it is streamed."""
    text: str = ""
    error: str | None = None
    """What went wrong; such a request has no text."""
    timed_out: bool = False
    """Whether it was given up: its answer would have taken longer than it was waited for."""


class Wire(Protocol):
    """What requests are sent over, and whose clock counts. `harness.load_generator.sending` has the real one."""

    def now(self) -> float:
        """Seconds on its clock."""

    def wait(self, until: float) -> None:
        """Returns at that time, at once if it is past."""

    def send(self, clip: int, done: Callable[[Answer], None]) -> None:
        """Sends the clip and returns at once; calls `done` later, in any thread."""

    def settle(self, until: float) -> None:
        """Returns when nothing is under way any more, at the latest at that time."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. Times are in seconds after the start of its rate."""

    arrival: Arrival
    answer: Answer | None
    """None: it was still under way when the waiting ended."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of one rate."""

    exchanges: Sequence[Exchange]
    """In the order in which they were to be sent."""
    stopped: float | None
    """When it was stopped because too many requests were under way; None: everything was sent."""
    waited: float
    """When the waiting for answers ended."""


def offer(arrivals: Sequence[Arrival], wire: Wire, *, cap: int, patience: float) -> Offered:
    """Sends the requests at their times.

    Args:
        arrivals: in the order of their times.
        wire: what they are sent over.
        cap: the most requests under way. Where one more would have to be sent, the rate is stopped, which is said: to
            wait until there is room would be a closed loop.
        patience: seconds to wait for answers after the last request.
    """
    answers: dict[int, Answer] = {}
    start = wire.now() + HEAD_START
    sent, stopped = 0, None
    for number, arrival in enumerate(arrivals):
        wire.wait(start + arrival.at)
        if sent - len(answers) >= cap:
            stopped = arrival.at
            break
        wire.send(arrival.clip, partial(answers.__setitem__, number))
        sent += 1
    wire.settle(wire.now() + patience)
    waited, known = wire.now() - start, dict(answers)  # what is answered later is no part of it
    exchanges = [
        Exchange(arrival, _shifted(known[number], start) if number in known else None)
        for number, arrival in enumerate(arrivals[:sent])
    ]
    return Offered(exchanges, stopped, waited)


def _shifted(answer: Answer, start: float) -> Answer:
    """The answer on a clock that begins with the rate."""
    return Answer(
        sent=answer.sent - start,
        ended=answer.ended - start,
        first=None if answer.first is None else answer.first - start,
        text=answer.text,
        error=answer.error,
        timed_out=answer.timed_out,
    )
