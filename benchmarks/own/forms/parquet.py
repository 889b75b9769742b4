"""Parquet and Arrow files: one, or a folder of them, such as a clone of a hub's repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.repository import TABLES, folder_items, read_tables, readme_of, state_of_tables, tables_below
from benchmarks.own.splits import parts_of, pick
from harness.errors import UsageError


def _recognizes(place: str) -> bool:
    path = Path(place)
    try:
        if path.is_file():
            return path.suffix.lower() in TABLES
        return path.is_dir() and next(tables_below(path), None) is not None
    except OSError:
        return False


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of the split that is meant."""
    path = Path(place)
    if not path.is_file():
        return _of_folder(path, asked, account)
    for flag, name in (("--split", asked.split), ("--config", asked.config)):
        if name is not None:
            account.note(f"{flag} {name} chooses nothing: {path.name} is all there is")
    return read_tables([path], path.parent, asked, account)


def _of_folder(folder: Path, asked: Asked, account: Account) -> Iterator[Item]:
    if next(tables_below(folder), None) is None:
        raise UsageError(f"{folder}: no file or folder there has an ending of {', '.join(TABLES)}")
    return folder_items(folder, (), asked, account)


def _state(place: str, asked: Asked) -> str | None:
    path = Path(place)
    if path.is_file():
        return state_of_tables([path], asked)
    parts = parts_of(tables_below(path), readme_of(path), TABLES)
    return state_of_tables([path / name for name in pick(parts, asked, Account(), place).files], asked)


FORM = Form(
    name="parquet",
    title="Parquet or Arrow files, one or a folder of them (a clone of a hub's repository)",
    rank=450,
    recognizes=_recognizes,
    items=_items,
    state=_state,
)
