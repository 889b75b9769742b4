"""The one place where samples are changed: what comes out depends on samples, condition, seed and id alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from harness.perturb.base import Draw
from harness.perturb.spec import Condition, read_condition

if TYPE_CHECKING:
    from harness.perturb.base import Samples

_SEED = ";seed="
"""Between a condition and the run's seed, in `benchmarks.dataset.Audio.condition`."""

SHARED = ("snr", "talkers", "rt60")
"""What the random numbers do not depend on: there is one noise at every level, one crowd of which more or fewer talk,
one room that is more or less damped."""


def with_seed(condition: Condition, seed: int) -> str:
    """A condition as an utterance's audio states it."""
    return f"{condition.text}{_SEED}{seed}"


def seconds_under(stated: str | None, seconds: float) -> float:
    """How long a clip of some seconds becomes under what its audio states; None states nothing."""
    return seconds if stated is None else read_condition(stated.rpartition(_SEED)[0]).seconds(seconds)


def perturbed(samples: Samples, stated: str, utterance: str) -> Samples:
    """Samples under a condition.

    Args:
        samples: mono at 16 kHz, shape ``[samples]``; left as they are.
        stated: `with_seed`.
        utterance: its id.

    Raises:
        DataError: what it needs is not there any more, or cannot be decoded.
    """
    text, _, seed = stated.rpartition(_SEED)
    condition = read_condition(text)
    # Of a folder only the digest of what is in it: where it lies makes no other noise.
    drawn = [f"{name}={str(value).rpartition('#')[2]}" for name, value in condition.values if name not in SHARED]
    key = "\0".join((seed, condition.perturbation.name, *drawn, utterance))
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()))
    return condition.perturbation.apply(samples, dict(condition.values), Draw(generator, utterance))
