"""Kaldi's log mel energies, from its definition: the one function of torchaudio that a family's documentation calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log(1.0 + hertz / 700.0)


def log_mel(waveform: NDArray[np.float32], bands: int, rate: int = 16_000) -> NDArray[np.float32]:
    """Energies of frames of 25 ms every 10 ms, ``[frames, bands]``: Hamming window, pre-emphasis, 20 Hz and up."""
    size, hop, points = rate * 25 // 1000, rate // 100, 512
    count = 1 + (len(waveform) - size) // hop
    frames = np.stack([waveform[place * hop : place * hop + size] for place in range(count)]).astype(np.float64)
    frames -= frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(size) / (size - 1))
    power = np.abs(np.fft.rfft((frames - 0.97 * before) * window, points)) ** 2
    lowest, highest = _mel(np.array([20.0, rate / 2]))
    edges = np.linspace(lowest, highest, bands + 2)
    bins = _mel(np.arange(points // 2) * rate / points)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    energies = power[:, : points // 2] @ weights.T
    made: NDArray[np.float32] = np.log(np.maximum(energies, np.finfo(np.float32).eps)).astype(np.float32)
    return made
