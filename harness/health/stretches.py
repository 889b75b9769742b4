"""Stretches of samples that are all alike: flat tops, and zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ABRUPT = 0.06
"""Share of the peak right beside zeros from which they interrupt sound: words that are put together with zeros between
them end in less."""

NEAR = np.float32(0.97)
"""Share of the peak from which a sample is near it."""


class FlatTops:
    """Counts samples in flat stretches near the peak, which is only known at the end: by level, coarsely."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._runs = self._samples = 0
        self._near: list[tuple[float, int]] = []
        """Of each block its peak, and how many samples are near it."""

    def add(self, block: Floats, size: Floats) -> None:
        """Samples and their absolute values."""
        peak = float(size.max())
        if not peak:
            return
        self._near.append((peak, int(np.count_nonzero(size >= NEAR * peak))))
        if peak > self._highest * 1.002:
            self._runs = self._samples = 0  # what was flat was flat below the peak
        if peak < self._highest * 0.998:
            return
        self._highest = max(peak, self._highest)
        high = size >= self._highest * np.float32(0.998)
        for channel in range(block.shape[1]):
            places = np.flatnonzero(high[:, channel])
            if len(places) < 3:
                continue
            one = block[:, channel]
            near = (np.diff(places) == 1) & (np.abs(np.diff(one[places])) <= self._highest * np.float32(2e-4))
            starts = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(np.int8), [0]])) == 1)
            ends = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(np.int8), [0]])) == -1)
            long = (ends - starts + 1) >= 3
            self._runs += int(long.sum())
            self._samples += int((ends - starts + 1)[long].sum())

    def found(self, peak: float, count: int) -> tuple[int, int, float]:
        """Flat stretches, samples in them, and the share of samples near the peak."""
        return self._runs, self._samples, sum(near for high, near in self._near if high >= NEAR * peak) / max(count, 1)


AT_END = 0.25
"""Seconds of zeros at the end that are told where they begin in the midst of sound."""


class Zeros:
    """Stretches of zeros that have sound before them, and after them unless they end the clip."""

    def __init__(self, rate: int) -> None:
        self._found: list[tuple[int, int, float]] = []
        """Length, first sample, and how loud it is right beside."""
        self._run, self._count, self._beside = -1, 0, 0.0
        """Zeros at the end of what was seen, -1 while there was nothing else; what sounded before them."""
        self._shortest, self._near = round(0.02 * rate), max(1, round(0.002 * rate))
        self._at_end = round(AT_END * rate)

    def add(self, size: Floats) -> None:
        """The largest absolute value of all channels, sample by sample."""
        zeros = len(size) - int(np.count_nonzero(size))
        if zeros < self._shortest and self._run < self._shortest and zeros < len(size):  # as in most blocks
            after = int(np.argmax(size[::-1] > 0))
            self._run, self._beside = after, self._before(size, len(size) - after)
            self._count += len(size)
            return
        sounds = np.flatnonzero(size)
        if not len(sounds):
            self._run += len(size) if self._run >= 0 else 0
        else:
            first, last = int(sounds[0]), int(sounds[-1])
            if self._run >= 0 and self._run + first >= self._shortest:
                self._note(self._run + first, self._count - self._run, max(self._beside, self._after(size, first)))
            lengths = np.diff(sounds) - 1
            for place in np.flatnonzero(lengths >= self._shortest)[:256]:
                start = int(sounds[place]) + 1
                loud = max(self._before(size, start), self._after(size, int(sounds[place + 1])))
                self._note(int(lengths[place]), self._count + start, loud)
            self._run, self._beside = len(size) - 1 - last, self._before(size, last + 1)
        self._count += len(size)

    def _before(self, size: Floats, end: int) -> float:
        return float(size[max(0, end - self._near) : end].max(initial=0.0))

    def _after(self, size: Floats, start: int) -> float:
        return float(size[start : start + self._near].max(initial=0.0))

    def _note(self, length: int, start: int, loud: float) -> None:
        self._found = sorted([*self._found, (length, start, loud)], reverse=True)[:64]

    def longest(self, peak: float) -> tuple[int, int, bool]:
        """Length and first sample of the longest one that begins or ends in the midst of sound, else of any."""
        abrupt = [one for one in self._found if one[2] > ABRUPT * peak]
        if self._run >= self._at_end and self._beside > ABRUPT * peak:  # as where a download did not finish
            abrupt.append((self._run, self._count - self._run, self._beside))
            abrupt.sort(reverse=True)
        length, start, _ = next(iter(abrupt or self._found), (0, 0, 0.0))
        return length, start, bool(abrupt)
