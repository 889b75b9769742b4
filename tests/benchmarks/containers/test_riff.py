"""WAV, W64, AIFF and CAF made by hand: tags behind the samples, codecs by name, steps of eight."""

from __future__ import annotations

import struct

import pytest

from benchmarks.containers import Statement, Window, state

NOISE = b"\1\2" * 16_000


def stated(data: bytes) -> Statement:
    with Window.over(data) as window:
        return state(window)[1]


def wav(samples: bytes, after: bytes = b"") -> bytes:
    form = b"fmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(samples)) + samples + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("head", [b"TAG\xff", b"ID3\4", b"APET"])
def test_a_tag_behind_the_samples_is_none_of_them(head: bytes) -> None:
    assert stated(wav(NOISE, after=head + b"\xff" * 9_000)).beyond == 0
    assert stated(wav(NOISE, after=b"\xff" + head[1:] + b"\xff" * 9_000)).beyond == 9_004


@pytest.mark.parametrize("chunk", [b"x", b"x" * 4, b"x" * 15])
def test_chunks_of_w64_begin_in_steps_of_eight(chunk: bytes) -> None:
    def part(name: bytes, content: bytes) -> bytes:
        whole = name.ljust(16, b"\xaa") + struct.pack("<Q", 24 + len(content)) + content
        return whole.ljust(-(-len(whole) // 8) * 8, b"\0")

    form = part(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))
    head = b"riff\x2e\x91\xcf\x11".ljust(40, b"\0")
    data = head + form + part(b"junk", chunk) + part(b"data", NOISE)
    found = stated(data)
    assert (found.rate, found.frames, found.missing, found.cut) == (16_000, 16_000, 0, "")
    assert stated(data[:-1_000]).cut == "1000 of 32000 bytes are missing"


@pytest.mark.parametrize(
    ("codec", "bits", "frames", "floats"),
    [
        (b"NONE", 16, 16_000, False),
        (b"twos", 16, 16_000, False),
        (b"sowt", 16, 16_000, False),
        (b"raw ", 8, 32_000, False),
        (b"in24", 24, 32_000 // 3, False),
        (b"in32", 32, 8_000, False),
        (b"fl32", 32, 8_000, True),
        (b"FL64", 64, 4_000, True),
        (b"ulaw", 16, 32_000, False),
        (b"ALAW", 16, 32_000, False),
    ],
)
def test_codecs_of_aiff_say_how_wide_samples_are(codec: bytes, bits: int, frames: int, floats: bool) -> None:
    rate = struct.pack(">HQ", 16_383 + 13, 16_000 << 50)
    comm = struct.pack(">hIh", 1, frames, bits) + rate + codec + b"\0\0"
    body = b"AIFCCOMM" + struct.pack(">I", len(comm)) + comm
    body += b"SSND" + struct.pack(">III", 32_008, 0, 0) + NOISE
    found = stated(b"FORM" + struct.pack(">I", len(body)) + body)
    assert (found.rate, found.frames, found.floats, found.native, found.cut) == (16_000, frames, floats, True, "")


@pytest.mark.parametrize("codec", [b"QDM2", b"Qclp"])
def test_a_codec_of_aiff_that_is_not_known_is_not_counted(codec: bytes) -> None:
    comm = struct.pack(">hIh", 1, 500, 16) + struct.pack(">HQ", 16_383 + 13, 16_000 << 50) + codec + b"\0\0"
    body = b"AIFCCOMM" + struct.pack(">I", len(comm)) + comm + b"SSND" + struct.pack(">III", 32_008, 0, 0) + NOISE
    assert not stated(b"FORM" + struct.pack(">I", len(body)) + body).native


@pytest.mark.parametrize("unit", [2, 3, 4, 6, 8])
def test_a_size_in_another_unit_is_a_wrong_header(unit: int) -> None:
    size = unit * 32_000
    data = wav(NOISE)
    wrong = data[:4] + struct.pack("<I", size + 36) + data[8:40] + struct.pack("<I", size) + data[44:]
    assert (stated(wrong).frames, stated(wrong).wrong) == (16_000, f"states {size} bytes of samples, 32000 are there")
