"""A manifest: a table of audio files and what is said in them, as JSON lines, JSON, CSV or TSV; NeMo's too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio
from benchmarks.own.columns import find_columns, listed, plain
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.forms.audiofolder import audio_below
from benchmarks.own.places import distinct_ids, find_audio, id_of, is_absolute
from benchmarks.own.rows import Rows
from benchmarks.sources.handwritten import ENDINGS, LISTS, SPREADSHEETS, ending, read_table
from harness.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from benchmarks.sources.tables import Line

STEMS = ("manifest", "metadata")
IN_FOLDER = tuple(f"{stem}{end}" for stem in STEMS for end in (*ENDINGS, *(f"{one}.gz" for one in ENDINGS)))
"""The manifest that a folder may hold."""
SPLIT = ("split", "subset", "partition", "set", "teil")
"""Names of a column that says of which split a row is."""


def _recognizes(place: str) -> bool:
    return _file(place) is not None


def _file(place: str) -> Path | None:
    """The manifest that a place means."""
    path = Path(place)
    try:
        if path.is_dir():
            return next((path / name for name in IN_FOLDER if (path / name).is_file()), None)
        kind = ending(path)
        known = kind in (*ENDINGS, *SPREADSHEETS) and path.exists()
        return path if known or (kind in LISTS and path.is_file() and holds_utterances(path)) else None
    except OSError:
        return None


def holds_utterances(path: Path) -> bool:
    """Whether the first row of a table has columns for audio and text."""
    try:
        line = next(read_table(path), None)
    except HarnessError:
        return False
    roles = Account()
    find_columns(tuple(line.values) if line else (), Asked(), roles)
    return {"audio", "text"} <= set(roles.columns.values())


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a manifest file, whose paths are from its folder."""
    source = _file(place)
    if source is None:
        raise UsageError(f"{place}: a manifest ends in {', '.join(ENDINGS)}; see docs/your_own_data.md")
    sounds = _Files(str(source.parent), account, lambda: _distinct(source, asked))
    lines = _of_split(read_table(source, account.note), asked.split, account)
    rows = Rows(asked, account, sounds)
    if asked.split is None and source.name.startswith("metadata.") and Path(place).is_dir():
        return _of_folder(rows, lines, source, account)
    return rows.items(lines)


def _of_folder(rows: Rows, lines: Iterator[Line], source: Path, account: Account) -> Iterator[Item]:
    """The utterances of an audio folder; audio that no row names is counted."""
    used = set[str]()
    for line in lines:
        if isinstance(named := _path(rows.audio_in(line)), str):
            used.add(os.path.abspath(source.parent / named))  # noqa: PTH100 - links are not followed
        if (item := rows.item(line)) is not None:
            used.add(os.path.abspath(item.audio.path or ""))  # noqa: PTH100
            yield item
    for stray in audio_below(source.parent):
        if os.path.abspath(stray) not in used:  # noqa: PTH100
            account.leave_out(f"audio files that no {source.name} names", stray)


def _of_split(lines: Iterator[Line], split: str | None, account: Account) -> Iterator[Line]:
    """The rows of a split, where one is asked for: by a column that names it.

    Raises:
        UsageError: there is no such column.
    """
    if split is None:
        yield from lines
        return
    for line in lines:
        name = next((name for name in line.values if plain(name) in SPLIT), None)
        if name is None:
            raise UsageError(f"{line.where}: --split {split} needs a column split; there are {listed(line.values)}")
        if str(line.values[name]) == split:
            yield line
        else:
            account.leave_out("rows of other splits", line.where)


def _distinct(source: Path, asked: Asked) -> Mapping[str, str]:
    """The ids of rows that have none, where the names of their files would not tell them apart: a pass of its own."""
    rows = Rows(asked, Account(), _Files("", Account(), dict))
    unnamed = (line for line in _of_split(read_table(source), asked.split, Account()) if rows.id_in(line) is None)
    cells = (cell for line in unnamed if (cell := rows.audio_in(line)) is not None)
    return distinct_ids((path for cell in cells if isinstance(path := _path(cell), str)), str(source.parent))


class _Files:
    """Audio cells that hold paths."""

    seen = True

    def __init__(self, folder: str, account: Account, distinct: Callable[[], Mapping[str, str]]) -> None:
        self._folder, self._account = folder, account
        self._distinct = cache(distinct)

    def audio(self, line: Line, cell: object) -> Audio:
        """The file, which is there."""
        path = find_audio(line, self._named(line, cell), self._folder, self._account)
        return Audio(origin=path, path=Path(path))

    def name(self, line: Line, cell: object) -> str:
        """Its path without the ending."""
        named = self._named(line, cell)
        # Only of absolute paths are folders left away, so that two of them may be called alike.
        return (self._distinct().get(named) if is_absolute(named) else None) or id_of(named)

    def _named(self, line: Line, cell: object) -> str:
        found = _path(cell)
        if isinstance(found, str) and "\0" not in found:
            return found
        raise line.error(f"audio holds {type(cell).__name__}, not text: give the path of one file")


def _path(cell: object) -> object:
    """The path in an audio cell: a text, or in the object that the hub's tables have."""
    return cell.get("path") if isinstance(cell, dict) else cell


FORM = Form(
    name="manifest",
    title=f"a manifest ({', '.join(ENDINGS)})",
    rank=500,
    uses=frozenset({"columns", "split", "translation"}),
    recognizes=_recognizes,
    items=_items,
)
