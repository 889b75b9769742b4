"""AVI has no times: what is lost in its midst shows in its chunks alone."""

from __future__ import annotations

import pytest

from benchmarks.containers import Window, state
from benchmarks.sources.header import seconds
from harness.audio import hear
from harness.errors import DataError
from tests.harness.audio.forms import audio, muxed, speech

LENGTHS = {"libmp3lame": (16_000, 3.384), "aac": (16_000, 3.392), "ac3": (48_000, 3.296), "pcm_s16le": (16_000, 3.29)}
"""Rate, and seconds with what the encoder put in front and behind."""


def avi(codec: str) -> bytes:
    return muxed("avi", codec, LENGTHS[codec][0], speech())


@pytest.mark.parametrize("codec", LENGTHS)
def test_its_seconds_are_those_of_its_sound(codec: str) -> None:
    data = avi(codec)
    assert state(Window.over(data))[1].length == pytest.approx(LENGTHS[codec][1], abs=1e-9)
    assert seconds(audio(data)) == pytest.approx(LENGTHS[codec][1], abs=1e-9)
    assert len(hear(audio(data)).waveform) == round(16_000 * LENGTHS[codec][1])
    assert hear(audio(data)).warnings == ()


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "ac3"])
def test_a_chunk_that_is_broken_in_its_midst_is_told(codec: str) -> None:
    data = bytearray(avi(codec))
    place = data.index(b"00wb", len(data) // 2)
    data[place : place + 8] = b"\x00\x9c\x81\xffgone"
    lost = data.index(b"idx1") - place
    said = rf"^clip: truncated, it ends after \d\.\d\d s \({lost} bytes in its midst are no chunks\)$"
    with pytest.raises(DataError, match=said):
        hear(audio(bytes(data)))
    with pytest.raises(DataError, match=r"nobody knows where its segment is"):
        hear(audio(bytes(data), start=2.5, end=3.0))


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "ac3"])
def test_bytes_that_are_missing_or_too_many_in_its_midst_are_told(codec: str) -> None:
    data = avi(codec)
    middle = data.index(b"00wb", len(data) // 2) + 20
    for broken in (data[:middle] + data[middle + 12 :], data[:middle] + b"\x93" * 31 + data[middle:]):
        with pytest.raises(DataError, match=r"^clip: truncated, it ends after \d\.\d\d s.* in its midst are no chunks"):
            hear(audio(broken))


def test_sound_that_does_not_decode_is_missed_by_the_stated_seconds() -> None:
    data = bytearray(avi("aac"))
    place = data.index(b"00wb", len(data) // 2)
    for _ in range(12):  # chunks as they were, nothing in them
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        data[place + 8 : place + 8 + size] = b"\xff" * size
        place += 8 + size + size % 2
    with pytest.raises(DataError, match=r"^clip: (truncated, it ends after|damaged after) \d\.\d\d s"):
        hear(audio(bytes(data)))


def test_a_length_that_its_chunks_do_not_bear_out_is_not_believed() -> None:
    data = bytearray(avi("libmp3lame"))
    place = data.index(b"strh") + 8 + 32
    data[place : place + 4] = (1_000_000).to_bytes(4, "little")
    assert state(Window.over(bytes(data)))[1].length is None
    assert len(hear(audio(bytes(data))).waveform) == 54_144
