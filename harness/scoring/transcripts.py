"""Predictions from two files: a reference, and the transcripts of a system, each in one of many forms.

What the forms have in common is an id for each text: stated (Kaldi's text, NIST trn, tables), made of times (stm),
the recording (ctm, SegLST, subtitles), or the place of the line in parallel texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.languages import primary_subtag
from benchmarks.sources import timed
from benchmarks.sources.text_files import read_content
from harness.errors import DataError, UsageError
from harness.records.journal import Line
from harness.scoring import file_names
from harness.scoring.folders import transcripts_in
from harness.scoring.forms import Form, begins_with_ids, form_of, plain_form, stem
from harness.scoring.interchange import read_kaldi_text, read_trn
from harness.scoring.predictions import DEFAULT_LANGUAGE, Predictions, System, by_language
from harness.scoring.recordings import (
    RECORDED,
    Recorded,
    merged,
    read_recorded,
    speakers_beside,
    spread_words,
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
    read_values,
    session_of,
    with_lists,
)
from harness.scoring.timed_rows import SAID_TURNS, SAID_WORDS, WRITTEN_TURNS, WRITTEN_WORDS, turns_in, words_in

if TYPE_CHECKING:
    from harness.types import Turn, Word

T = TypeVar("T")

_WHOLE: frozenset[Form] = frozenset({"srt", "vtt"})
"""Forms that are one recording, which they do not name."""
_ONE: frozenset[Form] = frozenset({"textgrid", "eaf", "recognizer"})
"""Others of the kind: the recording is what the file is called."""


@dataclass(frozen=True, slots=True)
class _Texts:
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


def read_transcripts(
    reference: Path,
    hypotheses: Iterable[Path],
    language: str | None = None,
    form: Form | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> list[System]:
    """One system a hypothesis file, called after it; the benchmark is called after the reference file.

    An utterance that a system has no line for is one that it failed on. The session is what the file says it is; in
    NIST trn and Kaldi's text what stands before the first dash of a label, as for sclite's ``-i spu_id``, if every
    label has one and they tell several sessions, some of them of several utterances; else it is not known. Of files
    with the same name, the later ones are called by their path.

    Args:
        reference: what was said.
        hypotheses: what each system wrote; of a folder every file with texts is a system.
        language: of all texts.
        form: of all files; None tells each by its ending and content.
        say: told what the files were taken for.

    Raises:
        UsageError: a file is given twice, or could be of two forms.
        DataError: a file cannot be read or is not what its name says, or holds utterances that the reference does not.
    """
    chosen = primary_subtag(language) if language else None
    systems: list[System] = []
    for path in _each(hypotheses, reference, say):
        said, written = _read_both(reference, path, form, say)
        written = _fitted(said, written)
        say(f"{path.name} as {written.form} against {reference.name} as {said.form}: {len(said.texts)} utterances")
        rows = _rows(said, written)
        benchmark = stem(reference).removesuffix(".ref")
        model = stem(path).removeprefix(f"{benchmark}.")
        names = {system.model for system in systems}
        model = str(path) if model in names else model
        if model in names:
            raise UsageError(f"{path} is given twice; a system can only be compared with another one")
        stated = chosen or _by_name(reference) or _by_name(path)
        one = Predictions(
            benchmark=benchmark,
            language=stated or DEFAULT_LANGUAGE,
            language_stated=stated is not None,
            rows=rows,
            source=path,
        )
        systems.append(System(model=model, benchmarks=[one] if language else by_language(one)))
    return systems


def read_texts(path: Path, form: Form | None = None) -> dict[str, str]:
    """The references of a file by id, in any form that states ids.

    Raises:
        UsageError: it could be of two forms, or states none.
        DataError: it cannot be read, or is not what its name says.
    """
    content = read_content(path)
    return _read_alone(path, content, form_of(path, content, form) or "kaldi", REFERENCE, lambda _line: None).texts


def _rows(said: _Texts, written: _Texts) -> list[Line]:
    """The utterances of the reference with what a system made of them."""
    speakers = [_speakers(one) for one in (said, written)]
    return [
        Line(
            id=name,
            reference=text,
            hypothesis=written.texts.get(name),
            session=said.sessions.get(name),
            keywords=said.keywords.get(name),
            reference_speakers=speakers[0].get(name),
            reference_turns=said.turns.get(name),
            reference_words=said.words.get(name),
            speakers=speakers[1].get(name),
            turns=written.turns.get(name),
            words=written.words.get(name),
            language=said.languages.get(name) or written.languages.get(name) or "",
            error=None if name in written.texts else f"no line in {written.path.name}",
        )
        for name, text in said.texts.items()
    ]


def _by_name(path: Path) -> str | None:
    """The language that a known corpus's file name says."""
    _, data = file_names.model_and_data(stem(path).removesuffix(".ref"))
    return file_names.benchmark_of(data)[1]


