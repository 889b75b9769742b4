"""The scale of samples, and what is wrong with it: integers stored as floats, clipping, silence, what is no number."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from harness.types import AudioWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL = 0.999
"""At which a sample is at full scale: codecs round."""

CLIPPED_SHARE = 0.01
"""Of the samples; fewer are knocks."""

SAMPLED = 1_024
"""Of samples that were integers, and so are finite, so many are looked at first: if many are clipped, some of them are
among these, and of nearly all clips no more needs to be seen."""

SILENCE = 2 / 32768
"""The loudest sample of silence: two steps of 16 bits, which dither may reach."""

OVER = 1.5
"""Floats that peak higher are looked at."""

LOUD, LOUD_SHARE, LOUD_PEAK = 8.0, 0.005, 32.0
"""Floats are at the scale of integers where so many of the samples are that far over full scale (18 dB), and one is
30 dB over it. A file that is too loud, or has a click, is not."""

SCALES = ((2 * 32768.0, 32768.0, 16), (2 * 8388608.0, 8388608.0, 24), (2 * 2147483648.0, 2147483648.0, 32))
"""Peaks up to which floats are at the scale of integers of 16, 24 or 32 bits; filters may overshoot."""


class Levels:
    """Adds up what is seen of one channel, or of a mix, stretch by stretch.

    Args:
        floats: whether the samples are stored as floating-point numbers.
    """

    def __init__(self, *, floats: bool) -> None:
        self._floats = floats
        self.samples = self.full = self.loud = self.invalid = 0
        self.peak = 0.0
        self.whole = True
        """Of floats: whether every sample is a whole number, as far as any was over."""

    def add(self, mono: NDArray[np.float32]) -> None:
        """Looks at a stretch of samples, shape ``[samples]``."""
        if not len(mono):
            return
        self.samples += len(mono)
        if not self._floats and len(mono) > 4 * SAMPLED:
            peak = float(np.maximum.reduce(np.abs(mono[:: len(mono) // SAMPLED])))
            if SILENCE < peak < FULL:
                self.peak = max(self.peak, peak)
                return
        high, low = float(np.maximum.reduce(mono)), float(np.minimum.reduce(mono))
        if not (isfinite(high) and isfinite(low)):
            self.invalid += int((~np.isfinite(mono)).sum())
            return
        peak = max(high, -low)
        self.peak = max(self.peak, peak)
        if peak < FULL and not (self._floats and self.peak > OVER):
            self.whole = self.whole and peak == 0.0
            return
        self.full += _at_least(mono, FULL)
        if not self._floats:  # neither their scale nor the width of integers is in question
            return
        if self.peak > OVER:
            self.loud += _at_least(mono, LOUD)
        self.whole = self.whole and bool((mono == np.rint(mono)).all())

    @property
    def bits(self) -> int | None:
        """The width of the integers whose scale the floats are at; None where they are at their own, or at none."""
        if not self._floats or self.peak <= OVER:
            return None
        if not (self.whole or (self.peak >= LOUD_PEAK and self.loud >= LOUD_SHARE * self.samples)):
            return None
        return next((bits for most, _, bits in SCALES if self.peak <= most), None)

    @property
    def scale(self) -> float:
        """What samples are to be divided by."""
        width = self.bits
        return 1.0 if width is None else next(scale for _, scale, bits in SCALES if bits == width)

    def warnings(self) -> list[AudioWarning]:
        """What is to be said."""
        if not self._floats and not self.full and self.peak > SILENCE:  # nearly all clips
            return []
        bits = self.bits
        found = []
        if bits is not None:
            text = f"floats at the scale of {bits}-bit integers (up to {self.peak:,.0f}), divided by {self.scale:,.0f}"
            found.append(AudioWarning("integer_scale", text))
        if self.peak <= SILENCE * self.scale:
            found.append(AudioWarning("silence", "nothing but silence" if self.peak else "digital silence"))
        elif bits is None and self.full >= CLIPPED_SHARE * self.samples and self.full > 1:
            share = 100 * self.full / self.samples
            found.append(AudioWarning("clipped", f"{share:.1f} % of the samples are at full scale"))
        return found


def _at_least(mono: NDArray[np.float32], size: float) -> int:
    """How many samples are that far from zero, or farther."""
    return int(np.count_nonzero(mono >= size) + np.count_nonzero(mono <= -size))
