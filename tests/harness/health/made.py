"""Clips and rows that tests of the checks share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from harness.health.measure import Facts, measure
from harness.health.seen import Seen
from tests.conftest import ROOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SAMPLE = ROOT / "benchmarks" / "corpora" / "sample_audio"


@cache
def names() -> tuple[str, ...]:
    """The real recordings that come with the project."""
    return tuple(sorted(path.name for path in SAMPLE.glob("*.flac")))


@cache
def speech(at: int = 0) -> Samples:
    """A real recording, shape ``[samples, 1]``, at 16 kHz; the `at`-th that is longer than three seconds."""
    found = [soundfile.read(SAMPLE / name, dtype="float32", always_2d=True) for name in names()]
    long: list[Samples] = [samples for samples, rate in found if len(samples) > 3 * 16_000 and rate == 16_000]
    return long[at]


def noise(count: int, seed: int = 0) -> Samples:
    """White noise of power 1, shape ``[count, 1]``."""
    return np.random.default_rng(seed).normal(size=(count, 1)).astype(np.float32)


@cache
def facts(at: int = 0) -> Facts:
    """What is measured of `speech`."""
    return measure(speech(at), 16_000)


def seen(reference: str = "the reference of a clip", **other: object) -> Seen:
    """An utterance, sound unless it is said otherwise."""
    values = {
        "benchmark": "data_x",
        "id": "a",
        "reference": reference,
        "language": "en",
        "session": None,
        "origin": "a.wav",
        "audio": None,
        "facts": facts(),
    }
    return Seen(**{**values, **other})  # type: ignore[arg-type]


def heard(samples: Samples, rate: int = 16_000) -> Seen:
    """An utterance of these samples."""
    return seen(facts=measure(samples.astype(np.float32), rate))


def changed(**other: object) -> Facts:
    """The facts of real speech, some of them otherwise."""
    return replace(facts(), **other)  # type: ignore[arg-type]
