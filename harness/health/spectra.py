"""What frames of power spectra tell: what is active, steady tones, pitch, and where the band ends."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FRAME_SECONDS = 0.064
"""Of a spectrum: two periods of the lowest voice that is played at half its speed."""
QUIETEST = 1e-12
"""Power that stands for none, -120 dB."""
ACTIVE_RANGE = 35.0
"""Decibels below its loud frames down to which a clip is taken to be active: the softest sounds of speech."""
OCTAVE = 12
"""Steps of an octave of the average spectrum."""
LOWEST, HIGHEST = 80.0, 7600.0
"""Hertz of the average spectrum."""
FEWEST_FRAMES = 12
"""Of the softer half of a clip in which a steady line can be told."""
FEWEST_PACED = 8
"""Frames that are heard, and neighbors of them, in which a pace can be told."""
STEADY_LINE = 1.6
"""dB of standard deviation of a tone's bin."""
PROMINENT = 12.0
"""dB of a tone above the bins around it."""


@cache
def fft_size(wanted: int) -> int:
    """An even size near the wanted one of which transforms are quick: 2^a, or 3 or 5 or 15 times that."""
    sizes = [factor << power for factor in (2, 6, 10, 30, 18) for power in range(20)]
    return min(sizes, key=lambda size: (abs(size - wanted), size))


@cache
def window_of(size: int) -> Floats:
    """Hann's, of a frame."""
    return np.hanning(size).astype(np.float32)


