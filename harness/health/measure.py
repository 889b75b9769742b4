"""What is measured of one clip: levels, channels, spectrum, pitch, a fingerprint. Pure; block by block, so that a call
of three hours takes no more memory than its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.health.fingerprint import BITS_FROM, BITS_TO, LONGEST, bits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FRAME_SECONDS = 0.064
"""Of a spectrum: two periods of the lowest voice that is played at half its speed."""
HOP_SECONDS = FRAME_SECONDS / 2
KEPT_FRAMES = 2048
"""Spectra of a clip that are kept at most, evenly over it: a minute's; of a longer one every second, fourth, ..."""
QUIETEST = 1e-12
"""Power that stands for none, -120 dB."""
ACTIVE_RANGE = 35.0
"""Decibels below its loud frames down to which a clip is taken to be active: the softest sounds of speech."""
BANDS = 16
"""Bands between 200 and 4,000 Hz in which a change of the spectrum's shape is looked for."""
OUTLINE = 160
"""Columns of the picture of a waveform."""
MOST_CHANNELS = 8
OCTAVE = 12
"""Steps of an octave of the average spectrum."""
LOWEST, HIGHEST = 80.0, 7600.0
"""Hertz of the average spectrum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was measured of one clip. Levels are decibels of full scale unless said otherwise."""

    seconds: float
    rate: int
    """Samples a second of the file."""
    channels: int
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
    correlation: float
    """Of the two loudest channels; 1 for one channel."""
    mix_loss: float
    """Decibels that the mean of all channels is below the mean power of the channels; 0 for one channel."""
    changes: tuple[float, ...]
    """Of each channel: how much the shape of its spectrum changes, in decibels. Speech 5 and more, steady noise 2."""
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
    digest: bytes
    """Of the samples, as 16 bits."""
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
        self._size = _fft_size(round(FRAME_SECONDS * rate))
        self._hop = self._size // 2
        self._window = np.hanning(self._size).astype(np.float32)
        self._rest: Floats = np.zeros((0, channels), np.float32)
        self._levels: list[Floats] = []
        self._spectra: list[Floats] = []
        self._bands: list[Floats] = []
        self._fine: list[Floats] = []
        self._step, self._frame, self._count = 1, 0, 0
        self._sum = np.zeros(channels)
        self._products = np.zeros((channels, channels))
        self._peak, self._hash = 0.0, hashlib.blake2b(digest_size=16)
        self._high: list[NDArray[np.float64]] = []
        self._zeros = _Zeros(rate)
        self._expected = max(frames, 1)
        shown = min(channels, 2)
        self._lowest = np.zeros((shown, OUTLINE), np.float32)
        self._highest = np.zeros((shown, OUTLINE), np.float32)
        frequencies = np.arange(self._size // 2 + 1) * rate / self._size
        self._from = int(np.searchsorted(frequencies, 60.0))
        self._edges = _edges(200.0, min(4000.0, 0.48 * rate), BANDS, rate, self._size)
        self._fine_edges = _edges(BITS_FROM, BITS_TO, 33, rate, self._size)
        self._flat = _Flat()

    def add(self, block: Floats) -> None:
        """Takes more samples, shape ``[samples, channels]``."""
        if not len(block):
            return
        self._sum += block.sum(axis=0, dtype=np.float64)
        self._products += block.T.astype(np.float64) @ block if self._channels > 1 else np.vdot(block, block)
        size = np.abs(block)
        self._peak = max(self._peak, float(size.max()))
        self._hash.update((np.clip(block, -1, 1) * np.float32(32767)).astype(np.int16).tobytes())
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
        columns = (np.arange(self._count, self._count + len(block)) * OUTLINE // self._expected).clip(0, OUTLINE - 1)
        first, starts = np.unique(columns, return_index=True)
        for channel in range(len(self._lowest)):
            found = block[:, channel]
            low, high = np.minimum.reduceat(found, starts), np.maximum.reduceat(found, starts)
            self._lowest[channel, first] = np.minimum(self._lowest[channel, first], low)
            self._highest[channel, first] = np.maximum(self._highest[channel, first], high)

    def _transform(self, samples: Floats, frames: int) -> None:
        """Spectra of whole frames."""
        total: Any = 0
        levels, bands = [], []
        for channel in range(self._channels):
            one = np.ascontiguousarray(samples[:, channel])
            cut = np.lib.stride_tricks.sliding_window_view(one, self._size)[:: self._hop][:frames]
            found = np.fft.rfft(cut * self._window)
            power = (found.real**2 + found.imag**2) / np.float32(np.sum(self._window**2) * self._size / 2)
            levels.append(power[:, self._from :].sum(axis=1))
            bands.append(_summed(power, self._edges))
            total = total + power
        power = total / np.float32(self._channels)
        self._levels.append(np.stack(levels))
        self._bands.append(np.stack(bands))
        if self._frame < LONGEST:
            self._fine.append(_summed(power, self._fine_edges))
        kept = power[(-self._frame) % self._step :: self._step]
        self._spectra.append(kept)
        self._frame += frames
        while sum(map(len, self._spectra)) > KEPT_FRAMES:
            self._spectra = [np.concatenate(self._spectra)[::2]]
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
            loss = float(_decibels(max(covariance.mean(), 0.0)) - _decibels(powers.mean()))
        levels, bands = np.concatenate(self._levels, axis=1), np.concatenate(self._bands, axis=1)
        spectra = np.concatenate(self._spectra)
        level = _decibels(levels.mean(axis=0))
        active = _active(level)
        places = np.flatnonzero(active)
        hop = self._hop / self._rate
        seconds = self._count / self._rate
        typical = float(np.median(level[active])) if len(places) else -120.0
        chosen = active[:: self._step][: len(spectra)]
        chosen = chosen if chosen.any() else np.ones(len(spectra), bool)
        tone, tone_level = _tone(spectra, self._from, self._rate / self._size, typical)
        pitch, voiced = _pitch(spectra[chosen], self._rate, self._size)
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
            peak=self._peak,
            levels=tuple(float(value) for value in _decibels(powers)),
            offset=offset,
            clipped=clipped,
            clipped_runs=runs,
            near_peak=near,
            correlation=correlation,
            mix_loss=loss,
            changes=tuple(_change(found) for found in bands),
            swing=float(np.percentile(level, 95) - np.percentile(level, 10)),
            active=float(len(places) * hop),
            begin=begin,
            end=end,
            last=_last(self._rest, self._rate, typical),
            gap=gap / self._rate,
            gap_at=gap_at / self._rate,
            gap_abrupt=abrupt,
            tone=tone,
            tone_level=tone_level,
            pitch=pitch,
            voiced=voiced,
            edge=_edge(average, self._rate, self._size),
            spectrum=_on_octaves(average, self._rate, self._size),
            outline=tuple(
                np.round(np.stack([low, high], axis=1) * scale).astype(np.int8).tobytes()
                for low, high in zip(self._lowest, self._highest, strict=True)
            ),
            digest=self._hash.digest(),
            bits=bits_of(np.concatenate(self._fine)[:LONGEST], active[:LONGEST]),
        )


class _Flat:
    """Counts samples in flat stretches near the peak, which is only known at the end: by level, coarsely."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._runs = self._samples = 0
        self._histogram = np.zeros(2001, np.int64)
        self._above = 0.0

    def add(self, block: Floats, size: Floats) -> None:
        """Samples and their absolute values."""
        peak = float(size.max())
        if not peak:
            return
        self._histogram += np.bincount((size.ravel() * np.float32(1000)).astype(np.int64).clip(0, 2000), minlength=2001)
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
        return self._runs, self._samples, float(self._histogram[int(970 * peak) :].sum()) / max(count, 1)


class _Zeros:
    """Stretches of zeros that have sound before and after them."""

    def __init__(self, rate: int) -> None:
        self._found: list[tuple[int, int, float]] = []
        """Length, first sample, and how loud it is right beside."""
        self._run, self._count, self._beside = -1, 0, 0.0
        """Zeros at the end of what was seen, -1 while there was nothing else; what sounded before them."""
        self._shortest, self._near = round(0.02 * rate), max(1, round(0.002 * rate))

    def add(self, size: Floats) -> None:
        """The largest absolute value of all channels, sample by sample."""
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
        abrupt = [one for one in self._found if one[2] > 0.02 * peak]
        length, start, _ = next(iter(abrupt or self._found), (0, 0, 0.0))
        return length, start, bool(abrupt)


def measure(samples: Floats, rate: int) -> Facts:
    """What is measured of samples that lie in memory, shape ``[samples, channels]``."""
    listener = Listener(rate, samples.shape[1], len(samples))
    step = max(1, 1 << 19)
    for start in range(0, len(samples), step):
        listener.add(samples[start : start + step])
    return listener.facts()


def _fft_size(wanted: int) -> int:
    """An even size near the wanted one of which transforms are quick: 2^a, or 3 or 5 or 15 times that."""
    sizes = [factor << power for factor in (2, 6, 10, 30, 18) for power in range(20)]
    return min(sizes, key=lambda size: (abs(size - wanted), size))


def _edges(low: float, high: float, bands: int, rate: int, size: int) -> NDArray[np.int64]:
    """Bins at which bands of equal ratio begin and end, each at least one bin wide."""
    places = np.round(np.geomspace(low, max(high, low * 1.01), bands + 1) * size / rate).astype(np.int64)
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + 1)
    return places.clip(0, size // 2)


def _summed(power: Floats, edges: NDArray[np.int64]) -> Floats:
    """Power in bands, shape ``[frames, bands]``."""
    sums = np.cumsum(power, axis=1, dtype=np.float64)
    return np.diff(sums[:, edges], axis=1).astype(np.float32)


def _decibels(power: Any) -> Any:
    return 10 * np.log10(np.maximum(power, QUIETEST))


def _active(level: Floats) -> NDArray[np.bool_]:
    """Frames that are neither far below the loud ones, nor as soft as a steady background."""
    loud, soft = np.percentile(level, 95), np.percentile(level, 10)
    bound = max(loud - ACTIVE_RANGE, min(soft + 6.0, loud - 10.0), -90.0)
    return np.asarray(level > bound)


def _change(bands: Floats) -> float:
    """How much the shape of the spectrum changes over frames that are heard, whatever their level, in decibels."""
    level = _decibels(bands.sum(axis=1))
    heard = level > max(np.percentile(level, 95) - 40.0, -100.0)
    if heard.sum() < 4:
        return 0.0
    found = _decibels(bands[heard])
    found = np.maximum(found, found.max(axis=1, keepdims=True) - 50.0)
    found -= found.mean(axis=1, keepdims=True)
    return float(found.std(axis=0).mean())


def _last(rest: Floats, rate: int, typical: float) -> float:
    """How loud the very end is beside what is active."""
    tail = rest[-max(1, round(FRAME_SECONDS * rate)) :]
    if not len(tail):
        return -120.0
    return float(_decibels(np.square(tail - tail.mean(axis=0)).mean())) - typical


def _tone(spectra: Floats, lowest: int, width: float, typical: float) -> tuple[float, float]:
    """Hertz and level of the strongest line that stays the same while all else changes.

    Looked for in the softer half of the frames: noise in one bin has 13 dB between its 10th and 90th percentile, a tone
    next to none.
    """
    total = spectra.sum(axis=1)
    soft = spectra[total <= np.median(total)]
    if len(soft) < 12 or total.max() <= QUIETEST:
        return 0.0, -120.0
    found = _decibels(soft)
    low, middle, high = np.percentile(found, [10, 50, 90], axis=0)
    around = _around(middle)
    lines = (high - low < 4.0) & (middle - around > 12.0)
    lines[: max(2, lowest // 2)] = False
    if len(soft) < 24:
        lines[int(80 / width) : int(400 / width)] = False  # a vowel of a short word is as steady
    if not lines.any():
        return 0.0, -120.0
    strongest = int(np.argmax(np.where(lines, middle, -999.0)))
    near = slice(max(0, strongest - 2), strongest + 3)
    level = float(_decibels(np.median(soft[:, near].sum(axis=1)))) - typical
    return strongest * width, level


def _around(middle: Floats) -> Floats:
    """The level beside each bin: the lower of the medians of its neighbors on either side."""
    padded = np.pad(middle, 12, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 25)
    return np.median(np.concatenate([windows[:, :8], windows[:, 17:]], axis=1), axis=1)


def _pitch(spectra: Floats, rate: int, size: int) -> tuple[float, float]:
    """Median fundamental, and the share of frames that have one, by autocorrelation below 1.5 kHz."""
    order = np.argsort(-spectra.sum(axis=1), kind="stable")
    frames = spectra[order[: min(len(order), max(8, len(order) * 2 // 3), 96)]]
    top = int(1500.0 * size / rate)
    length = 1024  # lags of a spectrum up to 3 kHz: finely enough
    spaced = np.zeros((len(frames), length // 2 + 1), np.float32)
    width = min(top, spectra.shape[1], length // 2)
    spaced[:, 1:width] = frames[:, 1:width]
    lags = np.fft.irfft(spaced, axis=1)
    per_lag = size / rate / length  # seconds
    window = np.fft.irfft(np.pad(_window_power(size)[: length // 2 + 1], (0, 0)))
    lags = lags / np.maximum(lags[:, :1], 1e-20)
    first, last = int(1 / 550.0 / per_lag), int(1 / 45.0 / per_lag)
    scaled = lags[:, :last] / np.maximum(window[:last] / window[0], 0.2)
    part = scaled[:, first:last]
    best = part.max(axis=1)
    # The shortest lag that is nearly as good: twice a period repeats as well.
    peaks = (part >= 0.85 * best[:, None]) & (part >= np.roll(part, 1, axis=1)) & (part >= np.roll(part, -1, axis=1))
    place = peaks.argmax(axis=1) + first
    good = (best > 0.55) & peaks.any(axis=1)
    if not good.any():
        return 0.0, 0.0
    pitch = float(np.median(1 / (place[good] * per_lag)))
    return (pitch if pitch < 500.0 else 0.0), float(good.mean())


def _window_power(size: int) -> Floats:
    """Power spectrum of the window, whose autocorrelation a voice's is divided by."""
    found = np.abs(np.fft.rfft(np.hanning(size))) ** 2
    return np.pad(found, (0, max(0, 513 - len(found)))).astype(np.float32)


def _edge(average: Floats, rate: int, size: int) -> float:
    """Where the average spectrum breaks off: by 25 dB within a tenth of the frequency, and stays down."""
    width = rate / size
    level = _decibels(average)
    smooth = np.convolve(np.pad(level, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    top = len(smooth) - 1
    floor = float(np.percentile(smooth[-max(4, top // 20) :], 50))
    above = np.flatnonzero(smooth > floor + 12.0)
    if not len(above):
        return rate / 2
    edge = int(above[-1])
    if edge * width > 0.9 * rate / 2 or edge < 10:
        return rate / 2
    before = float(np.median(smooth[int(edge * 0.85) : max(int(edge * 0.95), int(edge * 0.85) + 1)]))
    after = float(np.median(smooth[min(int(edge * 1.08), top) : min(int(edge * 1.2), top) + 1]))
    return edge * width if before - after > 25.0 else rate / 2


def _on_octaves(average: Floats, rate: int, size: int) -> Floats:
    """The average spectrum in steps of an octave's twelfth."""
    steps = round(np.log2(HIGHEST / LOWEST) * OCTAVE)
    places = LOWEST * 2 ** (np.arange(steps + 1) / OCTAVE)
    bins = places * size / rate
    low, high = np.floor(bins * 2 ** (-0.5 / OCTAVE)).astype(int), np.ceil(bins * 2 ** (0.5 / OCTAVE)).astype(int) + 1
    sums = np.concatenate([[0.0], np.cumsum(average, dtype=np.float64)])
    inside = high < len(average)
    high, low = high.clip(1, len(average)), low.clip(0, len(average) - 1)
    found = _decibels((sums[high] - sums[low]) / np.maximum(high - low, 1) * bins)
    return np.where(inside, found, np.nan).astype(np.float32)
