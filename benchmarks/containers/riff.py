"""Containers of chunks with sizes: WAV (RIFF, RIFX, RF64, BW64), W64, AIFF and CAF."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.containers.statement import FEW, UNITS, Statement, miscounted, missing_of

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

MOST_CHUNKS = 10_000
"""A file with more is broken."""

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
NATIVE_TAGS = {PCM, 2, FLOAT, 6, 7, 0x11, 0x31}
"""Codecs of WAV that libsndfile decodes: PCM, Microsoft ADPCM, float, A-law, mu-law, IMA ADPCM, GSM 6.10."""
PLAIN = {(PCM, 16), (FLOAT, 32)}
"""Codecs and bits of samples that are read as they are."""

SAMPLE_TAGS = {PCM, FLOAT, 6, 7}
"""Those whose frames are all of one size."""

OPEN = ((0, 0), (0x7FFFF000, 0x80000080), (0xFFFFFF80, 0xFFFFFFFF))
"""Sizes that writers put where they cannot go back: none, SoX's and arecord's, FFmpeg's and its like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Where a chunk of samples lies and what is in it."""

    begin: int
    size: int
    """Bytes that the header states."""
    align: int
    """Bytes of a frame."""
    rate: int
    tag: int
    """The codec."""
    frames: int | None = None
    """Stated apart from the size."""
    size_place: int = 0
    """Where `size` stands."""
    plain: tuple[int, int, int] | None = None
    """As `Statement.plain`."""


def is_open(size: int) -> bool:
    """Whether a size of 32 bits is one that stands for "not known"."""
    return any(low <= size <= high for low, high in OPEN)


def chunks(window: Window, place: int, order: str = "<") -> Iterator[tuple[bytes, int, int]]:
    """Id, place of the content and size of each chunk; sizes are as stated, also where the file ends before."""
    for _ in range(MOST_CHUNKS):
        head = window.at(place, 8)
        if len(head) < 8:
            return
        size = struct.unpack(f"{order}I", head[4:])[0]
        yield head[:4], place + 8, size
        place += 8 + size + size % 2


