"""One file of texts, or a folder of recordings: what each utterance says, by its id, in whichever form it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.sources import timed
from benchmarks.sources.text_files import read_content
from harness.errors import DataError
from harness.scoring.folders import transcripts_in
from harness.scoring.forms import Form, form_of, stem
from harness.scoring.interchange import read_kaldi_text, read_trn
from harness.scoring.recordings import (
    RECORDED,
    Recorded,
    merged,
    read_recorded,
    speakers_beside,
    turn_of,
    turns_by_recording,
)
from harness.scoring.rows import (
    HYPOTHESIS,
    REFERENCE,
    column,
    keywords_of,
    language_of,
    name_of,
    others_of,
    read_values,
    session_of,
    tell_others,
    with_lists,
)
from harness.scoring.timed_rows import SAID_TURNS, SAID_WORDS, WRITTEN_TURNS, WRITTEN_WORDS, turns_in, words_in

if TYPE_CHECKING:
    from harness.types import Turn, Word

WHOLE: frozenset[Form] = frozenset({"srt", "vtt"})
"""Forms that are one recording, which they do not name."""
ONE: frozenset[Form] = frozenset({"textgrid", "eaf", "recognizer"})
"""Others of the kind: the recording is what the file is called."""


@dataclass(frozen=True, slots=True)
class Texts:
    """A file of texts."""

    path: Path
    form: Form
    texts: dict[str, str]
    """By id, in the order of the file."""
    sessions: dict[str, str] = field(default_factory=dict)
    """By id, where they are known."""
    languages: dict[str, str] = field(default_factory=dict)
    """By id, where rows state them."""
    keywords: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By id, where rows list them."""
    segments: tuple[timed.Segment, ...] = ()
    """Of an stm with those that are not scored, or the words of a ctm."""
    turns: dict[str, tuple[Turn, ...]] = field(default_factory=dict)
    """By id, where it is known who says what, or when."""
    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    """With times, by id."""


def check_text(path: Path, content: str) -> None:
    """Raises DataError where a file says nothing."""
    if not content.strip():
        raise DataError(f"{path} is empty; expected a transcript a line")


def read_file(path: Path, content: str, form: Form, columns: tuple[str, ...], say: Callable[[str], None]) -> Texts:
    """The texts of a file, with the speakers of an RTTM beside it where it names none."""
    found = read_alone(path, content, form, columns, say)
    if form in {"rttm", "stm", "seglst"} or any(one.speaker for own in found.turns.values() for one in own):
        return found
    turns = speakers_beside(path, found.texts, found.words, say)
    return replace(found, turns=found.turns | turns) if turns else found


def read_alone(path: Path, content: str, form: Form, columns: tuple[str, ...], say: Callable[[str], None]) -> Texts:
    """The texts of a file; `columns` may hold them where it is a table."""
    if form != "lines" or columns == REFERENCE:
        check_text(path, content)
    if form in {"jsonl", "json", "csv", "tsv"}:
        return _of_table(path, form, columns)
    if form == "lines":
        lines = [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]
        return Texts(path, form, {f"line {number}": line for number, line in enumerate(lines, start=1)})
    if form in WHOLE:
        if "-->" not in content and not content.startswith("WEBVTT"):
            raise DataError(f"{path}: no subtitles; a cue of {form} has a line of times, 00:00:01,000 --> 00:00:02,000")
        try:
            cues = tuple(timed.read_cues(path, content, stem(path)))
        except DataError as error:  # does no harm to the words
            say(f"{error}; no times of it are read")
            cues = ()
        texts = {stem(path): timed.read_subtitles(content)}
        return Texts(path, form, texts, segments=cues, turns=turns_by_recording(cues))
    if form == "stm":
        every = timed.read_stm(path, content, reference=columns == REFERENCE)
        segments = [one for one in every if not one.ignored]
        names = timed.names(segments)
        if len(set(names)) < len(names):
            raise DataError(f"{path}: {_twice(names)!r} stands there twice; each segment may come once")
        speakers = {one.speaker for one in segments}
        sessions = {name: one.speaker for name, one in zip(names, segments, strict=True)} if len(speakers) > 1 else {}
        texts = {name: one.text for name, one in zip(names, segments, strict=True)}
        turns: dict[str, tuple[Turn, ...]] = {
            name: (turn_of(replace(one, speaker="")),) for name, one in zip(names, segments, strict=True)
        }
        return Texts(path, form, texts, sessions, segments=tuple(every), turns=turns)
    if form in RECORDED:
        return recorded(path, form, read_recorded(path, content, form, say))
    texts = read_trn(path, reference=columns == REFERENCE) if form == "trn" else read_kaldi_text(path)
    return Texts(path, form, texts, _sessions(texts))


