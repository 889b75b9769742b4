"""Whether a row is the one that a line was written for: its audio above all, told by size and times, else by content.

As `harness.models.digests` does for weights, the state of a file is its size, its times and its inode: where these are
as they were, nothing is read. Where they are not, the content decides, so that a touched, copied or checked-out file is
no change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio
from harness.records.codec import encode
from harness.records.journal import AudioFile

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance

DIGITS = 16
"""Hexadecimal digits that are kept of a digest."""

_PLACE = {"origin", "path", "data", "offset", "size", "crc32"}
"""Fields of an audio that say where its bytes are; the others say what of them is heard."""
_PARTS = [field for field in fields(Audio) if field.name not in _PLACE]

_State = tuple[int, int, int, int]
"""Size, modification and change in nanoseconds, inode."""


class Heard(Enum):
    """How a row's audio stands to what was heard."""

    SAME = "the same"
    TOUCHED = "the same in a file of other times or another place"
    OTHER = "other audio, or another part of it"
    GONE = "it cannot be read, so that nobody can tell"


def audio_file(utterance: Utterance, *, read: bool = True) -> AudioFile:
    """What is heard: of a file that segments share, content is read once. Without `read` only its state is noted."""
    state = _state(utterance.audio)
    size, modified, changed, inode = state or (0, 0, 0, 0)
    digest: str | None = ""
    if state is not None:
        digest = _digest(utterance.audio, state) if read or not modified else None
    return AudioFile(size, digest, modified, changed, inode, given(utterance))


def compare_audio(utterance: Utterance, before: AudioFile) -> Heard:
    """How a row's audio stands to what was heard; read only where size, times or inode are others."""
    state = _state(utterance.audio)
    if given(utterance) != before.given or (state and state[0] != before.size):
        return Heard.OTHER
    if state is None:
        return Heard.SAME if before.digest == "" else Heard.GONE
    in_file = bool(state[1])
    if in_file and state == (before.size, before.modified, before.changed, before.inode):
        return Heard.SAME
    digest = _digest(utterance.audio, state)
    if digest == before.digest:
        return Heard.TOUCHED if in_file or before.modified else Heard.SAME
    return Heard.GONE if digest is None else Heard.OTHER


def given(utterance: Utterance) -> str:
    """What decides what a model is given, besides the encoded audio."""
    audio = utterance.audio
    parts = [(field.name, getattr(audio, field.name), field.default) for field in _PARTS]
    return " ".join(f"{name}={value}" for name, value, usual in parts if value != usual)


def digest_of(utterances: Iterable[Utterance]) -> str:
    """Of all that was asked for: ids, references and the like, and the state of the audio, which is not read."""
    digest = hashlib.sha256()
    for one in utterances:
        state = _state(one.audio)
        content = _digest(one.audio, state) if one.audio.path is None and state else None
        said = (one.id, one.reference, one.language, one.session, one.parent_id, one.chunk_index, one.duration)
        digest.update(encode((*said, one.keywords, sorted(one.tags.items()), given(one), state, content)))
        if one.turns or one.words:
            digest.update(encode((one.turns, one.words)))
    return f"rows:{digest.hexdigest()[:DIGITS]}"


def _state(audio: Audio) -> _State | None:
    """Of the file; of bytes in memory only their number. None where there is no such file."""
    if audio.path is None:
        return len(audio.data or b""), 0, 0, 0
    try:
        facts = audio.path.stat()
    except (OSError, ValueError):
        return None
    size = facts.st_size if audio.size is None else audio.size
    return size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino


def _digest(audio: Audio, state: _State) -> str | None:
    """Of the encoded audio; None where it cannot be read."""
    if audio.path is None:
        return hashlib.sha256(audio.data or b"").hexdigest()[:DIGITS]
    if any(getattr(audio, field.name) != field.default for field in _PARTS):
        return _shared(audio.path, audio.offset, audio.size, state)
    return _read(audio)


@lru_cache(maxsize=4096)
def _shared(path: Path, offset: int, size: int | None, _state: _State) -> str | None:
    """As `_digest`, of a file that further segments are of."""
    return _read(Audio(origin=str(path), path=path, offset=offset, size=size))


def _read(audio: Audio) -> str | None:
    try:
        with audio.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:DIGITS]  # type: ignore[arg-type]
    except (OSError, ValueError):
        return None
