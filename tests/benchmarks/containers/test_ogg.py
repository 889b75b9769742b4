"""Ogg with holes: pages that are missing or damaged, and time stamps that run ahead of the packets."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from benchmarks.containers import Statement, Window, state
from benchmarks.containers.ogg import Packets, is_damaged, opus_samples
from benchmarks.dataset import Audio
from harness.audio import decode
from harness.errors import DataError
from tests.benchmarks.containers.ogg_pages import checked, pages
from tests.harness.audio.forms import encode, speech


def stated(data: bytes) -> Statement:
    with Window.over(data) as window:
        return state(window)[1]


def long(form: str) -> list[bytes]:
    """Half a minute, of many pages."""
    return pages(encode(form, np.tile(speech(), 10)))


@pytest.mark.parametrize("form", ["opus", "vorbis"])
def test_pages_of_a_whole_file_are_whole(form: str) -> None:
    every = long(form)
    assert len(every) > 8
    assert not any(map(is_damaged, every))
    assert [checked(page) for page in every] == every
    found = stated(b"".join(every))
    assert (found.cut, found.wrong, found.holes) == ("", "", False)


@pytest.mark.parametrize("form", ["opus", "vorbis"])
@pytest.mark.parametrize(
    ("first", "last", "cut"),
    [
        (5, 6, "1 of its pages is missing in its midst, or damaged"),
        (4, 7, "3 of its pages are missing in its midst, or damaged"),
        (2, 3, "1 of its pages is missing in its midst, or damaged"),
    ],
)
def test_pages_that_are_missing_are_counted(form: str, first: int, last: int, cut: str) -> None:
    every = long(form)
    data = b"".join(every[:first] + every[last:])
    found = stated(data)
    assert (found.cut, found.holes, found.seconds) == (cut, True, None)
    with pytest.raises(DataError, match=r"truncated, it ends after .* in its midst, or damaged"):
        decode(Audio(origin="a.ogg", data=data))
    with pytest.raises(DataError, match="damaged, nobody knows where its segment is"):
        decode(Audio(origin="a.ogg", data=data, start=1.0, end=2.0))


def test_a_page_of_zeros_or_with_another_byte_is_damaged() -> None:
    every = long("opus")
    for broken in (bytes(len(every[4])), every[4][:-9] + bytes([every[4][-9] ^ 1]) + every[4][-8:]):
        found = stated(b"".join([*every[:4], broken, *every[5:]]))
        assert found.cut == "1 of its pages is missing in its midst, or damaged"
    assert is_damaged(every[4][:30] + bytes([every[4][30] ^ 0x80]) + every[4][31:])


def test_who_listens_in_later_has_lost_nothing() -> None:
    """Servers send the headers and then what is on the air: with late numbers and late times."""
    every = long("vorbis")
    moved = []
    for page in every:
        granule, number = int.from_bytes(page[6:14], "little"), int.from_bytes(page[18:22], "little")
        late = granule > 0
        head = page[:6] + struct.pack("<Q", granule + 16_000 * 3_600 * late) + page[14:18]
        moved.append(checked(head + struct.pack("<I", number + 5_000 * late) + page[22:]))
    found = stated(b"".join(moved))
    assert (found.cut, found.holes, found.length) == ("", False, None)


def test_time_stamps_that_skip_are_said() -> None:
    every = long("opus")
    place = len(every) // 2
    moved = []
    for at, page in enumerate(every):
        granule = int.from_bytes(page[6:14], "little") + 48_000 * 2 * (at >= place)
        moved.append(checked(page[:6] + struct.pack("<Q", granule) + page[14:]))
    found = stated(b"".join(moved))
    assert (found.cut, found.wrong) == ("", "its time stamps skip 2.00 s, of which nothing is there")


@pytest.mark.parametrize(
    ("begin", "samples"),
    [
        (b"\x00", 480),
        (b"\x08", 960),
        (b"\x10", 1920),
        (b"\x18", 2880),
        (b"\x60", 480),
        (b"\x68", 960),
        (b"\x80", 120),
        (b"\x98", 960),
        (b"\xf9", 1920),
        (b"\xfa", 1920),
        (b"\xfb\x03", 2880),
        (b"\xfb", 0),
        (b"", 0),
    ],
)
def test_packets_of_opus_are_as_long_as_their_first_byte_says(begin: bytes, samples: int) -> None:
    """By table 2 and section 3.2 of RFC 6716."""
    assert opus_samples(begin) == samples


def test_a_packet_over_two_pages_counts_on_the_one_where_it_ends() -> None:
    packets = Packets(b"OpusHead\1")
    first = bytes(26) + bytes([2, 1, 255]) + b"\x98" + b"\x98".ljust(255, b"\0")
    second = b"OggS\0\1" + bytes(20) + bytes([1, 5]) + b"\0" * 5
    assert packets.add(first, 960) == 0
    assert packets.add(second, 1_920) == 0
    assert packets.add(bytes(26) + bytes([1, 1]) + b"\x98", 9_000) == 9_000 - 1_920 - 960
