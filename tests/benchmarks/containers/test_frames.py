"""FLAC, MPEG audio and ADTS, AU, SPHERE and Ogg made by hand: what no encoder here writes, bit by bit."""

from __future__ import annotations

import struct

import pytest

from benchmarks.containers import Statement, Window, recognize, state
from benchmarks.containers.flac import whole_samples
from benchmarks.containers.mpeg import skip_id3
from tests.benchmarks.containers.ogg_pages import checked

MP3 = (b"\xff\xfb\x90\xc4").ljust(417, b"\0")
"""A frame of MPEG-1 layer III: 128 kbit/s, 44.1 kHz, 1,152 samples in 417 bytes."""


def stated(data: bytes) -> Statement:
    with Window.over(data) as window:
        return state(window)[1]


def crc8(data: bytes) -> int:
    """By polynomial division, bit by bit (x^8 + x^2 + x + 1)."""
    rest = int.from_bytes(data, "big") << 8
    for bit in range(rest.bit_length() - 1, 7, -1):
        rest ^= 0x107 << bit - 8 if rest >> bit & 1 else 0
    return rest


@pytest.mark.parametrize(
    ("head", "number", "first"),
    [
        (b"\xff\xf8\xc9\x08", 7, 7 * 4_096),
        (b"\xff\xf8\xc9\x08", 300, 300 * 4_096),
        (b"\xff\xf8\xc9\x08", 70_000, 70_000 * 4_096),
        (b"\xff\xf9\xc9\x08", 70_000, 70_000),
        (b"\xff\xf8\x6c\x08\x0f\x2c"[:4], 300, 300 * 4_096),
        (b"\xff\xf8\x7e\x08", 300, 300 * 4_096),
    ],
    ids=["one byte", "two bytes", "four bytes", "by samples", "a byte of size and of rate", "two of each"],
)
def test_the_first_sample_of_the_last_flac_frame_is_read(head: bytes, number: int, first: int) -> None:
    """Numbers are coded as UTF-8 has characters; sizes and rates may follow in bytes of their own (RFC 9639, 9.1)."""
    size, rate = head[2] >> 4, head[2] & 15
    more = b"\1" * ({6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0))
    frame = head + chr(number).encode() + more
    frame += bytes([crc8(frame)])
    data = b"fLaC\x80\0\0\x22" + struct.pack(">HH", 4_096, 4_096) + b"\0" * 30 + b"x" * 100 + frame + b"y" * 50
    with Window.over(data) as window:
        assert whole_samples(window) == first


@pytest.mark.parametrize(("samples", "frames"), [(0, None), (1, 1), (1 << 35, 1 << 35)])
def test_a_flac_may_leave_its_samples_uncounted(samples: int, frames: int | None) -> None:
    packed = 44_100 << 44 | 1 << 41 | 15 << 36 | samples
    found = stated(b"fLaC\x80\0\0\x22" + b"\x10\0\x10\0" + b"\0" * 6 + packed.to_bytes(8, "big") + b"\0" * 16)
    assert (found.rate, found.frames) == (44_100, frames)


@pytest.mark.parametrize(("flags", "begin"), [(0, 138), (0x10, 148)], ids=["plain", "with a footer"])
def test_a_tag_may_have_a_footer(flags: int, begin: int) -> None:
    with Window.over(b"ID3\4\0" + bytes([flags]) + b"\0\0\1\0" + b"\0" * 500) as window:
        assert skip_id3(window) == begin


def test_vbri_counts_the_frames() -> None:
    tag = MP3[:36] + b"VBRI" + b"\0" * 6 + struct.pack(">II", 417 * 40, 39) + MP3[54:]
    found = stated(tag + MP3 * 39)
    assert (found.rate, found.frames, found.cut) == (44_100, 39 * 1_152, "")
    assert stated(tag + MP3 * 19).cut == "8340 of 16680 bytes are missing"


@pytest.mark.parametrize("header", [0, 32])
def test_a_tag_of_ape_at_the_end_is_no_audio(header: int) -> None:
    """Its stated size counts the footer and not the header."""
    flags = 0x80000000 if header else 0
    footer = b"APETAGEX" + struct.pack("<IIII", 2_000, 900 + 32, 1, flags) + b"\0" * 8
    found = stated(MP3 * 30 + b"\0" * header + b"x" * 900 + footer)
    assert (found.frames, found.cut, found.beyond) == (30 * 1_152, "", 0)


def test_what_is_lost_in_the_midst_of_an_mp3_is_told_from_two_frames_on() -> None:
    for lost, cut in ((2 * 417, ""), (2 * 417 + 1, "835 bytes in its midst are no audio")):
        found = stated(MP3 * 10 + b"u" * lost + MP3 * 10)
        assert (found.frames, found.cut) == (20 * 1_152, cut)


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_a_frame_of_adts_may_hold_several_blocks(blocks: int) -> None:
    each = bytes([0xFF, 0xF1, 0x60, 200 >> 11, 200 >> 3 & 0xFF, (200 & 7) << 5, blocks - 1]).ljust(200, b"\0")
    found = stated(each * 25)
    assert (found.seconds, found.cut) == (25 * blocks * 1_024 / 16_000, "")
    assert stated((each * 25)[:-1]).seconds == 24 * blocks * 1_024 / 16_000


