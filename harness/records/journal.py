"""The journal: one JSON line an utterance, append-only. It is the product of a run; all else is derived from it."""

import functools
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol, Self

import msgspec
import numpy as np
from msgspec import Meta, field
from numpy.typing import NDArray

from benchmarks.files import looked_at, whole
from benchmarks.sources.json_keys import check_keys
from harness.errors import DataError
from harness.processes import available_workers, in_shares, shares_for
from harness.records.codec import FORMAT, MALFORMED, Record, check_format, encode, explain, loads, not_known
from harness.records.format_1 import upgrade_line
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


class _Noted(NamedTuple):
    """What is noted of each line of a large journal, so that few are looked at again; shape ``[lines]`` each."""

    begins: NDArray[Any]
    """Where it begins, in bytes."""
    sizes: NDArray[Any]
    """How many bytes it has."""
    names: NDArray[Any]
    """Hash of its id."""
    references: NDArray[Any]
    """Hash of its reference."""
    stretches: NDArray[Any]
    """Its stretch."""
    more: NDArray[Any]
    """Whether it has an error, usage, or something odd about its audio."""
    audio: NDArray[Any]
    """Seconds of audio, 0 where its time does not count in the speed."""
    counted: NDArray[Any]
    """Counted seconds, likewise."""

    def taken(self, places: NDArray[np.int64]) -> Self:
        """What is noted of some lines."""
        return type(self)(*(one[places] for one in self))

    def and_of(self, rows: Sequence["array[Any]"]) -> Self:
        """With what is noted of further lines."""
        columns = (np.frombuffer(new, new.typecode) if new else one[:0] for one, new in zip(self, rows, strict=True))
        return type(self)(*map(np.concatenate, zip(self, columns, strict=True)))


_KINDS = "qiqqibdd"
"""Type codes of the columns of `_Noted`."""
_NOTHING = _Noted(*(np.zeros(0, kind) for kind in _KINDS))


class StoredLines(Stored[Line]):
    """Lines of a large journal.

    Args:
        file: that holds them.
        noted: of the lines.
        language: of all of them, where they have one.
        last_batch: the highest number of a batch; -1 where there is none.
    """

    def __init__(self, file: OpenFile, noted: _Noted, language: str | None, last_batch: int) -> None:
        super().__init__(file, noted.begins, noted.sizes, functools.partial(_read_again, file.path))
        self.noted, self.language, self.last_batch = noted, language, last_batch

    def saying_more(self) -> Sequence[Line]:
        """As the function of this name."""
        return self.taken(np.flatnonzero(self.noted.more))

    def seconds_in(self, stretches: Collection[int] | None) -> tuple[float, float]:
        """As `seconds_of`: added one after the other, so that the last digit is the same."""
        here = slice(None) if stretches is None else np.isin(self.noted.stretches, [*stretches])
        sums = (np.cumsum(one[here])[-1:].sum() for one in (self.noted.audio, self.noted.counted))
        audio, counted = map(float, sums)
        return audio, counted


def last_batch(lines: Sequence[Line]) -> int:
    """The highest number of a batch; -1 where there is none."""
    if isinstance(lines, StoredLines):
        return lines.last_batch
    return max((line.batch for line in lines if line.batch is not None), default=-1)


def saying_more(lines: Sequence[Line]) -> Sequence[Line]:
    """At least the lines with an error, usage, or something odd about their audio; few of a large journal."""
    return lines.saying_more() if isinstance(lines, StoredLines) else lines


def seconds_of(lines: Sequence[Line], stretches: Collection[int] | None = None) -> tuple[float, float]:
    """Seconds of audio and counted seconds of the lines whose times a speed is made of, of all stretches or some."""
    if isinstance(lines, StoredLines):
        return lines.seconds_in(stretches)
    audio, counted = 0.0, 0.0
    for line in lines:
        if stretches is None or (line.stretch or 0) in stretches:
            of, seconds = _counted(line)
            audio, counted = audio + of, counted + seconds
    return audio, counted


def _counted(line: Line) -> tuple[float, float]:
    """Seconds of audio and counted seconds; 0 of a line whose time does not count."""
    return (line.audio_seconds or 0.0, line.time) if line.undisturbed and line.time is not None else (0.0, 0.0)


class HasReference(Protocol):
    """A row of the data."""

    @property
    def id(self) -> str:
        """Unique in its benchmark."""

    @property
    def reference(self) -> str:
        """Verbatim."""


