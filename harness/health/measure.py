"""What is measured of one clip: levels, channels, spectrum, pitch, a fingerprint.

Pure, and block by block: a call of three hours takes no more memory than a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from isal import isal_zlib

from harness.health.fingerprint import BITS_FROM, BITS_TO, LONGEST, bits_of
from harness.health.spectra import (
    FRAME_SECONDS,
    QUIETEST,
    active_frames,
    band_edges,
    crest_of,
    decibels,
    fft_size,
    last_level,
    median_pitch,
    on_octaves,
    pace_of,
    shape_change,
    steady_tone,
    summed,
    upper_edge,
    window_of,
)
from harness.health.stretches import FlatTops, Zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HOP_SECONDS = FRAME_SECONDS / 2
PIECE = 1 << 17
"""Samples that are looked at together: what is made of them stays in the processor's cache."""
KEPT_FRAMES = 2048
"""Spectra of a clip that are kept at most, evenly over it: a minute's; of a longer one every second, fourth, ..."""
BANDS = 16
"""Bands between 200 and 4,000 Hz in which a change of the spectrum's shape is looked for."""
OUTLINE = 160
"""Columns of the picture of a waveform."""
MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was measured of one clip. Levels are decibels of full scale unless said otherwise."""

    seconds: float
    rate: int
    """Samples a second of the file."""
    channels: int
    invalid: int
    """Samples that are no finite numbers; zero is measured in their place."""
    peak: float
    """Largest absolute sample, 1.0 is full scale."""
    levels: tuple[float, ...]
    """Root mean square of each channel without its mean, in decibels."""
    offset: float
    """Largest mean of a channel, signed."""
    clipped: int
    """Samples in flat stretches at the clip's own peak, three or more in a row."""
    clipped_runs: int
    near_peak: float
    """Share of samples within 3 % of the clip's peak."""
    crest: float
    """Decibels from root mean square to peak of 32 ms, median of the loudest fifth of them; speech has 5 and more."""
    correlation: float
    """Of the two loudest channels; 1 for one channel."""
    mix_loss: float
    """Decibels that the mean of all channels is below the mean power of the channels; 0 for one channel."""
    changes: tuple[float, ...]
    """Of each channel: how much the shape of its spectrum changes, in decibels. Speech 5 and more, steady noise 2."""
    pace: float
    """Share of the spectrum's shape that is another 32 ms later: how fast it is spoken; NaN where little is heard."""
    swing: float
    """Decibels between loud and soft frames (95th and 10th percentile)."""
    active: float
    """Seconds of sound within `ACTIVE_RANGE` of the loud frames."""
    begin: float
    """Seconds at which it becomes active."""
    end: float
    """Seconds at which it stops being active."""
    last: float
    """Level of the last 64 ms below that of the active frames' median, in decibels; positive is louder."""
    gap: float
    """Seconds of the longest stretch of exact zeros between sound."""
    gap_at: float
    gap_abrupt: bool
    """Whether it begins or ends in the midst of sound; lossy codecs write zeros for silence, too."""
    tone: float
    """Hertz of the strongest steady line; 0 where there is none."""
    tone_level: float
    """Decibels of that line beside the active frames; -120 where there is none."""
    pitch: float
    """Median fundamental of voiced frames in Hertz; 0 where nothing is voiced."""
    voiced: float
    """Share of active frames that are voiced."""
    edge: float
    """Hertz above which there is nothing: where the spectrum breaks off; half the rate where it does not."""
    spectrum: Floats
    """Average of active frames, decibels, `OCTAVE` steps an octave from `LOWEST` up; NaN above half the rate."""
    outline: tuple[bytes, ...]
    """Of the first two channels: lowest and highest sample of each of `OUTLINE` columns as signed bytes."""
    digest: tuple[int, int, int, int]
    """Rate, samples, and two check sums of the samples as whole numbers: equal where the audio is."""
    bits: NDArray[np.uint32]
    """The fingerprint: shape ``[frames]``."""


