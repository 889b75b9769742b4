"""Text files, gzipped or not: whole, or their lines one at a time; faults name the line."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from isal import igzip, isal_zlib

from benchmarks.files import regular, unpacked, whole
from benchmarks.sources.tables import numbered
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
    try:
        regular(path)
        with igzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:  # type: ignore[no-untyped-call]
            for where, raw in numbered(file, str(path)):
                text = raw.rstrip("\r\n")
                if "\0" in text:
                    raise DataError(f"{where}: a NUL, which is no text")
                if text.strip():
                    yield where, text
    except (OSError, EOFError, *UNPACKING) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def read_content(path: Path) -> str:
    """The text of a file, unpacked where it is gzipped.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    try:
        data = whole(path)
        if data.startswith(b"\x1f\x8b"):
            data = unpacked(data)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {path}: {why}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}); convert it first") from None
