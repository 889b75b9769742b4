"""Predictions of others, a reference and a transcript a row: JSON lines, a JSON array, CSV or TSV with a header.

The leaderboard's and NeMo's manifests have ``text`` and ``pred_text``; other names of columns are in `REFERENCE` and
`HYPOTHESIS`. Whatever is wrong with a file is said in one line that names the file and the line.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, TypeVar

from benchmarks.languages import primary_subtag
from benchmarks.sources.json_keys import loads
from benchmarks.sources.text_files import read_content
from harness.errors import DataError, UsageError
from harness.records.journal import Line
from harness.scoring import lattice
from harness.scoring.forms import Form, form_of
from harness.scoring.timed_rows import (
    OWN_TURNS,
    OWN_WORDS,
    SAID_TURNS,
    SAID_WORDS,
    WRITTEN_TURNS,
    WRITTEN_WORDS,
    journal_row,
    turns_in,
    words_in,
)
from harness.scoring.translated_rows import TARGET, TRANSLATION, untranslated_among
from harness.streams import tell
from harness.types import Turn, Word

REFERENCE = ("text", "reference", "ref", "ground_truth", "transcript")
"""Columns that hold what was said; a row has one of them."""
HYPOTHESIS = ("pred_text", "hypothesis", "hyp", "prediction", "predicted_text", "pred")
"""Columns that hold what was written; a row has one of them."""
ID = ("audio_filepath", "id", "utterance_id", "utt_id", "audio", "path", "file", "file_name")
"""Columns that name the utterance; the first that is there."""
LANGUAGE = ("language", "lang", "locale")
"""Columns that state a language."""
SESSION = ("session", "session_id", "speaker", "speaker_id", "meeting_id", "call_id")
"""Columns that state what is independent of the others; the first that is there."""

KEYWORDS = ("keywords", "biasing_words", "hotwords")
"""Columns that list names and terms of the utterance; the first that is there."""

_NO_TAGS = {*REFERENCE, *HYPOTHESIS, *ID, *LANGUAGE, *KEYWORDS, "distractors", "reference_lists", "format", "tags"}
_NO_TAGS |= {"duration", "time", "error", "parent_id", "chunk_index", "session", "session_id", TRANSLATION, *TARGET}
"""Columns that are read for what they are."""
_LONGEST_TAG = 100
"""Characters: a longer text is no group's name."""

UNSAID = "und"
"""The language of a translation that nothing states, as BCP 47 has it."""

_LONGEST = 1e9
"""Seconds, thirty years: what says that it is longer is not believed."""
_NUMBERS = ("duration", "time", "chunk_index")

T = TypeVar("T")
Values = Mapping[str, object]


def read_rows(path: Path, form: Form | None = None) -> list[Line]:
    """The rows of somebody's predictions.

    Args:
        path: of the file.
        form: what it is; None tells it by its ending and content.

    Raises:
        DataError: it cannot be read, is of a form that has no references in it, or a row is broken.
    """
    return read_translated(path, form)[0]


def read_translated(path: Path, form: Form | None = None) -> tuple[list[Line], int]:
    """The rows of somebody's predictions, and how many were left out, since others have a translation and they do not.

    Raises:
        DataError: as `read_rows`; or rows have a place for translations and none has one.
    """
    content = read_content(path)
    # Most files have none, and are not parsed twice.
    every = (values for _, values in _values(path, content, form)) if TRANSLATION in content else ()
    untranslated = untranslated_among(every)
    rows, left_out = list[Line](), 0
    passed_over = dict[str, str]()
    for number, (where, values) in enumerate(_values(path, content, form), start=1):
        passed_over |= others_of(values, REFERENCE) | others_of(values, HYPOTHESIS)
        if untranslated is not None and untranslated(values):
            left_out += 1
        else:
            rows.append(_named(path, where, _foreign_row, values, number))
    tell_others(path, passed_over)
    if untranslated is not None and not any(row.reference.strip() for row in rows):
        raise DataError(f"{path}: no row has a translation in its column {TRANSLATION!r}; fill it, or leave it out")
    if not rows:
        raise DataError(f"{path} is empty; expected rows with text and pred_text")
    return rows, left_out


def read_values(path: Path, form: Form | None = None) -> Iterator[tuple[str, Values]]:
    """Where each row stands, and its values by the names of the columns.

    Raises:
        DataError: as `read_rows`.
    """
    return _values(path, read_content(path), form)


def _values(path: Path, content: str, form: Form | None) -> Iterator[tuple[str, Values]]:
    found = form_of(path, content, form)
    if found == "json":
        yield from _array(path, content)
    elif found in {"csv", "tsv"}:
        yield from _delimited(path, content)
    elif found == "jsonl":
        for number, line in enumerate(content.split("\n"), start=1):
            if line.strip():
                where = f"line {number}"
                yield where, _named(path, where, _object, line)
    else:
        what = "plain text" if found is None else found
        raise DataError(
            f"{path} is {what}, without a reference in it: give that with --reference, or give JSON lines, JSON, CSV or"
            " TSV with text and pred_text"
        )