class Places:
    """The lines of a journal by their ids.

    Args:
        lines: of it, each id once.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._stored = lines if isinstance(lines, StoredLines) else None
        self._held = {line.id: line for line in lines} if self._stored is None else {}
        if self._stored is not None:
            self._order = np.argsort(self._stored.noted.names, kind="stable")
            self._names = self._stored.noted.names[self._order]

    def of(self, rows: Sequence[HasReference]) -> list[bool]:
        """Of each row whether there is a line of its id.

        Raises:
            OtherReferenceError: a line has another reference.
        """
        if self._stored is None:
            return [_is_of(self._held.get(row.id), row.reference) for row in rows]
        names = np.fromiter(map(hash, map(attrgetter("id"), rows)), np.int64, len(rows))
        references = np.fromiter(map(hash, map(attrgetter("reference"), rows)), np.int64, len(rows))
        order = np.argsort(names)  # what is looked for in order is found several times sooner
        first, alike = np.empty_like(names), np.empty_like(names)
        first[order] = np.searchsorted(self._names, names[order], side="left")
        alike[order] = np.searchsorted(self._names, names[order], side="right")
        alike -= first
        place = self._order[np.minimum(first, len(self._order) - 1)] if len(self._order) else first
        # Where one line has both hashes it is the one; any other is looked at, since two may have one hash.
        there = (alike == 1) & (self._stored.noted.references[place] == references) if len(self._order) else alike > 0
        for at in np.flatnonzero((alike > 0) & ~there).tolist():
            places = self._order[first[at] : first[at] + alike[at]].tolist()
            line = next((one for one in map(self._stored.__getitem__, places) if one.id == rows[at].id), None)
            there[at] = _is_of(line, rows[at].reference)
        found: list[bool] = there.tolist()
        return found


class OtherReferenceError(Exception):
    """A line has another reference than its row; the id."""


def _is_of(line: Line | None, reference: str) -> bool:
    """Whether there is a line."""
    if line is not None and line.reference != reference:
        raise OtherReferenceError(line.id)
    return line is not None


_DECODER = msgspec.json.Decoder(Line)
_ENCODER = msgspec.json.Encoder()


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
    line = _decoded(raw)
    if line is not None and _ENCODER.encode(line) == raw.rstrip():  # what this program wrote has each key once
        return line
    found = loads(raw)
    check_keys(raw.decode(), found)
    check_format(found)
    return msgspec.convert(upgrade_line(found), Line)


def _decoded(raw: bytes) -> Line | None:
    """A line of today's format, whose keys nobody looked at; None where `read_line` must say what it is."""
    try:
        line = _DECODER.decode(raw) if raw.startswith(b'{"format":') else None
    except msgspec.DecodeError:  # a lone surrogate, perhaps
        return None
    return line if line is not None and line.format == FORMAT else None


def _lines(raws: Iterable[bytes], path: Path) -> Iterator[tuple[int, Line]]:
    for number, raw in enumerate(raws, start=1):
        if raw.strip():
            yield number, _line(raw, path, number)


def _line(raw: bytes, path: Path, number: int) -> Line:
    try:
        return read_line(raw)
    except MALFORMED as error:
        raise _not_a_line(raw, error, path, number) from None


def _not_a_line(raw: bytes, error: Exception, path: Path, number: int) -> DataError:
    """What is wrong with a line."""
    try:
        found = upgrade_line(loads(raw))
    except ValueError:
        found = None
    what = explain(error, found, Line)
    return DataError(f"{path}, line {number}: not a journal line: {what}; restore the file or start over with --fresh")


class _Read(NamedTuple):
    """What is remembered of a journal that was read, so that only what was appended since is read again."""

    state: tuple[int, ...] = ()
    """What the file was when it was read."""
    checksum: int = 0
    """CRC-32 of its whole lines."""
    size: int = 0
    """Bytes of its whole lines."""
    where: _Noted = _NOTHING
    """Of all of them, those that were tried again included."""
    languages: frozenset[str] = frozenset()
    last_batch: int = -1
    lines: Sequence[Line] = ()
    """Each utterance once."""


_WORTH_A_WORKER = 64 << 20
"""Bytes to read from which starting a process pays: half a second of work."""
_known: dict[Path, _Read] = {}
"""The large journals that were read last; a run looks at its own several times."""
_KNOWN = 4


