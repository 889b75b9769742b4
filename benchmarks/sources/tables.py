"""Rows of JSON-lines, CSV and TSV files that people write by hand: every fault names the file's line."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.dataset import Entry

LONGEST_LINE = 1 << 24
"""Bytes of one line."""
NOT_TEXT = re.compile("[\ud800-\udfff\0]")
"""What UTF-8 does not write, and what no text holds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table and where it stands."""

    values: Mapping[str, Any]
    source: Path
    line: int

    def error(self, what: str) -> DataError:
        """The error that names this row."""
        return DataError(f"{self.where}: {what}")

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.source}, line {self.line}"

    def string(self, *names: str, empty: bool = False) -> str | None:
        """The first of the columns that is there, as text; None where none is.

        Args:
            names: columns in the order of preference.
            empty: whether an empty text counts as there.

        Raises:
            DataError: it holds something that is not text, or cannot be written as UTF-8.
        """
        for name in names:
            value = self.values.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if value is None or (value == "" and not empty):
                continue
            if not isinstance(value, str):
                raise self.error(f"{name} holds {type(value).__name__}, not text")
            if NOT_TEXT.search(value):
                raise self.error(f"{name} holds a character that is not text (a surrogate or NUL)")
            return value
        return None

    def number(self, name: str) -> float | None:
        """A column as seconds; None where it is absent or empty.

        Raises:
            DataError: it is not a finite number from 0.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number) or number < 0:
            raise self.error(f"{name} is {str(value)[:40]!r}, not a number of seconds")
        return number


def read_table(path: Path) -> Iterator[Row]:
    """The rows of a table, by the ending of its name, one at a time.

    Raises:
        UsageError: the ending is none that is known.
        DataError: a line cannot be read.
    """
    readers = {".jsonl": _json_lines, ".json": _json_lines, ".csv": _csv, ".tsv": _tsv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        msg = f"{path}: a manifest ends in {', '.join(readers)}; see docs/your_own_data.md"
        raise UsageError(msg)
    try:
        yield from (row for row in reader(path) if row.values)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or error})"
        raise DataError(msg) from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers and texts of the lines of a UTF-8 file."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                raise Row({}, path, number).error(f"longer than {LONGEST_LINE >> 20} MiB")
            try:
                yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise Row({}, path, number).error(f"not UTF-8 text ({error.reason})") from error


def _json_lines(path: Path) -> Iterator[Row]:
    """A JSON object a line; empty lines are passed over."""
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:80]
            raise Row({}, path, number).error(f"not JSON ({reason})") from error
        if not isinstance(value, dict):
            raise Row({}, path, number).error(f"a JSON {type(value).__name__}, not an object")
        yield Row(value, path, number)


def _csv(path: Path) -> Iterator[Row]:
    """Comma-separated with a header, quoted as spreadsheets do."""
    return _delimited(path, csv.reader((line for _, line in _lines(path)), strict=True))


def _tsv(path: Path) -> Iterator[Row]:
    """Tab-separated with a header; quotes mean nothing."""
    lines = (line for _, line in _lines(path))
    return _delimited(path, csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _delimited(path: Path, reader: Any) -> Iterator[Row]:
    """The rows below a header."""
    header: list[str] | None = None
    try:
        for fields in reader:
            if not any(fields):
                continue
            if header is None:
                header = [name.strip() for name in fields]
            elif len(fields) != len(header):
                raise Row({}, path, reader.line_num).error(f"{len(fields)} fields where the header has {len(header)}")
            else:
                yield Row(dict(zip(header, fields, strict=True)), path, reader.line_num)
    except csv.Error as error:
        raise Row({}, path, reader.line_num).error(f"not readable as a table ({error})") from error


def lines(data: bytes, where: str) -> Iterator[tuple[str, str]]:
    """The lines of a text that hold something, and what to call each in messages.

    Only line feeds end one: prompts may hold U+2028. A byte order mark at the beginning is passed over.

    Raises:
        DataError: a line is not UTF-8.
    """
    for number, line in enumerate(io.BytesIO(data), start=1):
        at = f"{where}, line {number}"
        try:
            text = line.rstrip(b"\r\n").decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            msg = f"{at} is not UTF-8 text ({error.reason})"
            raise DataError(msg) from error
        if text.strip():
            yield at, text


def rows(
    data: bytes, where: str, delimiter: str, header: Sequence[str] | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table in which quotes mean nothing (they are often unbalanced), and what to call each.

    Args:
        data: the table.
        where: the file, for messages.
        delimiter: a tab or ``|``.
        header: names of the columns, for tables that do not begin with them.

    Raises:
        DataError: a row has more or fewer fields than the header, or is not UTF-8.
    """
    for at, line in lines(data, where):
        fields = line.split(delimiter)
        if header is None:
            header = [name.strip() for name in fields]
        elif len(fields) != len(header):
            msg = f"{at}: {len(fields)} fields where the header has {len(header)}"
            raise DataError(msg)
        else:
            yield at, dict(zip(header, fields, strict=True))


def entries_of(
    found: Iterable[tuple[str, dict[str, str]]], entry: Callable[[Mapping[str, str]], Entry]
) -> dict[str, list[Entry]]:
    """A corpus's entries by their ids, as `pairing.pair` takes them.

    Args:
        found: rows, and what to call each.
        entry: a row to what it says.

    Raises:
        DataError: a row has another row's id.
    """
    entries: dict[str, list[Entry]] = {}
    for at, row in found:
        new = [entry(row)]
        if entries.setdefault(new[0].id, new) is not new:
            msg = f"{at}: {new[0].id} is there twice"
            raise DataError(msg)
    return entries


def set_duration(entries: dict[str, list[Entry]], name: str, seconds: float) -> None:
    """What another table says of the length of an entry; one that is not here is passed over."""
    if name in entries:
        entries[name] = [replace(entry, duration=seconds) for entry in entries[name]]
