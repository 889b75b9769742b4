"""`--metadata FILE`: tags for utterances that have none of their own, such as predictions of others.

A table (CSV, TSV, JSON lines, a JSON array) with a column that names the utterance, and any others. Every other column
becomes a tag; one that states sessions is also the session of rows that state none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.sources.json_keys import loads
from benchmarks.sources.text_files import read_content
from harness.errors import DataError
from harness.scoring.by_id import ById
from harness.scoring.rows import HYPOTHESIS, ID, REFERENCE, SESSION, Values, name_of, tag_text

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.predictions import System

Say = Callable[[str], None]

_NO_TAGS = {*ID, *REFERENCE, *HYPOTHESIS}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of utterances."""

    path: Path
    tags: Mapping[str, Mapping[str, str]]
    """By id."""


def read_metadata(path: Path) -> Metadata:
    """The tags of a file.

    Raises:
        DataError: it cannot be read, a row has no id, or an id stands there twice.
    """
    found: dict[str, dict[str, str]] = {}
    for where, row in _rows(path, read_content(path)):
        name = name_of(row)
        if name is None:
            raise DataError(f"{path}, {where}: no id; expected a column {', '.join(ID[:4])} or the like")
        if name in found:
            raise DataError(f"{path}, {where}: {name!r} was there before; each utterance may come once")
        found[name] = {
            key: text for key, value in row.items() if key not in _NO_TAGS and (text := tag_text(value)) is not None
        }
    if not any(found.values()):
        raise DataError(f"{path} has no tags; expected a column of ids, and others beside it")
    return Metadata(path, found)


def _rows(path: Path, content: str) -> Iterator[tuple[str, Values]]:
    if content.lstrip()[:1] in {"{", "["}:
        yield from _json(path, content)
        return
    head = content.split("\n", 1)[0]
    between = max("\t", ",", ";", key=head.count)
    lines = io.StringIO(content, newline="")
    if between == "\t":
        table = csv.reader(lines, delimiter=between, strict=True, quoting=csv.QUOTE_NONE)
    else:
        table = csv.reader(lines, delimiter=between, strict=True)
    try:
        header = [name.strip() for name in next(table, [])]
        if not header or len({*header}) != len(header) or not {*header} & {*ID}:
            raise DataError(
                f"{path}, line 1: no header with a column of ids ({', '.join(ID[:4])}, ...), each column named once"
            )
        for cells in table:
            if any(map(str.strip, cells)):
                if len(cells) != len(header):
                    raise DataError(f"{path}, line {table.line_num}: {len(cells)} cells under {len(header)} columns")
                yield f"line {table.line_num}", dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}, line {table.line_num}: {error}") from None


def _json(path: Path, content: str) -> Iterator[tuple[str, Values]]:
    """The rows of JSON lines or of an array."""
    lines = [(f"line {number}", line) for number, line in enumerate(content.split("\n"), start=1) if line.strip()]
    try:
        if content.lstrip().startswith("["):
            read = [(f"item {number}", row) for number, row in enumerate(loads(content), start=1)]
        else:
            read = [(where, loads(line)) for where, line in lines]
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: neither JSON lines nor a JSON array: {error}") from None
    for where, row in read:
        if not isinstance(row, dict):
            raise DataError(f"{path}, {where}: not a JSON object but {type(row).__name__}")
        yield where, row


def with_metadata(systems: Sequence[System], metadata: Metadata, say: Say) -> list[System]:
    """The systems, their rows with what a file says of them; a row's own tags stand.

    How many are found, and what matches nothing, is told (`harness.scoring.by_id`).

    Raises:
        DataError: no utterance is in the file.
    """
    by_id = ById(str(metadata.path), metadata.tags)

    def of(row: Line) -> Line:
        found = by_id.of(row.id)
        return row if found is None else _with(row, found)

    changed = [
        replace(system, benchmarks=[replace(one, rows=[of(row) for row in one.rows]) for one in system.benchmarks])
        for system in systems
    ]
    by_id.tell(say)
    return changed


def _with(row: Line, tags: Mapping[str, str]) -> Line:
    session = row.session or next((tags[key] for key in SESSION if key in tags), None)
    return msgspec.structs.replace(row, tags={**tags, **row.tags}, session=session)
