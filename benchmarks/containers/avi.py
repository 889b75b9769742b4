"""AVI (Microsoft, AVI RIFF File Reference; OpenDML): lists of chunks, each of a stated size, without times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.containers.statement import Statement, in_bytes
from benchmarks.containers.walked import form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.containers.window import Window

DATA = re.compile(rb"[0-9A-Fa-f]{2}[A-Za-z]{2}|ix\d\d|JUN[KQ]|idx1|LIST|[A-Z]{4}")
"""Names of chunks between the samples of all streams."""


class _Sound(NamedTuple):
    """The header of the first stream of sound (AVISTREAMHEADER)."""

    stream: int
    scale: int
    rate: int
    length: int
    """In units of `scale` / `rate` seconds."""
    sample: int
    """Bytes of a unit; 0 where each chunk is one."""


def avi(window: Window) -> Statement:
    """Whether its chunks follow one another, and the seconds that its header states, where they bear it out."""
    whole = form(window)
    if whole.cut:
        return whole
    sound: _Sound | None = None
    lost = units = 0
    for kind, begin, end in _chunks(window, 12, window.size):
        if kind == b"hdrl":
            sound = _sound(window, begin, end)
        elif kind == b"movi":
            broken, counted = _walked(window, begin, end, sound)
            lost, units = lost + broken, units + counted
    if lost:
        return Statement(native=False, cut=f"{in_bytes(lost)} in its midst are no chunks", holes=True)
    stated = sound is not None and sound.rate > 0 and 0 < sound.length <= units
    return Statement(native=False, seconds=sound.length * sound.scale / sound.rate if stated and sound else None)


def _chunks(window: Window, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Chunks in a stretch: their names (of a list its own), and where what they hold begins and ends."""
    while place + 8 <= end:
        name, size = window.at(place, 4), window.number(place + 4, 4)
        begin, after = place + 8, min(place + 8 + size, end)
        if name in {b"LIST", b"RIFF"}:
            name, begin = window.at(begin, 4), begin + 4
        yield name, begin, after
        place += 8 + size + size % 2


def _sound(window: Window, begin: int, end: int) -> _Sound | None:
    """The first stream of sound among the headers."""
    lists = ((at, to) for name, at, to in _chunks(window, begin, end) if name == b"strl")
    for number, (at, to) in enumerate(lists):
        for name, place, _ in _chunks(window, at, to):
            if name == b"strh" and window.at(place, 4) == b"auds":
                scale, rate, length, sample = (window.number(place + at, 4) for at in (20, 24, 32, 44))
                return _Sound(number, scale, rate, length, sample)
    return None


def _walked(window: Window, place: int, end: int, sound: _Sound | None) -> tuple[int, int]:
    """Bytes from the first that begin no chunk, 0 where all do; and units of sound."""
    units = held = 0
    ours = b"%02dwb" % sound.stream if sound else b""
    while place + 8 <= end:
        name, size = window.at(place, 4), window.number(place + 4, 4)
        if not DATA.fullmatch(name) or place + 8 + size > end:
            return end - place, 0
        if name == b"LIST":  # of chunks that are read together
            place += 12
            continue
        if name == ours:
            units, held = units + 1, held + size
        place += 8 + size + size % 2
    return 0, held // sound.sample if sound and sound.sample else units
