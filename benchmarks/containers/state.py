"""Which reader is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.containers.avi import avi
from benchmarks.containers.boxes import asf, ebml, mp4
from benchmarks.containers.flac import flac
from benchmarks.containers.kinds import Kind, recognize
from benchmarks.containers.mpeg import adts, mpeg, skip_id3
from benchmarks.containers.ogg import ogg
from benchmarks.containers.plain import au, nist
from benchmarks.containers.riff import aiff, caf, w64, wav
from benchmarks.containers.statement import Statement
from benchmarks.containers.walked import ac3, amr, flv, form, transport, tta, voc, wavpack
from benchmarks.containers.window import HEAD

if TYPE_CHECKING:
    from benchmarks.containers.window import Window

READERS: dict[str, Callable[[Window], Statement]] = {
    "riff": wav,
    "w64": w64,
    "aiff": aiff,
    "caf": caf,
    "au": au,
    "nist": nist,
    "flac": flac,
    "ogg": ogg,
    "mpeg": mpeg,
    "adts": adts,
    "mp4": mp4,
    "ebml": ebml,
    "asf": asf,
    "amr": amr,
    "ac3": ac3,
    "avi": avi,
    "flv": flv,
    "form": form,
    "transport": transport,
    "tta": tta,
    "voc": voc,
    "wavpack": wavpack,
}
"""By `Kind.reader`."""


def state(window: Window) -> tuple[Kind, Statement]:
    """What a file is, and what it states of itself.

    Raises:
        OSError: it cannot be read.
    """
    head = window.at(0, HEAD)
    tagged = skip_id3(window) if head[:3] == b"ID3" else 0
    if tagged:
        head = window.at(tagged, HEAD)
    kind = recognize(head, window.size)
    reader = READERS.get(kind.reader)
    if reader is None:
        return kind, Statement()
    if tagged and kind.reader not in {"mpeg", "adts"}:  # which expect a tag; places in others are from where they begin
        return kind, replace(reader(window.after(tagged)), plain=None, links=(), patches=())
    return kind, reader(window)
