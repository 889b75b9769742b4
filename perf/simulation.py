"""A run on many devices, simulated: what `perf/scaling.py` prints, which says how, and what its figures mean."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.runner.loop import WINDOW_ITEMS
from harness.runner.plan import Budget, for_devices, plan, spread
from harness.runner.ray_ahead import Ahead
from harness.runner.ray_cluster import MANY, Handle
from harness.runner.ray_engine import IN_HAND, SHARE, WINDOWS
from perf.ray_driver import Driver, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class BatchTime:
    """Seconds that a device of speed 1 takes for a batch."""

    fixed: float
    """Seconds of a batch however small it is."""
    per_second: float
    """Seconds for each second that is processed, padding included."""
    source: str
    """Where the two come from."""

    per_clip: float = 0.0
    """Seconds for each clip."""

    def __call__(self, cost: float, clips: int = 0) -> float:
        """Seconds of a batch of so many clips that makes the model process `cost` seconds."""
        return self.fixed + self.per_second * cost + self.per_clip * clips


@dataclass(frozen=True)
class Costs:
    """What is beside the devices' work, in seconds."""

    driver: Driver = field(default_factory=lambda: Driver(0.0, 0.0, 0.0, 0.0))
    decode_rtfx: float = math.inf
    """Seconds of audio that a worker decodes in a second, all its threads together."""
    sync: float = 0.0
    """For a worker's journal to reach the disk."""
    hop: float = 0.0
    """For a message to get where it is sent."""
    wire_clip: float = 0.0
    """For a clip of it to leave the driver's network card."""
    unpack_clip: float = 0.0
    """For a worker to unpack it."""


BEFORE = Driver(out=0.001, out_clip=20e-6, back=0.001, back_clip=20e-6)
"""Before there were first shares: measured as 2 ms + 40 us a clip for a batch, both ways together."""

WINDOW_BEFORE = 10_000
"""Clips that were planned together then."""


@dataclass(frozen=True)
class Outcome:
    """How a simulated run went, in seconds."""

    seconds: float
    idle: float
    efficiency: float
    batches: int
    whole: float
    """How much later the one journal has all lines."""

    def as_dict(self) -> dict[str, Any]:
        """For the JSON line."""
        return {
            "seconds": round(self.seconds, 3),
            "efficiency": round(self.efficiency, 4),
            "idle_seconds": round(self.idle, 3),
            "batches": self.batches,
            "whole_seconds": round(self.whole, 3),
        }


