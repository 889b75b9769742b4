"""Clips that differ in more than their length: tones, loudness and pauses that change like syllables."""

from __future__ import annotations

import numpy as np

from harness.types import SAMPLE_RATE, Clip

LENGTHS = (800, 9_600, 16_160, 16_160, 16_160, 20_001, 30_000)
"""Samples: one of 0.05 s, three of one length, one of 1.875 s."""


def syllables(samples: int, seed: int) -> Clip:
    """A clip of tones of 80 ms with overtones, some loud, some silent."""
    random = np.random.default_rng(seed)
    size = SAMPLE_RATE * 80 // 1000
    time = np.arange(size) / SAMPLE_RATE
    parts = []
    for _ in range(samples // size + 1):
        pitch, loud = 80 * 2 ** random.uniform(0, 5.5), random.choice([0.0, 0.02, 0.3])
        parts.append(loud * np.sin(2 * np.pi * pitch * time) * np.sin(2 * np.pi * random.uniform(2, 40) * time))
    waveform = np.concatenate(parts)[:samples] + random.normal(0, 0.002, samples)
    return Clip(id=f"clip-{seed}", language="en", waveform=waveform.astype(np.float32))


def clips() -> list[Clip]:
    """The clips that every family is tried with."""
    return [syllables(samples, seed) for seed, samples in enumerate(LENGTHS)]
