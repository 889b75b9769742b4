"""Integers stored as floats are recognized, and what only peaks is not; clipping and silence are said."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from harness.audio import hear
from harness.audio.levels import Levels
from harness.errors import DataError
from tests.harness.audio.forms import audio, speech

VOICE = speech() / np.float32(32_768)


def wav(samples: np.ndarray, subtype: str = "FLOAT", form: str = "WAV") -> Any:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16_000, format=form, subtype=subtype)
    return audio(buffer.getvalue())


def kinds(samples: np.ndarray, subtype: str = "FLOAT", form: str = "WAV") -> list[str]:
    return [warning.kind for warning in hear(wav(samples, subtype, form)).warnings]


@pytest.mark.parametrize(
    ("scale", "bits"), [(32_768.0, 16), (8_388_608.0, 24), (2_147_483_648.0, 32)], ids=["16", "24", "32"]
)
def test_floats_at_the_scale_of_integers_are_recognized(scale: float, bits: int) -> None:
    loud = VOICE / np.abs(VOICE).max() * np.float32(0.9)
    for subtype, form in (("FLOAT", "WAV"), ("DOUBLE", "WAV"), ("FLOAT", "AIFF"), ("FLOAT", "CAF"), ("FLOAT", "AU")):
        sound = hear(wav(loud * np.float32(scale), subtype, form))
        assert np.abs(sound.waveform - loud).max() < 1e-7
        (warning,) = sound.warnings
        assert warning.kind == "integer_scale"
        peak = float(np.abs(loud * np.float32(scale)).max())
        text = f"floats at the scale of {bits}-bit integers (up to {peak:,.0f}), divided by {scale:,.0f}"
        assert warning.text == text


def test_quiet_and_resampled_integers_are_recognized_too() -> None:
    quiet = np.rint(VOICE * 40)  # between -14 and 14
    assert 2 <= np.abs(quiet).max() <= 20
    assert kinds(quiet) == ["integer_scale"]
    resampled = soxr.resample(soxr.resample(VOICE * 32_768, 16_000, 24_000), 24_000, 16_000)
    assert not (resampled == np.rint(resampled)).all()
    assert kinds(resampled) == ["integer_scale"]
    mostly_silent = np.concatenate([np.zeros(10 * len(VOICE), np.float32), resampled])
    assert kinds(mostly_silent) == ["integer_scale"]


def test_what_only_peaks_is_left_as_it_is() -> None:
    spike = VOICE.copy()
    spike[[100, 20_000]] = [900.0, -0.5]
    for samples in (VOICE * (1.5 / VOICE.max()), VOICE * (4.0 / VOICE.max()), spike):
        sound = hear(wav(samples.astype(np.float32)))
        assert np.array_equal(sound.waveform, samples.astype(np.float32))
        assert "integer_scale" not in [warning.kind for warning in sound.warnings]


def test_integers_are_never_taken_for_floats() -> None:
    assert kinds(VOICE, "PCM_16") == kinds(VOICE, "PCM_24") == kinds(VOICE, "PCM_16", "FLAC") == []


def test_clipping_is_said_with_its_share() -> None:
    loud = np.clip(VOICE * (4 / VOICE.max()), -1, 1)
    share = float((np.abs(loud) >= 0.999).mean())
    assert 0.01 < share < 0.2
    for subtype, form in (("PCM_16", "WAV"), ("PCM_16", "FLAC"), ("FLOAT", "WAV")):
        (warning,) = hear(wav(loud.astype(np.float32), subtype, form)).warnings
        assert warning.kind == "clipped"
        assert warning.text == f"{100 * share:.1f} % of the samples are at full scale"
    assert kinds((VOICE / VOICE.max()).astype(np.float32), "PCM_16") == [], "one sample at full scale is none"


def test_silence_is_said() -> None:
    silent = np.zeros(16_000, np.float32)
    for subtype, form in (("PCM_16", "WAV"), ("PCM_16", "FLAC"), ("FLOAT", "WAV")):
        (warning,) = hear(wav(silent, subtype, form)).warnings
        assert (warning.kind, warning.text) == ("silence", "digital silence")
    step = np.random.default_rng(0).integers(-1, 2, 16_000).astype(np.float32) / 32_768
    (warning,) = hear(wav(step, "PCM_16")).warnings
    assert (warning.kind, warning.text) == ("silence", "nothing but silence")
    late = silent.copy()
    late[15_000:15_010] = 0.5
    assert kinds(late, "PCM_16") == [], "a moment of sound between the samples that are looked at first"


def test_what_is_no_number_is_refused() -> None:
    for value in (np.nan, np.inf, -np.inf):
        samples = VOICE.copy()
        samples[[5, 7, 9]] = value
        with pytest.raises(DataError, match="clip: 3 samples are no finite numbers"):
            hear(wav(samples))
    both = VOICE.copy()
    both[:2] = np.inf, -np.inf
    with pytest.raises(DataError, match="clip: 2 samples are no finite numbers"):
        hear(wav(both))


def test_stretches_add_up() -> None:
    samples = np.concatenate([VOICE * 0, VOICE * 32_768])
    levels = Levels(floats=True)
    for begin in range(0, len(samples), 4_000):
        levels.add(samples[begin : begin + 4_000])
    assert (levels.bits, levels.scale, levels.samples) == (16, 32_768.0, len(samples))
    assert levels.peak == float(np.abs(VOICE).max() * 32_768)
    assert [warning.kind for warning in levels.warnings()] == ["integer_scale"]
