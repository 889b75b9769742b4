"""What a worker of a cluster was sent ahead for its group (`harness.runner.ray_ahead`), and the plan of it."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Condition
from typing import NamedTuple

from harness.runner.plan import Budget, spread


class Chunk(NamedTuple):
    """Utterances that are sent ahead."""

    mark: Path
    """Of the run, as a piece has it."""
    number: int
    """0 for a group's first: a chunk that comes twice is the same chunk."""
    utterances: list[bytes]
    """Each pickled."""
    seconds: list[float]
    """What to plan with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All was listed: what one of a group holds is now to be planned and handed on."""

    rest: Chunk
    """The last of it, which fills no message of its own. As many chunks came before as its number says."""
    members: Sequence[int]
    """The workers of the group, by number; who is to hand on is the first."""
    group: int
    """Which group it is."""
    groups: int
    """How many there are."""
    budget: Budget
    """What a batch may hold."""
    benchmark: str

    def shares(self, seconds: Sequence[float]) -> list[list[tuple[int, list[int]]]]:
        """The plan of what the group has, as each member's batches with their numbers.

        It is made twice, here and there, of the same numbers: nothing in it depends on the machine. Numbers are below
        zero, where no other batch has them, and no two groups share one.
        """
        numbers = count(~self.group, -self.groups)
        batches = list(zip(numbers, spread(seconds, self.budget, len(self.members)), strict=False))
        return [batches[place :: len(self.members)] for place in range(len(self.members))]


class Held:
    """What a worker was sent for its group. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._chunks: dict[int, Chunk] = {}
        self._mark = Path()
        self._came = Condition()

    def add(self, sent: bytes) -> None:
        """Takes a chunk; what is of another run goes."""
        chunk = Chunk(*pickle.loads(sent))  # noqa: S301 - our driver's
        with self._came:
            self._add(chunk)
            self._came.notify_all()

    def _add(self, chunk: Chunk) -> None:
        if chunk.mark != self._mark:
            self._mark, self._chunks = chunk.mark, {}
        self._chunks[chunk.number] = chunk

    def shares(self, order: Order) -> list[list[tuple[int, bytes, list[float]]]]:
        """For each member its batches: their numbers, utterances one after the other, and what to plan with.

        Waits for what was sent before: messages may overtake each other.
        """
        with self._came:
            self._add(order.rest)
            self._came.wait_for(lambda: self._mark != order.rest.mark or len(self._chunks) > order.rest.number)
            chunks = [self._chunks[number] for number in sorted(self._chunks)]
        utterances = [one for chunk in chunks for one in chunk.utterances]
        seconds = [one for chunk in chunks for one in chunk.seconds]
        return [
            [
                (number, b"".join([utterances[index] for index in batch]), [seconds[index] for index in batch])
                for number, batch in share
            ]
            for share in order.shares(seconds)
        ]
