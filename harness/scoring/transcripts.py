"""Predictions from two files: a reference, and the transcripts of a system, each in one of many forms.

What the forms have in common is an id for each text: stated (Kaldi's text, NIST trn, tables), made of times (stm),
the recording (ctm, SegLST, subtitles), or the place of the line in parallel texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from benchmarks.languages import primary_subtag
from benchmarks.sources.text_files import read_content
from harness.amounts import amount
from harness.errors import DataError, UsageError
from harness.records.journal import Line
from harness.scoring import file_names
from harness.scoring.folders import transcripts_in
from harness.scoring.forms import Form, begins_with_ids, form_of, plain_form, stem
from harness.scoring.predictions import DEFAULT_LANGUAGE, Predictions, System, by_language
from harness.scoring.recordings import merged, spread_words, together
from harness.scoring.rows import HYPOTHESIS, REFERENCE
from harness.scoring.transcript_files import (
    ONE,
    WHOLE,
    Texts,
    check_text,
    read_alone,
    read_file,
    read_folder,
    recorded,
)

T = TypeVar("T")


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
        count = amount(len(said.texts), "utterance")
        say(f"{path.name} as {written.form} against {reference.name} as {said.form}: {count}")
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
            said_in=reference,
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
    return read_alone(path, content, form_of(path, content, form) or "kaldi", REFERENCE, lambda _line: None).texts


def _rows(said: Texts, written: Texts) -> list[Line]:
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
) -> tuple[Texts, Texts]:
    """Both files; where both are plain text, what they are is told by the two together."""
    whole, asked = asked == "meetings", None if asked == "meetings" else asked
    if reference.is_dir():
        if not hypothesis.is_dir():
            raise UsageError(
                f"{hypothesis} is a file, and --reference {reference} a folder of recordings; give folders"
            )
        return read_folder(reference, asked, say), read_folder(hypothesis, asked, say)
    contents = [read_content(path) for path in (reference, hypothesis)]
    forms = [form_of(path, content, asked) for path, content in zip((reference, hypothesis), contents, strict=True)]
    plain: Form = "kaldi"
    if forms == [None, None]:
        check_text(reference, contents[0])
        plain = plain_form((reference, contents[0]), (hypothesis, contents[1]))
    elif None in forms and WHOLE.intersection(forms):
        at = forms.index(None)
        if not begins_with_ids(contents[at], stem((reference, hypothesis)[1 - at])):
            plain, contents[at] = "lines", " ".join(contents[at].split())  # all of them are the one recording
    said, written = (
        read_file(path, content, form or plain, sides, say)
        for path, content, form, sides in zip(
            (reference, hypothesis), contents, forms, (REFERENCE, (*HYPOTHESIS, *REFERENCE)), strict=True
        )
    )
    return _by_recording(said, written, say, whole=whole)


def _by_recording(said: Texts, written: Texts, say: Callable[[str], None], *, whole: bool) -> tuple[Texts, Texts]:
    """Both sides recording by recording, where that was asked for or segments of an stm are no one else's.

    Raises:
        UsageError: it was asked for, and a side has no times.
    """
    sides = said, written
    if not whole:
        forms = {said.form, written.form}
        recordings = [{one.recording for one in side.segments} for side in sides]
        into_segments = said.form == "stm" and written.form == "ctm"
        if into_segments or "stm" not in forms or not all(recordings) or recordings[1] - recordings[0]:
            return sides
        if forms == {"stm"} and not {*written.texts} - {*said.texts}:
            say("each segment is an utterance; --format meetings scores recordings, and who speaks in them")
            return sides
        say(f"{written.path.name}: other segments than in {said.path.name}, so that recordings are scored as a whole")
    for side in sides:
        if not side.segments:
            raise UsageError(
                f"--format meetings: {side.path} as {side.form} has no recordings with times; give stm, ctm, SegLST, "
                "RTTM, TextGrid, EAF or a recognizer's JSON"
            )
    one, other = map(_as_meetings, sides)
    return one, other


def _as_meetings(side: Texts) -> Texts:
    """A side by recording, whose channels are one."""
    if side.form == "stm":
        return recorded(side.path, "meetings", merged(side.segments))
    if side.form == "ctm" and not side.turns:
        return recorded(side.path, "meetings", together(side.segments, side.words))
    return replace(side, form="meetings")


def _fitted(said: Texts, written: Texts) -> Texts:
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
    if one_each and (WHOLE | ONE) & {said.form, written.form}:
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


def _speakers(texts: Texts) -> dict[str, tuple[str, ...]]:
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
