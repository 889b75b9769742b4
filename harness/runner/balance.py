"""Batches for many devices: as many for each, and as large as that allows. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.runner.plan import plan

if TYPE_CHECKING:
    from harness.runner.plan import Budget

STEP = 1.01
"""By how much a budget that leaves one batch too many is raised until none is."""


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
    total = sum(durations)
    if devices < 2 or not total:
        return budget
    rounds = devices * math.ceil(len(plan(durations, budget)) / devices)
    if budget.seconds is None:
        return replace(budget, clips=math.ceil(len(durations) / rounds))
    seconds = total / rounds
    while seconds < budget.seconds:
        smaller = replace(budget, seconds=seconds)
        if len(plan(durations, smaller)) <= rounds:
            return smaller
        seconds *= STEP
    return budget
