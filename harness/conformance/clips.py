"""The clips of the kit: twenty of the embedded sample, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.registry import datasets, get_suite
from benchmarks.sampling import sample
from harness.audio import load_clip
from harness.config import Settings
from harness.runner.selection import Selected
from harness.types import SAMPLE_RATE, Clip

CLIPS = 20
LONG_SECONDS = 90.0
"""A long clip, where the model states no limit below it."""


def sample_clips(count: int = CLIPS) -> tuple[list[Clip], dict[str, str]]:
    """Clips of the embedded sample, a seeded choice over all lengths, and their references by id."""
    suite = get_suite("sample")
    found = [
        utterance
        for name in suite.benchmarks
        for utterance in Selected(datasets()[name], suite.lock.get(name), Settings()).open(set())
    ]
    chosen = sample(found, count, 0, length=lambda one: one.duration or 0.0, key=lambda one: one.id)
    return [load_clip(one) for one in chosen], {one.id: one.reference for one in chosen}


def made_of(clip: Clip, name: str, waveform: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Clip:
    """Other sound in the language of a clip."""
    return replace(clip, id=name, waveform=np.ascontiguousarray(waveform, dtype=np.float32))


def long_clip(clips: Sequence[Clip], seconds: float) -> tuple[Clip, list[Clip]]:
    """A clip of exactly so many seconds, of clips one after the other, and those that are in it whole."""
    samples = int(seconds * SAMPLE_RATE)
    parts: list[Clip] = []
    whole: list[Clip] = []
    left = samples
    while left > 0:
        clip = clips[len(parts) % len(clips)]
        parts.append(clip)
        if len(clip.waveform) <= left:
            whole.append(clip)
        left -= len(clip.waveform)
    joined = np.concatenate([part.waveform for part in parts])[:samples]
    return made_of(clips[0], "long", joined), whole