class Listener:
    """Takes the samples of one clip block by block.

    Args:
        rate: samples a second.
        channels: of the blocks.
        frames: how many samples of each channel will come, as far as known; for the picture alone.
    """

    def __init__(self, rate: int, channels: int, frames: int) -> None:
        self._rate, self._channels = rate, channels
        self._size = fft_size(round(FRAME_SECONDS * rate))
        self._hop = max(1, round(HOP_SECONDS * rate))  # the same time at every rate, or fingerprints would drift
        self._window = window_of(self._size)
        self._rest: Floats = np.zeros((0, channels), np.float32)
        self._levels: list[Floats] = []
        self._spectra: list[Floats] = []
        self._bands: list[Floats] = []
        self._fine: list[Floats] = []
        self._crests: list[Floats] = []
        self._step, self._frame, self._count, self._invalid = 1, 0, 0, 0
        self._sum = np.zeros(channels)
        self._products = np.zeros((channels, channels))
        self._peak, self._sums = 0.0, (0, 1)
        self._zeros = Zeros(rate)
        self._expected = max(frames, 1)
        shown = min(channels, 2)
        self._lowest = np.zeros((shown, OUTLINE), np.float32)
        self._highest = np.zeros((shown, OUTLINE), np.float32)
        frequencies = np.arange(self._size // 2 + 1) * rate / self._size
        self._from = int(np.searchsorted(frequencies, 60.0))
        self._edges = band_edges(200.0, min(4000.0, 0.48 * rate), BANDS, rate, self._size)
        self._fine_edges = band_edges(BITS_FROM, BITS_TO, 33, rate, self._size)
        self._flat = FlatTops()

    def add(self, block: Floats) -> None:
        """Takes more samples, shape ``[samples, channels]``, of any number."""
        for start in range(0, len(block), PIECE):
            self._take(block[start : start + PIECE])

    def _take(self, block: Floats) -> None:
        if not np.isfinite(block.sum()):
            self._invalid += int((~np.isfinite(block)).sum())
            block = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
        self._sum += block.sum(axis=0, dtype=np.float64)
        self._products += block.T.astype(np.float64) @ block if self._channels > 1 else np.vdot(block, block)
        size = np.abs(block)
        self._peak = max(self._peak, float(size.max()))
        whole = (block * np.float32(32767)).astype(np.int32).tobytes()
        self._sums = isal_zlib.crc32(whole, self._sums[0]), isal_zlib.adler32(whole, self._sums[1])
        self._flat.add(block, size)
        self._zeros.add(size.max(axis=1) if self._channels > 1 else size[:, 0])
        self._draw(block)
        self._count += len(block)
        samples = np.concatenate([self._rest, block]) if len(self._rest) else block
        frames = max(0, (len(samples) - self._size) // self._hop + 1)
        if frames:
            self._transform(samples, frames)
        self._rest = samples[frames * self._hop :].copy()

    def _draw(self, block: Floats) -> None:
        """The picture's columns."""
        begin, end = self._column(self._count), self._column(self._count + len(block) - 1)
        columns = np.arange(begin, end + 1)
        starts = (-(-columns * self._expected // OUTLINE) - self._count).clip(0)
        for channel in range(len(self._lowest)):
            found = block[:, channel]
            low, high = np.minimum.reduceat(found, starts), np.maximum.reduceat(found, starts)
            self._lowest[channel, columns] = np.minimum(self._lowest[channel, columns], low)
            self._highest[channel, columns] = np.maximum(self._highest[channel, columns], high)

    def _column(self, sample: int) -> int:
        return min(sample * OUTLINE // self._expected, OUTLINE - 1)

    def _transform(self, samples: Floats, frames: int) -> None:
        """Spectra of whole frames."""
        parts = samples[: frames * self._hop].reshape((frames, self._hop, self._channels))
        self._crests.append(np.stack([np.abs(parts).max(axis=1).T, np.sqrt(np.square(parts).mean(axis=1)).T]))
        total: Any = 0
        levels, bands = [], []
        for channel in range(self._channels):
            one = np.ascontiguousarray(samples[:, channel])
            cut = np.lib.stride_tricks.sliding_window_view(one, self._size)[:: self._hop][:frames]
            found = np.fft.rfft(cut * self._window)
            power = (found.real**2 + found.imag**2).astype(np.float32) / np.float32(
                np.sum(self._window**2) * self._size / 2
            )
            levels.append(power[:, self._from :].sum(axis=1))
            bands.append(summed(power, self._edges))
            total = total + power
        power = total / np.float32(self._channels)
        self._levels.append(np.stack(levels))
        self._bands.append(np.stack(bands))
        if self._frame < LONGEST:
            self._fine.append(summed(power, self._fine_edges))
        self._spectra.append(power[(-self._frame) % self._step :: self._step].copy())  # or all would be held
        self._frame += frames
        while sum(map(len, self._spectra)) > KEPT_FRAMES:
            self._spectra = [np.concatenate(self._spectra)[::2].copy()]
            self._step *= 2

    def facts(self) -> Facts:
        """All that was measured."""
        if not self._frame:  # shorter than a frame
            missing = self._size - len(self._rest)
            self._transform(np.pad(self._rest, ((0, missing), (0, 0))), 1)
        count = max(self._count, 1)
        means = self._sum / count
        covariance = self._products / count - np.outer(means, means)
        powers = np.diag(covariance).clip(0)
        loudest = np.argsort(-powers, kind="stable")[:2]
        correlation, loss = 1.0, 0.0
        if self._channels > 1:
            product = float(np.sqrt(powers[loudest[0]] * powers[loudest[1]]))
            correlation = float(covariance[loudest[0], loudest[1]]) / product if product > QUIETEST else 1.0
            loss = float(decibels(max(covariance.mean(), 0.0)) - decibels(powers.mean()))
        levels, bands = np.concatenate(self._levels, axis=1), np.concatenate(self._bands, axis=1)
        spectra = np.concatenate(self._spectra)
        level = decibels(levels.mean(axis=0))
        active = active_frames(level)
        places = np.flatnonzero(active)
        hop = self._hop / self._rate
        seconds = self._count / self._rate
        typical = float(np.median(level[active])) if len(places) else -120.0
        chosen = active[:: self._step][: len(spectra)]
        chosen = chosen if chosen.any() else np.ones(len(spectra), bool)
        tone, tone_level = steady_tone(spectra, self._from, self._rate / self._size, typical)
        pitch, voiced = median_pitch(spectra[chosen], self._rate, self._size)
        average = spectra[chosen].mean(axis=0)
        begin = float(places[0] * hop) if len(places) else 0.0
        end = min(seconds, float((places[-1] + 2) * hop)) if len(places) else 0.0
        runs, clipped, near = self._flat.found(self._peak, self._count * self._channels)
        gap, gap_at, abrupt = self._zeros.longest(self._peak)
        offset = float(means[np.argmax(np.abs(means))])
        scale = 127 / max(self._peak, 1e-9)
        return Facts(
            seconds=seconds,
            rate=self._rate,
            channels=self._channels,
            invalid=self._invalid,
            peak=self._peak,
            levels=tuple(float(value) for value in decibels(powers)),
            offset=offset,
            clipped=clipped,
            clipped_runs=runs,
            near_peak=near,
            crest=crest_of(np.concatenate(self._crests, axis=2)[:, loudest[0]]),
            correlation=correlation,
            mix_loss=loss,
            changes=tuple(shape_change(found) for found in bands),
            pace=pace_of(bands[loudest[0]]),
            swing=float(np.percentile(level, 95) - np.percentile(level, 10)),
            active=float(len(places) * hop),
            begin=begin,
            end=end,
            last=last_level(self._rest, self._rate, typical),
            gap=gap / self._rate,
            gap_at=gap_at / self._rate,
            gap_abrupt=abrupt,
            tone=tone,
            tone_level=tone_level,
            pitch=pitch,
            voiced=voiced,
            edge=upper_edge(average, self._rate, self._size),
            spectrum=on_octaves(average, self._rate, self._size),
            outline=tuple(
                np.round(np.stack([low, high], axis=1) * scale).astype(np.int8).tobytes()
                for low, high in zip(self._lowest, self._highest, strict=True)
            ),
            digest=(self._rate, self._count, *self._sums),
            bits=bits_of(np.concatenate(self._fine)[:LONGEST], active[:LONGEST]),
        )


def measure(samples: Floats, rate: int) -> Facts:
    """What is measured of samples that lie in memory, shape ``[samples, channels]``."""
    listener = Listener(rate, samples.shape[1], len(samples))
    listener.add(samples)
    return listener.facts()
