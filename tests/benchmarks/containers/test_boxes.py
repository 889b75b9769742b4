"""MP4, Matroska and ASF made by hand, of what encoders here do not write: wide fields, empty edits, live streams."""

from __future__ import annotations

import struct

import pytest

from benchmarks.containers import Statement, Window
from benchmarks.containers.boxes import FILE_PROPERTIES, asf, ebml, mp4


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def header(kind: bytes, scale: int, duration: int, *, wide: bool) -> bytes:
    """A box of times, version 1 where its fields are wide."""
    return box(kind, struct.pack(">B3xQQIQ" if wide else ">B3xIIII", wide, 0, 0, scale, duration))


def edits(*entries: tuple[int, int], wide: bool) -> bytes:
    body = b"".join(struct.pack(">QqI" if wide else ">IiI", length, start, 0x10000) for length, start in entries)
    return box(b"edts", box(b"elst", struct.pack(">B3xI", wide, len(entries)), body))


def movie(*edited: tuple[int, int], duration: int = 32_000, wide: bool = False, after: bytes = b"") -> bytes:
    """A track of 16 kHz in a movie that counts milliseconds."""
    media = box(b"mdia", header(b"mdhd", 16_000, duration, wide=wide), box(b"hdlr", b"\0" * 8, b"soun", b"\0" * 12))
    track = box(b"trak", edits(*edited, wide=wide) if edited else b"", media)
    return box(b"ftyp", b"M4A ") + box(b"moov", header(b"mvhd", 1_000, 2_000, wide=wide), track) + after


def mp4_of(data: bytes) -> Statement:
    with Window.over(data) as window:
        return mp4(window)


@pytest.mark.parametrize("wide", [False, True])
def test_times_of_either_width_are_read(wide: bool) -> None:
    assert mp4_of(movie(wide=wide)).seconds == 2.0
    assert mp4_of(movie((1_250, 0), wide=wide)).seconds == 1.25
    assert mp4_of(movie((1_250, 160), (500, 0), wide=wide)).seconds == 1.75
    assert mp4_of(movie((9_000, 0), wide=wide)).seconds == 2.0, "no more plays than is there"
    assert mp4_of(movie(duration=(1 << (64 if wide else 32)) - 1, wide=wide)).seconds is None


@pytest.mark.parametrize("wide", [False, True])
def test_an_empty_edit_only_waits(wide: bool) -> None:
    assert mp4_of(movie((500, -1), (1_000, 0), wide=wide)).seconds == 1.0


def test_a_movie_in_fragments_states_no_length() -> None:
    assert mp4_of(movie(after=box(b"moof", b"\0" * 8))).seconds is None
    assert mp4_of(movie(after=box(b"mdat", b"\0" * 8))).seconds == 2.0


@pytest.mark.parametrize("rest", [1, 3, 7])
def test_a_part_that_ends_inside_its_header_is_cut(rest: int) -> None:
    assert (
        mp4_of(movie(after=b"\0\0\1\0mda"[:rest] if rest > 2 else b"\1")).cut == "its next part ends inside its header"
    )
    assert mp4_of(movie(after=b"\0" * rest)).cut == ""


def element(name: int, content: bytes) -> bytes:
    """An element of Matroska, its size in eight bytes."""
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (1 << 56 | len(content)).to_bytes(8, "big") + content


def matroska(*, scale: int | None, duration: bytes, delay: int) -> Statement:
    info = (element(0x2AD7B1, scale.to_bytes(4, "big")) if scale else b"") + element(0x4489, duration)
    track = element(0xAE, element(0x56AA, delay.to_bytes(4, "big")))
    parts = element(0x1549A966, info) + element(0x1654AE6B, track)
    with Window.over(element(0x1A45DFA3, b"") + element(0x18538067, parts)) as window:
        return ebml(window)


def test_matroska_counts_in_its_own_units_and_states_what_is_not_heard() -> None:
    found = matroska(scale=None, duration=struct.pack(">d", 2_500.0), delay=6_500_000)
    assert (found.seconds, found.unheard, found.cut) == (2.5, 0.0065, "")
    found = matroska(scale=100_000, duration=struct.pack(">f", 2_500.0), delay=0)
    assert (found.seconds, found.unheard) == (0.25, 0.0)
    assert matroska(scale=None, duration=struct.pack(">d", 1.0), delay=6_500_000).unheard == 0.001, "no more than all"


def windows_media(*, whole: int, flags: int, played: float = 3.5, preroll: int = 1_500) -> Statement:
    values = struct.pack("<QQQQQQI", whole, 0, 0, round(played * 1e7), 0, preroll, flags)
    properties = FILE_PROPERTIES + (104).to_bytes(8, "little") + b"\0" * 16 + values + b"\0" * 12
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + (30 + 104).to_bytes(8, "little") + b"\0" * 6
    with Window.over((head + properties).ljust(1_000, b"\0")) as window:
        return asf(window)


@pytest.mark.parametrize(
    ("whole", "flags", "missing", "cut"),
    [
        (1_000, 0, 0, ""),
        (1_016, 0, 16, ""),
        (1_017, 0, 0, "17 of 1017 bytes are missing"),
        (5_000, 2, 0, "4000 of 5000 bytes are missing"),
        (5_000, 1, 0, ""),
    ],
    ids=["whole", "a few bytes", "more than few", "seekable", "broadcast"],
)
def test_windows_media_states_its_size_unless_it_was_broadcast(whole: int, flags: int, missing: int, cut: str) -> None:
    found = windows_media(whole=whole, flags=flags)
    assert (found.seconds, found.missing, found.cut) == (2.0, missing, cut)
    assert windows_media(whole=whole, flags=flags, played=1.0).seconds is None, "nothing but what is waited for"
