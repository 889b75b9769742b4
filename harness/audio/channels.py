"""Which channels of a file are heard, and what is wrong with them.

Speech is told from noise by its rhythm: energies of 20 ms, of the signal's differences (so that hum and offsets do not
count), rise far above their tenth percentile where somebody speaks, and do not in steady noise. What rises above four
times that floor is a channel's speech energy; a single knock counts no more than the loudest twentieth of the frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.types import AudioWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.dataset import Channel

FRAMES_A_SECOND = 50
"""20 ms each."""

PIECE = 1 << 16
"""Frames that are measured at a time, so that they stay in the processor's cache."""

FLOOR_PERCENTILE, TOP_PERCENTILE, ABOVE_FLOOR = 10, 95, 4.0

CANCELS = 0.1
"""Energy of the channels' sum, as a share of the sum of their energies: 1 where they have nothing in common, 2 where
two are the same, 0 where they are each other's opposite. Less than this is cancelled."""

OPPOSED, SPEECH_CANCELS = 0.5, 0.2
"""So is less than the first of the energies, where less than the second is left of the speech energy of the channel
that has most: what remains is noise."""

DEAD = 2 / 32768
"""What a dead channel spans at most: two steps of 16 bits."""

NOISE_SHARE = 0.1
"""A channel whose speech energy is a smaller share of its energy is noise."""

SPEECH_SHARE = 0.5
"""A channel whose speech energy is a larger share of its energy is speech."""

HEARD_SHARE = 0.003
"""Noise that has a smaller share (25 dB less) of the energy of what is spoken is not worth a word."""

SHORTEST = 25
"""Frames, half a second: of less, rhythm says nothing."""

Pick = tuple[int, ...]
"""Channels whose mean is heard."""


class Meter:
    """Adds up what is seen of the channels, stretch by stretch."""

    def __init__(self, channels: int, rate: int) -> None:
        self._channels, self._frame = channels, max(2, rate // FRAMES_A_SECOND)
        self._count = 0
        self._sums = np.zeros(channels + 1)
        self._squares = np.zeros(channels + 1)
        self._low = np.full(channels, np.inf)
        self._high = np.full(channels, -np.inf)
        self._energies: list[NDArray[np.float32]] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """Looks at a stretch, shape ``[frames, channels]``."""
        step = max(self._frame, PIECE // self._frame * self._frame)
        for begin in range(0, len(block), step):
            piece = block[begin : begin + step]
            rows = np.empty((self._channels + 1, len(piece)), np.float32)  # each channel by itself is quicker
            rows[:-1] = piece.T
            np.add.reduce(rows[:-1], axis=0, out=rows[-1])
            self._count += len(piece)
            self._sums += rows.sum(axis=1)
            self._squares += np.einsum("cn,cn->c", rows, rows)
            np.minimum(self._low, rows[:-1].min(axis=1), out=self._low)
            np.maximum(self._high, rows[:-1].max(axis=1), out=self._high)
            whole = len(piece) // self._frame * self._frame
            if whole:
                rises = np.empty((len(rows), whole), np.float32)
                rises[:, 0] = 0
                np.subtract(rows[:, 1:whole], rows[:, : whole - 1], out=rises[:, 1:])
                framed = rises.reshape(len(rows), -1, self._frame)
                self._energies.append(np.einsum("cfn,cfn->cf", framed, framed))

    def _variances(self) -> NDArray[np.float64]:
        """Of each channel, and of their sum."""
        count = max(1, self._count)
        found: NDArray[np.float64] = np.maximum(self._squares / count - (self._sums / count) ** 2, 0.0)
        return found

    def speech(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Speech energy of each channel, and its share of the channel's energy; at the end, those of their sum."""
        if not self._energies:
            energy = self._variances()
            return energy, np.ones(len(energy))
        frames = np.concatenate(self._energies, axis=1).astype(np.float64)
        floor = np.percentile(frames, FLOOR_PERCENTILE, axis=1, keepdims=True)
        top = np.percentile(frames, TOP_PERCENTILE, axis=1, keepdims=True)
        capped = np.minimum(frames, top)
        speech = np.where(capped > ABOVE_FLOOR * floor, capped, 0.0).mean(axis=1)
        total = capped.mean(axis=1)
        return speech, np.divide(speech, total, out=np.zeros_like(speech), where=total > 0)

    def choose(self, asked: Channel, full: float = 1.0) -> tuple[Pick, list[AudioWarning]]:
        """What is heard, and what is to be said of it.

        Args:
            asked: ``mix`` or ``best``; a number has nothing to choose.
            full: the samples' full scale.
        """
        every = tuple(range(self._channels))
        live = tuple(channel for channel in every if self._high[channel] - self._low[channel] > DEAD * full)
        speech, share = self.speech()
        if asked == "best":
            return (max(every, key=lambda channel: (speech[channel], -channel)),), []
        if not live:
            return every, []
        warnings = []
        if len(live) < len(every):
            dead = [channel for channel in every if channel not in live]
            text = f"{_named(dead)} of {len(every)} {_is(dead)} silent, {_named(live)} {_is(live)} heard"
            warnings.append(AudioWarning("dead_channel", text))
        if len(live) == 1:
            return live, warnings
        variances = self._variances()
        taken = max(live, key=lambda channel: (speech[channel], -channel))
        noise = self._noise(live, variances, share)
        kept = variances[-1] / variances[:-1].sum()
        if kept < CANCELS or (kept < OPPOSED and speech[-1] < SPEECH_CANCELS * speech[taken]):
            text = f"the {len(live)} channels cancel out in their mix, {_named([taken])} is heard"
            return (taken,), [*warnings, AudioWarning("mix_cancels", text)]
        if noise:
            text = (
                f"{_named(noise)} of {len(every)} {_is(noise)} noise, and in the mix; --channel {taken} leaves it out"
            )
            warnings.append(AudioWarning("noise_channel", text))
        return live, warnings

    def _noise(self, live: Pick, variances: NDArray[np.float64], share: NDArray[np.float64]) -> list[int]:
        """Channels that have noise only, and enough of it, beside one that speaks."""
        spoken = max((variances[channel] for channel in live if share[channel] > SPEECH_SHARE), default=None)
        if spoken is None or sum(energies.shape[1] for energies in self._energies) < SHORTEST:
            return []
        return [
            channel for channel in live if share[channel] < NOISE_SHARE and variances[channel] > HEARD_SHARE * spoken
        ]


def _named(channels: list[int] | Pick) -> str:
    """``channel 1``, ``channels 1 and 2``."""
    if len(channels) == 1:
        return f"channel {channels[0]}"
    first = ", ".join(map(str, channels[:-1]))
    return f"channels {first} and {channels[-1]}"


def _is(channels: list[int] | Pick) -> str:
    return "is" if len(channels) == 1 else "are"


def mixed(block: NDArray[np.float32], pick: Pick) -> NDArray[np.float32]:
    """The mean of some channels of ``[frames, channels]``, shape ``[frames]``."""
    if len(pick) == 1:
        return block[:, pick[0]]
    if len(pick) < block.shape[1]:
        block = block[:, list(pick)]
    if block.shape[1] == 2:  # the same numbers as the mean's, in a fifth of the time
        return (block[:, 0] + block[:, 1]) * np.float32(0.5)
    mean: NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)
    return mean
