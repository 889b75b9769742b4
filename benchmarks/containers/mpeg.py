"""MPEG audio: MP3 and its older layers (ISO 11172-3, 13818-3), and AAC in ADTS (ISO 13818-7).

A file is frames, each as long as its header says. Of their number only a tag in the first frame tells (Xing, Info,
VBRI), which not every encoder writes; without it, the frames are counted here. Decoders guess it instead.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.containers.statement import Statement, in_bytes, lacking, missing_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.containers.window import Window

RATES = ((11_025, 12_000, 8_000), (), (22_050, 24_000, 16_000), (44_100, 48_000, 32_000))
"""Samples a second by version (2.5, none, 2, 1) and index."""

_V1 = (
    (),
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
)
_V2_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_V2 = ((), _V2_LOW, _V2_LOW, (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256))
"""Kilobits a second by layer bits (none, III, II, I) and index."""

SEARCHED = 1 << 16
"""Bytes in which the next frame is looked for, after a tag that is not known."""

STRAY_FRAMES = 2
"""So many frames may be lost among others: as in files that state their length."""

PADDING = 4_096
"""Zeros at the end that may be a file system's or a disc's, and no audio that never arrived."""

TAG_BYTES = 512
"""Of a frame's beginning, in which its tag stands."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The header of a frame."""

    length: int
    """Bytes."""
    samples: int
    rate: int
    bitrate: int


def skip_id3(window: Window, place: int = 0) -> int:
    """Where the audio begins, after ID3 tags of version 2."""
    for _ in range(16):
        head = window.at(place, 10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 127:
            break
        place += 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]) + (10 if head[5] & 0x10 else 0)
    return place


