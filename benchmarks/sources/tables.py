"""Lines and rows of tables as corpora have them: faults name the file's line. `handwritten` reads those of people."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from harness.errors import DataError

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


def numbered(file: BinaryIO, name: str, verb: str = ":") -> Iterator[tuple[str, str]]:
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


def lines(data: bytes, where: str) -> Iterator[tuple[str, str]]:
    """The lines of a text that hold something, and what to call each in messages.

    Only line feeds end one: prompts may hold U+2028. A byte order mark at the beginning is passed over.

    Raises:
        DataError: a line is not UTF-8, or longer than any transcript.
    """
    texts = ((at, text.rstrip("\r\n")) for at, text in numbered(io.BytesIO(data), where, " is"))
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
