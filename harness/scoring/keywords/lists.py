"""Lists of keywords for predictions that have none: one for all utterances, or one for each by its id.

One list is a phrase a line, a JSON list, or ``a,b,c``. Lists by id are a table (JSON lines, a JSON array, CSV, TSV)
with ``id`` and ``keywords``, perhaps ``distractors``; a JSON object of lists; lines of an id, a tab and phrases; or the
files of the LibriSpeech biasing lists (id, text, words that are scored, and perhaps all that a model was offered).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.sources.json_keys import loads
from benchmarks.sources.text_files import read_content
from harness.errors import DataError, UsageError
from harness.flags import is_file_name, phrases_given
from harness.scoring.rows import ID, KEYWORDS, phrases_of

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

    def of(self, name: str) -> Pair | None:
        """Those of an utterance; None where there is no list of it."""
        if self.common is not None:
            return self.common, ()
        found = self.by_id.get(name)
        return self.by_id.get(Path(name).stem) if found is None else found


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


def with_keywords(systems: Iterable[System], keywords: Keywords) -> list[System]:
    """Predictions whose utterances have the keywords; they replace those that rows state.

    Raises:
        DataError: no utterance has a list.
    """
    found, rows, given = [], 0, 0
    for system in systems:
        benchmarks = []
        for one in system.benchmarks:
            pairs = [keywords.of(row.id) for row in one.rows]
            rows, given = rows + len(pairs), given + sum(pair is not None for pair in pairs)
            benchmarks.append(replace(one, rows=[_with(row, pair) for row, pair in zip(one.rows, pairs, strict=True)]))
        found.append(replace(system, benchmarks=benchmarks))
    if rows and not given:
        first = next(iter(keywords.by_id))
        raise DataError(f"{keywords.where}: none of its ids, such as {first!r}, is one of the {rows:,} utterances")
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
    if isinstance(found, dict) and found and KEYWORDS[0] not in found:
        return Keywords(where, by_id={name: (_phrases(where, name, words), ()) for name, words in found.items()})
    rows = found if isinstance(found, list) else [found]
    return _by_id(where, ((f"item {number}", row) for number, row in enumerate(rows, start=1)))


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
    return not {*ID}.isdisjoint(cells) and not {*KEYWORDS}.isdisjoint(cells)


def _by_id(where: str, rows: Iterable[tuple[str, object]]) -> Keywords:
    found: dict[str, Pair] = {}
    for place, row in rows:
        name = next((row[key] for key in ID if row.get(key)), None) if isinstance(row, dict) else None
        column = next((key for key in KEYWORDS if key in row), None) if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(name, str) or column is None:
            raise DataError(f"{where}, {place}: no id and keywords; expected both in each row")
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
