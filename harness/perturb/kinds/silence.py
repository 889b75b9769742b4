"""Digital silence before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.perturb.base import SECONDS, Draw, Parameter, Perturbation, Values, number
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from harness.perturb.base import Samples


def _apply(samples: Samples, values: Values, _draw: Draw) -> Samples:
    return np.pad(samples, round(float(values["pad"]) * SAMPLE_RATE))


PERTURBATION = Perturbation(
    name="silence",
    summary="seconds of digital silence before the clip, and as many after it",
    example="silence:pad=5s",
    parameters=(Parameter(name="pad", read=number("seconds", 0.01, 600, *SECONDS)),),
    apply=_apply,
    label=lambda values: f"@{values['pad']:g}s",
    seconds=lambda seconds, values: seconds + 2 * float(values["pad"]),
)