def frame(head: bytes) -> Frame | None:
    """The frame whose header these four bytes are; None where they are none, or one of free bit rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    index, hertz = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 0 or index in {0, 15} or hertz == 3:
        return None
    rate = RATES[version][hertz]
    bitrate = (_V1 if version == 3 else _V2)[layer][index] * 1000
    padding = head[2] >> 1 & 1
    if layer == 3:
        return Frame((12 * bitrate // rate + padding) * 4, 384, rate, bitrate)
    samples = 576 if layer == 1 and version != 3 else 1152
    return Frame(samples // 8 * bitrate // rate + padding, samples, rate, bitrate)


@dataclass(frozen=True, slots=True)
class Tag:
    """What the first frame says of those that follow."""

    frames: int
    size: int
    """Bytes, its own included; 0 is not stated."""
    trimmed: int
    """Samples that the encoder put in front and behind, which players leave out."""


def tag(data: bytes) -> Tag | None:
    """The Xing, Info or VBRI tag in the beginning of a frame."""
    at = max(data.find(b"Xing", 0, 64), data.find(b"Info", 0, 64))
    if at >= 0 and len(data) >= at + 8:
        flags = int.from_bytes(data[at + 4 : at + 8], "big")
        place = at + 8
        found = []
        for bit in (1, 2):
            found.append(int.from_bytes(data[place : place + 4], "big") if flags & bit else 0)
            place += 4 if flags & bit else 0
        place += (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
        gap = int.from_bytes(data[place + 21 : place + 24], "big") if data[place : place + 4].strip(b"\0") else 0
        return Tag(found[0], found[1], (gap >> 12) + (gap & 0xFFF)) if found[0] else None
    if data[36:40] == b"VBRI" and len(data) >= 54:
        size, frames = struct.unpack(">II", data[46:54])
        return Tag(frames, size, 0) if frames else None
    return None


def mpeg(window: Window) -> Statement:
    """MP3, by its tag where it has one that fits the file, else by its frames."""
    begin = skip_id3(window)
    begin = _sync(window, begin)
    first = frame(window.at(begin, 4)) if begin >= 0 else None
    if first is None:
        return Statement(native=False, cut="it ends inside its first frame" if window.size < begin + 4 else "")
    known = tag(window.at(begin, min(first.length, TAG_BYTES)))
    end = _end(window)
    if known is not None and known.size:
        short = begin + known.size - end
        frames = max(0, known.frames * first.samples - known.trimmed)
        if short > first.length and short > known.size // max(1, known.frames):
            return Statement(rate=first.rate, frames=frames, cut=missing_of(short, known.size))
        if abs(short) <= max(first.length, 8):
            return Statement(rate=first.rate, frames=frames, missing=max(0, short))
    return _walk(window, begin, end, first)


def _walk(window: Window, place: int, end: int, first: Frame) -> Statement:
    """Counts the frames up to the end; where several files stand one after another, their parts."""
    parts: list[int] = []
    frames = tagged = short = stray = left = 0
    bitrates: set[int] = set()
    trimmed = 0
    begin = 0
    while place < end:
        found = frame(window.at(place, 4))
        if found is None or found.rate != first.rate:
            after = skip_id3(window, place)
            further = after if after > place else _sync(window, place + 1, first.rate)
            if further < 0:
                rest = window.at(place, end - place) if end - place < 4 else b""
                short = 4 - len(rest) if rest[:1] == b"\xff" else short
                left = end - place
                break
            stray += 0 if after > place or window.at(place, 3) == b"TAG" else further - place
            begin, place = place if after > place else further, further
            continue
        known = tag(window.at(place, min(found.length, TAG_BYTES)))
        if known is not None:
            stray = 0 if begin else stray  # what stood before another file was none of this one's audio
            parts.append(begin if begin else 0 if not parts else place)
            tagged += 1
            trimmed += known.trimmed
        else:
            frames += 1
            bitrates.add(found.bitrate)
            if not parts:
                parts.append(0)
        begin = 0
        place += found.length
        short = place - end
    total = max(0, (frames - (short > 0)) * first.samples - trimmed)
    lost = _lost(stray, first.length)
    cut = lacking(short) or lost or _zeros(window, place, left)
    if len(parts) > 1:
        bounds = tuple(zip(parts, [*parts[1:], window.size], strict=True)) if tagged == len(parts) else ()
        whole = Statement(rate=first.rate, frames=total, native=bool(bounds), links=bounds)
        return replace(whole, cut=cut, holes=bool(lost), stray=0 if cut else stray)
    return Statement(
        rate=first.rate,
        frames=total,
        stray=0 if cut else stray,
        native=bool(tagged) or len(bitrates) == 1,
        cut=cut,
        holes=bool(lost),
        beyond=0 if cut else left,
    )


def _lost(stray: int, length: int) -> str:
    """Why a file is not whole in whose midst are bytes that are no frames, as where a block of it was not written."""
    return f"{in_bytes(stray)} in its midst are no audio" if stray > STRAY_FRAMES * length else ""


def _zeros(window: Window, place: int, left: int) -> str:
    """Why a file is not whole that ends in zeros, as one does whose space was taken before it was fetched."""
    if left <= PADDING:
        return ""
    empty = all(
        not window.at(at, min(SEARCHED, place + left - at)).strip(b"\0") for at in range(place, place + left, SEARCHED)
    )
    return f"its last {in_bytes(left)} are zeros" if empty else ""


def _sync(
    window: Window,
    place: int,
    rate: int | None = None,
    parse: Callable[[bytes], Frame | None] = frame,
    size: int = 4,
) -> int:
    """Where the next frame begins that another follows; -1 where there is none near.

    `parse` reads a header of so many bytes.
    """
    data = window.at(place, SEARCHED)
    at = data.find(b"\xff")
    while at >= 0:
        found = parse(data[at : at + size])
        if found is not None and rate in {None, found.rate}:
            following = window.at(place + at + found.length, size)
            if not following or parse(following) is not None or following[:3] in {b"TAG", b"ID3"}:
                return place + at
            data = window.at(place, SEARCHED)
        at = data.find(b"\xff", at + 1)
    return -1


def _end(window: Window) -> int:
    """Where the audio ends, before tags: ID3 of version 1, APE."""
    end = window.size
    if window.at(end - 128, 3) == b"TAG":
        end -= 128
    footer = window.at(end - 32, 32)
    if footer[:8] == b"APETAGEX":
        size = int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 0x80 else 0)
        end -= size if size < end else 0
    return end


ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


ADTS_HEAD = 7
"""Bytes of a header."""


def adts_frame(head: bytes) -> Frame | None:
    """The frame whose header these seven bytes are; None where they are none. Its bit rate is not stated."""
    if len(head) < ADTS_HEAD or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    index, length = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if length < ADTS_HEAD or index >= len(ADTS_RATES):
        return None
    return Frame(length, ((head[6] & 3) + 1) * 1024, ADTS_RATES[index], 0)


def adts(window: Window) -> Statement:
    """AAC in ADTS: frames of 1,024 samples, each as long as its header says. Nothing states their number.

    A tag may stand among them: HLS puts one in front of each of its pieces, which people join.
    """
    place, end = skip_id3(window), _end(window)
    begin, last = place, None  # the last frame, unless something else came after it
    rate, samples, size, count, short, stray = 0, 0, 0, 0, 0, 0
    while place < end:
        found = adts_frame(window.at(place, ADTS_HEAD))
        if found is not None and found.rate == (rate or found.rate):
            begin, last, rate = place, found, found.rate
            place += found.length
            short = place - end
            if short <= 0:
                samples, size, count = samples + found.samples, size + found.length, count + 1
            continue
        after = skip_id3(window, place)
        if after > place:
            begin, last, place = after, None, after
            continue
        # From within the last frame on: where bytes are lost, the next one's length may be read of what is none.
        further = _sync(window, begin + 1, rate or None, adts_frame, ADTS_HEAD)
        if further < 0:
            rest = window.at(place, min(ADTS_HEAD, end - place))
            header = rest[:1] == b"\xff" and (len(rest) == 1 or rest[1] & 0xF6 == 0xF0)
            short = ADTS_HEAD - len(rest) if header else 0
            break
        if further < place and last is not None:
            samples, size, count, place = samples - last.samples, size - last.length, count - 1, begin
        stray += further - place
        begin, last, place = further, None, further
    # HE-AAC may say half of its rate, so that the samples are not known from here, but the seconds are.
    seconds = samples / rate if rate else None
    lost = _lost(stray, size // max(1, count))
    cut = lacking(short) or lost or _zeros(window, place, end - place)
    return Statement(seconds=seconds, native=False, cut=cut, holes=bool(lost), stray=0 if cut else stray)