class Simulation:
    """One corpus and one kind of device."""

    many = MANY
    """Devices from which on some hand work on to others."""

    def __init__(self, durations: Sequence[float], budget: Budget, time: BatchTime, costs: Costs) -> None:
        self.durations, self.budget, self.time, self.costs = durations, budget, time, costs
        self.work = sum(self.seconds(batch) for batch in plan(durations, budget))

    def audio(self, batch: Iterable[int]) -> float:
        """Seconds that a batch makes the model process."""
        return self.budget.cost([self.durations[index] for index in batch])

    def seconds(self, batch: Sequence[int]) -> float:
        """Of a batch, on a device of speed 1."""
        return self.time(self.audio(batch), len(batch))

    def shards(self, speeds: Sequence[float]) -> Outcome:
        """Utterances dealt out beforehand; nobody helps anybody. One process takes all lines in at the end."""
        ends, batches = [], 0
        for number, speed in enumerate(speeds):
            own = range(number, len(self.durations), len(speeds))
            shard = [[own[index] for index in batch] for batch in plan([self.durations[i] for i in own], self.budget)]
            batches += len(shard)
            device = _Device(self, speed)
            ends.append(max((device.run(0.0, batch) for batch in shard), default=0.0) + self.costs.sync)
        return self.outcome(ends, speeds, batches, max(ends) + self.costs.driver.back_clip * len(self.durations))

    def before(self, speeds: Sequence[float]) -> Outcome:
        """As `taken`, planned window by window, with a message for each batch and nothing taken over."""
        costs = Costs(BEFORE, self.costs.decode_rtfx, self.costs.sync)
        windows = [self.durations[at : at + WINDOW_BEFORE] for at in range(0, len(self.durations), WINDOW_BEFORE)]
        batches = list[list[int]]()
        for number, window in enumerate(windows):
            level = plan(window, for_devices(window, self.budget, len(speeds)))
            batches += [[number * WINDOW_BEFORE + index for index in batch] for batch in level]
        return _Dealing(self, speeds, batches, costs, together=False).outcome()

    def taken(self, speeds: Sequence[float], *, level: bool = True) -> Outcome:
        """Each device takes batches of one plan; one process hands them out and takes them back, one by one."""
        groups, batches = self.sent_ahead(len(speeds)) if level else ([], [])
        first = sum(group.clips for group in groups)
        rest = self.durations[first:]
        more = spread(rest, self.budget, len(speeds)) if level else plan(rest, self.budget)
        batches += [[first + index for index in batch] for batch in more]
        return _Dealing(self, speeds, batches, self.costs, together=True, groups=groups).outcome()

    def sent_ahead(self, devices: int) -> tuple[list[_Group], list[list[int]]]:
        """As the engine does it where devices are many and the model packs: who has which batches, and these."""
        groups, batches = list[_Group](), list[list[int]]()
        if devices < self.many or not self.budget.packs or self.budget.seconds is None:
            return groups, batches
        workers = [Handle(None, None, number=number) for number in range(devices)]
        most = SHARE * self.budget.seconds * devices
        ahead = Ahead(grouped(workers), Path(), WINDOW_ITEMS * WINDOWS, most)
        for length in self.durations:
            ahead.add(b"utterance", length)
        for group, indices, order in ahead.orders(self.budget, ""):
            given = dict[int, range]()
            for worker, share in zip(group, order.shares([self.durations[at] for at in indices]), strict=True):
                given[worker.number] = range(len(batches), len(batches) + len(share))
                batches += [[indices[index] for index in batch] for _, batch in share]
            groups.append(_Group(given, len(indices), len(order.rest.utterances)))
        return groups, batches

    def outcome(self, ends: Sequence[float], speeds: Sequence[float], batches: int, whole: float) -> Outcome:
        """What came of it, by when each device was through and all lines were written."""
        last = max(ends)
        return Outcome(last, last - min(ends), self.work / sum(speeds) / last, batches, max(0.0, whole - last))


@dataclass(frozen=True)
class _Group:
    """Some devices that are sent what is theirs ahead."""

    given: dict[int, range]
    """The batches of each; the first hands on to the others."""
    clips: int
    rest: int
    """Clips that go with the word to begin."""


