"""What a benchmark is made of: the Utterance, and the Dataset that states the facts about many of them.

`open_dataset` yields the utterances from the first source that opens.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, cast

from isal import isal_zlib

from benchmarks.files import regular, whole
from benchmarks.frozen import frozen_when_checked
from harness.errors import AccessError, DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from benchmarks.own.account import Account

Row = Mapping[str, Any]
"""A row of a table or of the hub, as a corpus reads it."""

NO_TAGS: Mapping[str, str] = {}
"""What most utterances share; sessions are shared likewise, since a run holds many utterances at a time."""

MISSHAPEN = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What comes of a text where a number should be, a list where a table should be, or nothing where something should."""

ALL_FACTS = ("rows", "hours", "words")
"""What a data set states and a source is compared with, unless the source says less."""

Channel = int | Literal["mix", "best"]
"""A channel of a file, from 0; all of them as one; or the one with the most speech."""

LONGEST = 1e7
"""Seconds, four months: what says that it is longer is not believed."""


@frozen_when_checked(frozen=True, slots=True, kw_only=True)
class Audio:
    """Where the encoded audio of one utterance is. Nothing is decoded here: the runner does that, late."""

    origin: str
    """What to call it in messages and in the journal: a path, or ``archive.tar.gz!member``."""
    path: Path | None = None
    """A file on the disk, or None where `data` holds the bytes."""
    data: bytes | None = None
    """The encoded bytes, or None where `path` names a file."""
    offset: int = 0
    """Where the encoded bytes begin in the file that `path` names: a member of an archive that is stored as it is."""
    size: int | None = None
    """How many encoded bytes there are from `offset`; None is to the end of the file."""
    crc32: int | None = None
    """What an archive says of the bytes; it is checked when they are read whole."""
    start: float | None = None
    """Seconds from the beginning of the file where the utterance begins; None is the beginning."""
    end: float | None = None
    """Seconds from the beginning of the file where the utterance ends; None is the end."""
    channel: Channel | None = None
    """What to hear of a file with several channels; None is as the run says."""
    condition: str | None = None
    """What is done to the samples once they are decoded (`harness.perturb.apply`); None: nothing."""

    def open(self) -> BinaryIO:
        """The encoded bytes as a seekable file, of which no more is read than is asked for.

        Raises:
            OSError: the file cannot be opened.
        """
        if self.path is None:
            return io.BytesIO(self.data or b"")
        regular(self.path)
        file = self.path.open("rb", buffering=-1 if self.size is None else 0)
        return file if self.size is None else io.BufferedReader(_Part(cast("io.FileIO", file), self.offset, self.size))

    def length(self) -> int:
        """How many encoded bytes there are.

        Raises:
            OSError: the file is not there.
        """
        if self.path is None:
            return len(self.data or b"")
        return self.path.stat().st_size if self.size is None else self.size

    def read(self) -> bytes:
        """The encoded bytes.

        Raises:
            OSError: the file cannot be read, or as `check`.
        """
        if self.path is not None and self.size is None:
            data = whole(self.path)
        else:
            with self.open() as file:
                data = file.read()
        self.check(data)
        return data

    def check(self, data: bytes | memoryview) -> None:
        """Compares what was read with what the archive says of it.

        Raises:
            OSError: it differs.
        """
        if self.crc32 is not None and isal_zlib.crc32(data) != self.crc32:
            raise OSError("bad CRC-32, the archive is damaged: get it again")


class _Part(io.RawIOBase):
    """A stretch of a file as a file: a member of an archive that is stored as it is."""

    def __init__(self, file: io.FileIO, offset: int, size: int) -> None:
        self._file, self._offset, self._size = file, offset, size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, begin + place)
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)[: max(0, self._size - self._place)]
        self._file.seek(self._offset + self._place)
        got = self._file.readinto(view)
        self._place += got or 0
        return got or 0

    def close(self) -> None:
        self._file.close()
        super().close()


class SpokenTurn(NamedTuple):
    """What one speaker says in one go."""

    speaker: str
    """Empty where nobody says who it is."""
    text: str
    """Empty where all that is known is who speaks."""
    start: float | None = None
    """Seconds from the beginning of the utterance."""
    end: float | None = None
    """Seconds from the beginning of the utterance."""


class SpokenWord(NamedTuple):
    """A word and when it is said, in seconds from the beginning of the utterance."""

    text: str
    start: float
    end: float


@frozen_when_checked(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said in one piece of speech."""

    id: str
    """Unique in its benchmark."""
    reference: str
    """The transcript, verbatim as the corpus has it."""
    duration: float | None = None
    """Seconds, where the metadata has it; None is not known before decoding."""
    session: str | None = None
    """What is independent of other sessions: a speaker, meeting or call. None where the corpus does not say."""
    parent_id: str | None = None
    """The session whose one reference this chunk shares, in corpora that are cut into chunks."""
    chunk_index: int | None = None
    """Place of the chunk in its parent, from 0."""
    keywords: tuple[str, ...] = ()
    """Names and terms that the utterance's own list holds, for models that take them."""
    turns: tuple[SpokenTurn, ...] = ()
    """Who says what of it from when to when, where that is known of a recording with several turns."""
    words: tuple[SpokenWord, ...] = ()
    """Its words with times, where those are known."""
    target: str | None = None
    """Of a translation: the language of `reference`; None: the reference is a transcript."""
    tags: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)
    """Anything else worth slicing by: gender, accent, split."""


