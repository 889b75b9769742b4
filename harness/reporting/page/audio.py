"""Audio for the page: the files that journals name, put into the page, linked or copied beside it."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from harness.perturb.names import named
from harness.records.stored import taken

if TYPE_CHECKING:
    from benchmarks.dataset import Audio
    from harness.reporting.page.choice import Chosen
    from harness.scoring.predictions import System
    from harness.scoring.scored import Scored

_CUT = re.compile(r"#t=([\d.eE+-]*),([\d.eE+-]*)\Z")
_TYPES = {".flac": "audio/flac", ".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg"}
_TYPES |= {".m4a": "audio/mp4", ".mp4": "audio/mp4", ".webm": "audio/webm", ".aac": "audio/aac"}

_UNSAID = "nothing says where it is"

AUDIO_FOLDER = "audio"
"""Beside the page, where copies lie."""

Mode = Literal["embed", "link", "copy"]
MODES: tuple[Mode, ...] = ("embed", "link", "copy")
"""What can become of audio: into the page, linked where it lies, or copied beside the page."""

Utterance = tuple[str, str]
"""A benchmark and an utterance's id."""


def origins(
    systems: Sequence[System],
    chosen: Mapping[str, Chosen] | None = None,
    scored: Sequence[Sequence[Scored]] | None = None,
) -> dict[Utterance, str]:
    """Where the journals say that each utterance's audio is. Predictions of others do not say.

    Of benchmarks of which some utterances are `chosen`, of these alone; where the systems are given as `scored` too,
    only these are looked at.
    """
    found: dict[Utterance, str] = {}
    counted: Sequence[Sequence[Scored | None]]
    counted = [[None] * len(system.benchmarks) for system in systems] if scored is None else scored
    for system, held in zip(systems, counted, strict=True):
        for predictions, one in zip(system.benchmarks, held, strict=True):
            # Under a condition a model heard something else than what the journal names.
            if not predictions.ours or named(predictions.benchmark) is not None:
                continue
            some = (chosen or {}).get(predictions.benchmark)
            rows = predictions.rows
            if some is not None and one is not None and len(rows) and rows[0].parent_id is None:
                rows = taken(one.units.rows, some.places(one))  # no chunks were put together to these
            for row in rows:
                if row.audio and (some is None or row.id in some.ids or row.parent_id in some.ids):
                    found.setdefault((predictions.benchmark, row.id), row.audio)
    return found


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of the audio of a report's utterances."""

    addresses: dict[Utterance, str]
    """That the page can play."""
    silent: dict[Utterance, str]
    """Why the others have none."""
    said: str
    """All of it in one line."""
    files: list[Path]
    """That were copied."""


def addresses(wanted: Iterable[Utterance], where: dict[Utterance, str], limit: int) -> dict[Utterance, str]:
    """An address that the page can play for each utterance whose audio is a file on this disk.

    Args:
        wanted: utterances in the order in which they get the room that there is.
        where: what `origins` gives.
        limit: bytes of audio to inline; what does not fit is linked, whole files only.
    """
    return place_audio(wanted, where, "embed", limit, Path()).addresses


def place_audio(wanted: Iterable[Utterance], where: dict[Utterance, str], mode: Mode, limit: int, out: Path) -> Placed:
    """Puts audio into the page, links it, or copies it beside the page.

    Args:
        wanted: utterances in the order in which they get the room that there is.
        where: what `origins` gives.
        mode: ``embed`` puts in what fits and links the rest, ``link`` links all that a browser plays as it is, ``copy``
            writes all into ``audio`` beside the page, segments and what no browser plays as FLAC.
        limit: bytes that may be put into the page.
        out: the page's folder.

    Raises:
        OSError: a copy cannot be written.
    """
    found = Placed({}, {}, "", [])
    inside, left, utterances = 0, limit if mode == "embed" else 0, list(dict.fromkeys(wanted))
    for utterance in utterances:
        place = where.get(utterance, "")
        cut, path = _CUT.search(place), Path(_CUT.sub("", place))
        plays = path.suffix.lower() in _TYPES
        if not place or not path.is_file():
            found.silent[utterance] = _why_unknown(utterance[0]) if not place else "it is not on this disk"
            continue
        if mode == "copy":
            copied = _copied(place, path, cut, out)
            if copied is None:
                found.silent[utterance] = "it cannot be decoded"
            else:
                found.files.append(copied)
                found.addresses[utterance] = f"{copied.parent.name}/{copied.name}"
            continue
        content, kind = _encoded(path, cut) if left > 0 else (None, "")
        if content is not None and len(content) <= left:
            left -= len(content)
            inside += 1
            found.addresses[utterance] = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
        elif plays:
            found.addresses[utterance] = "file://" + quote(os.fsencode(path.resolve())) + (cut[0] if cut else "")
        elif content is None and left > 0:
            found.silent[utterance] = "it cannot be decoded"
        else:
            found.silent[utterance] = f"no browser plays {path.suffix or 'this kind of file'}, and it was not put in"
    files = list(dict.fromkeys(found.files))
    parts = [
        f"{inside} of {len(utterances):,} put into the page ({(limit - left) / 1e6:.1f} of {limit / 1e6:g} MB)"
        if inside
        else "",
        f"{len(found.addresses):,} of {len(utterances):,} copied to {AUDIO_FOLDER}/ beside the page" if files else "",
        f"{len(found.addresses) - inside:,} linked to files of this machine"
        if mode != "copy" and len(found.addresses) > inside
        else "",
        *(f"{count:,} silent: {why}" for why, count in Counter(found.silent.values()).items()),
    ]
    said = "; ".join(part for part in parts if part)
    return replace(found, said=f"Audio: {said or 'none'}.", files=files)