class _Dealing:
    """The driver's loop: `together` gives what a device is to have in one message, and lets idle ones take over."""

    def __init__(
        self,
        simulation: Simulation,
        speeds: Sequence[float],
        batches: Sequence[list[int]],
        costs: Costs,
        *,
        together: bool,
        groups: Sequence[_Group] = (),
    ) -> None:
        self._of, self._speeds, self._batches, self._costs = simulation, speeds, batches, costs
        self._together, self._driver, self._groups = together, costs.driver, groups
        self._devices = [_Device(simulation, speed) for speed in speeds]
        self._ahead = sum(group.clips for group in groups)
        given = sum(len(numbers) for group in groups for numbers in group.given.values())
        self._pending = deque(range(given, len(batches)))
        self._now = self._wire = costs.driver.ready if groups else costs.driver.plan_clip * len(simulation.durations)
        """When the driver, and its network card, are through with what they were at."""
        self._events: list[tuple[float, int, int]] = []
        """When a batch ends, on which device, and which one it is."""
        self._done: dict[int, float] = {}
        self._written: set[int] = set()
        self._taken_over: set[int] = set()

    def outcome(self) -> Outcome:
        """Runs all batches."""
        if self._groups:
            self._begin_groups()
        else:
            self._first()
        self._now += self._driver.note_clip * len(self._of.durations)
        while self._events:
            self._take(*heapq.heappop(self._events))
        ends = [
            max((self._done[number] for number, end in one.ran.items() if end == self._done[number]), default=0.0)
            for one in self._devices
        ]
        return self._of.outcome(ends, self._speeds, len(self._batches), self._now + self._costs.sync)

    def _clips(self, numbers: Iterable[int]) -> int:
        return sum(len(self._batches[number]) for number in numbers)

    def _sent(self, clips: int) -> float:
        """When a message of the driver's arrives."""
        self._now += self._driver.out + self._driver.out_clip * clips
        self._wire = max(self._wire, self._now) + self._costs.wire_clip * clips
        return self._wire + self._costs.hop

    def _begin(self, device: int, numbers: Iterable[int], arrived: float) -> None:
        """What a device was given is under way."""
        for number in numbers:
            arrived += self._costs.unpack_clip * len(self._batches[number])
            end = self._devices[device].run(arrived, self._batches[number], number)
            self._done[number] = min(self._done.get(number, math.inf), end)
            heapq.heappush(self._events, (end, device, number))

    def _give(self, device: int, numbers: Sequence[int]) -> None:
        for message in [numbers] if self._together else [[number] for number in numbers]:
            self._begin(device, message, self._sent(self._clips(message)))

    def _begin_groups(self) -> None:
        """Where all was sent ahead but the rest: one of each group plans and packs what it has, and hands it on."""
        driver = self._driver
        for group in self._groups:
            (first, own), *others = group.given.items()
            self._now += driver.begin + driver.out_clip * group.rest
            self._wire = max(self._wire, self._now) + self._costs.wire_clip * group.rest
            at = self._wire + self._costs.hop + driver.lead_clip * group.clips
            for other, numbers in others:
                at += driver.out + driver.out_clip * self._clips(numbers)
                self._begin(other, numbers, at + self._costs.hop)
            self._begin(first, own, at)
        self._now += driver.plan_clip * (len(self._of.durations) - self._ahead)

    def _first(self) -> None:
        """What each is given first. Where they are many, one of each group hands it on to the others."""
        count = len(self._devices)
        given: list[list[int]] = [[] for _ in self._devices]
        share = math.ceil(len(self._batches) / count)
        share = share if self._together and share <= SHARE else 0
        for _ in range(max(IN_HAND, share)):
            allowed = max(share, min(IN_HAND, 1 + len(self._pending) // count))
            for own in given:
                if self._pending and len(own) < allowed:
                    own.append(self._pending.popleft())
        if not self._together or count < self._of.many:
            for device, own in enumerate(given):
                self._give(device, own)
            return
        group = math.isqrt(count)
        for first in range(0, count, group):
            members = range(first, min(first + group, count))
            at = self._sent(sum(self._clips(given[one]) for one in members))
            for other in members[1:]:
                at += self._driver.out + self._driver.out_clip * self._clips(given[other])
                self._begin(other, given[other], at + self._costs.hop)
            self._begin(first, given[first], at)

    def _take(self, end: float, device: int, number: int) -> None:
        """The driver takes a batch, journals it, and gives the device more; at the end what waits at another."""
        devices, pending = self._devices, self._pending
        self._now = max(self._now, end) + self._driver.back
        held = devices[device].held
        for one in devices if number in self._taken_over else (devices[device],):
            if number in one.held:
                one.held.remove(number)
        if number not in self._written:
            self._written.add(number)
            self._now += self._driver.back_clip * len(self._batches[number])
        allowed = min(IN_HAND, 1 + len(pending) // len(devices))
        more = [pending.popleft() for _ in range(min(len(pending), max(0, allowed - len(held))))]
        if more:
            self._give(device, more)
        elif self._together and not held:
            busiest = max(devices, key=lambda one: len(one.held)).held
            if len(busiest) > 1 and busiest[-1] not in self._taken_over:
                self._taken_over.add(busiest[-1])
                self._give(device, [busiest[-1]])


class _Device:
    """A device: what it has in hand is decoded, then run, one batch after the other."""

    def __init__(self, simulation: Simulation, speed: float) -> None:
        self._of, self._speed = simulation, speed
        self._decoded = self._free = 0.0
        self.held: list[int] = []
        self.ran: dict[int, float] = {}

    def run(self, received: float, batch: Sequence[int], number: int = 0) -> float:
        """When a batch that was received then ends."""
        self._decoded = max(received, self._decoded) + self._of.audio(batch) / self._of.costs.decode_rtfx
        self._free = max(self._free, self._decoded) + self._of.seconds(batch) / self._speed
        self.held.append(number)
        self.ran[number] = self._free
        return self._free


def speeds_of(devices: int, differ: float) -> list[float]:
    """Speeds spread evenly about 1, in an order that says nothing about them."""
    speeds = [1.0] if devices == 1 else np.linspace(1 - differ, 1 + differ, devices).tolist()
    random.Random(devices).shuffle(speeds)
    return speeds
