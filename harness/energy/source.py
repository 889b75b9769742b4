"""What a meter reads: joules of parts of the machine, counted from some moment on, of which only differences matter."""

from typing import Protocol


class NotMeasurable(Exception):  # noqa: N818 - a finding about the machine, not a fault
    """Energy cannot be read here; the message says why, for people."""


class Source(Protocol):
    """Counters of some parts of the machine."""

    @property
    def method(self) -> str:
        """Which counters they are, for people."""

    @property
    def interval(self) -> float:
        """Seconds within which they must be read again, so that nothing is missed."""

    def read(self) -> dict[str, float]:
        """Joules of each part since the first reading.

        Raises:
            NotMeasurable: a counter cannot be read (any more).
        """