@cache
def band_edges(low: float, high: float, bands: int, rate: int, size: int) -> NDArray[np.int64]:
    """Bins at which bands of equal ratio begin and end, each at least one bin wide."""
    places = np.round(np.geomspace(low, max(high, low * 1.01), bands + 1) * size / rate).astype(np.int64)
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + 1)
    return places.clip(0, size // 2)


def summed(power: Floats, edges: NDArray[np.int64]) -> Floats:
    """Power in bands, shape ``[frames, bands]``."""
    return np.add.reduceat(power[:, : edges[-1]], edges[:-1].clip(max=edges[-1] - 1), axis=1)


def decibels(power: Any) -> Any:
    """Power in decibels, of a number or an array."""
    return 10 * np.log10(np.maximum(power, QUIETEST))


def active_frames(level: Floats) -> NDArray[np.bool_]:
    """Frames that are neither far below the loud ones, nor as soft as a steady background."""
    loud, soft = float(np.percentile(level, 95)), float(np.percentile(level, 10))
    bound = max(loud - ACTIVE_RANGE, min(soft + 6.0, loud - 10.0), -90.0)
    return np.asarray(level > bound)


def shape_change(bands: Floats) -> float:
    """How much the shape of the spectrum changes over frames that are heard, whatever their level, in decibels."""
    level = decibels(bands.sum(axis=1))
    heard = level > max(np.percentile(level, 95) - 40.0, -100.0)
    if heard.sum() < 4:
        return 0.0
    return float(_shapes(bands[heard], 50.0).std(axis=0).mean())


def pace_of(bands: Floats) -> float:
    """How much of the spectrum's shape has changed half a frame later, 0 to 1: how fast somebody articulates.

    It is 0.29 of usual speech, 0.45 of what is played at twice its speed and 0.16 at half, whatever is said; NaN where
    too little is heard.
    """
    level = decibels(bands.sum(axis=1))
    heard = level > max(np.percentile(level, 95) - ACTIVE_RANGE, -100.0)
    both = heard[1:] & heard[:-1]
    if heard.sum() < FEWEST_PACED or both.sum() < FEWEST_PACED:
        return float("nan")
    shapes = _shapes(bands, 45.0)
    varies = np.square(shapes[heard] - shapes[heard].mean(axis=0)).mean()
    return float(np.square(shapes[1:][both] - shapes[:-1][both]).mean() / 2 / max(varies, np.float32(1e-9)))


def _shapes(bands: Floats, most: float) -> Floats:
    """Decibels of each frame's bands above their mean, down to so many below the loudest."""
    found = decibels(bands)
    found = np.maximum(found, found.max(axis=1, keepdims=True) - most)
    shapes: Floats = found - found.mean(axis=1, keepdims=True)
    return shapes


def last_level(rest: Floats, rate: int, typical: float) -> float:
    """How loud the very end is beside what is active."""
    tail = rest[-max(1, round(FRAME_SECONDS * rate)) :]
    if not len(tail):
        return -120.0
    return float(decibels(np.square(tail - tail.mean(axis=0)).mean())) - typical


def crest_of(found: Floats) -> float:
    """Median ratio of peak to mean of the loudest fifth, in decibels; both of each part, shape ``[2, parts]``."""
    peaks, means = found
    loud = means >= np.quantile(means, 0.8)
    return float(np.median(2 * decibels(peaks[loud] / np.maximum(means[loud], np.float32(1e-9)))))


def steady_tone(spectra: Floats, lowest: int, width: float, typical: float) -> tuple[float, float]:
    """Hertz and level of the strongest line that stays the same while all else changes.

    Looked for in the softer half of the frames. Noise in one bin varies by 5.6 dB (standard deviation), a tone next to
    nothing.

    Args:
        spectra: power, shape ``[frames, bins]``.
        lowest: the bin of 60 Hz.
        width: of a bin in Hertz.
        typical: level of the active frames in decibels.
    """
    total = spectra.sum(axis=1)
    soft = spectra[total <= np.median(total)]
    if len(soft) < FEWEST_FRAMES or total.max() <= QUIETEST:
        return 0.0, -120.0
    found = np.log10(np.maximum(soft, np.float32(QUIETEST))) * np.float32(10)
    middle = found.mean(axis=0)
    lines = found.std(axis=0) < STEADY_LINE
    lines[: max(2, lowest // 2)] = False
    if len(soft) < 2 * FEWEST_FRAMES:
        lines[int(80 / width) : int(400 / width)] = False  # a vowel of a short word is as steady
    steady = np.flatnonzero(lines)
    places = steady[middle[steady] - _around(middle, steady) > PROMINENT].tolist()
    if not places:
        return 0.0, -120.0
    strongest = max(places, key=lambda place: float(middle[place]))
    near = slice(max(0, strongest - 2), strongest + 3)
    return strongest * width, float(decibels(np.median(soft[:, near].sum(axis=1)))) - typical


def _around(middle: Floats, places: NDArray[np.int64]) -> Floats:
    """The level around bins, their nearest neighbors and what is beyond the ends left out."""
    beside = places[:, None] + np.concatenate([np.arange(-12, -4), np.arange(5, 13)])
    there = (beside >= 0) & (beside < len(middle))
    inside = there.all(axis=1)
    found = np.empty(len(places), np.float32)
    found[inside] = np.median(middle[beside[inside]], axis=1)
    for at in np.flatnonzero(~inside).tolist():  # a few, at the ends
        found[at] = np.median(middle[beside[at][there[at]]])
    return found


def median_pitch(spectra: Floats, rate: int, size: int) -> tuple[float, float]:
    """Median fundamental, and the share of frames that have one, by autocorrelation below 1.5 kHz."""
    order = np.argsort(-spectra.sum(axis=1), kind="stable")
    frames = spectra[order[: min(len(order), max(8, len(order) * 2 // 3), 48)]]
    top = int(1500.0 * size / rate)
    length = 1024  # lags of a spectrum up to 3 kHz: finely enough
    spaced = np.zeros((len(frames), length // 2 + 1), np.float32)
    width = min(top, spectra.shape[1], length // 2)
    spaced[:, 1:width] = frames[:, 1:width]
    lags = np.fft.irfft(spaced, axis=1)
    per_lag = size / rate / length  # seconds
    window = _window_lags(size)
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


@cache
def _window_lags(size: int) -> Floats:
    """Autocorrelation of the window, which a voice's is divided by."""
    found = np.abs(np.fft.rfft(np.hanning(size))) ** 2
    return np.fft.irfft(np.pad(found, (0, max(0, 513 - len(found))))[:513]).astype(np.float32)


def upper_edge(average: Floats, rate: int, size: int) -> float:
    """Where the average spectrum breaks off: by 25 dB within a tenth of the frequency, and stays down."""
    width = rate / size
    level = decibels(average)
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


def on_octaves(average: Floats, rate: int, size: int) -> Floats:
    """The average spectrum in steps of an octave's twelfth."""
    steps = round(np.log2(HIGHEST / LOWEST) * OCTAVE)
    places = LOWEST * 2 ** (np.arange(steps + 1) / OCTAVE)
    bins = places * size / rate
    low, high = np.floor(bins * 2 ** (-0.5 / OCTAVE)).astype(int), np.ceil(bins * 2 ** (0.5 / OCTAVE)).astype(int) + 1
    sums = np.concatenate([[0.0], np.cumsum(average, dtype=np.float64)])
    inside = high < len(average)
    high, low = high.clip(1, len(average)), low.clip(0, len(average) - 1)
    found = decibels((sums[high] - sums[low]) / np.maximum(high - low, 1) * bins)
    return np.where(inside, found, np.nan).astype(np.float32)
