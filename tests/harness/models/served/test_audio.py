"""What is sent is what was recorded."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from harness.models.served.audio import encode, seconds_in
from harness.models.served.messages import AudioFormat
from harness.types import Clip


@pytest.mark.parametrize("form", ["flac", "wav"])
def test_sixteen_bits_come_back_exactly(form: AudioFormat) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32768, 5_000).astype(np.int16)
    data = encode(Clip(id="c", language="en", waveform=(samples / 32768).astype(np.float32)), form)
    back, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert (rate, soundfile.info(io.BytesIO(data)).subtype) == (16_000, "PCM_16")
    assert np.array_equal(back, samples)
    assert data[:4] == {"flac": b"fLaC", "wav": b"RIFF"}[form]


def test_what_is_too_loud_is_clipped_and_what_lies_between_is_rounded() -> None:
    waveform = np.array([1.5, 1.0, -1.5, 0.6 / 32768, 0.4 / 32768], np.float32)
    back, _ = soundfile.read(io.BytesIO(encode(Clip(id="c", language="en", waveform=waveform), "wav")), dtype="int16")
    assert back.tolist() == [32767, 32767, -32768, 1, 0]


@pytest.mark.parametrize("form", ["flac", "wav"])
def test_the_longest_clip_surely_fits(form: AudioFormat) -> None:
    size = 200_000
    noise = np.random.default_rng(1).uniform(-1, 1, int(seconds_in(size) * 16_000)).astype(np.float32)
    data = encode(Clip(id="c", language="en", waveform=noise), form)
    assert size - 25_000 < len(data) + 10_000 <= size
    assert seconds_in(size, base64=True) < 0.76 * seconds_in(size)
    assert seconds_in(25 << 20) == pytest.approx(810.6, abs=0.1)
    assert seconds_in(5) == 1.0