@frozen_when_checked(frozen=True, slots=True, kw_only=True)
class Utterance(Transcript):
    """One piece of speech and what was said in it."""

    audio: Audio
    """Encoded audio, decoded late."""
    language: str
    """BCP-47 primary subtag, lower case: ``en``, ``de``."""


Utterances = Iterator[Utterance]
"""What a source gives: its utterances, one at a time."""


@frozen_when_checked(frozen=True, slots=True, kw_only=True)
class Entry(Transcript):
    """A line of a corpus's transcripts: all of an utterance but its audio, which is found by another way.

    Where it has no session, the data set's `session_pattern` finds it.
    """

    start: float | None = None
    """Seconds into the recording, for a segment of a long one."""
    end: float | None = None
    """Seconds into the recording, for a segment of a long one."""

    @classmethod
    def segment(cls, name: str, text: str, session: str, begin: float | str, end: float | str, **tags: str) -> Entry:
        """A stretch of a long recording, which is as long as its beginning and end say."""
        start, stop = float(begin), float(end)
        length = stop - start
        return cls(id=name, reference=text, duration=length, session=session, start=start, end=stop, tags=tags)

    def utterance(self, audio: Audio, language: str, duration: float | None = None) -> Utterance:
        """The utterance that this line and its audio are; `duration` is for entries that do not say theirs.

        Raises:
            DataError: a segment begins or ends where no recording does.
        """
        if self.start is not None or self.end is not None:
            if not 0 <= (self.start or 0) < LONGEST or not 0 <= (self.end or 0) < LONGEST:
                msg = f"{audio.origin}: the segment of {self.id!r} is from {self.start} to {self.end} seconds"
                raise DataError(msg)
            audio = replace(audio, start=self.start, end=self.end)
        return Utterance(
            id=self.id,
            audio=audio,
            reference=self.reference,
            language=language,
            duration=self.duration if 0 < (self.duration or 0) < LONGEST else duration,
            session=None if self.session is None else sys.intern(self.session),
            parent_id=self.parent_id,
            chunk_index=self.chunk_index,
            keywords=self.keywords,
            turns=self.turns,
            words=self.words,
            target=self.target,
            tags=self.tags,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user said about where the data is to come from."""

    root: Path | None = None
    """``--from``: a folder that holds original releases (archives or unpacked trees), or local Parquet copies."""
    instead: str | None = None
    """What else a user can do where no source can be reached; None: give a local copy with ``--from``."""
    revision: str | None = None
    """A hub revision that overrides the pinned one."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Revisions that a suite's lock states, by the source's `name`; they win over `revision`."""
    streaming: bool = False
    """Whether a hub's files are read over the network as they are needed, instead of being kept in its cache."""
    target: str | None = None
    """The language that references are translations into; None: they are transcripts."""
    lengths: bool = True
    """Whether the length of an utterance that the data does not state is looked up in its audio. Where rows are only
    compared with a run's, no audio is opened."""
    channel: Channel = "mix"
    """What to hear of files with several channels, where a row does not say."""
    audio: bool = True
    """Whether the audio of utterances will be opened. Where it will not, sources may leave it out."""
    wanted: Container[str] | None = None
    """Ids of the utterances that will be used, where that is known: sources may leave out the audio of others."""
    note: Callable[[str, str], None] = lambda _key, _value: None
    """Called with facts found while reading, such as ("revision", "<sha>"), which end up in run.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that the data of a data set comes from: the hub, an original release, a folder of the project."""

    kind: str
    """``hub``, ``archive`` or ``embedded``."""
    where: str
    """What a person would look for: a hub id with config and split, or the name of the release's file."""
    open: Callable[[Request], Iterator[Utterance]]
    """Yields the utterances. Raises DataError or AccessError."""
    state: Callable[[Request], str | None] = lambda _request: None
    """What the data is now, told without reading it: a commit, a checksum, an archive's size and times. None: only its
    rows can tell, and reading them is cheap. Raises as `open`; AccessError where this request would not open it."""
    revision: str | None = None
    """The pinned revision or checksum of the source; None is not known."""
    text_form: str = ""
    """How its references differ from the corpus's own, where they do."""
    locked: tuple[str, ...] = ALL_FACTS
    """Which of the data set's facts hold for this source too, and are compared with what was read."""

    @property
    def name(self) -> str:
        """What locks and run.json call it, such as ``hub:openslr/librispeech_asr clean/test``."""
        return f"{self.kind}:{self.where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The facts about one benchmark. A fact that is not known is None, never invented."""

    name: str
    """The benchmark's id: lower case with underscores, corpus first."""
    title: str
    """What people call it."""
    language: str
    """BCP-47 primary subtag."""
    license: str | None
    """As its owners state it, SPDX where there is one; None where no statement of theirs is known."""
    sources: tuple[Source, ...]
    """Where the data is to be had, the one to try first standing first."""
    rows: int | None = None
    """Number of utterances."""
    hours: float | None = None
    """Hours of audio."""
    words: int | None = None
    """Whitespace-separated words of the raw references."""
    url: str | None = None
    """Home page."""
    citation: str | None = None
    """Paper, one line."""
    target: str | None = None
    """Of a benchmark of translations: the language that is translated into."""
    language_stated: bool = True
    """False where nothing says which language it is, so that it is taken to be English."""
    languages: tuple[str, ...] = ()
    """Those of all utterances, where they may be in several."""
    unsaid: str | None = None
    """What utterances that state no language are taken to be in; None where each states its own."""
    origin: str | None = None
    """Of own data: where it is, told apart from any other of the same name: the resolved path, or the address."""
    account: Account | None = None
    """Of own data: what form was recognized, what was found, used and left out."""
    session_pattern: str | None = None
    """Regular expression with one group that finds the session in an utterance id; None: the utterance is the unit."""
    file_patterns: tuple[str, ...] = ()
    """Regular expressions, searched case-insensitively in the data-set part of foreign file names."""
    columns: tuple[str, ...] = ()
    """What published tables call it, such as ``LS Clean WER``."""
    superseded_by: str | None = None
    """The id of the corrected data set, where there is one."""
    notes: str = ""
    """Traps, and what is particular about its text form."""
    missing: str = ""
    """Why there is no source with an original release, or none at all; empty where there is one."""


class NoCopyError(AccessError):
    """A source that was not opened. The message is what it would have opened, such as ``a Parquet copy of X``."""


class HubUnreachableError(AccessError):
    """The hub as a whole does not answer, so that no other of its repositories needs to be tried."""


def open_dataset(dataset: Dataset, request: Request) -> Iterator[Utterance]:
    """The utterances of a benchmark, from the first source that opens, one at a time.

    With `request.root` only what lies below it is read: the network is not used. Without, what comes with the project
    and then the hub, whose repositories are tried in the order in which the data set states them.
    `request.note` is told the source and the revision.

    Raises:
        AccessError: no source opened; the message says where to get the data.
        DataError: the data is broken, or an id occurs twice.
    """
    session = re.compile(dataset.session_pattern).search if dataset.session_pattern else None
    whole_already = session is None and request.channel == "mix" and request.target is None
    seen = set[str]()
    for utterance in _first_open_source(dataset, request):
        if utterance.id in seen:
            msg = f"{dataset.name}: the id {utterance.id!r} occurs twice, the second time at {utterance.audio.origin}"
            raise DataError(msg)
        seen.add(utterance.id)
        yield utterance if whole_already else _completed(utterance, request, session)


def _completed(
    utterance: Utterance, request: Request, session: Callable[[str], re.Match[str] | None] | None
) -> Utterance:
    """With what the data set and the request say of it."""
    found = session(utterance.id) if session and utterance.session is None else None
    if found:
        utterance = replace(utterance, session=sys.intern(found.group(1)))
    if request.channel != "mix" and utterance.audio.channel is None:
        utterance = replace(utterance, audio=replace(utterance.audio, channel=request.channel))
    return utterance if request.target is None else replace(utterance, target=request.target)


def in_turn(dataset: Dataset, request: Request) -> list[Source]:
    """The sources that a request may open, the one to try first standing first."""
    if request.root:
        return sorted(dataset.sources, key=lambda source: source.kind == "hub")
    return [source for source in dataset.sources if source.kind != "archive"]


def _first_open_source(dataset: Dataset, request: Request) -> Iterator[Utterance]:
    """The utterances as the first source that opens gives them."""
    reasons: list[AccessError] = []
    for source in in_turn(dataset, request):
        stream = source.open(request)
        try:
            first = next(stream)
        except StopIteration:
            raise DataError(f"{dataset.name}: {source.name} holds no utterance") from None
        except AccessError as error:
            reasons.append(error)
            if isinstance(error, HubUnreachableError):
                break
            continue
        yield first
        try:
            yield from stream
        except AccessError as error:
            raise no_source(dataset, request, [error]) from error
        return
    raise no_source(dataset, request, reasons)


def no_source(dataset: Dataset, request: Request, reasons: list[AccessError]) -> AccessError:
    """Why no source opened, in one line."""
    copies = [("" if item.kind == "archive" else "a Parquet copy of ") + item.where for item in dataset.sources]
    home = f" (its home is {dataset.url})" if dataset.url else ""
    if not dataset.sources:
        return AccessError(
            f"{dataset.name} has no source of audio: it is known for scoring predictions of others{home}"
        )
    if request.root:
        looked = "; ".join(str(reason) for reason in reasons)
        return AccessError(f"{dataset.name} is not below {request.root}: looked for {looked}{home}")
    said = "; ".join(dict.fromkeys(str(reason) for reason in reasons)) or "the network has no copy of it"
    instead = request.instead or f"use a local copy with --from DIR: {', or '.join(copies)}"
    return AccessError(f"{dataset.name}: {said}; or {instead}{home}")