def _each(hypotheses: Iterable[Path], reference: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """The files, and those of folders among them; a folder is one system where the reference is a folder too."""
    for path in hypotheses:
        if path.is_dir() and not reference.is_dir():
            yield from transcripts_in(path, reference, say)
        else:
            yield path


def _read_both(
    reference: Path, hypothesis: Path, asked: Form | None, say: Callable[[str], None]
) -> tuple[_Texts, _Texts]:
    """Both files; where both are plain text, what they are is told by the two together."""
    whole, asked = asked == "meetings", None if asked == "meetings" else asked
    if reference.is_dir():
        if not hypothesis.is_dir():
            raise UsageError(
                f"{hypothesis} is a file, and --reference {reference} a folder of recordings; give folders"
            )
        return _of_folder(reference, asked, say), _of_folder(hypothesis, asked, say)
    contents = [read_content(path) for path in (reference, hypothesis)]
    forms = [form_of(path, content, asked) for path, content in zip((reference, hypothesis), contents, strict=True)]
    plain: Form = "kaldi"
    if forms == [None, None]:
        _check_text(reference, contents[0])
        plain = plain_form((reference, contents[0]), (hypothesis, contents[1]))
    elif None in forms and _WHOLE.intersection(forms):
        at = forms.index(None)
        if not begins_with_ids(contents[at], stem((reference, hypothesis)[1 - at])):
            plain, contents[at] = "lines", " ".join(contents[at].split())  # all of them are the one recording
    said, written = (
        _read(path, content, form or plain, sides, say)
        for path, content, form, sides in zip(
            (reference, hypothesis), contents, forms, (REFERENCE, (*HYPOTHESIS, *REFERENCE)), strict=True
        )
    )
    return _by_recording(said, written, say, whole=whole)


def _by_recording(said: _Texts, written: _Texts, say: Callable[[str], None], *, whole: bool) -> tuple[_Texts, _Texts]:
    """Both sides recording by recording, where that was asked for or segments of an stm are no one else's.

    Raises:
        UsageError: it was asked for, and a side has no times.
    """
    sides = said, written
    if not whole:
        into_segments = said.form == "stm" and written.form == "ctm"
        recordings = [{one.recording for one in side.segments} for side in sides]
        if into_segments or "stm" not in {said.form, written.form} or not all(recordings):
            return sides
        if recordings[1] - recordings[0] or not {*written.texts} - {*said.texts}:
            return sides
        say(f"{written.path.name}: other segments than in {said.path.name}, so that recordings are scored as a whole")
    for side in sides:
        if not side.segments:
            raise UsageError(
                f"--format meetings: {side.path} as {side.form} has no recordings with times; give stm, ctm, SegLST, "
                "RTTM, TextGrid, EAF or a recognizer's JSON"
            )
    one, other = (
        _recorded(side.path, "meetings", merged(side.segments))
        if side.form == "stm"
        else replace(side, form="meetings")
        for side in sides
    )
    return one, other


def _of_folder(folder: Path, asked: Form | None, say: Callable[[str], None]) -> _Texts:
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
        one = _Texts(path, "lines", {stem(path): " ".join(content.split())})
        if form is not None:
            one = _read(path, content, form, REFERENCE, say)
        if not (form is None or form in RECORDED or form in _WHOLE or one.segments):
            raise DataError(f"{path} is {form}: a folder of references has recordings with times, or a .txt of each")
        both = found.keys() & one.texts.keys()
        if both:
            raise DataError(f"{path}: the recording {min(both)!r} is in another file of the folder too")
        if form == "stm":
            one = _recorded(path, "stm", merged(one.segments))
        found |= one.texts
        turns |= one.turns
        words |= one.words
        segments += one.segments
    return _Texts(folder, "meetings", found, segments=tuple(segments), turns=turns, words=words)


def _recorded(path: Path, form: Form, found: Recorded) -> _Texts:
    return _Texts(path, form, found.texts, segments=found.segments, turns=found.turns, words=found.words)


def _check_text(path: Path, content: str) -> None:
    if not content.strip():
        raise DataError(f"{path} is empty; expected a transcript a line")


def _read(path: Path, content: str, form: Form, columns: tuple[str, ...], say: Callable[[str], None]) -> _Texts:
    """The texts of a file, with the speakers of an RTTM beside it where it names none."""
    found = _read_alone(path, content, form, columns, say)
    if form in {"rttm", "stm", "seglst"} or any(one.speaker for own in found.turns.values() for one in own):
        return found
    turns = speakers_beside(path, found.texts, found.words, say)
    return replace(found, turns=found.turns | turns) if turns else found


def _read_alone(path: Path, content: str, form: Form, columns: tuple[str, ...], say: Callable[[str], None]) -> _Texts:
    """The texts of a file; `columns` may hold them where it is a table."""
    if form != "lines" or columns == REFERENCE:
        _check_text(path, content)
    if form in {"jsonl", "json", "csv", "tsv"}:
        return _of_table(path, form, columns)
    if form == "lines":
        lines = [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]
        return _Texts(path, form, {f"line {number}": line for number, line in enumerate(lines, start=1)})
    if form in _WHOLE:
        if "-->" not in content and not content.startswith("WEBVTT"):
            raise DataError(f"{path}: no subtitles; a cue of {form} has a line of times, 00:00:01,000 --> 00:00:02,000")
        try:
            cues = tuple(timed.read_cues(path, content, stem(path)))
        except DataError:  # times that are none do no harm to the words
            cues = ()
        texts = {stem(path): timed.read_subtitles(content)}
        return _Texts(path, form, texts, segments=cues, turns=turns_by_recording(cues))
    if form == "stm":
        every = timed.read_stm(path, content, reference=columns == REFERENCE)
        segments = [one for one in every if not one.ignored]
        names = timed.names(segments)
        if len(set(names)) < len(names):
            raise DataError(f"{path}: {_twice(names)!r} stands there twice; each segment may come once")
        speakers = {one.speaker for one in segments}
        sessions = {name: one.speaker for name, one in zip(names, segments, strict=True)} if len(speakers) > 1 else {}
        texts = {name: one.text for name, one in zip(names, segments, strict=True)}
        turns: dict[str, tuple[Turn, ...]] = {name: (turn_of(one),) for name, one in zip(names, segments, strict=True)}
        return _Texts(path, form, texts, sessions, segments=tuple(every), turns=turns)
    if form in RECORDED:
        return _recorded(path, form, read_recorded(path, content, form, say))
    texts = read_trn(path, reference=columns == REFERENCE) if form == "trn" else read_kaldi_text(path)
    return _Texts(path, form, texts, _sessions(texts))


def _of_table(path: Path, form: Form, columns: tuple[str, ...]) -> _Texts:
    texts: dict[str, str] = {}
    sessions: dict[str, str] = {}
    languages: dict[str, str] = {}
    keywords: dict[str, tuple[str, ...]] = {}
    turns: dict[str, tuple[Turn, ...]] = {}
    words: dict[str, tuple[Word, ...]] = {}
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
                turns_in(values, names[0]),
                words_in(values, names[1]),
            )
        except ValueError as error:
            raise DataError(f"{path}, {where}: {error}") from None
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
    return _Texts(path, form, texts, sessions, languages, keywords, turns=turns, words=words)


