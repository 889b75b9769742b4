"""A zip of any other form: unpacked into a folder of the user's cache, once, and read there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.containers.kinds import recognize as kind_of
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import head, is_file, is_folder
from benchmarks.own.recognize import recognize
from benchmarks.own.unpacking import BROKEN, unpack
from benchmarks.states import state_of_files
from harness.errors import DataError, UsageError

ENDING = ".zip"
NOT_DATA = ("__MACOSX", ".")
"""What names begin with that tools put into archives."""


def _recognizes(place: str) -> bool:
    return place.lower().endswith(ENDING) and is_file(place)


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of what is in it.

    Raises:
        UsageError: it has no form that is known, or a flag means nothing for it.
        DataError: it is no zip, is broken, or does not fit on the disk.
    """
    path = Path(place)
    begin = head(path)
    if not begin.startswith(b"PK"):
        kind = kind_of(begin[:4096], path.stat().st_size)
        raise DataError(f"{place}: no zip, but {kind.name}; {kind.instead or 'name it by what it is'}")
    folder = _inside(_unpacked(path))
    try:
        form = recognize(str(folder))
    except UsageError as error:
        raise UsageError(f"{place}: unpacked into {folder}, and there not of a form that is known") from error
    if asked.columns and "columns" not in form.uses:
        raise UsageError(f"{place}: --{next(iter(asked.columns))}-column means nothing for {form.title}; leave it out")
    form.check_translations(place, asked)
    account.note(f"unpacked into {folder}, and read as {form.title}")
    yield from form.items(str(folder), replace(asked, form=None), account)


def _cache() -> Path:
    """Where zips are unpacked: ``ASR_HARNESS_CACHE``, else the user's cache."""
    named = os.environ.get("ASR_HARNESS_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:  # no home
        home = Path(tempfile.gettempdir())
    return (Path(named) if named else home / "asr-harness") / "unpacked"


def _unpacked(path: Path) -> Path:
    """The folder with what is in a zip, which is called after the zip's place and state."""
    state = f"{path.resolve()} {state_of_files([path])}"
    folder = _cache() / f"{path.stem[:60]}-{hashlib.sha256(state.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unpack(path, folder / path.name)
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"{path}: cannot be unpacked into {folder} ({reason}); unpack it, and name its folder"
        ) from error
    return folder


def _inside(folder: Path) -> Path:
    """The folder in which the data is: that which is alone in it."""
    while True:
        found = [one for one in folder.iterdir() if not one.name.startswith(NOT_DATA)]
        if len(found) != 1 or not is_folder(found[0]) or found[0].is_symlink():
            return folder
        (folder,) = found


FORM = Form(
    name="zipped",
    title="a .zip of any of these, unpacked into the cache",
    rank=20,
    recognizes=_recognizes,
    items=_items,
)
