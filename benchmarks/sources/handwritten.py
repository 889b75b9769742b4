"""Tables as people and their programs write them: JSON lines and JSON, CSV and TSV of spreadsheets, packed or not.

What had to be found out (separator, encoding, quotes, a missing header) is told to `Note`; faults name the file's line.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from benchmarks.containers.kinds import EMPTY, TEXT, UNKNOWN, recognize
from benchmarks.containers.kinds import JSON as JSON_TEXT
from benchmarks.containers.window import HEAD
from benchmarks.files import regular
from benchmarks.sources.encodings import utf8
from benchmarks.sources.json_rows import read_json
from benchmarks.sources.pairing import AUDIO_ENDINGS
from benchmarks.sources.tables import Line, numbered
from harness.errors import DataError, UsageError

Note = Callable[[str], None]
"""Is told what had to be found out, one line each."""

JSON = (".jsonl", ".json", ".ndjson")
DELIMITED = (".csv", ".tsv", ".psv")
ENDINGS = (*JSON, *DELIMITED)
"""What the name of a table ends in; ``.gz`` may follow."""
LISTS = (".txt", ".lst", ".list")
"""What the name of a table may end in too: lists of files and texts."""
SPREADSHEETS = (".xlsx", ".xls", ".ods")
"""What is refused with a line that says how to go on."""
PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What the files of a spreadsheet begin with, whatever they are called."""

GZIP = b"\x1f\x8b"

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE = 50
"""Rows that are looked at to find out how a table is written."""


def ending(path: Path) -> str:
    """The ending of a table's name, without ``.gz``."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def read_table(path: Path, note: Note = lambda _line: None) -> Iterator[Line]:
    """The rows of a table, one at a time.

    Raises:
        UsageError: the ending is none that is known.
        DataError: a line cannot be read.
    """
    kind = ending(path)
    if kind in SPREADSHEETS:
        if path.is_file():
            _refuse_other(path, "")
        raise UsageError(f"{path}: a spreadsheet; save it as CSV UTF-8, and name that file")
    if kind not in ENDINGS + LISTS:
        raise UsageError(f"{path}: a manifest ends in {', '.join(ENDINGS)}; see docs/your_own_data.md")
    name = str(path)
    try:
        regular(path)
        with path.open("rb") as file:
            begin = file.read(4)
            file.seek(0)
            if begin in PACKED:
                raise UsageError(
                    f"{path}: a spreadsheet or an archive, no text; save it as CSV UTF-8, and name that file"
                )
            _refuse_other(path, kind)
            packed = begin[:2] == GZIP
            plain = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
            is_json = kind in JSON or (kind in LISTS and begin[:1] == b"{")  # WeNet's data.list
            text = utf8(plain, name, note, western=not is_json)
            found = read_json(text, name, note) if is_json else _delimited(text, name, kind, note)
            yield from (line for line in found if line.values)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _refuse_other(path: Path, kind: str) -> None:
    """Names what is no table although it is called one: a pointer, an HTML page, a picture, zeros.

    Raises:
        UsageError: it is JSON that is called CSV.
        DataError: it is something else.
    """
    regular(path)
    with path.open("rb") as file:
        begin = file.read(HEAD)
    if begin[:4] in PACKED:
        return
    found = recognize(begin, path.stat().st_size)
    if found is JSON_TEXT and kind in DELIMITED:
        raise UsageError(f"{path}: JSON, not {kind[1:].upper()}; call it .jsonl or .json, and name that file")
    texts = {TEXT, UNKNOWN, JSON_TEXT, EMPTY}
    if found not in texts and begin[:2] != GZIP and (found.instead or not kind):
        raise DataError(f"{path}: no table: it is {found.name}; {found.instead or 'name the table'}")
    if not kind and found in texts:
        how = "get it again" if found is EMPTY else "call it by what it is (.csv, .tsv, .jsonl), and name that file"
        raise DataError(f"{path}: no spreadsheet, whatever its name says: it is {found.name}; {how}")


def _delimited(file: BinaryIO, name: str, kind: str, note: Note) -> Iterator[Line]:
    """The rows below a header: between commas, quoted as spreadsheets do; between tabs, where quotes mean nothing."""
    numbered_texts = numbered(file, name)
    head = list(islice(numbered_texts, SAMPLE))
    texts = (text for _, text in chain(head, numbered_texts))
    sample = [text for _, text in head if text.strip()]
    before = 0
    if sample and (stated := re.fullmatch(r'"?sep=(.)"?\s*', sample[0], re.IGNORECASE)):
        between = stated[1]
        next(text for text in texts if text.strip())
        before, sample = 1, sample[1:]
    else:
        between = _separator(sample, kind)
    usual = "\t" if kind == ".tsv" else "|" if kind == ".psv" else ","
    if between != usual:
        note(f"a {SEPARATORS.get(between, repr(between))} is between columns")
    quoted = between in ",;" or _quoted(sample, between)
    if quoted and between not in ",;":
        note("quotes around cells are not part of them")
    reader = (
        csv.reader(texts, delimiter=between, strict=True)
        if quoted
        else csv.reader(texts, delimiter=between, quoting=csv.QUOTE_NONE)
    )
    yield from _under_header(_cells(reader, between, name, before), reader, name, before, note)


def _cells(reader: Any, between: str, name: str, before: int) -> Iterator[list[str]]:
    """The cells of each row.

    Raises:
        DataError: a quote is not closed, or closed by that of a later row, so that rows would be lost in a cell.
    """
    while True:
        begins = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            ends = reader.line_num
            at = f"{name}, line {ends + before}"
            opened = (
                f"; the row begins in line {begins + before}: is a quote there not closed?" if ends > begins else ""
            )
            if str(error).startswith("field larger"):
                opened += "; longer texts may be written as JSON lines"
            raise DataError(f"{at}: not readable as a table ({error}){opened}") from error
        if fields is None:
            return
        if reader.line_num > begins and any(_holds_a_row(cell, between, len(fields)) for cell in fields):
            at = f"{name}, line {begins + before}"
            raise DataError(
                f"{at}: a quote is closed in line {reader.line_num + before} only, so that rows are in one cell; "
                "close it, or write it twice and the cell in quotes"
            )
        yield fields


def _holds_a_row(cell: str, between: str, width: int) -> bool:
    """Whether one of a cell's further lines is a row with an audio file."""
    rows = (line.split(between) for line in cell.splitlines()[1:])
    return any(len(row) == width and any(one.strip().lower().endswith(AUDIO_ENDINGS) for one in row) for row in rows)


