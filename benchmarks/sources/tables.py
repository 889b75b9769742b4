"""Tables as people write them by hand (JSON lines, CSV, TSV) and as corpora have them: faults name the file's line."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.dataset import Entry, Row

LONGEST_LINE = 1 << 24
"""Bytes of one line."""
NOT_TEXT = re.compile("[\ud800-\udfff\0]")
"""What UTF-8 does not write, and what no text holds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table that people write by hand, and where it stands."""

    where: str
    """File and line, for messages."""
    values: Row

    def error(self, what: str) -> DataError:
        """The error that names this row."""
        return DataError(f"{self.where}: {what}")

    def string(self, *names: str, empty: bool = False) -> str | None:
        """The first of the columns that is there, as text; None where none is. An empty text is, only where `empty`.

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


def read_table(path: Path) -> Iterator[Line]:
    """The rows of a table, by the ending of its name, one at a time.

    Raises:
        UsageError: the ending is none that is known.
        DataError: a line cannot be read.
    """
    readers = {".jsonl": _json_lines, ".json": _json_lines, ".csv": _delimited, ".tsv": _delimited}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: a manifest ends in {', '.join(readers)}; see docs/your_own_data.md")
    try:
        with path.open("rb") as file:
            yield from (line for line in reader(path, file) if line.values)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _lines(file: BinaryIO, name: str, verb: str = ":") -> Iterator[tuple[str, str]]:
    """What to call each line of a UTF-8 file in messages, and its text; `verb` stands before ``not UTF-8 text``."""
    number, encoding = 0, "utf-8-sig"
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        where = f"{name}, line {number}"
        if len(raw) > LONGEST_LINE:
            raise DataError(f"{where}: longer than {LONGEST_LINE >> 20} MiB")
        try:
            yield where, raw.decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(f"{where}{verb} not UTF-8 text ({error.reason})") from error
        encoding = "utf-8"


def _json_lines(path: Path, file: BinaryIO) -> Iterator[Line]:
    """A JSON object a line; empty lines are passed over."""
    for where, text in _lines(file, str(path)):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:80]
            raise Line(where, {}).error(f"not JSON ({reason})") from error
        if not isinstance(value, dict):
            raise Line(where, {}).error(f"a JSON {type(value).__name__}, not an object")
        yield Line(where, value)


def _delimited(path: Path, file: BinaryIO) -> Iterator[Line]:
    """The rows below a header: between commas, quoted as spreadsheets do; between tabs, where quotes mean nothing."""
    texts = (text for _, text in _lines(file, str(path)))
    if path.suffix.lower() == ".csv":
        reader = csv.reader(texts, strict=True)
    else:
        reader = csv.reader(texts, delimiter="\t", quoting=csv.QUOTE_NONE)
    header: list[str] | None = None
    try:
        for fields in reader:
            line = Line(f"{path}, line {reader.line_num}", dict(zip(header or (), fields, strict=False)))
            if not any(fields):
                continue
            if header is None:
                header = [name.strip() for name in fields]
            elif len(fields) != len(header):
                raise line.error(f"{len(fields)} fields where the header has {len(header)}")
            else:
                yield line
    except csv.Error as error:
        raise Line(f"{path}, line {reader.line_num}", {}).error(f"not readable as a table ({error})") from error


def lines(data: bytes, where: str) -> Iterator[tuple[str, str]]:
    """The lines of a text that hold something, and what to call each in messages.

    Only line feeds end one: prompts may hold U+2028. A byte order mark at the beginning is passed over.

    Raises:
        DataError: a line is not UTF-8, or longer than any transcript.
    """
    texts = ((at, text.rstrip("\r\n")) for at, text in _lines(io.BytesIO(data), where, " is"))
    return ((at, text) for at, text in texts if text.strip())


def rows(
    data: bytes, where: str, delimiter: str, header: Sequence[str] | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table in which quotes mean nothing (they are often unbalanced), and what to call each.

    `header` has the names of the columns, for tables that do not begin with them.

    Raises:
        DataError: a row has more or fewer fields than the header, or is not UTF-8.
    """
    for at, line in lines(data, where):
        fields = line.split(delimiter)
        if header is None:
            header = [name.strip() for name in fields]
        elif len(fields) != len(header):
            raise DataError(f"{at}: {len(fields)} fields where the header has {len(header)}")
        else:
            yield at, dict(zip(header, fields, strict=True))


def entries_of(found: Iterable[tuple[str, dict[str, str]]], entry: Callable[[Row], Entry]) -> dict[str, list[Entry]]:
    """A corpus's entries by their ids, as `pairing.pair` takes them; `found` are rows, and what to call each.

    Raises:
        DataError: a row has another row's id.
    """
    entries: dict[str, list[Entry]] = {}
    for at, row in found:
        new = [entry(row)]
        if entries.setdefault(new[0].id, new) is not new:
            raise DataError(f"{at}: {new[0].id} is there twice")
    return entries


def set_duration(entries: dict[str, list[Entry]], name: str, seconds: float) -> None:
    """What another table says of the length of an entry; one that is not here is passed over."""
    if name in entries:
        entries[name] = [replace(entry, duration=seconds) for entry in entries[name]]
