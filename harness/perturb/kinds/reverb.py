"""A room: the sound comes back from its walls, for so long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.perturb.base import SECONDS, Draw, Parameter, Perturbation, Values, number
from harness.perturb.levels import active_power, within
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.perturb.base import Samples

FIRST_ECHO = 0.0025
"""Seconds from the direct sound to the first that comes back: a wall some 40 cm behind the microphone."""

BLOCK = 1 << 17
"""Samples that are convolved at a time."""


def response(rt60: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Impulse response of a room, shape ``[samples]``: the direct sound, then what comes back, of equal energy.

    What comes back is white noise that dies away by 60 dB within `rt60` seconds (Polack's model, 1988).
    """
    samples = max(2, int(1.2 * rt60 * SAMPLE_RATE))
    time = np.arange(samples) / SAMPLE_RATE
    tail = generator.standard_normal(samples) * 10 ** (-3 * time / rt60)
    tail[: max(1, int(FIRST_ECHO * SAMPLE_RATE))] = 0
    energy = float(np.square(tail).sum())
    found = tail / np.sqrt(energy) if energy else tail
    found[0] = 1.0
    return np.asarray(found, dtype=np.float64)


def convolved(samples: NDArray[np.floating], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first ``len(samples)`` samples of the convolution, block by block: overlap and add."""
    size = 1 << (BLOCK + len(kernel) - 1).bit_length()
    spectrum = np.fft.rfft(kernel, size)
    found = np.zeros(len(samples) + size)
    for start in range(0, len(samples), BLOCK):
        block = np.fft.rfft(samples[start : start + BLOCK], size)
        found[start : start + size] += np.fft.irfft(block * spectrum, size)
    return found[: len(samples)]


def _apply(samples: Samples, values: Values, draw: Draw) -> Samples:
    wet = convolved(samples, response(float(values["rt60"]), draw.generator))
    before, after = active_power(samples), active_power(wet)
    return within(wet * np.sqrt(before / after) if after else wet)


PERTURBATION = Perturbation(
    name="reverb",
    summary="a room, by the seconds in which its reverberation dies away by 60 dB",
    example="reverb:rt60=0.3,0.8",
    parameters=(Parameter(name="rt60", read=number("seconds", 0.05, 10, *SECONDS), default=0.5),),
    apply=_apply,
    label=lambda values: f"@{values['rt60']:g}s",
)
