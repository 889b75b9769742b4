"""Containers that are trees of sized elements: MP4 and its kin (ISO 14496-12), Matroska and WebM (RFC 9559), ASF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.containers.statement import FEW, Statement, lacking, missing_of

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

MOST = 1_000_000
"""Elements that are looked at; a file with more is broken."""


@dataclass(slots=True)
class _Movie:
    """What an MP4 says of its first track of sound."""

    scale: int = 0
    rate: int = 0
    duration: int = 0
    edited: int = 0
    """Of the movie's time scale, by the edit list."""
    sound: bool = False
    fragments: bool = False
    found: set[bytes] = field(default_factory=set)


def _boxes(window: Window, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, place of the content and end of each box; ends are as stated, also where the file ends before."""
    for _ in range(MOST):
        head = window.at(place, 16)
        if place + 8 > end or len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        begin = 8
        if size == 1 and len(head) == 16:
            size, begin = int.from_bytes(head[8:16], "big"), 16
        stop = end if size == 0 else place + size
        if size != 0 and size < begin:
            return
        yield kind, place + begin, stop
        place = stop


def mp4(window: Window) -> Statement:
    """MP4, M4A, MOV, 3GP: everything hangs on the index, `moov`, which may stand at the end."""
    movie = _Movie()
    short = last = 0
    for kind, begin, end in _boxes(window, 0, window.size):
        movie.found.add(kind)
        last = end
        short = end - window.size
        if kind == b"moov":
            _moov(window, begin, end, movie)
        movie.fragments |= kind == b"moof"
    seconds = None
    if movie.sound and movie.rate and movie.duration:
        seconds = movie.duration / movie.rate
        if movie.edited and movie.scale:
            seconds = min(seconds, movie.edited / movie.scale)
    if short > 0:
        return Statement(native=False, seconds=seconds, cut=lacking(short, "its last part"))
    if b"moov" not in movie.found:
        return Statement(native=False, cut="its index (moov) is missing")
    rest = window.size - last
    cut = "its next part ends inside its header" if 0 < rest < 8 and any(window.at(last, 8)) else ""
    return Statement(native=False, seconds=None if movie.fragments else seconds, cut=cut)


def _moov(window: Window, begin: int, end: int, movie: _Movie) -> None:
    for kind, place, stop in _boxes(window, begin, end):
        if kind == b"mvhd":
            movie.scale, _ = _times(window, place)
        elif kind == b"trak" and not movie.sound:
            _trak(window, place, stop, movie)


def _trak(window: Window, begin: int, end: int, movie: _Movie) -> None:
    edited = rate = duration = 0
    for kind, place, stop in _boxes(window, begin, end):
        if kind == b"edts":
            for inner, at, _ in _boxes(window, place, stop):
                edited = _edits(window, at) if inner == b"elst" else edited
        elif kind == b"mdia":
            for inner, at, _ in _boxes(window, place, stop):
                if inner == b"mdhd":
                    rate, duration = _times(window, at)
                movie.sound |= inner == b"hdlr" and window.at(at + 8, 4) == b"soun"
    if movie.sound:
        movie.edited, movie.rate, movie.duration = edited, rate, duration


def _times(window: Window, place: int) -> tuple[int, int]:
    """Time scale and duration of a header box; a duration that is not known is 0."""
    if window.at(place, 1) == b"\1":
        scale, duration, open_end = window.number(place + 20, 4, big=True), window.number(place + 24, 8, big=True), 64
    else:
        scale, duration, open_end = window.number(place + 12, 4, big=True), window.number(place + 16, 4, big=True), 32
    return scale, 0 if duration == (1 << open_end) - 1 else duration


def _edits(window: Window, place: int) -> int:
    """What the edit list lets play, in the movie's time scale; empty edits, which only wait, left out."""
    wide = window.at(place, 1) == b"\1"
    total = 0
    for number in range(min(window.number(place + 4, 4, big=True), 1000)):
        at = place + 8 + number * (20 if wide else 12)
        length, start = window.number(at, 8 if wide else 4, big=True), window.at(at + (8 if wide else 4), 4)
        total += length if start != b"\xff\xff\xff\xff" else 0
    return total


SEGMENT, INFO, CLUSTER, SCALE, DURATION = 0x18538067, 0x1549A966, 0x1F43B675, 0x2AD7B1, 0x4489
TRACKS, TRACK, CODEC_DELAY = 0x1654AE6B, 0xAE, 0x56AA


def _vint(window: Window, place: int, *, marker: bool) -> tuple[int, int]:
    """A number of Matroska and its length in bytes; the length is 0 where there is none. -1 is a size not known."""
    first = window.at(place, 1)
    if not first or not first[0]:
        return 0, 0
    length = 9 - first[0].bit_length()
    data = window.at(place, length)
    if len(data) < length:
        return 0, 0
    value = int.from_bytes(data, "big")
    if marker:
        return value, length
    value &= (1 << 7 * length) - 1
    return (-1 if value == (1 << 7 * length) - 1 else value), length


def ebml(window: Window) -> Statement:
    """Matroska and WebM. A live one states neither size nor duration: there its last element must be whole."""
    place = short = delay = 0
    scale, duration = 1_000_000, None
    for _ in range(MOST):
        if place >= window.size:
            break
        name, taken = _vint(window, place, marker=True)
        size, more = _vint(window, place + taken, marker=False) if taken else (0, 0)
        if not taken or not more:
            short = 1 if window.size - place < 12 else 0
            break
        content = place + taken + more
        if name == SCALE:
            scale = window.number(content, size, big=True) or scale
        elif name == DURATION and size in {4, 8}:
            found = window.at(content, size)
            duration = struct.unpack(">f" if size == 4 else ">d", found)[0] if len(found) == size else None
        elif name == CODEC_DELAY and 0 < size <= 8:
            delay = max(delay, window.number(content, size, big=True))
        if name == SEGMENT and size >= 0 and content + size > window.size:
            short = content + size - window.size
        # The Segment is looked into, and in it Info, Tracks, and clusters that do not say how long they are.
        inside = name in {SEGMENT, INFO, TRACKS, TRACK} or (name == CLUSTER and size < 0)
        if not inside and size < 0:
            break
        place = content if inside else content + size
        short = max(short, place - window.size)
    seconds = duration * scale / 1e9 if duration and 0 < duration * scale < 1e18 else None
    cut = lacking(short, "it")
    # The duration counts what the encoder put in front and decoders leave out (RFC 9559, CodecDelay).
    return Statement(native=False, seconds=seconds, unheard=min(delay / 1e9, seconds or 0.0), cut=cut)


FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def asf(window: Window) -> Statement:
    """ASF, which WMA is in (Microsoft 2004): it states the size of the file, unless it was broadcast."""
    place, end = 30, min(window.number(16, 8), 1 << 24)
    for _ in range(1000):
        head = window.at(place, 24)
        if len(head) < 24 or place >= end:
            break
        size = int.from_bytes(head[16:], "little")
        if head[:16] == FILE_PROPERTIES:
            values = window.at(place + 24, 80)
            if len(values) < 68:
                break
            whole, _, _, played, _, preroll, flags = struct.unpack("<QQQQQQI", values[16:68])
            short = 0 if flags & 1 else whole - window.size
            seconds = max(0.0, played / 1e7 - preroll / 1e3) or None
            cut = missing_of(short, whole) if short > FEW else ""
            return Statement(native=False, seconds=seconds, cut=cut, missing=short if 0 < short <= FEW else 0)
        if size < 24:
            break
        place += size
    return Statement(native=False, cut="it ends inside its header" if window.size < end else "")
