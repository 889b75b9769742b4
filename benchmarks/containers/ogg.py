"""Ogg (RFC 3533): pages, each of a stated size; the last of a stream says that it is, and how many samples it had."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
        if flags & BEGINS:
            if not links or not links[-1].headers:
                links.append(_Link(place))
            links[-1].open.add(serial)
            links[-1].codecs.append(window.at(body, 64))
        if links:
            _page(links[-1], flags, granule, serial, end)
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


def _stated(links: list[_Link], short: int) -> Statement:
    rates = [_rate(link.codecs[0]) for link in links]
    alone = all(len(link.codecs) == 1 for link in links)
    native = alone and all(link.codecs[0].startswith((b"OpusHead", b"\x01vorbis")) for link in links)
    cut = lacking(short, "its last page") if short else "its last page is missing" if links[-1].open else ""
    seconds = None
    late = any(
        rate and FIRST_PAGE * rate < link.first < link.granule for link, (rate, _) in zip(links, rates, strict=True)
    )
    if alone and not late and all(rate for rate, _ in rates):
        seconds = sum(max(0, link.granule - skip) / rate for link, (rate, skip) in zip(links, rates, strict=True))
    bounds = tuple((link.begin, link.end) for link in links) if len(links) > 1 else ()
    return Statement(native=native, cut=cut, seconds=None if cut else seconds, links=bounds)


def _rate(head: bytes) -> tuple[int, int]:
    """Granules a second, and how many of them are skipped at the beginning; 0 is not known."""
    if head.startswith(b"OpusHead") and len(head) >= 12:
        return 48_000, struct.unpack("<H", head[10:12])[0]
    if head.startswith(b"\x01vorbis") and len(head) >= 16:
        return struct.unpack("<I", head[12:16])[0], 0
    return 0, 0
