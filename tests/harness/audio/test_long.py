"""Long files are read, mixed and resampled block by block: the same samples, and no more memory than they take."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from benchmarks.dataset import Audio
from harness.audio import decode, decoders, hear
from harness.audio.resampling import Resampler, resample
from harness.errors import DataError
from tests.harness.audio.forms import audio, muxed, speech

VOICE = (speech() / 32_768).astype(np.float32)


def encoded(samples: np.ndarray, rate: int, form: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 44_101])
def test_block_by_block_is_the_same_as_at_once(rate: int) -> None:
    resampler = Resampler(rate)
    for begin in range(0, len(VOICE), 7_001):
        resampler.add(VOICE[begin : begin + 7_001])
    found = resampler.result()
    assert np.array_equal(found, resample(VOICE, rate))
    if rate != 16_000:
        assert np.array_equal(found, soxr.resample(VOICE, rate, 16_000, quality="HQ"))


STEREO = np.stack([VOICE, 0.5 * np.roll(VOICE[::-1], 8_000)], axis=1)


@pytest.mark.parametrize(
    "data",
    [
        encoded(STEREO, 44_100),
        encoded(STEREO, 44_100, "FLAC"),
        encoded(STEREO, 22_050, "OGG"),
        encoded(STEREO, 44_100, "MP3"),
        encoded(np.stack([VOICE, -VOICE], axis=1), 44_100),
        encoded(np.stack([VOICE, 0 * VOICE], axis=1), 44_100),
        encoded(VOICE * np.float32(32_768), 44_100, "WAV", "FLOAT"),
        muxed("ipod", "aac", 44_100, (STEREO * 32_767).astype(np.int16), 44_100),
    ],
    ids=["WAV", "FLAC", "Vorbis", "MP3", "opposite", "dead", "integer scale", "M4A"],
)
@pytest.mark.parametrize("channel", [None, "best", 0])
def test_a_long_file_is_heard_as_a_short_one(data: bytes, channel: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hear(audio(data, channel=channel))
    monkeypatch.setattr(decoders, "BLOCK_FRAMES", 8_000)
    blocks = hear(audio(data, channel=channel))
    assert len(blocks.waveform) == len(whole.waveform)
    assert np.abs(blocks.waveform - whole.waveform).max() <= 1e-7  # MP3's blocks differ in the last bit
    assert blocks.warnings == whole.warnings


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_a_long_file_needs_the_memory_of_its_result(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not measured: what NumPy asks for. perf/long_audio.py measures three hours."""
    path = tmp_path / "long.audio"
    minute = np.resize(STEREO, (60 * 44_100, 2))
    with soundfile.SoundFile(path, "w", 44_100, 2, format=form) as file:
        for _ in range(4):
            file.write(minute)
    monkeypatch.setattr(decoders, "BLOCK_FRAMES", 1 << 16)
    decode(Audio(origin="short", data=encoded(STEREO, 44_100)))
    tracemalloc.start()
    try:
        waveform = decode(Audio(origin="long", path=path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(waveform) == 4 * 60 * 16_000
    assert peak <= 1.3 * waveform.nbytes


def header(size: int, rate: int = 16_000) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + form + b"data" + struct.pack("<I", size)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="files with holes")
def test_twenty_sparse_gigabytes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.write(header(0xFFFFFFFF) + (speech()[:16_000]).tobytes())
        file.truncate(20 << 30)
    with pytest.raises(DataError, match=r"huge: 186 hours, more than a day; say which part by start and end"):
        decode(Audio(origin="huge", path=path))
    assert np.array_equal(decode(Audio(origin="huge", path=path, start=0.25, end=1.0)), VOICE[4_000:16_000])
    with path.open("r+b") as file:
        file.write(b"\0" * 44)
        file.truncate(4_096)
        file.truncate(20 << 30)
    with path.open("r+b") as file:
        file.write(b"\0" * 4_096)
    with pytest.raises(DataError, match="huge: not readable as audio: it is zero bytes only"):
        decode(Audio(origin="huge", path=path))


def test_a_header_that_promises_what_is_not_there_costs_nothing() -> None:
    data = header(0xFFFFFFFF) + speech()[:8_000].tobytes()
    tracemalloc.start()
    try:
        assert len(decode(audio(data))) == 8_000
        with pytest.raises(DataError, match=r"truncated, it ends after 0\.50 s of the 62500\.00 s that it states"):
            decode(audio(header(2_000_000_000) + speech()[:8_000].tobytes()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
