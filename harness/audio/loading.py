"""An utterance as a model hears it: decoded, and under its condition. The one place where samples are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.audio.hearing import check_duration, hear
from harness.types import SAMPLE_RATE, Clip

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance


def load_clip(utterance: Utterance) -> Clip:
    """Decodes an utterance, and does to it what its condition says.

    Raises:
        DataError: the audio is missing, broken, empty, truncated, or not as long as the metadata says; or what the
            condition needs is not there any more.
    """
    sound = hear(utterance.audio)
    check_duration(utterance, len(sound.waveform) / SAMPLE_RATE)
    waveform, condition = sound.waveform, utterance.audio.condition
    if condition is not None:
        from harness.perturb.apply import perturbed

        waveform = perturbed(waveform, condition, utterance.id)
    return Clip(
        id=utterance.id,
        language=utterance.language,
        waveform=waveform,
        warnings=sound.warnings,
        keywords=utterance.keywords,
    )
