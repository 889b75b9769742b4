"""Containers that are one header and then samples: AU and NIST SPHERE."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.containers.statement import FEW, Statement, miscounted, missing_of

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

AU_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""Bytes of a sample by the number of its encoding; 6 and 7 are floating point."""


def _counted(window: Window, *, begin: int, size: int | None, align: int, same: Statement) -> Statement:
    """Frames of a stretch of samples, of stated size or up to the end; `same` is what else is stated."""
    there = max(0, window.size - begin)
    lacking = 0 if size is None else size - there
    stated = (there if size is None else size) // align
    if lacking <= 0:
        return replace(same, frames=stated)
    if lacking < max(align, FEW + 1):
        return replace(same, frames=there // align, missing=lacking)
    if wrong := miscounted(size or 0, there, window.size):
        return replace(same, frames=there // align, wrong=wrong)
    return replace(same, frames=stated, cut=missing_of(lacking, size or 0))


def au(window: Window) -> Statement:
    """Sun's .snd: a size of 0xFFFFFFFF is not known, and means up to the end."""
    head = window.at(0, 24)
    if len(head) < 24:
        return Statement(cut="it ends inside its header")
    order = "<" if head[:4] == b"dns." else ">"
    begin, size, encoding, rate, channels = struct.unpack(f"{order}5I", head[4:])
    width = AU_WIDTHS.get(encoding)
    same = Statement(rate=rate, floats=encoding in {6, 7})
    if width is None or not channels:
        lacking = size - (window.size - begin)
        cut = missing_of(lacking, size or 0) if lacking > 0 and size < 0xFFFFFF80 else ""
        return Statement(rate=rate, cut=cut)
    unknown = size >= 0xFFFFFF80 or (size == 0 and window.size > begin)
    patches = ((8, b"\xff\xff\xff\xff"),) if unknown and size != 0xFFFFFFFF else ()
    found = _counted(window, begin=begin, size=None if unknown else size, align=width * channels, same=same)
    return Statement(rate=rate, floats=same.floats, frames=found.frames, patches=patches) if patches else found


def nist(window: Window) -> Statement:
    """NIST SPHERE: a header of text, such as ``sample_count -i 78480``; counts are of one channel."""
    head = window.at(0, 4096)
    size = re.match(rb"NIST_1A\s+(\d+)", head)
    length = int(size[1]) if size and len(size[1]) < 8 else 1024
    text = window.at(0, min(length, 1 << 16)).decode("latin-1")
    fields = dict(re.findall(r"^(\w+)[ \t]+-\w+[ \t]+(\S+)", text, re.MULTILINE))
    numbers = {key: int(value) for key, value in fields.items() if value.isdecimal() and len(value) < 16}
    rate, count = numbers.get("sample_rate", 0), numbers.get("sample_count")
    coding = fields.get("sample_coding", "pcm")
    align = numbers.get("channel_count", 1) * numbers.get("sample_n_bytes", 1 if "law" in coding else 2)
    if "," in coding or coding not in {"pcm", "ulaw", "mu-law", "alaw"}:  # such as pcm,embedded-shorten-v2.00
        return Statement(rate=rate, frames=count, native=False)
    if window.size < length:
        return Statement(rate=rate, frames=count, cut="it ends inside its header")
    if not align:
        return Statement(rate=rate)
    return _counted(
        window, begin=length, size=None if count is None else count * align, align=align, same=Statement(rate=rate)
    )