def page(flags: int, granule: int, body: bytes) -> bytes:
    return checked(b"OggS\0" + bytes([flags]) + struct.pack("<QIII", granule, 7, 0, 0) + bytes([1, len(body)]) + body)


def opus(*pages: bytes) -> bytes:
    head = b"OpusHead\1\1" + struct.pack("<HIHB", 312, 48_000, 0, 0)
    return page(2, 0, head) + b"".join(pages)


def test_a_page_on_which_nothing_ends_has_no_place() -> None:
    nowhere = (1 << 64) - 1
    whole = opus(page(0, 48_312, b"a"), page(0, nowhere, b"b"), page(4, 96_312, b"c"))
    assert (stated(whole).seconds, stated(whole).cut) == (2.0, "")
    assert stated(opus(page(0, 48_312, b"a"), page(4, nowhere, b"c"))).seconds == 1.0
    assert stated(opus(page(0, nowhere, b"a"), page(4, 48_312, b"c"))).seconds == 1.0


@pytest.mark.parametrize("end", [1, 4, 26])
def test_a_page_that_ends_inside_its_header_is_cut(end: int) -> None:
    whole = opus(page(4, 48_312, b"a"))
    assert stated(whole).cut == ""
    assert stated(whole + whole[:end]).cut == "its last page lacks 27 bytes"
    assert stated(whole + b"\0" * end).cut == ""


@pytest.mark.parametrize(
    ("encoding", "width", "floats"),
    [
        (1, 1, False),
        (2, 1, False),
        (3, 2, False),
        (4, 3, False),
        (5, 4, False),
        (6, 4, True),
        (7, 8, True),
        (27, 1, False),
    ],
)
@pytest.mark.parametrize("order", [">", "<"])
def test_samples_of_au_are_as_wide_as_its_encoding_says(encoding: int, width: int, floats: bool, order: str) -> None:
    def of(size: int) -> Statement:
        head = (b".snd" if order == ">" else b"dns.") + struct.pack(f"{order}5I", 32, size, encoding, 8_000, 2)
        return stated(head.ljust(32, b"\0") + b"\1" * 480)

    for size in (480, 0xFFFFFFFF, 0, 0xFFFFFF80):
        found = of(size)
        assert (found.rate, found.frames, found.floats, found.cut) == (8_000, 240 // width, floats, "")
        assert bool(found.patches) is (size in {0, 0xFFFFFF80})
    assert of(240).frames == 120 // width
    assert of(1_200).cut == "720 of 1200 bytes are missing"


@pytest.mark.parametrize(
    ("coding", "width", "frames"),
    [
        ("pcm", None, 400),
        ("ulaw", None, 800),
        ("mu-law", None, 800),
        ("alaw", None, 800),
        (None, None, 400),
        ("pcm", 4, 200),
    ],
)
def test_sphere_says_how_wide_samples_are_or_leaves_it_to_their_coding(
    coding: str | None, width: int | None, frames: int
) -> None:
    fields = ["NIST_1A", "   1024", "sample_rate -i 8000", "channel_count -i 1"]
    fields += [f"sample_coding -s{len(coding)} {coding}"] if coding else []
    fields += [f"sample_n_bytes -i {width}"] if width else []
    found = stated("\n".join([*fields, "end_head", ""]).encode().ljust(1_024, b" ") + b"\1" * 800)
    assert (found.rate, found.frames, found.native, found.cut) == (8_000, frames, True, "")


@pytest.mark.parametrize(
    ("head", "name", "demuxer"),
    [
        (b"DSD \x1c", "DSF", "dsf"),
        (b"MPCK\1", "Musepack", "mpc8"),
        (b"MP+\x07", "Musepack", "mpc"),
        (b"MAC \x96", "Monkey's Audio", "ape"),
        (b"ajkg\2", "Shorten", "shn"),
        (b".RMF\0", "RealMedia", "rm"),
        (b"\0\0\1\xba", "MPEG", "mpeg"),
        (b"[playlist]\nFile1=a.mp3\n", "a playlist", ""),
        (b"#EXTM3U\na.mp3\n", "a playlist", ""),
        (b"Gr\xc3\xbc\xc3\x9fe \xe6\xb0", "text", ""),
        (b"Gr\xfc\xdfe, not UTF-8", "of no known kind", ""),
    ],
)
def test_kinds_that_no_encoder_here_writes_are_known(head: bytes, name: str, demuxer: str) -> None:
    kind = recognize(head, 5_000)
    assert (kind.name, kind.demuxer) == (name, demuxer)
