"""A recording that is too quiet or too loud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.perturb.base import DECIBELS, Draw, Parameter, Perturbation, Values, number

if TYPE_CHECKING:
    from harness.perturb.base import Samples


def _apply(samples: Samples, values: Values, _draw: Draw) -> Samples:
    louder = samples.astype(np.float64) * 10 ** (float(values["db"]) / 20)
    return np.clip(louder, -1.0, 1.0).astype(np.float32)


PERTURBATION = Perturbation(
    name="gain",
    summary="quieter or louder by decibels; what passes full scale is cut off there",
    example="gain:db=-20,+10",
    parameters=(Parameter(name="db", read=number("decibels", -100, 60, DECIBELS)),),
    apply=_apply,
    label=lambda values: f"@{values['db']:+g}dB",
)