def _why_unknown(benchmark: str) -> str:
    """Why no file is known of a benchmark's utterance."""
    return "under a condition a model heard something else than the file" if named(benchmark) else _UNSAID


def _copied(place: str, path: Path, cut: re.Match[str] | None, out: Path) -> Path | None:
    """Where a copy of an utterance's audio lies; None where it cannot be decoded. Equal places share one."""
    name = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    folder = out / AUDIO_FOLDER
    whole = cut is None and path.suffix.lower() in _TYPES
    target = folder / f"{name}{path.suffix.lower() if whole else '.flac'}"
    folder.mkdir(parents=True, exist_ok=True)
    if whole:
        shutil.copyfile(path, target)
        return target
    content, _ = _encoded(path, cut)
    if content is None:
        return None
    target.write_bytes(content)
    return target


def address_of(audio: Audio, limit: int) -> tuple[str | None, int]:
    """An address that the page can play for audio that may lie in memory or in an archive, and the bytes it takes.

    Args:
        audio: whole files, members of archives, and bytes; a segment is cut out.
        limit: bytes that may be inlined; a whole file that does not fit is linked, anything else has no address.
    """
    whole = audio.path is not None and audio.size is None and not audio.offset
    cut = audio.start is not None or audio.end is not None
    found: tuple[bytes | None, str] = (None, "")
    if limit > 0 and _bytes_of(audio) <= 8 * limit:
        try:
            found = _plain(audio.read()) if not cut else (None, "")
            if found[0] is None:
                found = _cut_out(audio)
        except OSError:
            return None, 0
    content, kind = found
    if content is not None and len(content) <= limit:
        return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}", len(content)
    if whole and audio.path is not None and audio.path.suffix.lower() in _TYPES:
        times = f"#t={audio.start or 0:g},{'' if audio.end is None else f'{audio.end:g}'}" if cut else ""
        return "file://" + quote(str(audio.path.resolve())) + times, 0
    return None, 0


def _bytes_of(audio: Audio) -> float:
    """How many there are to read; without end where there is no file."""
    try:
        return audio.length()
    except OSError:
        return math.inf


def _plain(data: bytes) -> tuple[bytes | None, str]:
    """Encoded bytes as they are, where a browser plays them."""
    kinds = {b"fLaC": "audio/flac", b"OggS": "audio/ogg", b"ID3": "audio/mpeg", b"\xff\xfb": "audio/mpeg"}
    kinds |= {b"\xff\xf3": "audio/mpeg", b"\xff\xf2": "audio/mpeg"}
    return next(((data, kind) for sign, kind in kinds.items() if data.startswith(sign)), (None, ""))


def _cut_out(audio: Audio) -> tuple[bytes | None, str]:
    """A segment, or what browsers do not play, as FLAC of its own rate and channels; None where it cannot be read."""
    import numpy as np
    import soundfile

    from harness.audio.hearing import listen
    from harness.errors import DataError

    blocks: list[Any] = []
    rates: list[int] = []

    def begin(rate: int, _channels: int, _frames: int | None) -> Callable[[Any], None]:
        rates.append(rate)
        return blocks.append

    buffer = io.BytesIO()
    try:
        listen(audio, begin)
        soundfile.write(buffer, np.concatenate(blocks), rates[0], format="FLAC", subtype="PCM_16")
    except (DataError, soundfile.SoundFileError, ValueError):
        return None, ""
    return buffer.getvalue(), "audio/flac"


def _encoded(path: Path, cut: re.Match[str] | None) -> tuple[bytes | None, str]:
    """The utterance's bytes in a form that browsers play; None where they cannot be read."""
    suffix = path.suffix.lower()
    if cut is None and suffix in _TYPES:
        try:
            return path.read_bytes(), _TYPES[suffix]
        except OSError:
            return None, ""
    from benchmarks.dataset import Audio

    start, end = (float(cut[place]) if cut and cut[place] else None for place in (1, 2))
    return _cut_out(Audio(origin=str(path), path=path, start=start, end=end))
