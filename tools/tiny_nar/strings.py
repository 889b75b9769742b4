"""Makes training examples: joins single digits to strings, and disturbs them as rooms, lines and microphones do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr
from scipy.signal import fftconvolve

from harness.types import SAMPLE_RATE
from tools.tiny_nar.speech import Recording

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from numpy.typing import NDArray


def joined(pieces: Sequence[Recording], chance: random.Random, *, gap: tuple[float, float] = (-0.06, 0.3)) -> Recording:
    """Recordings one after the other, with gaps in seconds drawn from a range; a negative gap is a crossfade."""
    level = 10 ** chance.uniform(-4.5, -2.5)
    noise = np.random.default_rng(chance.getrandbits(32))
    total = np.zeros(0, np.float32)
    for piece in pieces:
        peak = float(np.abs(piece.waveform).max(initial=0)) or 1.0
        waveform = piece.waveform * (10 ** chance.uniform(-0.15, 0.05) * 0.5 / peak)
        # Ends fade over 8 ms, so that a cut never clicks.
        fade = np.linspace(0, 1, min(128, len(waveform) // 2), dtype=np.float32)
        waveform[: len(fade)] *= fade
        waveform[len(waveform) - len(fade) :] *= fade[::-1]
        silence = int(chance.uniform(*gap) * SAMPLE_RATE)
        start = max(0, len(total) + silence)
        grown = np.zeros(max(len(total), start + len(waveform)), np.float32)
        grown[: len(total)] = total
        grown[start : start + len(waveform)] += waveform
        total = grown
    before, after = (int(chance.uniform(0, 0.3) * SAMPLE_RATE) for _ in range(2))
    total = np.pad(total, (before, after))
    total += noise.normal(0, level * 0.5, len(total)).astype(np.float32)
    words = tuple(word for piece in pieces for word in piece.words)
    return Recording(total, words, pieces[0].speaker)


def respeeded(waveform: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Faster and higher by a factor, as a tape is: it moves pitch and formants, so it makes new speakers."""
    moved: NDArray[np.float32] = soxr.resample(waveform, SAMPLE_RATE, SAMPLE_RATE / factor).astype(np.float32)
    return moved


def disturbed(waveform: NDArray[np.float32], chance: random.Random) -> NDArray[np.float32]:
    """The waveform with light disturbances drawn at random: room, noise, telephone band, level."""
    noise = np.random.default_rng(chance.getrandbits(32))
    if chance.random() < 0.3:
        decay = chance.uniform(0.02, 0.12)
        tail = np.exp(-np.arange(int(0.3 * SAMPLE_RATE)) / (decay * SAMPLE_RATE)) * noise.normal(
            0, 1, int(0.3 * SAMPLE_RATE)
        )
        tail *= chance.uniform(0.1, 0.5) / np.sqrt((tail**2).sum())
        tail[0] = 1.0
        waveform = fftconvolve(waveform, tail)[: len(waveform)].astype(np.float32)
    if chance.random() < 0.4:
        waveform = soxr.resample(soxr.resample(waveform, SAMPLE_RATE, 8000), 8000, SAMPLE_RATE).astype(np.float32)
    if chance.random() < 0.5:
        power = float(np.mean(waveform**2)) + 1e-9
        hiss = noise.normal(0, 1, len(waveform)).astype(np.float32)
        if chance.random() < 0.5:  # like a room: mostly low frequencies
            hiss = np.convolve(hiss, np.ones(12, np.float32) / 12, mode="same").astype(np.float32)
        hiss *= np.sqrt(power / float(np.mean(hiss**2))) * 10 ** (-chance.uniform(10, 40) / 20)
        waveform = waveform + hiss
    peak = float(np.abs(waveform).max(initial=0)) or 1.0
    return (waveform * (chance.uniform(0.05, 0.9) / peak)).astype(np.float32)
