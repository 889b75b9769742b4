"""The journal: one JSON line an utterance, append-only. It is the product of a run; all else is derived from it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, field

from benchmarks.files import whole
from harness.errors import DataError
from harness.records.codec import FORMAT, MALFORMED, Record, check_format, encode, explain, loads, not_known
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

    lines: list[Line]
    """Every utterance once."""
    size: int
    """Bytes of its whole lines; what comes after was torn off when the process was killed."""


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
        if not raw.strip():
            continue
        try:
            yield number, read_line(raw)
        except MALFORMED as error:
            try:
                found = upgrade_line(loads(raw))
            except ValueError:
                found = None
            what = explain(error, found, Line)
            message = f"{path}, line {number}: not a journal line: {what}; restore the file or start over with --fresh"
            raise DataError(message) from None


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
