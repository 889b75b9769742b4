"""Lengths that are computed from tables, of every codec and rate that other programs write."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from benchmarks.containers import Statement, Window, state
from tests.harness.audio.forms import muxed, speech

FRAMES = 1_602
CODECS = [
    (form, subtype)
    for form in ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "NIST")
    for subtype in soundfile.available_subtypes(form)
    if subtype in {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
]


def stated(data: bytes) -> Statement:
    with Window.over(data) as window:
        return state(window)[1]


@pytest.mark.parametrize(("form", "subtype"), CODECS)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_samples_of_every_width_are_counted(form: str, subtype: str, channels: int) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (FRAMES, channels))
    for endian in ("LITTLE", "BIG") if form == "WAV" else ("FILE",):
        buffer = io.BytesIO()
        soundfile.write(buffer, noise, 8_000, format=form, subtype=subtype, endian=endian)
        data = buffer.getvalue()
        found = stated(data)
        assert (found.rate, found.frames, found.cut, found.missing) == (8_000, FRAMES, "", 0)
        assert found.floats is (subtype in {"FLOAT", "DOUBLE"})
        assert stated(data[: len(data) // 2]).cut
        assert (found.plain is not None) is (
            form in {"WAV", "WAVEX", "RF64"} and subtype in {"PCM_16", "FLOAT"} and endian != "BIG"
        )


MP3 = [(48_000, 320), (44_100, 32), (44_100, 192), (32_000, 96), (24_000, 160), (22_050, 8), (16_000, 64), (8_000, 24)]
MP2 = [(48_000, 384), (44_100, 224), (32_000, 64), (24_000, 160), (22_050, 48), (16_000, 8)]


@pytest.mark.parametrize(
    ("codec", "rate", "kilobits"), [*(("libmp3lame", *one) for one in MP3), *(("mp2", *one) for one in MP2)]
)
def test_frames_of_every_rate_are_counted_as_ffmpeg_counts_its_packets(codec: str, rate: int, kilobits: int) -> None:
    form, more = ("mp3", {"write_xing": "0", "id3v2_version": "0"}) if codec == "libmp3lame" else ("mp2", {})
    data = muxed(form, codec, rate, np.resize(speech(), 40_000), 16_000, kilobits, **more)
    file: Any
    with av.open(io.BytesIO(data), format="mp3") as file:
        sizes = [packet.size for packet in file.demux(audio=0) if packet.size]
    each = 1_152 if rate >= 32_000 or codec == "mp2" else 576
    found = stated(data)
    assert (found.rate, found.frames, found.cut) == (rate, len(sizes) * each, "")
    assert stated(data[: sum(sizes[:-1]) + 10]).cut == f"its last frame lacks {sizes[-1] - 10} bytes"


@pytest.mark.parametrize("rate", [7_350, 8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_frames_of_aac_are_counted_as_ffmpeg_counts_its_packets(rate: int) -> None:
    data = muxed("adts", "aac", rate, np.resize(speech(), 40_000))
    file: Any
    with av.open(io.BytesIO(data), format="aac") as file:
        sizes = [packet.size for packet in file.demux(audio=0) if packet.size]
    assert stated(data).seconds == len(sizes) * 1_024 / rate
    assert stated(data[: sum(sizes[:5]) + 20]).cut == f"its last frame lacks {sizes[5] - 20} bytes"
