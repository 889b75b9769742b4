"""Rows of JSON as people and their programs write them: an object a line, an array, an object of rows or of columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from benchmarks.sources.json_keys import check_keys
from benchmarks.sources.tables import Line, numbered
from harness.errors import DataError

_decode = msgspec.json.Decoder().decode
"""Seven times as fast as `json`, which is asked where it refuses: NaN, and what is wrong."""


def read_json(file: BinaryIO, name: str, note: Callable[[str], None]) -> Iterator[Line]:
    """The rows of a JSON text in UTF-8, and where each stands.

    Args:
        file: begins where the text begins.
        name: what to call it in messages.
        note: told what the text is, where it is not an object a line.

    Raises:
        DataError: it is not JSON, holds something else than objects, or an object has a key twice.
    """
    head = file.read(1 << 12)
    file.seek(0)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        yield from _rows(_whole(file.read(), name), name, note)
        return
    texts = numbered(file, name)
    first = next(((where, text) for where, text in texts if text.strip()), None)
    if first is None:
        return
    where, text = first
    try:
        value = _value(where, text)
    except DataError:
        # An object over several lines; of JSON lines each ends its object.
        if text.rstrip()[-1:] not in {"{", "[", ","}:
            raise
        skipped = "\n" * (int(where.rpartition(" ")[2]) - 1)
        yield from _rows(_whole((skipped + text + "".join(more for _, more in texts)).encode(), name), name, note)
        return
    if isinstance(value, dict) and _holds_rows(value):
        left = next((at for at, more in texts if more.strip()), None)
        if left is not None:
            raise DataError(f"{left}: not JSON (something follows where the JSON text has ended)")
        yield from _rows(value, name, note)
        return
    yield _row(where, value)
    for where, text in texts:
        try:
            value = _decode(text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            if not text.strip():
                continue
            value = _value(where, text)
        else:
            _check_keys(where, text, value)
        yield Line(where, value) if isinstance(value, dict) else _row(where, value)


def _value(where: str, text: str) -> object:
    """The value of a line."""
    value: object
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not JSON ({_reason(error)})") from error
    _check_keys(where, text, value)
    return value


def _check_keys(where: str, text: str, value: object) -> None:
    try:
        check_keys(text, value)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None


def _whole(data: bytes, name: str) -> object:
    """The value of a text over several lines."""
    value: object
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + data[: error.start].count(b"\n")
        raise DataError(f"{name}, line {line}: not UTF-8 text ({error.reason})") from error
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        value = _plain(text, name)
    _check_keys(name, text, value)
    return value


def _plain(text: str, name: str) -> object:
    """As `json` reads it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise DataError(f"{name}, line {line}: not JSON ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:80]


def _row(where: str, value: object) -> Line:
    if not isinstance(value, dict):
        raise DataError(f"{where}: a JSON {type(value).__name__}, not an object")
    return Line(where, value)


def _holds_rows(value: dict[str, Any]) -> bool:
    """Whether an object is no row: everything in it is a list or an object, or one list of objects is beside facts."""
    if value and all(isinstance(part, list | dict) and part for part in value.values()):
        return True
    return "text" not in value and len(_lists(value)) == 1


def _lists(value: dict[str, Any]) -> list[str]:
    """What in an object is a list of objects."""
    return [
        name
        for name, part in value.items()
        if isinstance(part, list) and part and all(isinstance(one, dict) for one in part)
    ]


def _rows(value: object, name: str, note: Callable[[str], None]) -> Iterator[Line]:
    """The rows of one JSON text."""
    if isinstance(value, dict):
        value = _rows_in(value, name, note) if _holds_rows(value) else [value]
    elif isinstance(value, list):
        note("one JSON array of all rows")
    else:
        raise DataError(f"{name}: a JSON {type(value).__name__}, not rows")
    return (_row(f"{name}, item {number}", row) for number, row in enumerate(value, start=1))


def _rows_in(value: dict[str, Any], name: str, note: Callable[[str], None]) -> list[Any]:
    """The rows of an object: a list in it, columns as pandas writes them, or rows by their ids."""
    lists = _lists(value)
    if len(lists) == 1:
        note(f"one JSON object, whose {lists[0]!r} are the rows")
        rows: list[Any] = value[lists[0]]
        return rows
    parts = list(value.values())
    columns = [list(part.values()) if isinstance(part, dict) else part for part in parts]
    numbers = all(isinstance(part, list) or all(key.isdecimal() for key in part) for part in parts)
    flat = not any(isinstance(cell, list | dict) for cell in chain.from_iterable(columns))
    if numbers and flat and len({len(column) for column in columns}) == 1:
        note("one JSON object of columns, as pandas writes them")
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]
    if all(isinstance(part, dict) for part in parts):
        note("one JSON object of rows by their ids")
        return [{"id": key, **part} for key, part in value.items()]
    raise DataError(f"{name}: a JSON object without rows; give an object a line, or a list of objects")
