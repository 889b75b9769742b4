"""Folders that the `datasets` library's ``save_to_disk`` wrote: Arrow files, alone or one folder a split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.files import whole
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import is_file
from benchmarks.own.repository import read_tables, state_of_tables
from benchmarks.own.splits import Part, pick
from harness.errors import DataError, UsageError

STATE, DICT = "state.json", "dataset_dict.json"


def _recognizes(place: str) -> bool:
    return is_file(Path(place) / DICT) or _is_saved(Path(place))


def _is_saved(folder: Path) -> bool:
    return is_file(folder / STATE) and is_file(folder / "dataset_info.json")


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of the split that is meant."""
    folder = _folder(place, asked, account)
    return read_tables(_files(folder), folder, asked, account)


def _state(place: str, asked: Asked) -> str | None:
    return state_of_tables(_files(_folder(place, asked, Account())), asked)


def _folder(place: str, asked: Asked, account: Account) -> Path:
    """The folder of the split that is meant."""
    folder = Path(place)
    if (folder / DICT).is_file():
        names = _json(folder / DICT).get("splits")
        if not isinstance(names, list) or not names or not all(_is_name(name) for name in names):
            raise DataError(f"{folder / DICT}: no list of splits in it; save the data set again")
        parts = [Part(config="default", split=name, files=()) for name in names]
        return folder / pick(parts, asked, account, place).split
    if asked.split is not None:
        raise UsageError(f"{place}: it has no splits; leave out --split {asked.split}")
    return folder


def _files(folder: Path) -> list[Path]:
    """The Arrow files of one split, all of which must be there."""
    state = _json(folder / STATE)
    if state.get("_indices_data_files") or state.get("_indices_files"):
        msg = f"{folder}: its rows are chosen by an index of an old version of datasets; load it and save it again"
        raise DataError(msg)
    listed = state.get("_data_files")
    items = [item.get("filename") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    names = [name for name in items if isinstance(name, str) and _is_name(name)]
    if not names or len(names) < len(items):
        raise DataError(f"{folder / STATE}: no list of data files in it; save the data set again")
    missing = next((name for name in names if not (folder / name).is_file()), None)
    if missing is not None:
        raise DataError(f"{folder}: {missing} is missing, one of {len(names)} data files: get the whole folder")
    return [folder / name for name in names]


def _is_name(name: object) -> bool:
    """Whether it is the name of something in a folder, and leads nowhere else."""
    return isinstance(name, str) and name not in {"", ".", ".."} and not set(name) & set("/\\\0")


def _json(path: Path) -> dict[str, Any]:
    """A JSON object of a file."""
    try:
        value = json.loads(whole(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({str(error)[:80]})") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: a JSON {type(value).__name__}, not an object")
    return value


FORM = Form(
    name="save_to_disk",
    title="a folder of save_to_disk (state.json and .arrow files)",
    rank=150,
    recognizes=_recognizes,
    items=_items,
    state=_state,
)
