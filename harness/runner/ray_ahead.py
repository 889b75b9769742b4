"""First shares of many devices: what they are made of is sent while the data is still being listed.

A plan of all clips, and a message with all of them, keep a thousand devices waiting. So utterances go out as they are
listed, to one worker of each group, which holds them; once the last is listed, each of those is told to begin, plans
what it holds, and hands it on to its group. The driver makes the same plan when they have begun, to know who has what.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapreplace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

from harness.runner.plan import Budget, spread

if TYPE_CHECKING:
    from harness.runner.ray_cluster import Handle

CHUNK = 64
"""Utterances in a message that is sent ahead: few are left for the last, which devices wait for."""


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


@dataclass(slots=True, eq=False)
class _Group:
    """What goes to one group."""

    workers: Sequence[Handle]
    indices: list[int] = field(default_factory=list)
    """Of all its utterances in the window."""
    sent: int = 0
    """Chunks."""
    utterances: list[bytes] = field(default_factory=list)
    """Those of no chunk yet."""
    seconds: list[float] = field(default_factory=list)

    def chunk(self, mark: Path) -> Chunk:
        """What is of no chunk yet, as one."""
        chunk = Chunk(mark, self.sent, self.utterances, self.seconds)
        self.sent, self.utterances, self.seconds = self.sent + 1, [], []
        return chunk


class Ahead:
    """Deals out utterances as they are listed, so that groups have about as many seconds for each of their workers.

    Args:
        groups: of workers; the first of each is sent what is for all of it.
        mark: of the run.
        items: utterances that are sent ahead at most: those of a window.
        seconds: and how many seconds of them.
    """

    def __init__(self, groups: Sequence[Sequence[Handle]], mark: Path, items: int, seconds: float) -> None:
        self._groups = [_Group(workers) for workers in groups]
        self._mark, self._items, self._most = mark, items, seconds
        self._listed = 0
        self._loads = [(0.0, 0, group) for group in range(len(groups))]
        """Seconds and clips for each worker of a group, as a heap."""
        self.full: SimpleQueue[tuple[Handle, bytes] | None] = SimpleQueue()
        """What can be sent, and to whom; None after the last."""

    def add(self, utterance: bytes, seconds: float) -> None:
        """Takes the next one that was listed; where it is not sent ahead, none after it is, either.

        Args:
            utterance: pickled; nothing where it would be held twice in memory.
            seconds: what to plan with.
        """
        if not utterance or self._listed >= self._items or self._most <= 0:
            self._items = 0
            return
        load, clips, place = self._loads[0]
        group = self._groups[place]
        heapreplace(self._loads, (load + seconds / len(group.workers), clips + 1, place))
        self._most -= seconds
        group.indices.append(self._listed)
        group.utterances.append(utterance)
        group.seconds.append(seconds)
        self._listed += 1
        if len(group.utterances) == CHUNK:
            self.full.put((group.workers[0], pickle.dumps(group.chunk(self._mark))))

    def orders(self, budget: Budget, benchmark: str) -> Iterator[tuple[Sequence[Handle], list[int], Order]]:
        """For each group that has any: its workers, the places of its utterances in the window, and what to tell it."""
        for place, group in enumerate(self._groups):
            if group.indices:
                yield (
                    group.workers,
                    group.indices,
                    Order(
                        rest=group.chunk(self._mark),
                        members=[worker.number for worker in group.workers],
                        group=place,
                        groups=len(self._groups),
                        budget=budget,
                        benchmark=benchmark,
                    ),
                )
