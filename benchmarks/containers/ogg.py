"""Ogg (RFC 3533): pages, each of a stated size, with a number and a check sum; the last says that it is, and where.

Decoders pass over pages that are missing or damaged, so that what follows is heard too early: nobody else says so.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isal import isal_zlib

from benchmarks.containers.statement import Statement, lacking

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

BEGINS, ENDS = 2, 4
"""Flags of a page: its stream's first, its stream's last."""

NOWHERE = (1 << 64) - 1
"""The granule position of a page on which no packet ends."""

FIRST_PAGE = 8
"""Seconds that a first page may hold; where it ends later, the stream was joined while it ran, and its samples are not
counted from 0."""

SEARCHED = 1 << 20
"""Bytes after a page in which the next is looked for."""

SKIPPED = 0.1
"""Seconds that time stamps may be ahead of the packets without a word."""

_BITS_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(slots=True)
class _Link:
    """One chain of pages: streams that begin together."""

    begin: int
    end: int = 0
    open: set[int] = field(default_factory=set)
    """Serial numbers of streams that have not ended."""
    codecs: list[bytes] = field(default_factory=list)
    """First bytes of each stream."""
    first: int = 0
    """Samples up to the end of its first page that has some."""
    granule: int = 0
    """Samples up to the end of its last page, as it states them."""
    headers: bool = True
    """Whether only first pages of streams were seen of it, which stand before all others."""
    numbers: dict[int, int] = field(default_factory=dict)
    """Of the next page of each stream."""
    lost: int = 0
    """Pages that are not there, or damaged."""
    lost_first: int = 0
    """Pages that are not there between the headers and the first sound: none where somebody listened in later."""
    packets: Packets = field(default_factory=lambda: Packets(b""))
    skipped: int = 0
    """Samples by which time stamps are ahead of the packets."""


def ogg(window: Window) -> Statement:
    """What the pages state, of Vorbis, Opus and whatever else is in them."""
    links: list[_Link] = []
    place = short = 0
    while len(head := window.at(place, 27)) == 27:
        if head[:4] != b"OggS":
            further = window.at(place, SEARCHED).find(b"OggS", 1)
            if further < 0:
                break
            place += further
            continue
        flags, granule, serial = head[5], *struct.unpack("<QI", head[6:18])
        table = window.at(place + 27, head[26])
        body = place + 27 + head[26]
        end = body + sum(table)
        if len(table) < head[26] or end > window.size:
            short = max(1, end - window.size)
            break
        whole = window.at(place, end - place)
        if flags & BEGINS:
            if not links or not links[-1].headers:
                links.append(_Link(place, packets=Packets(window.at(body, 64))))
            links[-1].open.add(serial)
            links[-1].codecs.append(window.at(body, 64))
        if links:
            _page(links[-1], flags, granule, serial, end)
            _follow(links[-1], granule, serial, whole)
        place = end
    if not links:
        return Statement(cut="it ends inside its first page" if short else "", native=False)
    return _stated(links, short or 27 * (0 < len(head) < 27 and head[:4] == b"OggS"[: len(head)]))


def _page(link: _Link, flags: int, granule: int, serial: int, end: int) -> None:
    link.end = end
    link.headers = link.headers and bool(flags & BEGINS)
    if granule not in {0, NOWHERE}:
        link.first, link.granule = link.first or granule, granule
    if flags & ENDS:
        link.open.discard(serial)


def _follow(link: _Link, granule: int, serial: int, page: bytes) -> None:
    """Whether pages are missing before a page, whether it is as it was written, and whether its packets last so long.

    A damaged page counts once, and so do pages that were lost before the first sound only where that begins at 0.
    """
    number = int.from_bytes(page[18:22], "little")
    gap = max(0, number - link.numbers.get(serial, number))
    if link.packets.granule:
        link.lost += gap
    else:
        link.lost_first += gap
    link.lost += is_damaged(page)
    link.numbers[serial] = number + 1
    if len(link.codecs) == 1:
        ahead = link.packets.add(page, granule)
        link.skipped += 0 if gap else ahead


def is_damaged(page: bytes) -> bool:
    """Whether a page's check sum is another than it states: zlib's polynomial, from the most significant bit on."""
    blank = b"".join((page[:22], b"\0\0\0\0", page[26:])).translate(_BITS_TURNED)
    found = isal_zlib.crc32(blank, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return found.to_bytes(4, "big").translate(_BITS_TURNED) != page[22:26]


class Packets:
    """How long the packets of a stream last, beside what its pages state.

    Args:
        head: the stream's first bytes.
    """

    def __init__(self, head: bytes) -> None:
        self._opus = head.startswith(b"OpusHead")
        vorbis = head.startswith(b"\x01vorbis") and len(head) > 28
        self._most = (1 << (head[28] >> 4)) // 2 if vorbis else 0
        """Samples that a packet of Vorbis gives at most; how many exactly would take its third header to know."""
        self._open = 0
        """Samples of the packet that goes on in the next page."""
        self.granule = 0
        """Where the last page with an end of a packet ended."""

    def add(self, page: bytes, granule: int) -> int:
        """The next page; by how many samples it ends later than the one before and its packets say."""
        table, place = page[27 : 27 + page[26]], 27 + page[26]
        samples, begins = 0, not page[5] & 1
        for size in table:
            if begins:
                self._open = self._length(page[place : place + min(size, 2)])
            if size < 255:
                samples, self._open = samples + self._open, 0
            place, begins = place + size, size < 255
        if granule in {0, NOWHERE}:
            return 0
        known = self.granule if self._opus or self._most else 0
        self.granule = granule
        return max(0, granule - known - samples) if known else 0

    def _length(self, begin: bytes) -> int:
        """Samples of the packet that begins so."""
        return opus_samples(begin) if self._opus else self._most


def opus_samples(begin: bytes) -> int:
    """Samples of 48 kHz of a packet of Opus by its first two bytes (RFC 6716, 3.1)."""
    if not begin:
        return 0
    mode, code = begin[0] >> 3, begin[0] & 3
    silk, hybrid, celt = (480, 960, 1920, 2880), (480, 960), (120, 240, 480, 960)
    each = silk[mode & 3] if mode < 12 else hybrid[mode & 1] if mode < 16 else celt[mode & 3]
    return each * (1, 2, 2, begin[1] & 63 if len(begin) > 1 else 0)[code]


def _stated(links: list[_Link], short: int) -> Statement:
    rates = [_rate(link.codecs[0]) for link in links]
    alone = all(len(link.codecs) == 1 for link in links)
    native = alone and all(link.codecs[0].startswith((b"OpusHead", b"\x01vorbis")) for link in links)
    cut = lacking(short, "its last page") if short else "its last page is missing" if links[-1].open else ""
    seconds, skipped = None, 0.0
    late = [
        rate > 0 and FIRST_PAGE * rate < link.first < link.granule for link, (rate, _) in zip(links, rates, strict=True)
    ]
    if alone and not any(late) and all(rate for rate, _ in rates):
        seconds = sum(max(0, link.granule - skip) / rate for link, (rate, skip) in zip(links, rates, strict=True))
        skipped = sum(link.skipped / rate for link, (rate, _) in zip(links, rates, strict=True))
    lost = sum(link.lost + (0 if after else link.lost_first) for link, after in zip(links, late, strict=True))
    if lost:
        cut = f"{lost} of its pages {'is' if lost == 1 else 'are'} missing in its midst, or damaged"
    bounds = tuple((link.begin, link.end) for link in links) if len(links) > 1 else ()
    wrong = f"its time stamps skip {skipped:.2f} s, of which nothing is there" if skipped > SKIPPED else ""
    return Statement(
        native=native, cut=cut, seconds=None if cut else seconds, links=bounds, holes=lost > 0, wrong=wrong
    )


def _rate(head: bytes) -> tuple[int, int]:
    """Granules a second, and how many of them are skipped at the beginning; 0 is not known."""
    if head.startswith(b"OpusHead") and len(head) >= 12:
        return 48_000, struct.unpack("<H", head[10:12])[0]
    if head.startswith(b"\x01vorbis") and len(head) >= 16:
        return struct.unpack("<I", head[12:16])[0], 0
    return 0, 0
