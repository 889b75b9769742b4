"""A crowd: several people who talk at once, in languages that come with the project."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soxr

from benchmarks.dataset import Dataset, Request, open_dataset
from benchmarks.registry import datasets
from harness.audio.hearing import decode
from harness.perturb.base import SNR, Draw, Parameter, Perturbation, Values, number
from harness.perturb.levels import active_power, mixed
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.perturb.base import Samples

POOL = ("sample_de", "sample_es", "sample_fr", "sample_it", "sample_nl", "sample_pt")
"""Benchmarks whose speech the crowd says: people who read in six languages. Of none is there English, so that what a
model of English writes of the crowd is an insertion, whatever was said."""

PITCH = (0.85, 1.18)
"""By how much each voice is lower and slower, or higher and faster, than it was: the pool has six speakers."""


@cache
def _voices() -> tuple[tuple[str, NDArray[np.float32]], ...]:
    """Id and samples of each clip of the pool, all at one speech level."""
    found = []
    known: dict[str, Dataset] = datasets()
    for name in POOL:
        for one in open_dataset(known[name], Request()):
            samples = decode(one.audio)
            found.append((one.id, samples / np.float32(np.sqrt(active_power(samples)))))
    return tuple(found)


def _talker(samples: int, draw: Draw) -> NDArray[np.float32]:
    """One who talks all the time: clips in random order, from a random place on, at a pitch of their own."""
    generator, length = draw.generator, 0
    parts: list[NDArray[np.float32]] = []
    pool = [found for name, found in _voices() if name != draw.utterance]
    factor = float(generator.uniform(*PITCH))
    while length < samples:
        for at in generator.permutation(len(pool)):
            said = soxr.resample(pool[at], SAMPLE_RATE * factor, SAMPLE_RATE, quality="HQ")
            parts.append(said if parts else said[int(generator.integers(len(said))) :])
            length += len(parts[-1])
            if length >= samples:
                break
    return np.concatenate(parts)[:samples]


def _apply(samples: Samples, values: Values, draw: Draw) -> Samples:
    crowd = np.zeros(len(samples))
    while not crowd.any():  # in a clip of milliseconds, all may pause
        for _ in range(int(values["talkers"])):
            crowd += _talker(len(samples), draw)
    return mixed(samples, crowd, float(values["snr"]))


def _label(values: Values) -> str:
    talkers = int(values["talkers"])
    return f"{'' if talkers == 8 else f'-{talkers}'}@{values['snr']:g}dB"


def _whole(text: str) -> float:
    value = number("a whole number of people", 1, 50)(text)
    if value % 1:
        raise ValueError("a whole number of people from 1 to 50")
    return value


PERTURBATION = Perturbation(
    name="babble",
    summary="a crowd of people who talk at once in six languages, at signal-to-noise ratios",
    example="babble:snr=20,10,0",
    parameters=(Parameter(name="snr", read=SNR), Parameter(name="talkers", read=_whole, default=8.0)),
    apply=_apply,
    label=_label,
)