def _read_large(path: Path) -> Journal:
    """A journal whose lines stay in the file: each is read once, and noted where it stands."""
    file = OpenFile(path)
    state, before = file.state(), _known.pop(path, _Read())
    if before.state != state:
        same = before.state[:2] == state[:2] and before.size <= state[2]
        goes_on = same and file.checksum(before.size) == before.checksum
        before = _read_on(file, before if goes_on else _Read(), state)
    _known[path] = before
    for oldest in list(_known)[:-_KNOWN]:
        del _known[oldest]
    return Journal(before.lines, before.size)


def _read_on(file: OpenFile, before: _Read, state: tuple[int, ...]) -> _Read:
    """Reads what comes after the lines that are known, by several processes where that pays."""
    end = _end_of_lines(file, before.size, state[2])
    shares = shares_for(min(available_workers(), 1 + (end - before.size) // _WORTH_A_WORKER))
    size = (end - before.size) // shares
    begins = [before.size, *(file.next_line(before.size + share * size, end) for share in range(1, shares)), end]
    noted, languages, last_batch = before.where, set(before.languages), before.last_batch
    for *columns, last, spoken in in_shares(lambda at: _noted_of(file, begins[at], begins[at + 1]), shares):
        noted = noted.and_of(columns)
        last_batch = max(last_batch, *last)
        languages.update(msgspec.json.decode(spoken, type=list[str]))
    language = next(iter(languages)) if len(languages) == 1 else None
    lines = _once_stored(StoredLines(file, noted, language, last_batch), file)
    checksum = file.checksum(end, before.size, before.checksum)
    return _Read(state, checksum, end, noted, frozenset(languages), last_batch, lines)


def _end_of_lines(file: OpenFile, begin: int, end: int) -> int:
    """Where the last whole line ends: a last one that is no JSON was torn, too."""
    end = file.last_line(begin, end)
    last = file.last_line(begin, end - 1) if end > begin else begin
    return end if last == end or _is_object(file.read(last, end - last)) else last


def _noted_of(file: OpenFile, begin: int, end: int) -> list["array[Any]"]:
    """Of lines that are whole the columns of `_Noted`, the highest number of a batch, and the languages as JSON."""
    columns: list[array[Any]] = [array(kind) for kind in _KINDS]
    begins, sizes, names, references, stretches, more, audio, counted = columns
    languages, last_batch = set[str](), -1
    at = begin
    for raw in file.lines(begin, end):
        if raw and not raw.isspace():
            try:
                line = read_line(raw)
            except MALFORMED as error:
                raise _not_a_line(raw, error, file.path, 1 + file.lines_until(at)) from None
            languages.add(line.language)
            if line.batch is not None and line.batch > last_batch:
                last_batch = line.batch
            begins.append(at)
            sizes.append(len(raw))
            names.append(hash(line.id))
            references.append(hash(line.reference))
            stretches.append(line.stretch or 0)
            more.append(line.error is not None or line.usage is not None or line.audio_warnings is not None)
            of, seconds = _counted(line)
            audio.append(of)
            counted.append(seconds)
        at += len(raw) + 1
    return [*columns, array("q", [last_batch]), array("B", encode(sorted(languages)))]


def _read_again(path: Path, raw: bytes) -> Line:
    """A line that was read before, its keys looked at."""
    try:
        return _decoded(raw) or read_line(raw)
    except MALFORMED:
        raise DataError(f"{path} was changed while it was read; try again") from None


def _once_stored(lines: StoredLines, file: OpenFile) -> StoredLines:
    """As `_once`, of lines whose ids are told apart by their hashes first, so that few are looked at again."""
    order = np.argsort(lines.noted.names, kind="stable")
    again = np.diff(lines.noted.names[order]) == 0
    alike = np.sort(order[np.append(again, False) | np.append(False, again)]) if again.any() else order[:0]
    places = np.arange(len(lines))
    gone = np.zeros(len(lines), dtype=bool)
    by_id: dict[str, tuple[int, Line]] = {}
    for at in alike.tolist():
        line = lines[at]
        first, earlier = by_id.get(line.id, (at, None))
        if earlier is not None and earlier.error is None:
            where = f"{file.path}, line {1 + file.lines_until(lines.place(at))}"
            raise DataError(f"{where}: utterance {line.id!r} stands there twice; start over with --fresh")
        by_id[line.id] = first, line
        places[first] = at
        gone[at] = at != first
    if not gone.any():
        return lines
    kept = places[~gone]
    return StoredLines(file, lines.noted.taken(kept), lines.language, lines.last_batch)


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