def _fitted(said: _Texts, written: _Texts) -> _Texts:
    """The texts of a system under the ids of the reference.

    Raises:
        DataError: some fit none, or texts in parallel are not as many.
    """
    if said.form == "stm" and written.form == "ctm":
        kept = spread_words(written.segments, said.segments)
        words = dict(zip(said.texts, (each for each in kept if each is not None), strict=True))
        texts = {name: " ".join(word.text for word in each) for name, each in words.items()}
        return replace(written, texts=texts, words=words)
    one_each = len(said.texts) == len(written.texts) == 1
    if one_each and (_WHOLE | _ONE) & {said.form, written.form}:
        [name], [other] = said.texts, written.texts
        return replace(
            written,
            texts={name: written.texts[other]},
            turns=_called(name, written.turns),
            words=_called(name, written.words),
            languages=_called(name, written.languages),
        )
    if said.form == written.form == "lines":
        surplus = list(written.texts.items())[len(said.texts) :]
        if surplus and not any(text.strip() for _, text in surplus):  # blank lines at the end
            return replace(written, texts=dict(list(written.texts.items())[: len(said.texts)]))
    if "lines" in {said.form, written.form} and len(said.texts) != len(written.texts):
        counts = f"{written.path} has {len(written.texts)} texts, {said.path} {len(said.texts)}"
        raise DataError(f"{counts}; parallel ones are as many")
    unknown = [name for name in written.texts if name not in said.texts]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise DataError(
            f"{written.path}: {unknown[0]!r}{more} is not in {said.path}; is it the reference of this file?"
        )
    return written


def _speakers(texts: _Texts) -> dict[str, tuple[str, ...]]:
    """Who says each word of a recording of a SegLST; nothing where a segment names nobody."""
    labels: dict[str, list[str]] = {}
    if texts.form != "seglst" or any(not one.speaker for one in texts.segments):
        return {}
    for one in sorted(texts.segments, key=lambda one: one.begin):  # as the whole text is put together
        labels.setdefault(one.recording, []).extend([one.speaker] * len(one.text.split()))
    return {name: tuple(found) for name, found in labels.items()}


def _called(name: str, found: dict[str, T]) -> dict[str, T]:
    """What there is of one utterance, under another name."""
    return dict.fromkeys([name], next(iter(found.values()))) if found else {}


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _sessions(labels: Iterable[str]) -> dict[str, str]:
    """Label to session; nothing where the labels do not look as if they told one."""
    found = {name: name.split("-", 1)[0] for name in labels if "-" in name}
    count = len(set(found.values()))
    return found if 1 < count < len(found) == len(list(labels)) else {}
