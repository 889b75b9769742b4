"""Durations to batches. Pure: no audio, no model, no clock.

Clips of like length share a batch, so that little of it is padding; the longest go first, so that a lack of memory
shows at once and not in the last minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.errors import UsageError

STEP = 1.01
"""By how much a budget that leaves one batch too many is raised until none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may go into one batch. Both limits hold where both are given."""

    seconds: float | None = None
    """Seconds of audio a batch may cost: clips times the longest, or their sum where the model packs."""
    clips: int | None = None
    """Number of clips."""
    packs: bool = False
    """Whether the model packs a batch without padding."""
    window: float = 0.0
    """Seconds that each clip costs at least, where the model fills clips up to a window."""

    def __post_init__(self) -> None:
        """Refuses limits that no batch could keep."""
        if self.seconds is not None and not self.seconds > 0:
            msg = f"a batch needs more than {self.seconds:g} seconds; give --batch-seconds a positive number"
            raise UsageError(msg)
        if self.clips is not None and self.clips < 1:
            raise UsageError(f"a batch needs at least one clip, not {self.clips}; give --batch-size a positive number")

    def cost(self, seconds: Sequence[float]) -> float:
        """Seconds that a batch of clips of these lengths makes the model process."""
        if not seconds:
            return 0.0
        each = [max(self.window, one) for one in seconds]
        return sum(each) if self.packs else len(each) * max(each)

    def halved(self, seconds: Sequence[float]) -> Budget:
        """The budget to go on with after a batch of these lengths did not fit into memory."""
        return replace(self, seconds=self.cost(seconds) / 2, clips=max(1, len(seconds) // 2))

    def within(self, other: Budget) -> Budget:
        """The budget that keeps both."""
        seconds = [limit for limit in (self.seconds, other.seconds) if limit is not None]
        clips = [limit for limit in (self.clips, other.clips) if limit is not None]
        packs = self.packs or other.packs
        window = max(self.window, other.window)
        return Budget(seconds=min(seconds, default=None), clips=min(clips, default=None), packs=packs, window=window)


def plan(durations: Sequence[float], budget: Budget) -> list[list[int]]:
    """Groups clips into batches.

    Args:
        durations: seconds of each clip.
        budget: what a batch may hold. A single clip that exceeds it makes a batch of its own.

    Returns:
        Batches as indices into `durations`. Every index stands in exactly one batch; the longest clip is in the first
        batch; clips of equal length keep their order.
    """
    order, prices = _longest_first(durations, budget)
    ends = _ends(prices, budget)
    return [order[begin:end] for begin, end in pairwise([0, *ends])]


def _longest_first(durations: Sequence[float], budget: Budget) -> tuple[list[int], list[float]]:
    """Indices of the clips, and seconds that each costs where nothing is padded."""
    import numpy as np

    lengths = np.asarray(durations, np.float64)
    order = np.argsort(-lengths, kind="stable")
    return order.tolist(), np.maximum(lengths[order], budget.window).tolist()


def _ends(prices: Sequence[float], budget: Budget) -> list[int]:
    """Where each batch ends, of clips that stand longest first."""
    most = math.inf if budget.clips is None else budget.clips
    limit = math.inf if budget.seconds is None else budget.seconds
    packs, ends = budget.packs, list[int]()
    begin, first, cost = 0, 0.0, 0.0
    for at, price in enumerate(prices):
        # Sorted longest first, the first clip of a batch is its longest: padding costs that length for each clip.
        more = price if packs else first
        if at > begin and cost + more <= limit and at - begin < most:
            cost += more
        else:
            if at:
                ends.append(at)
            begin, cost, first = at, price, price
    return [*ends, len(prices)] if prices else []


def padding(durations: Sequence[float], batches: Iterable[Sequence[int]], window: float = 0.0) -> float:
    """The share of processed seconds that is padding when each batch is padded to its longest clip, from 0 to 1.

    A clip is padded to the model's `window` at least.
    """
    real = processed = 0.0
    for batch in batches:
        lengths = [durations[index] for index in batch]
        real += sum(lengths)
        processed += len(lengths) * max(window, *lengths) if lengths else 0.0
    return 1.0 - real / processed if processed else 0.0


def spread(durations: Sequence[float], budget: Budget, devices: int) -> list[list[int]]:
    """A plan for several devices, of a whole number of rounds: see `for_devices`.

    For a model that packs, what batch a clip is in matters to nobody, so clips are dealt out like cards, longest first
    and every other round backwards: all batches are of the same length, and one sort is all that it takes. Where that
    makes one too large, for a clip is much longer than others, and where clips are padded, clips of like length share a
    batch.

    Args:
        durations: seconds of each clip.
        budget: what a batch may hold.
        devices: how many take batches, of about the same speed.

    Returns:
        As `plan`.
    """
    alike = devices > 1 and budget.packs and budget.seconds is not None
    dealt = _dealt(durations, budget, devices) if alike else None
    return plan(durations, for_devices(durations, budget, devices)) if dealt is None else dealt


def _dealt(durations: Sequence[float], budget: Budget, devices: int) -> list[list[int]] | None:
    """Batches that cost the same; None where one would cost too much."""
    import numpy as np

    assert budget.seconds is not None
    lengths = np.asarray(durations, np.float64)
    costs = np.maximum(lengths, budget.window)
    total = costs.cumsum()[-1:].sum()  # one after the other, so that all machines come to the same
    rounds = max(total / budget.seconds, len(costs) / (budget.clips or math.inf), 1.0) / devices
    count = min(devices * math.ceil(rounds), len(costs))
    if count < 1:
        return None
    order = np.argsort(-lengths, kind="stable")
    full = np.full(-(-len(order) // count) * count, -1)
    full[: len(order)] = order
    turns = full.reshape(-1, count)
    turns[1::2] = turns[1::2, ::-1].copy()
    most = np.where(turns >= 0, costs[turns], 0.0).sum(axis=0).max()
    if most > budget.seconds or (budget.clips is not None and len(turns) > budget.clips):
        return None
    batches: list[list[int]] = turns.T.tolist()
    for batch in batches:
        if batch[-1] < 0:  # the last round may not be whole
            batch.pop()
    return batches


def for_devices(durations: Sequence[float], budget: Budget, devices: int) -> Budget:
    """The budget with which the plan has a whole number of rounds: no last batch that all but one device wait for.

    17 batches take 16 devices as long as 32 do. With batches a little smaller each device has two; with fewer batches
    than devices none would be left without. What smaller batches cost is little beside it: see `perf/scaling.py`.

    Args:
        durations: seconds of each clip.
        budget: what a batch may hold at most.
        devices: how many take batches, of about the same speed.

    Returns:
        A budget that is nowhere larger.
    """
    total = sum(max(budget.window, duration) for duration in durations)
    if devices < 2 or not total:
        return budget
    _, prices = _longest_first(durations, budget)
    rounds = devices * math.ceil(len(_ends(prices, budget)) / devices)
    if budget.seconds is None:
        return replace(budget, clips=math.ceil(len(durations) / rounds))
    seconds = total / rounds
    while seconds < budget.seconds:
        smaller = replace(budget, seconds=seconds)
        if len(_ends(prices, smaller)) <= rounds:
            return smaller
        seconds *= STEP
    return budget
