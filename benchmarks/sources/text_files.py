"""The lines of text files, gzipped or not, read one at a time; faults name the line."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from isal import igzip, isal_zlib

from benchmarks.sources.tables import LONGEST_LINE
from harness.errors import DataError

UNPACKING = (zlib.error, cast("type[Exception]", isal_zlib.error))
"""What comes of gzip files that are broken."""


def file_lines(path: Path) -> Iterator[tuple[str, str]]:
    """What to call each line that holds something, and its text. Only line feeds end one.

    Args:
        path: of UTF-8 text, a byte order mark at its beginning passed over; unpacked where its name ends in .gz.

    Raises:
        DataError: it cannot be read, or a line is no text, or longer than any transcript.
    """
    number, encoding = 0, "utf-8-sig"
    try:
        with igzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:  # type: ignore[no-untyped-call]
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                yield from _line(f"{path}, line {number}", raw, encoding)
                encoding = "utf-8"
    except (OSError, EOFError, *UNPACKING) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _line(where: str, raw: bytes, encoding: str) -> Iterator[tuple[str, str]]:
    """The line, unless it is blank."""
    if len(raw) > LONGEST_LINE:
        raise DataError(f"{where}: longer than {LONGEST_LINE >> 20} MiB")
    try:
        text = raw.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text ({error.reason})") from error
    if "\0" in text:
        raise DataError(f"{where}: a NUL, which is no text")
    if text.strip():
        yield where, text
