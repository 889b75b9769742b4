"""Files that the cells of a table name: those of the data, and no others that a stranger's table may mean."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.sources.tables import Line

SHOWN = 200
"""Characters of a path in a message."""


def find_inside(folders: Sequence[str], line: Line, named: str) -> Path:
    """The file of a path in a cell of the user's own, looked for in the folders of the data, unless it is absolute.

    Args:
        folders: of the data.
        line: the row, for messages.
        named: what the cell says.

    Raises:
        DataError: there is no such file, it lies outside of the data, or is an address.
    """
    inside = inner_path(line, named)
    candidates = [named] if inside is None else [os.path.join(folder, inside) for folder in folders]  # noqa: PTH118
    found = next((path for path in candidates if os.path.isfile(path)), None)  # noqa: PTH113 - takes names of any length
    if found is None:
        raise line.error(f"no audio file at {candidates[0][:SHOWN]!r}")
    return Path(found)


def inner_path(line: Line, named: str) -> str | None:
    """A path below the data's folder, normalized; None where it is absolute.

    Raises:
        DataError: it is an address, leads out of the folder, or is none.
    """
    if "://" in named:
        raise line.error(
            f"the audio is an address, {named[:SHOWN]!r}, which is not fetched: download it, name the file"
        )
    path = posixpath.normpath(named.replace("\\", "/"))
    if path.startswith(("/", "~")) or path[1:2] == ":":
        return None
    if path == ".." or path.startswith("../") or "\0" in path:
        raise line.error(f"the audio's path {named[:SHOWN]!r} leads out of the data, and is not followed")
    return path
