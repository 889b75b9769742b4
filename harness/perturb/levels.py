"""How loud speech is, and mixing it with a noise at a signal-to-noise ratio (docs/robustness.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.perturb.base import Samples

FRAME = SAMPLE_RATE // 50
"""Samples of a frame whose power is measured: 20 ms."""

MARGIN = 10**-1.59
"""A frame is active unless it is more than 15.9 dB below the active level: the margin of ITU-T P.56, method B."""

NOMINAL = 10**-2.6
"""Power that is taken for speech's where there is none in a clip: -26 dB to full scale, P.56's usual level."""


def power(samples: NDArray[np.floating]) -> float:
    """Mean square of all samples; a full-scale square wave has 1."""
    return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0


def active_power(samples: NDArray[np.floating]) -> float:
    """Mean square over the frames in which something is said; 0 where all is digital silence.

    Active frames are those whose power is at most 15.9 dB below that of all active frames together. That is found from
    above: beginning with all frames, those below are left out until none is. Pauses so do not make speech quieter.
    """
    if not len(samples):
        return 0.0
    starts = np.arange(0, len(samples), FRAME)
    energy = np.add.reduceat(np.square(samples, dtype=np.float64), starts)
    sizes = np.minimum(FRAME, len(samples) - starts)
    while True:
        level = float(energy.sum() / sizes.sum())
        kept = energy >= MARGIN * level * sizes
        if kept.all():
            return level
        energy, sizes = energy[kept], sizes[kept]


def mixed(samples: Samples, noise: NDArray[np.floating], snr: float) -> Samples:
    """Speech and noise, so that active speech is `snr` dB above the noise's mean power.

    Args:
        samples: the speech, shape ``[samples]``.
        noise: of the same shape, not all zeros.
        snr: decibels.

    Returns:
        Their sum; where that would pass full scale, all of it is quieter, which changes no ratio.
    """
    signal = active_power(samples) or NOMINAL
    scale = np.sqrt(signal / (power(noise) * 10 ** (snr / 10)))
    return within(samples + scale * noise.astype(np.float64))


def within(samples: NDArray[np.floating]) -> Samples:
    """Samples as a model takes them: as they are, or quieter where any of them passes full scale."""
    peak = float(np.abs(samples).max(initial=0.0))
    found: Samples = (samples / peak if peak > 1 else samples).astype(np.float32)
    return found
