"""Faster or slower, as a tape is: pitch and tempo together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from harness.perturb.base import Draw, Parameter, Perturbation, Values, number
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from harness.perturb.base import Samples


def _apply(samples: Samples, values: Values, _draw: Draw) -> Samples:
    factor = float(values["factor"])
    if factor == 1:
        return samples
    found = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="HQ")
    wanted = max(1, round(len(samples) / factor))
    return np.pad(found[:wanted], (0, max(0, wanted - len(found)))).astype(np.float32)


PERTURBATION = Perturbation(
    name="speed",
    summary="faster (above 1) or slower, pitch and tempo together, as Kaldi's speed perturbation",
    example="speed:0.9,1.1",
    parameters=(Parameter(name="factor", read=number("a factor", 0.25, 4, ("x", 1.0))),),
    apply=_apply,
    label=lambda values: f"@{values['factor']:g}",
    seconds=lambda seconds, values: seconds / float(values["factor"]),
)
