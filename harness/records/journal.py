"""The journal: one JSON line an utterance, append-only. It is the product of a run; all else is derived from it."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, field
from numpy.typing import NDArray

from benchmarks.files import looked_at, whole
from harness.errors import DataError
from harness.records.codec import FORMAT, MALFORMED, Record, check_format, encode, explain, loads, not_known
from harness.records.stored import CAN_STAY, LARGE_BYTES, OpenFile, Stored
from harness.types import AudioWarning, Turn, Usage, Word

Seconds = Annotated[float, Meta(ge=0)]
Index = Annotated[int, Meta(ge=0)]


class AudioFile(msgspec.Struct, frozen=True, array_like=True):
    """What was heard, so that other audio is told from it: written as a list, one stands in every line."""

    size: int
    """Bytes of encoded audio."""
    digest: str | None
    """SHA-256 of the encoded audio, its first 16 digits; empty where there was no audio, null where it is not known."""
    modified: int
    """When the file was modified, in nanoseconds; 0 where the audio was no file. So for the next two."""
    changed: int
    """When the file's entry on the disk was changed last, in nanoseconds."""
    inode: int
    """Number of the file on its disk."""
    given: str
    """What else decides what the model was given: the part of the file, the channel."""


class Line(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What is written about an utterance, whatever became of it: it has either a hypothesis or an error."""

    format: int = field(default_factory=lambda: FORMAT)
    """2; lines of format 1 say nothing."""
    id: str
    """Unique in its benchmark."""
    language: str = field(default_factory=lambda: "")
    """BCP-47 primary subtag; empty in files of others that do not say."""
    session: str | None = field(default_factory=not_known)
    """What is independent of other sessions: a speaker, meeting or call."""
    duration: Seconds | None = field(default_factory=not_known)
    """Seconds, as the data states them, else as decoded."""
    audio_seconds: Seconds | None = field(default_factory=not_known)
    """Seconds of audio that the model was given."""
    reference: str
    """Verbatim as the data has it."""
    hypothesis: str | None = None
    """What the model wrote, raw."""
    error: str | None = None
    """Why there is no hypothesis."""
    time: Seconds | None = None
    """Its share, by duration, of the counted seconds of its batch; sums to the total and is not a latency."""
    batch: int | None = None
    """Number of its batch."""
    undisturbed: bool | None = None
    """False where something happened to the batch: its time does not count in RTFx."""
    draft: str | None = None
    """What a drafting stage wrote before it was edited."""
    words: tuple[Word, ...] | None = None
    """Words with times, each as [text, start, end]."""
    speakers: tuple[str, ...] | None = None
    """One label a word."""
    turns: tuple[Turn, ...] | None = None
    """Who says what from when to when, each as [speaker, text, start, end]; times are null where they are not known."""
    usage: Usage | None = None
    """What the transcript took: tokens, latency, requests."""
    segments: tuple[tuple[float, float], ...] | None = None
    """Begin and end in seconds of the pieces that a long clip was cut into."""
    parent_id: str | None = None
    """The session whose one reference this chunk shares."""
    chunk_index: Index | None = None
    """Place of the chunk in its parent, from 0."""
    reference_speakers: tuple[str, ...] | None = None
    """Who says each word of the reference; one label a word."""
    reference_turns: tuple[Turn, ...] | None = None
    """Who says what of the reference from when to when, each as [speaker, text, start, end]."""
    reference_words: tuple[Word, ...] | None = None
    """Words of the reference with times, each as [text, start, end]."""
    keywords: tuple[str, ...] | None = None
    """Names and terms that the utterance's own list holds; null where it has none."""
    distractors: tuple[str, ...] | None = None
    """Words of a list that is to lead astray: not in the reference, and made up where they are written."""
    target: str | None = None
    """Of a translation: the language of reference and hypothesis, a primary subtag; null: both are transcripts."""
    corrected: str | None = None
    """What a corrected release of the data has in place of the reference; null where none was given."""
    tags: dict[str, str] = field(default_factory=dict)
    """Anything else worth slicing by."""
    audio: str | None = None
    """Where the audio is found again."""
    audio_warnings: tuple[AudioWarning, ...] | None = None
    """What is odd about the audio although it could be decoded, each as [kind, text]."""
    stretch: Index | None = None
    """Place in the run's list of the stretch that computed it, where that is not the first."""
    audio_file: AudioFile | None = None
    """What was heard; null in lines that were written before this was noted."""

    def __post_init__(self) -> None:
        if (self.hypothesis is None) == (self.error is None):
            raise ValueError("an utterance has either a hypothesis or an error")
        if (self.parent_id is None) != (self.chunk_index is None):
            raise ValueError("a chunk has both parent_id and chunk_index")


class Journal(NamedTuple):
    """What a journal holds."""

    lines: Sequence[Line]
    """Every utterance once. Those of a large journal stay in the file, and are decoded when they are looked at."""
    size: int
    """Bytes of its whole lines; what comes after was torn off when the process was killed."""


class StoredLines(Stored[Line]):
    """Lines of a large journal."""

    language: str | None = None
    """Of all of them, where they have one."""


_DECODER = msgspec.json.Decoder(Line)
_RENAMED = {"heard": "audio_seconds", "clean": "undisturbed"}
"""Fields that format 1 calls otherwise."""


def read_journal(path: Path) -> Journal:
    """The whole lines of a journal, each utterance once; nothing where there is no file.

    A last line without its line end, or a last one that is no JSON, was torn when the process was killed: it is left
    out. What was tried again after an error replaces the error.

    Raises:
        DataError: the file cannot be read, another line is broken, or an utterance has two transcripts; the message
            names the line and the field.
    """
    try:
        if CAN_STAY and looked_at(path).st_size >= LARGE_BYTES:
            return _read_large(path)
        data = whole(path)
    except FileNotFoundError:
        return Journal([], 0)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    raws = data.split(b"\n")
    size = len(data) - len(raws.pop())
    if raws and not _is_object(raws[-1]):
        size -= len(raws.pop()) + 1
    return Journal(list(_once(_lines(raws, path), path)), size)


def read_line(raw: bytes) -> Line:
    """One line, of either format.

    Raises:
        msgspec.ValidationError, ValueError: it is no journal line; what is wrong.
    """
    try:
        if raw.startswith(b'{"format":'):
            line = _DECODER.decode(raw)
            check_format({"format": line.format})
            return line
    except msgspec.DecodeError:
        pass  # a lone surrogate, perhaps; and if not, what follows says what it is
    found = loads(raw)
    check_format(found)
    return msgspec.convert(upgrade_line(found), Line)


def upgrade_line(found: object) -> object:
    """The plain values of a line of format 1 under today's names, unknown ones (null) left out."""
    if not isinstance(found, dict) or found.get("format", 1) != 1:
        return found
    return {_RENAMED.get(key, key): value for key, value in found.items() if value is not None}


def _lines(raws: Iterable[bytes], path: Path) -> Iterator[tuple[int, Line]]:
    for number, raw in enumerate(raws, start=1):
        if raw.strip():
            yield number, _line(raw, path, number)


def _line(raw: bytes, path: Path, number: int) -> Line:
    try:
        return read_line(raw)
    except MALFORMED as error:
        try:
            found = upgrade_line(loads(raw))
        except ValueError:
            found = None
        what = explain(error, found, Line)
        message = f"{path}, line {number}: not a journal line: {what}; restore the file or start over with --fresh"
        raise DataError(message) from None


def _read_large(path: Path) -> Journal:
    """A journal whose lines stay in the file: each is read once, and noted where it stands."""
    file = OpenFile(path)
    begins, sizes, names = array("q"), array("q"), array("q")
    languages = set[str]()
    at = number = 0
    with open(file.number, "rb", buffering=1 << 20, closefd=False) as whole_lines:
        before = next(whole_lines, b"")
        while before.endswith(b"\n"):
            raw = next(whole_lines, b"")
            if not raw.endswith(b"\n") and not _is_object(before):
                break  # the last one
            number += 1
            if before.strip():
                line = _line(before, path, number)
                names.append(hash(line.id))
                languages.add(line.language)
                begins.append(at)
                sizes.append(len(before))
            at += len(before)
            before = raw

    def decode(raw: bytes) -> Line:
        try:
            return read_line(raw)
        except MALFORMED:
            raise DataError(f"{path} was changed while it was read; try again") from None

    found = StoredLines(file, np.asarray(begins, np.int64), np.asarray(sizes, np.int64), decode)
    found.language = languages.pop() if len(languages) == 1 else None
    return Journal(_once_stored(found, np.asarray(names, np.int64), path, file), at)


def _once_stored(lines: StoredLines, names: NDArray[np.int64], path: Path, file: OpenFile) -> StoredLines:
    """As `_once`, of lines whose ids are told apart by their hashes first, so that few are looked at again."""
    if not len(lines):
        return lines
    order = np.argsort(names, kind="stable")
    again = names[order][1:] == names[order][:-1]
    alike = np.sort(order[np.concatenate([again, [False]]) | np.concatenate([[False], again])])
    places = np.arange(len(lines))
    gone = np.zeros(len(lines), dtype=bool)
    by_id: dict[str, tuple[int, Line]] = {}
    for at in alike.tolist():
        line = lines[at]
        first, earlier = by_id.get(line.id, (at, None))
        if earlier is not None and earlier.error is None:
            number = 1 + file.lines_until(lines.place(at))
            raise DataError(f"{path}, line {number}: utterance {line.id!r} stands there twice; start over with --fresh")
        by_id[line.id] = first, line
        places[first] = at
        gone[at] = at != first
    if not gone.any():
        return lines
    once = StoredLines(file, *lines.where(places[~gone]), lines.decode)
    once.language = lines.language
    return once


def _is_object(raw: bytes) -> bool:
    try:
        return isinstance(loads(raw), dict)
    except ValueError:
        return False


def _once(lines: Iterable[tuple[int, Line]], path: Path) -> Iterable[Line]:
    """Every utterance once, in the order in which they were first tried."""
    by_id: dict[str, Line] = {}
    for number, line in lines:
        earlier = by_id.get(line.id)
        if earlier is not None and earlier.error is None:
            raise DataError(f"{path}, line {number}: utterance {line.id!r} stands there twice; start over with --fresh")
        by_id[line.id] = line
    return by_id.values()


def encode_lines(lines: Iterable[Line]) -> bytes:
    """Lines as they are appended to a journal."""
    return b"".join(encode(line) + b"\n" for line in lines)
