"""Containers whose parts each say how long they are, made by hand: sizes, orders and rates that no encoder here has."""

from __future__ import annotations

import struct

import pytest

from benchmarks.containers import Statement, Window, state


def stated(data: bytes) -> Statement:
    with Window.over(data) as window:
        return state(window)[1]


@pytest.mark.parametrize(
    ("head", "kind", "order"),
    [(b"RIFF", b"AVI ", "<"), (b"RIFF", b"QLCM", "<"), (b"FORM", b"8SVX", ">"), (b"FORM", b"16SV", ">")],
)
def test_a_form_states_its_whole_size(head: bytes, kind: bytes, order: str) -> None:
    def of(size: int) -> Statement:
        return stated((head + struct.pack(f"{order}I", size) + kind).ljust(300, b"x"))

    assert of(292).cut == ""
    assert of(308).cut == "", "sixteen bytes too few are no loss"
    assert of(309).cut == "17 of 317 bytes are missing"
    assert of(1_000_000).cut == "999708 of 1000008 bytes are missing"
    assert (of(0).cut, of(0xFFFFFFFF).cut) == ("", ""), "left open"


@pytest.mark.parametrize("mode", range(9))
def test_a_frame_of_amr_wb_is_as_long_as_its_mode_says(mode: int) -> None:
    """Bits of each mode by RFC 4867, rounded up to bytes."""
    bits = (132, 177, 253, 285, 317, 365, 397, 461, 477)[mode]
    each = bytes([mode << 3]) + b"\0" * (-(-bits // 8))
    found = stated(b"#!AMR-WB\n" + each * 50)
    assert (found.rate, found.frames, found.cut) == (16_000, 16_000, "")
    found = stated(b"#!AMR-WB\n" + (each * 50)[:-3])
    assert (found.frames, found.cut) == (49 * 320, "its last frame lacks 3 bytes")


@pytest.mark.parametrize("mode", range(8))
def test_a_frame_of_amr_is_as_long_as_its_mode_says(mode: int) -> None:
    bits = (95, 103, 118, 134, 148, 159, 204, 244)[mode]
    each = bytes([mode << 3]) + b"\0" * (-(-bits // 8))
    found = stated(b"#!AMR\n" + each * 50)
    assert (found.rate, found.frames, found.cut) == (8_000, 8_000, "")


@pytest.mark.parametrize(("code", "length"), [(0x00, 128), (0x40, 138), (0x41, 140), (0x80, 192), (0x54, 834)])
def test_a_frame_of_ac3_is_as_long_as_its_rates_say(code: int, length: int) -> None:
    """Words by the table of ETSI TS 102 366: at 44.1 kHz a frame may be a word longer."""
    each = (b"\x0b\x77\0\0" + bytes([code]) + b"\x40").ljust(length, b"\0")
    assert stated(each * 3).cut == ""
    assert stated((each * 3)[:-1]).cut == "its last frame lacks 1 byte"
    assert stated(each * 3 + each[:5]).cut == "its last frame lacks 1 byte"


def test_a_transport_stream_is_whole_packets() -> None:
    packet = b"\x47".ljust(188, b"\0")
    assert stated(packet * 4).cut == ""
    assert stated(packet * 4 + packet[:100]).cut == "its last packet lacks 88 bytes"


def test_blocks_of_creative_voice_begin_where_its_header_says() -> None:
    block = b"\1" + (500).to_bytes(3, "little") + b"\x80" * 500
    for begin in (26, 40):
        data = b"Creative Voice File\x1a" + struct.pack("<HHH", begin, 0x10A, 0x1129)
        data = data.ljust(begin, b"\0") + block
        assert stated(data + b"\0").cut == ""
        assert stated(data[:-60]).cut == "its last block lacks 60 bytes"


def test_true_audio_states_the_size_of_each_frame() -> None:
    """A frame is 256/245 of a second: three of them are 138,240 samples."""
    rate, frames, sizes = 44_100, 138_000, (700, 600, 500)
    data = b"TTA1" + struct.pack("<HHHIII", 1, 1, 16, rate, frames, 0) + struct.pack("<3I", *sizes) + b"\0" * 4
    data += b"x" * sum(sizes)
    found = stated(data)
    assert (found.rate, found.frames, found.cut) == (rate, frames, "")
    assert stated(data[:-200]).cut == "200 of 1838 bytes are missing"
    assert stated(data[:21]).cut == "it ends inside its header"


def test_wavpack_may_leave_its_samples_uncounted() -> None:
    def of(frames: int, lost: int = 0) -> Statement:
        block = b"wvpk" + struct.pack("<IHHI", 92, 0x410, 0, frames) + b"\0" * 84
        return stated((block * 2)[: 200 - lost])

    assert (of(16_000).frames, of(16_000).cut) == (16_000, "")
    assert of(0xFFFFFFFF).frames is None
    assert of(16_000, lost=9).cut == "its last block lacks 9 bytes"


def test_blocks_of_wavpack_that_are_missing_are_counted() -> None:
    def block(first: int, samples: int = 100, size: int = 92) -> bytes:
        return (b"wvpk" + struct.pack("<IHHIIII", size, 0x410, 0, 0xFFFFFFFF, first, samples, 0x1804)).ljust(
            size + 8, b"x"
        )

    whole = [block(first) for first in range(0, 600, 100)]
    assert (stated(b"".join(whole)).cut, stated(b"".join(whole)).holes) == ("", False)
    twice = [one for one in whole for _ in range(2)]
    assert stated(b"".join(twice)).cut == "", "a block for each pair of channels"
    found = stated(b"".join(whole[:2] + whole[4:]))
    assert (found.cut, found.holes) == ("200 of its samples are missing in its midst", True)
    found = stated(b"".join([*whole[:2], bytes(100), *whole[2:]]))
    assert (found.cut, found.holes) == ("100 bytes in its midst are no audio", True)
    assert stated(b"".join(whole) + b"APETAGEX".ljust(64, b"\0")).cut == ""
    assert stated(b"".join(whole) + b"TAG".ljust(128, b"\0")).cut == ""
    assert stated(b"".join([whole[0], block(0, samples=0), *whole[1:]])).cut == "", "a block without sound"
