"""That the tiny checkpoints hear: were all their texts alike, tests that compare texts would say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.harness.models.generating.alone import FAMILIES, alone
from tests.harness.models.generating.checkpoints import BUILDERS
from tests.harness.models.generating.clips import clips

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOLD = {
    "qwen3_asr",
    "canary",
    "cohere_asr",
    "seamless_m4t",
    "seamless_m4t_v2",
    "nemotron3_5_asr",
    "voxtral",
    "fun_asr_nano",
}
"""Families that are told the language."""
HEARD = [np.pad(clip.waveform, (0, max(0, 1600 - len(clip.waveform)))) for clip in clips()]


def test_every_checkpoint_has_its_oracle() -> None:
    assert set(BUILDERS) == set(FAMILIES)
    assert len(BUILDERS) >= 24


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_texts_follow_the_audio_and_the_language(family: str, tiny: Callable[[str], Path]) -> None:
    folder = tiny(family)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 3_000_000
    texts = [alone(family, folder, waveform, "en") for waveform in HEARD]
    assert len(set(texts)) >= 5, texts
    same_length = [text for text, waveform in zip(texts, HEARD, strict=True) if len(waveform) == 16_160]
    assert len(set(same_length)) >= 2, texts
    assert all(len(text) < 200 for text in texts)  # far from the limits that a program sets
    other = [alone(family, folder, waveform, "ja" if family == "fun_asr_nano" else "de") for waveform in HEARD]
    assert (other != texts) == (family in TOLD)
