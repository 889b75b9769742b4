"""Measures an utterance's audio as it is, before channels are mixed and samples are resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.health.measure import Facts, Listener
from harness.runner import audio as runner_audio

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance

BLOCK = 1 << 19
DURATION_SLACK = runner_audio.DURATION_SLACK


def hear(utterance: Utterance) -> Facts:
    """Decodes and measures.

    Raises:
        DataError: the audio is missing, broken, empty, truncated, or not as long as the metadata says: as in a run.
    """
    audio = utterance.audio
    try:
        with runner_audio._open(audio) as sound:
            samples, rate = runner_audio._read(sound, audio, sound.format)
    except FileNotFoundError:
        raise DataError(f"{audio.origin}: no such file") from None
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{audio.origin}: not readable as audio ({error})") from None
    if not samples.size:
        raise DataError(f"{audio.origin}: no samples in it")
    if isinstance(audio.channel, int):
        samples = samples[:, audio.channel : audio.channel + 1]
    listener = Listener(rate, samples.shape[1], len(samples))
    for start in range(0, len(samples), BLOCK):
        listener.add(np.nan_to_num(samples[start : start + BLOCK], copy=False))
    facts = listener.facts()
    stated = utterance.duration
    if stated is not None and abs(facts.seconds - stated) > max(DURATION_SLACK[0], DURATION_SLACK[1] * stated):
        raise DataError(f"{audio.origin}: {facts.seconds:.2f} s of audio where {stated:.2f} s are stated")
    return facts
