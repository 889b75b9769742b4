"""Which channels are heard, and what is said of the others."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.audio import Sound, hear
from harness.audio.channels import Meter, mixed
from harness.errors import DataError
from harness.types import AudioWarning
from tests.harness.audio.forms import audio, speech

VOICE = speech() / np.float32(32_768)
OTHER = np.roll(VOICE[::-1], 8_000)
NOISE = np.random.default_rng(0).normal(0, VOICE.std(), len(VOICE)).astype(np.float32)
SILENT = np.zeros_like(VOICE)
HUM = (0.1 * np.sin(np.arange(len(VOICE)) * 2 * np.pi * 50 / 16_000)).astype(np.float32)


def heard(*channels: np.ndarray, asked: Any = None, subtype: str = "FLOAT", **more: Any) -> Sound:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack(channels, axis=1), 16_000, format="WAV", subtype=subtype)
    return hear(audio(buffer.getvalue(), channel=asked, **more))


def said(sound: Sound) -> list[tuple[str, str]]:
    return [(warning.kind, warning.text) for warning in sound.warnings]


def test_two_speakers_are_mixed_without_a_word() -> None:
    for other in (VOICE, OTHER, np.roll(VOICE, 40), -VOICE / 2):
        sound = heard(VOICE, other)
        assert np.array_equal(sound.waveform, np.stack([VOICE, other], axis=1).mean(axis=1, dtype=np.float32))
        assert said(sound) == []


@pytest.mark.parametrize("other", [-VOICE, -VOICE * 0.9, -VOICE + NOISE / 3, -VOICE + 0.1, -VOICE + NOISE])
def test_a_mix_that_cancels_is_not_heard_but_a_channel_that_speaks(other: np.ndarray) -> None:
    text = "the 2 channels cancel out in their mix, channel {} is heard"
    sound = heard(VOICE, other)
    assert np.array_equal(sound.waveform, VOICE) or np.array_equal(sound.waveform, other)
    taken = 0 if np.array_equal(sound.waveform, VOICE) else 1
    assert said(sound) == [("mix_cancels", text.format(taken))]


def test_a_dead_channel_is_left_out_of_the_mix() -> None:
    one_step = np.random.default_rng(1).integers(-1, 2, len(VOICE)) / np.float32(32_768)
    for dead in (SILENT, SILENT + np.float32(0.25), one_step.astype(np.float32)):
        sound = heard(dead, VOICE)
        assert np.array_equal(sound.waveform, VOICE)
        assert said(sound) == [("dead_channel", "channel 0 of 2 is silent, channel 1 is heard")]
    sound = heard(VOICE, SILENT, OTHER, SILENT)
    assert np.array_equal(sound.waveform, (VOICE + OTHER) / 2)
    assert said(sound) == [("dead_channel", "channels 1 and 3 of 4 are silent, channels 0 and 2 are heard")]


def test_noise_in_the_mix_is_told_of() -> None:
    for noise in (NOISE, HUM):
        sound = heard(noise, VOICE)
        assert np.array_equal(sound.waveform, (noise + VOICE) / 2)
        text = "channel 0 of 2 is noise, and in the mix; --channel 1 leaves it out"
        assert said(sound) == [("noise_channel", text)]
    assert said(heard(NOISE / 50, VOICE)) == [], "34 dB below what is spoken"
    assert said(heard(NOISE, NOISE[::-1])) == [], "nobody speaks"


def test_best_is_the_channel_with_most_speech() -> None:
    for channels, best in (
        ((VOICE / 4, VOICE), 1),
        ((VOICE, VOICE / 4), 0),
        ((3 * NOISE, VOICE), 1),
        ((VOICE, 3 * NOISE), 0),
        ((HUM, SILENT, VOICE), 2),
        ((VOICE, VOICE), 0),
        ((SILENT, SILENT), 0),
    ):
        sound = heard(*channels, asked="best")
        assert np.array_equal(sound.waveform, channels[best])


def test_a_click_is_no_speech() -> None:
    click = SILENT + NOISE / 100
    click[20_000:20_010] = 0.9
    assert np.array_equal(heard(click, VOICE / 3, asked="best").waveform, VOICE / 3)


def test_a_channel_that_is_asked_for_is_heard_as_it_is() -> None:
    for number, channel in enumerate((VOICE, -VOICE)):
        sound = heard(VOICE, -VOICE, asked=number)
        assert np.array_equal(sound.waveform, channel)
        assert said(sound) == []
    assert said(heard(VOICE, SILENT, asked=1)) == [("silence", "digital silence")]
    with pytest.raises(DataError, match="clip: channel 2 is asked for, it has channels 0 to 1"):
        heard(VOICE, VOICE, asked=2)
    assert np.array_equal(heard(VOICE, asked=0).waveform, VOICE)
    assert np.array_equal(heard(VOICE, asked="best").waveform, VOICE)


def test_only_the_segment_counts() -> None:
    half = len(VOICE) // 2
    late = np.concatenate([-VOICE[:half], VOICE[half:]])
    assert [kind for kind, _ in said(heard(VOICE, late, end=1.5))] == ["mix_cancels"]
    assert said(heard(VOICE, late, start=1.7)) == []


def test_channels_at_the_scale_of_integers_are_judged_at_it() -> None:
    one_step = np.random.default_rng(1).integers(-1, 2, len(VOICE)).astype(np.float32)
    sound = heard(VOICE * 32_768, one_step)
    assert [kind for kind, _ in said(sound)] == ["dead_channel", "integer_scale"]
    assert np.array_equal(sound.waveform, VOICE)


def test_stretches_add_up() -> None:
    samples = np.stack([VOICE, 0.3 * OTHER, NOISE], axis=1)
    whole, parts = Meter(3, 16_000), Meter(3, 16_000)
    whole.add(samples)
    for begin in range(0, len(samples), 3_200):
        parts.add(samples[begin : begin + 3_200])
    assert whole.choose("mix") == parts.choose("mix")
    assert np.allclose(whole.speech()[0], parts.speech()[0], rtol=1e-2)
    assert whole.choose("mix")[1] == [
        AudioWarning("noise_channel", "channel 2 of 3 is noise, and in the mix; --channel 0 leaves it out")
    ]


def test_speech_energy_is_that_of_frames_above_the_floor() -> None:
    """By hand: ten frames of a tone at 1, ninety of noise at 0.01: the floor's four-fold is far below the tone."""
    frame = 320
    tone = np.tile(np.array([1, -1], np.float32), frame // 2)
    quiet = 0.01 * tone
    samples = np.concatenate([quiet] * 90 + [tone] * 10)[:, None]
    meter = Meter(1, 16_000)
    meter.add(samples)
    speech_energy, share = meter.speech()
    assert speech_energy[0] == pytest.approx(0.1 * frame * 4, rel=0.02)
    assert share[0] == pytest.approx(1.0, abs=0.001)


def test_the_mean_is_the_mean() -> None:
    block = np.random.default_rng(3).uniform(-1, 1, (1_000, 4)).astype(np.float32)
    for pick in ((0,), (1, 3), (0, 1, 2), (0, 1, 2, 3)):
        assert np.array_equal(mixed(block, pick), block[:, list(pick)].mean(axis=1, dtype=np.float32))
