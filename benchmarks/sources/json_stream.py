"""Objects of an array in a JSON file that is too large to be loaded: one in memory at a time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1 << 20
"""Characters read at a time."""
LARGEST = 1 << 26
"""Characters of one object; a longer one is no object of a corpus."""


def objects(path: Path, key: str) -> Iterator[dict[str, Any]]:
    """The objects of the array that stands under a key of the outermost object.

    Args:
        path: a UTF-8 JSON file of any size.
        key: of the outermost object; what stands before it must be short.

    Raises:
        DataError: no such array, or broken or truncated JSON; the message says about where.
    """
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8", errors="strict") as file:
        try:
            buffer = file.read(BLOCK)
            start = re.search(rf'"{re.escape(key)}"\s*:\s*\[', buffer)
            if start is None:
                msg = f"{path}: no array {key!r} in its first megabyte"
                raise DataError(msg)
            buffer, passed = buffer[start.end() :], start.end()
            while True:
                buffer = buffer.lstrip(", \r\n\t")
                if buffer.startswith("]"):
                    return
                value, end = _first(decoder, buffer)
                if end:
                    yield value
                    buffer, passed = buffer[end:], passed + end
                    continue
                more = file.read(max(BLOCK, len(buffer)))
                if not more or len(buffer) > LARGEST:
                    msg = f"{path}: broken or truncated JSON about character {passed:,}; get the file again"
                    raise DataError(msg)
                buffer += more
        except UnicodeDecodeError as error:
            msg = f"{path}: not UTF-8 text ({error.reason}); get the file again"
            raise DataError(msg) from error


def _first(decoder: json.JSONDecoder, buffer: str) -> tuple[dict[str, Any], int]:
    """The object that a text begins with and where it ends; 0 where it is not whole."""
    try:
        value, end = decoder.raw_decode(buffer)
    except (json.JSONDecodeError, RecursionError):
        return {}, 0
    return (value, end) if isinstance(value, dict) else ({}, 0)