def _named(path: Path, where: str, make: Callable[..., T], *values: object) -> T:
    """What is made of the values; what is wrong with them names where they stand."""
    try:
        return make(*values)
    except ValueError as error:
        raise DataError(f"{path}, {where}: {error}") from None


def _object(line: str) -> Values:
    try:
        found = loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a JSON object ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"not a JSON object but {type(found).__name__}")
    return found


def _array(path: Path, content: str) -> Iterator[tuple[str, Values]]:
    try:
        found = loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a JSON array ({error})") from None
    for number, values in enumerate(found, start=1):
        if not isinstance(values, dict):
            raise DataError(f"{path}, item {number}: not a JSON object but {type(values).__name__}")
        yield f"item {number}", values


def _delimited(path: Path, content: str) -> Iterator[tuple[str, Values]]:
    """Rows of a table with a header; what separates its columns is told by the header."""
    head = content.split("\n", 1)[0]
    between = max("\t", ",", ";", key=head.count)
    csv.field_size_limit(max(csv.field_size_limit(), len(content)))
    # In tab-separated files people write quotes as they are said.
    table = io.StringIO(content, newline="")
    if between == "\t":
        rows = csv.reader(table, delimiter=between, strict=True, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(table, delimiter=between, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        known = {*REFERENCE, *HYPOTHESIS} & set(header)
        if not known or len(set(header)) != len(header):
            raise DataError(
                f"{path}, line 1: no header with a column of texts ({', '.join(REFERENCE[:2])}, "
                f"{', '.join(HYPOTHESIS[:2])}, ...), each named once"
            )
        for cells in rows:
            if not any(map(str.strip, cells)):
                continue
            where = f"line {rows.line_num}"
            if len(cells) != len(header):
                raise DataError(f"{path}, {where}: {len(cells)} cells under {len(header)} columns")
            yield where, {name: _cell(name, cell) for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num}: {error}") from None


def _cell(name: str, cell: str) -> object:
    """A number where the column has them; an empty cell of theirs is not known."""
    if name not in _NUMBERS:
        return cell
    if not cell.strip():
        return None
    try:
        return float(cell) if name != "chunk_index" else int(cell)
    except ValueError:
        return cell


def column(found: Values, names: Sequence[str]) -> str | None:
    """Which of the columns a row has; None where it has none of them.

    Raises:
        ValueError: it has several.
    """
    here = [name for name in names if name in found]
    if len(here) > 1 and here[0] not in {"text", "pred_text"}:
        raise ValueError(f"{here[0]!r} and {here[1]!r} could both be meant; leave one out")
    return here[0] if here else None


def others_of(found: Values, names: Sequence[str]) -> dict[str, str]:
    """The columns of a row that could be meant too, each with the one that is taken."""
    taken, *others = [name for name in names if name in found] or [""]
    return dict.fromkeys(others, taken)


def tell_others(path: Path, passed_over: Mapping[str, str]) -> None:
    """Says which columns of a file are passed over: those of `others_of`."""
    for name, taken in passed_over.items():
        tell(f"{path.name}: the column {taken!r} is taken; {name!r}, which could be meant too, is passed over")


def with_lists(found: Values) -> Values:
    """The row with the spellings that it accepts, where it states such lists, as its text (`harness.scoring.lattice`).

    Raises:
        ValueError: they are not understood.
    """
    lists = found.get("reference_lists", found.get("text"))
    if "reference_lists" not in found and not isinstance(lists, list):
        return found
    if isinstance(lists, str):  # a cell of a table
        try:
            lists = loads(lists)
        except (ValueError, RecursionError):
            raise ValueError("reference_lists is no JSON list") from None
    return {**found, "text": lattice.written(lattice.checked(lists))}


def _foreign_row(found: Values, number: int) -> Line:
    found = with_lists(found)
    error = _text(found, "error")
    target = target_of(found)
    said = TRANSLATION if target and TRANSLATION in found else column(found, REFERENCE)
    written = column(found, HYPOTHESIS)
    if said is None or (written is None and error is None):
        lacks = "text" if said is None else "pred_text"
        raise ValueError(f"no {lacks!r}; a prediction has text (the reference) and pred_text (the transcript)")
    reference, hypothesis = _text(found, said), _text(found, written) if written is not None else None
    if reference is None:
        raise ValueError(f"{said!r} must be text, not null")
    lattice.parse(reference)  # what is one, and cannot be read, is an error
    return Line(
        id=name_of(found) or f"row {number}",
        reference=reference,
        hypothesis=hypothesis,
        duration=_seconds(found, "duration"),
        time=_seconds(found, "time"),
        error=(error or f"no transcript ({written} is null)") if hypothesis is None else None,
        parent_id=_text(found, "parent_id"),
        chunk_index=_index(found, "chunk_index"),
        language=language_of(found),
        session=session_of(found),
        target=target,
        keywords=keywords_of(found),
        distractors=phrases_of("distractors", found["distractors"]) if found.get("distractors") else None,
        tags=_tags(found) | _source(found, said),
        **_timed(found),
    )


class _Timed(TypedDict):
    """Fields of a row that say who speaks, and when."""

    reference_words: tuple[Word, ...] | None
    reference_turns: tuple[Turn, ...] | None
    words: tuple[Word, ...] | None
    turns: tuple[Turn, ...] | None


def _timed(found: Values) -> _Timed:
    """Words with times and turns of both sides; `words`, `turns` are the reference's but in lines of our journals."""
    said = journal_row(found)
    words = SAID_WORDS[:1] if said else SAID_WORDS, OWN_WORDS if said else WRITTEN_WORDS
    return {
        "reference_words": words_in(found, words[0]),
        "reference_turns": turns_in(found, SAID_TURNS[:1] if said else SAID_TURNS, words[0]),
        "words": words_in(found, words[1]),
        "turns": turns_in(found, OWN_TURNS if said else WRITTEN_TURNS, words[1]),
    }


def _source(found: Values, said: str) -> dict[str, str]:
    """What was spoken, of a translation whose row has that beside it: whole, for metrics that read it."""
    text = found.get("source", found.get("text")) if said == TRANSLATION else None
    return {"source": text} if isinstance(text, str) else {}


def _tags(found: Values) -> dict[str, str]:
    """What else a row says in short, each column a tag; and a table of them, as our own journals have it."""
    stated = found.get("tags")
    every = {**found, **(stated if isinstance(stated, dict) else {})}
    tags = {key: tag_text(value) for key, value in every.items() if key not in _NO_TAGS}
    return {key: text for key, text in tags.items() if text is not None and len(text) <= _LONGEST_TAG}


def tag_text(value: object) -> str | None:
    """A tag's value as text; None where there is none, or it is no plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def target_of(found: Values) -> str | None:
    """The language that a row is a translation into, `UNSAID` where it does not say; None of a transcript.

    Raises:
        ValueError: it is none.
    """
    for key in (*TARGET, *(("target",) if journal_row(found) else ())):
        value = _text(found, key)
        if value is not None and value.strip():
            try:
                return primary_subtag(value, key)
            except UsageError as error:
                raise ValueError(str(error)) from None
    return UNSAID if found.get(TRANSLATION) is not None else None


def keywords_of(found: Values) -> tuple[str, ...] | None:
    """The keywords of a row; None where it lists none.

    Raises:
        ValueError: they are no list of texts.
    """
    return next((phrases_of(key, found[key]) for key in KEYWORDS if found.get(key) is not None), None)


def phrases_of(key: str, value: object) -> tuple[str, ...]:
    """A list of phrases, as a list or as text: a JSON list, or between semicolons, bars or commas.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"{key} begins like a JSON list and is none") from None
    if isinstance(value, str):
        value = value.split(next((mark for mark in ";|" if mark in value), ","))
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{key!r} must be a list of texts, not {json.dumps(value)[:40]}")
    return tuple(dict.fromkeys(" ".join(one.split()) for one in value if one.strip()))


def name_of(found: Values) -> str | None:
    """The id of a row; None where it has none."""
    return next((str(found[key]) for key in ID if found.get(key)), None)


def session_of(found: Values) -> str | None:
    """The session of a row; None where it states none.

    Raises:
        ValueError: it is neither a text nor a whole number.
    """
    return next((value for key in SESSION if key in found and (value := _word(found, key)) is not None), None)


def language_of(found: Values) -> str:
    """What the row says of its language; empty where it says nothing.

    Raises:
        ValueError: it is none.
    """
    for key in LANGUAGE:
        value = _text(found, key)
        if value is not None and value.strip():
            try:
                return primary_subtag(value, key)
            except UsageError as error:
                raise ValueError(str(error)) from None
    return ""


def _word(found: Values, key: str) -> str | None:
    """A name, which may be a number; None where there is none."""
    value = found.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(found, key) or None


def _text(found: Values, key: str) -> str | None:
    value = found.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"{key!r} must be text, not {json.dumps(value)[:40]}")


def _seconds(found: Values, key: str) -> float | None:
    value = found.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LONGEST:
        raise ValueError(f"{key!r} must be seconds, not {json.dumps(value)[:40]}")
    return float(value)


def _index(found: Values, key: str) -> int | None:
    value = found.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"{key!r} must be a whole number from 0, not {json.dumps(value)[:40]}")
    return value
