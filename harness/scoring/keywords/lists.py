"""Lists of keywords for predictions that have none: one for all utterances, or one for each by its id.

One list is a phrase a line, a JSON list, or ``a,b,c``. Lists by id are a table (JSON lines, a JSON array, CSV, TSV)
with ``id`` and ``keywords``, perhaps ``distractors``; a JSON object of lists; lines of an id, a tab and phrases; or the
files of the LibriSpeech biasing lists (id, text, words that are scored, and perhaps all that a model was offered).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.sources.json_keys import loads
from benchmarks.sources.text_files import read_content
from harness.errors import DataError, UsageError
from harness.flags import is_file_name, phrases_given
from harness.scoring.by_id import ById
from harness.scoring.rows import ID, KEYWORDS, name_of, phrases_of

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.predictions import System

Pair = tuple[tuple[str, ...], tuple[str, ...]]
"""Keywords that are scored, and distractors beside them."""


@dataclass(frozen=True, slots=True)
class Keywords:
    """What a user gave."""

    where: str
    """What to call it in messages."""
    common: tuple[str, ...] | None = None
    """One list for all utterances."""
    by_id: Mapping[str, Pair] = field(default_factory=dict)
    """A list for each."""


def read_keywords(given: str) -> Keywords:
    """The keywords of a file, or of a list with commas.

    Raises:
        UsageError: there is no word in it.
        DataError: the file cannot be read.
    """
    path = Path(given).expanduser()
    if not is_file_name(given):
        return _one(given, phrases_given(given))
    content = read_content(path)
    begin = content.lstrip()[:1]
    if begin in {"[", "{"}:
        return _of_json(str(path), content)
    lines = [line.rstrip("\r") for line in content.split("\n") if line.strip()]
    if path.suffix.lower() == ".csv" or (lines and _is_header(lines[0].split("\t"))):
        return _of_table(path)
    if lines and all("\t" in line for line in lines):
        return _of_lines(str(path), lines)
    return _one(str(path), lines)


def with_keywords(systems: Iterable[System], keywords: Keywords, say: Callable[[str], None]) -> list[System]:
    """Predictions whose utterances have the keywords; they replace those that rows state.

    How many have a list of their own is told, where the file has such.

    Raises:
        DataError: no utterance has a list.
    """
    by_id = ById(keywords.where, keywords.by_id)
    common = None if keywords.common is None else (keywords.common, ())
    found = []
    for system in systems:
        benchmarks = []
        for one in system.benchmarks:
            rows = [_with(row, by_id.of(row.id) if common is None else common) for row in one.rows]
            benchmarks.append(replace(one, rows=rows))
        found.append(replace(system, benchmarks=benchmarks))
    if common is None:
        by_id.tell(say)
    return found


def _with(row: Line, pair: Pair | None) -> Line:
    words, others = (None, None) if pair is None else (pair[0], pair[1] or None)
    return msgspec.structs.replace(row, keywords=words, distractors=others)


def _one(where: str, phrases: Iterable[str]) -> Keywords:
    found = tuple(dict.fromkeys(" ".join(one.split()) for one in phrases if one.strip()))
    if not found:
        raise UsageError(f"--keywords {where}: no word in it; give a file with one phrase a line, or a,b,c")
    return Keywords(where, found)


def _of_json(where: str, content: str) -> Keywords:
    """One list, lists by id, or rows."""
    try:
        found = loads(content)
    except ValueError:
        try:
            found = [loads(line) for line in content.split("\n") if line.strip()]
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: neither JSON nor JSON lines: {error}") from None
    except RecursionError as error:
        raise DataError(f"{where}: {error}") from None
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return _one(where, found)
    if isinstance(found, dict) and found and not _is_row(found):
        return Keywords(where, by_id={name: (_phrases(where, name, words), ()) for name, words in found.items()})
    rows = found if isinstance(found, list) else [found]
    return _by_id(where, ((f"item {number}", row) for number, row in enumerate(rows, start=1)))


def _is_row(found: Mapping[str, object]) -> bool:
    """Whether an object is a row, whose id is a value, and no lists by the names of utterances."""
    return not {*KEYWORDS}.isdisjoint(found) or any(isinstance(found.get(key), str | int) for key in ID)


def _of_table(path: Path) -> Keywords:
    import csv

    content = read_content(path)
    head = content.split("\n", 1)[0]
    between = max("\t", ",", ";", key=head.count)
    lines = content.splitlines()
    try:
        if between == "\t":
            rows = list(csv.DictReader(lines, delimiter=between, quoting=csv.QUOTE_NONE, strict=True))
        else:
            rows = list(csv.DictReader(lines, delimiter=between, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: {error}") from None
    return _by_id(str(path), ((f"line {number}", row) for number, row in enumerate(rows, start=2)))


def _is_header(cells: Sequence[str]) -> bool:
    """Whether they name columns; whether those are what is needed is said of the rows."""
    return len(cells) > 1 and not {*ID}.isdisjoint(cells)


def _by_id(where: str, rows: Iterable[tuple[str, object]]) -> Keywords:
    found: dict[str, Pair] = {}
    for place, row in rows:
        name = name_of(row) if isinstance(row, dict) else None
        column = next((key for key in KEYWORDS if key in row), None) if isinstance(row, dict) else None
        if not isinstance(row, dict) or name is None or column is None:
            raise DataError(f"{where}, {place}: no id and keywords; expected both in each row, in columns so called")
        if name in found:
            raise DataError(f"{where}, {place}: {name!r} was there before; each utterance may come once")
        others = _phrases(where, place, row.get("distractors") or [])
        found[name] = _phrases(where, place, row[column]), others
    if not found:
        raise DataError(f"{where} is empty; expected keywords")
    return Keywords(where, by_id=found)


def _phrases(where: str, place: str, value: object) -> tuple[str, ...]:
    try:
        return phrases_of("keywords", value)
    except ValueError as error:
        raise DataError(f"{where}, {place}: {error}") from None


def _of_lines(where: str, lines: Sequence[str]) -> Keywords:
    """An id and phrases a line; or, of the biasing lists, id, text, scored words and perhaps all that are offered."""
    found: dict[str, Pair] = {}
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        place = f"line {number}"
        if cells[0] in found:
            raise DataError(f"{where}, {place}: {cells[0]!r} was there before; each utterance may come once")
        if len(cells) == 2:
            found[cells[0]] = _phrases(where, place, cells[1]), ()
            continue
        if len(cells) > 4 or not all(cell.strip().startswith("[") for cell in cells[2:]):
            raise DataError(f"{where}, {place}: expected id and keywords, or id, text and JSON lists, between tabs")
        words, *offered = (_phrases(where, place, cell) for cell in cells[2:])
        others = [one for each in offered for one in each if one not in {*words}]
        found[cells[0]] = words, tuple(others)
    return Keywords(where, by_id=found)
