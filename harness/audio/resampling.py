"""soxr, at once or block by block, with the same samples. Block by block a long file needs no room but its result's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUALITY = "HQ"

GROWTH = 1.125
"""By how much room is made where it does not suffice. The system moves large pages instead of copying them."""


def resample(mono: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Samples at `rate` to 16 kHz, in one piece."""
    if rate == SAMPLE_RATE:
        return mono
    resampled: NDArray[np.float32] = soxr.resample(mono, rate, SAMPLE_RATE, quality=QUALITY)
    return resampled


class Resampler:
    """Takes stretches of samples at `rate`, and holds what they are at 16 kHz."""

    def __init__(self, rate: int) -> None:
        self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality=QUALITY)
        self._same = rate == SAMPLE_RATE
        self._room = np.empty(0, np.float32)
        self._size = 0

    def add(self, mono: NDArray[np.float32]) -> None:
        """The next stretch."""
        self._keep(mono if self._same else self._stream.resample_chunk(mono))

    def result(self) -> NDArray[np.float32]:
        """All of it."""
        if not self._same:
            self._keep(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
        self._room.resize(self._size, refcheck=False)
        return self._room

    def _keep(self, mono: NDArray[np.float32]) -> None:
        end = self._size + len(mono)
        if end > len(self._room):
            self._room.resize(max(end, int(len(self._room) * GROWTH)), refcheck=False)
        self._room[self._size : end] = mono
        self._size = end
