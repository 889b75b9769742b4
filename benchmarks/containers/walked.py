"""Containers without a statement of their length, whose parts each say how long they are: the last must be whole."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from benchmarks.containers.statement import FEW, Statement, in_bytes, lacking, missing_of

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

AMR_SIZES = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0)
AMR_WB_SIZES = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 5, 0, 0, 0, 0, 0)
"""Bytes of a frame of 20 ms after its first byte, by mode (RFC 4867, 5.3)."""

AC3_KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
AC3_RATES = (48_000, 44_100, 32_000)

TS_PACKET = 188

WAVPACK_HEAD = 32
"""Bytes of a block's header."""

SEARCHED = 1 << 20
"""Bytes in which the next block is looked for."""


def amr(window: Window) -> Statement:
    """AMR and AMR-WB (RFC 4867, 5): frames of 20 ms, each as long as its first byte says, and nothing else."""
    wide = window.at(0, 9) == b"#!AMR-WB\n"
    place, sizes, rate = (9, AMR_WB_SIZES, 16_000) if wide else (6, AMR_SIZES, 8_000)
    frames = 0
    while place < window.size:
        place += 1 + sizes[window.at(place, 1)[0] >> 3 & 15]
        frames += place <= window.size
    short = place - window.size
    return Statement(rate=rate, frames=frames * rate // 50, native=False, cut=lacking(short))


def ac3(window: Window) -> Statement:
    """AC-3 and E-AC-3 (ETSI TS 102 366): frames that begin with 0x0B77."""
    place = short = 0
    while len(head := window.at(place, 6)) == 6 and head[:2] == b"\x0b\x77":
        if head[5] >> 3 > 10:  # E-AC-3
            length = (((head[2] & 7) << 8 | head[3]) + 1) * 2
        else:
            code, hertz = (head[4] & 0x3F) >> 1, head[4] >> 6
            if code >= len(AC3_KILOBITS) or hertz == 3:
                break
            words = AC3_KILOBITS[code] * 96_000 // AC3_RATES[hertz]
            length = 2 * (words + (head[4] & 1 if hertz == 1 else 0))
        place += length
        short = place - window.size
    if window.at(place, 1) == b"\x0b" and window.size - place < 6:
        short = place + 6 - window.size
    return Statement(native=False, cut=lacking(short))


def flv(window: Window) -> Statement:
    """Flash Video: tags, each followed by its size."""
    place, short = window.number(5, 4, big=True) + 4, 0
    while len(head := window.at(place, 4)) == 4 and head[0] in {8, 9, 18}:
        place += 15 + int.from_bytes(head[1:], "big")
        short = place - 4 - window.size
    return Statement(native=False, cut=lacking(short, "its last tag"))


def transport(window: Window) -> Statement:
    """MPEG-TS: packets of 188 bytes."""
    rest = window.size % TS_PACKET
    return Statement(native=False, cut=lacking(TS_PACKET - rest if rest else 0, "its last packet"))


def voc(window: Window) -> Statement:
    """Creative Voice: blocks of stated sizes."""
    place, short = window.number(20, 2), 0
    while len(head := window.at(place, 4)) == 4 and head[0]:
        place += 4 + int.from_bytes(head[1:], "little")
        short = place - window.size
    return Statement(cut=lacking(short, "its last block"))


def form(window: Window) -> Statement:
    """QCP, 8SVX, and AVI around its chunks: a size of the whole, in the order of bytes that RIFF or FORM stands for."""
    size = window.number(4, 4, big=window.at(0, 4) == b"FORM")
    short = 0 if size in {0, 0xFFFFFFFF} else size + 8 - window.size
    return Statement(cut=missing_of(short, size + 8) if short > FEW else "")


def tta(window: Window) -> Statement:
    """True Audio: a header, the size of each frame, the frames."""
    head = window.at(0, 22)
    if len(head) < 22:
        return Statement(native=False, cut="it ends inside its header")
    rate, frames = struct.unpack("<II", head[10:18])
    each = max(1, 256 * rate // 245)
    count = -(-frames // each)
    table = window.at(22, 4 * count) if count < 1 << 20 else b""
    sizes = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    whole = 22 + 4 * count + 4 + sum(sizes)
    cut = missing_of(whole - window.size, whole) if whole > window.size or len(sizes) < count else ""
    return Statement(rate=rate, frames=frames, native=False, cut=cut)


def wavpack(window: Window) -> Statement:
    """WavPack: blocks of stated sizes, each with the number of its first sample; the first counts the samples of all.

    Of several channels some blocks begin at the same sample. What a block does not follow upon is missing.
    """
    frames = window.number(12, 4)
    place = short = stray = lost = expected = 0
    begun = -1  # the sample that the last block begins with
    while len(head := window.at(place, WAVPACK_HEAD)) >= 4:
        if head[:4] != b"wvpk":
            further = -1 if head[:3] == b"TAG" or head[:4] == b"APET" else window.at(place, SEARCHED).find(b"wvpk")
            if further < 0:
                break
            place, stray = place + further, stray + further
            continue
        size, first, count = (int.from_bytes(head[at : at + 4], "little") for at in (4, 16, 20))
        if count:
            lost += max(0, first - expected) if begun >= 0 and first != begun else 0
            begun, expected = first, first + count
        place += 8 + size
        short = place - window.size
    holes = stray > 0 or lost > 0
    hole = f"{lost} of its samples are missing in its midst" if lost else f"{in_bytes(stray)} in its midst are no audio"
    cut = lacking(short, "its last block") or (hole if holes else "")
    return Statement(frames=None if frames == 0xFFFFFFFF else frames, native=False, cut=cut, holes=holes)