def _under_header(rows: Iterator[list[str]], reader: Any, name: str, before: int, note: Note) -> Iterator[Line]:
    """The rows by the names of their columns; `before` lines stood before what the reader reads."""
    header: Sequence[str] = ()
    width = 0
    for fields in rows:
        if not any(fields):
            continue
        where = f"{name}, line {reader.line_num + before}"
        if not header:
            header, is_row = _header(fields, where, note)
            width = len(header)
            if not is_row:
                continue
        if len(fields) != width and (any(fields[width:]) or len(fields) < width):
            how = "; put texts with a separator in them in quotes" if len(fields) > width > 1 else ""
            if width == 1:
                how = f": {str(header[0])[:40]!r} is taken for it, the first line that holds something"
            raise DataError(f"{where}: {len(fields)} fields where the header has {width}{how}")
        yield Line(where, dict(zip(header, fields, strict=False)))


def _header(fields: Sequence[str], where: str, note: Note) -> tuple[Sequence[str], bool]:
    """The names of the columns, and whether the first row is one already: a file and a text under no header."""
    names = [name.strip() for name in fields]
    audio = [place for place, name in enumerate(names) if name.lower().endswith(AUDIO_ENDINGS)]
    if audio:
        if len(names) != 2 or len(audio) != 1:
            raise DataError(f"{where}: no header; write a first line that names the columns, such as audio,text")
        note(f"no header: column {audio[0] + 1} is taken for audio, {2 - audio[0]} for text")
        return ("audio", "text") if audio == [0] else ("text", "audio"), True
    while names and not names[-1]:
        names.pop()  # of separators at the end
    twice = next((name for place, name in enumerate(names) if name and name in names[:place]), None)
    if twice is not None:
        raise DataError(f"{where}: two columns are called {twice!r}; rename one")
    return names, False


def _separator(sample: Sequence[str], kind: str) -> str:
    """What stands between the columns of the first line: what is usual for the ending, unless another one is there."""
    usual = "\t" if kind == ".tsv" else "|" if kind == ".psv" else ","
    if not sample:
        return usual
    counts = {mark: len(_split(sample[0], mark)) for mark in (usual, *SEPARATORS)}
    # A name of a column holds no tab, semicolon or bar; a text does hold commas.
    others = [mark for mark in SEPARATORS if mark not in {usual, ","}]
    best = max(others, key=lambda mark: counts[mark])
    if counts[usual] > 1 and (counts[best] <= counts[usual] or not _agrees(sample, best)):
        return usual
    if counts[best] > 1:
        return best
    return "," if counts[","] > 1 else usual


def _agrees(sample: Sequence[str], between: str) -> bool:
    """Whether the first rows have as many columns as the header."""
    width = len(_split(sample[0], between))
    return all(len(_split(line, between)) == width for line in sample[1:5])


def _split(line: str, between: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=between), [])
    except csv.Error:
        return line.split(between)


_CLOSED = re.compile(r'"(?:[^"]|"")*"')


def _quoted(sample: Sequence[str], between: str) -> bool:
    """Whether quotes stand around cells, as a spreadsheet writes them, and not where somebody speaks.

    Cells that begin with a quote must all end with one; one that spans lines speaks for a spreadsheet where the lines
    do not have the header's columns.
    """
    cells = [line.rstrip("\r\n").split(between) for line in sample]
    opened = [cell for row in cells for cell in row if cell.startswith('"')]
    if not opened or all(_CLOSED.fullmatch(cell) for cell in opened):
        return bool(opened)
    if all(len(row) == len(cells[0]) for row in cells):
        return False
    try:
        rows = [row for row in csv.reader(sample, delimiter=between) if row]
    except csv.Error:
        return False
    return all(len(row) == len(rows[0]) for row in rows[:-1])