def wav(window: Window) -> Statement:
    """WAV in all its variants (RIFF, Microsoft 1991; RF64 and BW64, EBU Tech 3306 and ITU-R BS.2088)."""
    head = window.at(0, 12)
    order = ">" if head[:4] == b"RIFX" else "<"
    big = head[:4] in {b"RF64", b"BW64"}
    align = rate = tag = channels = bits = 0
    data64 = frames = None
    for name, place, size in chunks(window, 12, order):
        content = window.at(place, 40)
        if name == b"ds64" and big and len(content) >= 24:
            data64 = struct.unpack("<Q", content[8:16])[0]
        elif name == b"fmt " and len(content) >= 16 and size >= 16:
            tag, channels, rate, _, align, bits = struct.unpack(f"{order}HHIIHH", content[:16])
            if tag == EXTENSIBLE and len(content) >= 26 and size >= 26:
                tag = struct.unpack(f"{order}H", content[24:26])[0]
        elif name == b"fact" and size >= 4:
            frames = struct.unpack(f"{order}I", content[:4])[0]
        elif name == b"data":
            wide = big and size == 0xFFFFFFFF and data64 is not None
            stated = data64 if wide and data64 is not None else size
            plain = (tag, bits) in PLAIN and channels and align == channels * bits // 8 and order == "<"
            found = Samples(
                begin=place,
                size=stated,
                align=align,
                rate=rate,
                tag=tag,
                frames=frames,
                size_place=place - 4,
                plain=(place, bits // 8, channels) if plain else None,
            )
            whole = struct.unpack(f"{order}I", head[4:8])[0]
            return _wav(window, found, 0 if wide else whole, order)
    return Statement(rate=rate, cut="it ends before its samples begin" if rate else "")


def _wav(window: Window, found: Samples, whole: int, order: str) -> Statement:
    """What a WAV states, compared with what is there; `whole` is the size that it states for all of it, 0 for none."""
    there = window.size - found.begin
    align = max(1, found.align)
    plain = found.tag in SAMPLE_TAGS
    if found.size == there and plain:  # as nearly all are
        return Statement(rate=found.rate, frames=there // align, floats=found.tag == FLOAT, plain=found.plain)
    native = found.tag in NATIVE_TAGS
    same = Statement(rate=found.rate, native=native, floats=found.tag == FLOAT, plain=found.plain)
    counted = found.frames if not plain and found.frames else None
    if _unfinished(window, found, there):
        frames = there // align if plain else None
        patch = struct.pack(f"{order}I", min(there, 0xFFFFFFFF)) if found.size == 0 else b""
        return replace(same, frames=frames, patches=((found.size_place, patch),) if patch else ())
    if found.size <= there:
        frames = found.size // align if plain else counted
        return replace(same, frames=frames, beyond=_beyond(window, found, there))
    lacking = found.size - there
    frames = there // align if plain else counted
    if lacking < max(align, FEW + 1) if plain else lacking <= FEW:
        return replace(same, frames=frames, missing=lacking)
    wrong = miscounted(found.size, there, window.size)
    if not wrong and there and whole + 8 == window.size and found.size <= UNITS[-1] * there:
        wrong = f"states {found.size} bytes of samples, {there} are there"
    if wrong:
        return replace(same, frames=frames, wrong=wrong)
    stated = found.size // align if plain else counted
    return replace(same, frames=stated, cut=missing_of(lacking, found.size))


def _unfinished(window: Window, found: Samples, there: int) -> bool:
    """Whether the size was left open by who wrote it, so that the samples go on to the end of the file."""
    if found.size == 0:
        return there > 0 and not _chain(window, found.begin)
    return is_open(found.size) or found.size == 0xFFFFFFFFFFFFFFFF


def _chain(window: Window, place: int) -> bool:
    """Whether what follows is chunks up to the end of the file."""
    for name, begin, size in chunks(window, place):
        if name == b"RIFF" or not all(32 <= byte < 127 for byte in name) or begin + size > window.size:
            return False
        place = begin + size + size % 2
    return place >= window.size - 8


def _beyond(window: Window, found: Samples, there: int) -> int:
    """Bytes after the samples that are no chunks of the file, where there is a tenth of a second of them."""
    end = found.begin + found.size + found.size % 2
    left = window.size - end
    if left <= found.align * found.rate // 10 or _chain(window, end):
        return 0
    head = window.at(end, 4)
    if head[:3] in {b"TAG", b"ID3"} or head == b"APET" or not any(window.at(end, 4096)):
        return 0  # a tag, or filled up
    first = next(chunks(window, end), None)
    ours = first is not None and all(32 <= byte < 127 for byte in first[0]) and first[0] != b"RIFF"
    return 0 if ours else there - found.size


def w64(window: Window) -> Statement:
    """Sony Wave64: chunks named by GUIDs, sizes of 64 bits that count their own header, places in steps of 8."""
    place = 40
    align = rate = tag = 0
    for _ in range(MOST_CHUNKS):
        head = window.at(place, 24)
        if len(head) < 24:
            break
        size = struct.unpack("<Q", head[16:])[0]
        if head[:4] == b"fmt ":
            content = window.at(place + 24, 26)
            if len(content) >= 16:
                tag, _, rate, _, align = struct.unpack("<HHIIH", content[:14])
                if tag == EXTENSIBLE and len(content) >= 26:
                    tag = struct.unpack("<H", content[24:26])[0]
        elif head[:4] == b"data":
            found = Samples(begin=place + 24, size=max(0, size - 24), align=align, rate=rate, tag=tag)
            return _sized(window, found, unknown=size in {0, 24, 0xFFFFFFFFFFFFFFFF})
        if size < 24:
            break
        place += (size + 7) // 8 * 8
    return Statement(rate=rate, cut="it ends before its samples begin" if rate else "")


def _sized(window: Window, found: Samples, *, unknown: bool = False, native: bool | None = None) -> Statement:
    """What a chunk of samples holds, compared with what is there."""
    there = window.size - found.begin
    plain = found.tag in SAMPLE_TAGS and found.align > 0
    known = found.tag in NATIVE_TAGS if native is None else native
    same = Statement(rate=found.rate, native=known, floats=found.tag == FLOAT)
    lacking = 0 if unknown else found.size - there
    size = there if unknown else found.size
    frames = found.frames if found.frames is not None else size // found.align if plain else None
    if lacking <= 0:
        return replace(same, frames=frames)
    if lacking < max(found.align, FEW + 1) if plain else lacking <= FEW:
        return replace(same, frames=there // found.align if plain else frames, missing=lacking)
    if plain and (wrong := miscounted(found.size, there, window.size)):
        return replace(same, frames=there // found.align, wrong=wrong)
    return replace(same, frames=frames, cut=missing_of(lacking, found.size))


AIFF_CODECS = {b"NONE": PCM, b"twos": PCM, b"sowt": PCM, b"in24": PCM, b"in32": PCM, b"raw ": PCM}
AIFF_CODECS |= {b"fl32": FLOAT, b"FL32": FLOAT, b"fl64": FLOAT, b"FL64": FLOAT, b"ulaw": 7, b"ULAW": 7}
AIFF_CODECS |= {b"alaw": 6, b"ALAW": 6, b"ima4": 0x11}
"""What AIFF-C calls the codecs that libsndfile decodes, and what WAV does."""


def aiff(window: Window) -> Statement:
    """AIFF and AIFF-C (Apple 1989, 1991)."""
    compressed = window.at(8, 4) == b"AIFC"
    rate = align = 0
    frames: int | None = None
    tag = PCM
    for name, place, size in chunks(window, 12, ">"):
        if name == b"COMM" and size >= 18:
            content = window.at(place, 22)
            if len(content) < 18:
                break
            channels, frames, bits = struct.unpack(">hIh", content[:8])
            rate = _extended(content[8:18])
            tag = AIFF_CODECS.get(content[18:22], 0) if compressed else PCM
            width = 1 if tag in {6, 7} else (bits + 7) // 8
            align = max(0, channels) * max(0, width)
        elif name == b"SSND":
            found = Samples(
                begin=place + 8 + window.number(place, 4, big=True), size=size - 8, align=align, rate=rate, tag=tag
            )
            if size < 8 or is_open(size) or size >= 0x7F000000:
                there = window.size - place - 8
                return Statement(rate=rate, frames=there // align if align else None, native=tag in NATIVE_TAGS)
            statement = _sized(window, found)
            if not statement.cut and not statement.missing and frames is not None and tag in SAMPLE_TAGS:
                # COMM counts the frames; a chunk may be longer than they are.
                return replace(statement, frames=min(frames, statement.frames or 0))
            return statement
    return Statement(rate=rate, cut="it ends before its samples begin" if rate else "")


def _extended(data: bytes) -> int:
    """A number of 80 bits as the nearest whole one; 0 where it is none that a rate can be."""
    exponent, mantissa = struct.unpack(">HQ", data)
    if not 16383 <= exponent < 16383 + 40:
        return 0
    return round(math.ldexp(mantissa, exponent - 16383 - 63))


def caf(window: Window) -> Statement:
    """Core Audio Format (Apple 2006)."""
    place = 8
    rate = bytes_a_packet = frames_a_packet = 0
    codec, floats = b"", False
    valid: int | None = None
    data: tuple[int, int] | None = None
    for _ in range(MOST_CHUNKS):
        head = window.at(place, 12)
        if len(head) < 12:
            break
        size = struct.unpack(">q", head[4:])[0]
        content = window.at(place + 12, 32)
        if head[:4] == b"desc" and len(content) == 32:
            hertz, codec, flags, bytes_a_packet, frames_a_packet = struct.unpack(">d4sIII", content[:24])
            rate = round(hertz) if 0 < hertz < 1 << 32 else 0
            floats = codec == b"lpcm" and bool(flags & 1)
        elif head[:4] == b"pakt" and len(content) >= 24:
            valid = struct.unpack(">q", content[8:16])[0]
        elif head[:4] == b"data":
            data = place + 12, size
        if size < 0:
            break
        place += 12 + size
    if data is None:
        return Statement(rate=rate, cut="it ends before its samples begin" if rate else "")
    begin, size = data
    native = codec in {b"lpcm", b"alaw", b"ulaw", b"alac"}
    there = window.size - begin
    open_end = size < 0
    count = valid
    if count is None and bytes_a_packet and frames_a_packet:
        count = ((there if open_end else size) - 4) // bytes_a_packet * frames_a_packet
    lacking = 0 if open_end else size - there
    same = Statement(rate=rate, native=native, floats=floats)
    if 0 < lacking < max(bytes_a_packet, FEW + 1) and frames_a_packet == 1 and bytes_a_packet:
        return replace(same, frames=(there - 4) // bytes_a_packet, missing=lacking)
    cut = missing_of(lacking, size) if lacking > 0 else ""
    return replace(same, frames=count, cut=cut)
