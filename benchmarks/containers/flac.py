"""FLAC (RFC 9639): a block that counts the samples, then frames, each numbered and with checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.containers.statement import Statement

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

TAIL = 1 << 18
"""Bytes before the end in which the last frame begins."""


HEADER = 42
"""Bytes up to the end of STREAMINFO."""


def rate_and_frames(head: bytes) -> tuple[int, int]:
    """What STREAMINFO (8.2) states in the first HEADER bytes: samples a second and samples, 0 where not known."""
    if len(head) < HEADER or head[4] & 0x7F:
        return 0, 0
    packed = int.from_bytes(head[18:26], "big")
    return packed >> 44, packed & ((1 << 36) - 1)


def flac(window: Window) -> Statement:
    """STREAMINFO, and whether the blocks before the frames are all there."""
    place, last = 4, False
    while not last and place < window.size:
        last = bool(window.number(place, 1) & 0x80)
        place += 4 + window.number(place + 1, 3, big=True)
    rate, frames = rate_and_frames(window.at(0, HEADER))
    cut = "it ends before its samples begin" if place > window.size else ""
    return Statement(rate=rate, frames=frames or None, cut=cut)


def whole_samples(window: Window) -> int | None:
    """How many samples stand in whole frames of a file that could not be decoded to its end, if it is cut.

    None where its last frame is whole, and so something before it is broken.
    """
    fixed = window.number(8, 2, big=True)
    begin = max(42, window.size - TAIL)
    data = window.at(begin, TAIL)
    place = len(data)
    while (place := data.rfind(b"\xff", 0, place)) >= 0:
        first = _first_sample(data[place : place + 16], fixed)
        if first is not None:
            whole = len(data) >= place + 8 and _crc16(data[place:-2]) == int.from_bytes(data[-2:], "big")
            return None if whole else first
    return 0


def _first_sample(head: bytes, fixed: int) -> int | None:
    """The place of a frame's first sample, by its header (9.1); None where these bytes are none."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8 or head[3] & 1:
        return None
    ones = next((count for count in range(8) if not head[4] << count & 0x80), 8)
    if ones in {1, 8}:
        return None
    length = max(1, ones)
    number = head[4] & (0x7F >> ones)
    for byte in head[5 : 4 + length]:
        number = number << 6 | byte & 0x3F
    size, rate = head[2] >> 4, head[2] & 15
    length += 4 + {6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if len(head) <= length or _crc8(head[:length]) != head[length]:
        return None
    return number if head[1] & 1 else number * fixed


def _crc8(data: bytes) -> int:
    found = 0
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found << 1 ^ (0x07 if found & 0x80 else 0)) & 0xFF
    return found


def _crc16(data: bytes) -> int:
    found = 0
    for byte in data:
        found ^= byte << 8
        for _ in range(8):
            found = (found << 1 ^ (0x8005 if found & 0x8000 else 0)) & 0xFFFF
    return found
