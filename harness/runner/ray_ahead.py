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
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from harness.runner.ray_held import Chunk, Order

if TYPE_CHECKING:
    from harness.runner.plan import Budget
    from harness.runner.ray_cluster import Handle

CHUNK = 64
"""Utterances in a message that is sent ahead: few are left for the last, which devices wait for."""


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
