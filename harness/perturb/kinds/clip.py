"""A recording whose loudest parts were cut off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.perturb.base import Draw, Parameter, Perturbation, Values, number

if TYPE_CHECKING:
    from harness.perturb.base import Samples


def _apply(samples: Samples, values: Values, _draw: Draw) -> Samples:
    count = math.ceil(len(samples) * float(values["percent"]) / 100)
    limit = float(np.partition(np.abs(samples), len(samples) - count)[len(samples) - count]) if count else 0.0
    return np.clip(samples, -limit, limit) if limit else samples


PERTURBATION = Perturbation(
    name="clip",
    summary="the loudest percent of the samples cut off at the level of the quietest of them",
    example="clip:percent=1,5",
    parameters=(Parameter(name="percent", read=number("percent", 0.001, 90, ("%", 1.0))),),
    apply=_apply,
    label=lambda values: f"@{values['percent']:g}percent",
)