def _of_table(path: Path, form: Form, columns: tuple[str, ...]) -> Texts:
    texts: dict[str, str] = {}
    sessions: dict[str, str] = {}
    languages: dict[str, str] = {}
    keywords: dict[str, tuple[str, ...]] = {}
    turns: dict[str, tuple[Turn, ...]] = {}
    words: dict[str, tuple[Word, ...]] = {}
    passed_over: dict[str, str] = {}
    alone = columns == REFERENCE
    names = (
        (SAID_TURNS if alone else (*WRITTEN_TURNS, *SAID_TURNS)),
        (SAID_WORDS if alone else (*WRITTEN_WORDS, *SAID_WORDS)),
    )
    for number, (where, found) in enumerate(read_values(path, form), start=1):
        try:
            values = with_lists(found) if columns == REFERENCE else found
            chosen, session, spoken = column(values, columns), session_of(values), language_of(values)
            listed, spoken_turns, timed_words = (
                keywords_of(values),
                turns_in(values, names[0], names[1]),
                words_in(values, names[1]),
            )
        except ValueError as error:
            raise DataError(f"{path}, {where}: {error}") from None
        passed_over |= others_of(values, REFERENCE if chosen in REFERENCE else HYPOTHESIS)
        if chosen is None:
            raise DataError(f"{path}, {where}: no text; expected one of {', '.join(columns[:4])}")
        name, text = name_of(values) or f"line {number}", values[chosen]
        if text is None and columns != REFERENCE:
            continue  # the system failed on it
        if not isinstance(text, str):
            raise DataError(f"{path}, {where}: {chosen!r} must be text, not {type(text).__name__}")
        if name in texts:
            raise DataError(f"{path}, {where}: {name!r} was there before; each utterance may come once")
        texts[name] = text
        if session is not None:
            sessions[name] = session
        if spoken:
            languages[name] = spoken
        if listed is not None:
            keywords[name] = listed
        if spoken_turns is not None:
            turns[name] = spoken_turns
        if timed_words is not None:
            words[name] = timed_words
    tell_others(path, passed_over)
    return Texts(path, form, texts, sessions, languages, keywords, turns=turns, words=words)


def read_folder(folder: Path, asked: Form | None, say: Callable[[str], None]) -> Texts:
    """The recordings of all files of a folder; plain text is all of the recording that its file is called after.

    Raises:
        DataError: a file is of a form that names no recordings, or a recording is in two of them.
    """
    found: dict[str, str] = {}
    turns: dict[str, tuple[Turn, ...]] = {}
    words: dict[str, tuple[Word, ...]] = {}
    segments: list[timed.Segment] = []
    for path in transcripts_in(folder, folder, say):
        content = read_content(path)
        form = form_of(path, content, asked)
        if form == "rttm" and any(other.stem == path.stem for other in folder.iterdir() if other != path):
            continue  # read beside the other file, whose speakers it tells
        one = Texts(path, "lines", {stem(path): " ".join(content.split())})
        if form is not None:
            one = read_file(path, content, form, REFERENCE, say)
        if not (form is None or form in RECORDED or form in WHOLE or one.segments):
            raise DataError(f"{path} is {form}: a folder of references has recordings with times, or a .txt of each")
        both = found.keys() & one.texts.keys()
        if both:
            raise DataError(f"{path}: the recording {min(both)!r} is in another file of the folder too")
        if form == "stm":
            one = recorded(path, "stm", merged(one.segments))
        found |= one.texts
        turns |= one.turns
        words |= one.words
        segments += one.segments
    return Texts(folder, "meetings", found, segments=tuple(segments), turns=turns, words=words)


def recorded(path: Path, form: Form, found: Recorded) -> Texts:
    """The texts of recordings."""
    return Texts(path, form, found.texts, segments=found.segments, turns=found.turns, words=found.words)


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _sessions(labels: Iterable[str]) -> dict[str, str]:
    """Label to session; nothing where the labels do not look as if they told one."""
    found = {name: name.split("-", 1)[0] for name in labels if "-" in name}
    count = len(set(found.values()))
    return found if 1 < count < len(found) == len(list(labels)) else {}
