"""A repository of data on the disk: a clone, a download, a copy in the hub's cache, or just a folder of tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.own.account import Account
from benchmarks.own.arrow import Reading, Shard, opened
from benchmarks.own.card import with_language
from benchmarks.own.inside import find_inside
from benchmarks.own.recognize import recognize
from benchmarks.own.schema import layout_of
from benchmarks.own.splits import parts_of, pick
from benchmarks.states import state_of_files

if TYPE_CHECKING:
    from benchmarks.own.form import Asked, Item

TABLES = (".parquet", ".pq", ".arrow", ".feather")
"""How the names of Parquet and Arrow files end."""
DEPTH = 4
"""How many folders deep the files of a repository lie."""


def tables_below(folder: Path) -> Iterator[str]:
    """Parquet and Arrow files, as paths from the folder with ``/``; hidden folders are not looked into."""
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and len(here.parts) < DEPTH)
        for name in sorted(names):
            # A table of file names alone is for audio folders.
            if name.lower().endswith(TABLES) and not name.startswith((".", "_", "metadata.")):
                yield (here / name).as_posix()


def readme_of(folder: Path) -> str:
    """What a README says; nothing where there is none."""
    path = folder / "README.md"
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        return ""


def folder_items(folder: Path, words: Sequence[str], asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of the part of a repository that is meant, in whatever form it is.

    Args:
        folder: of the repository.
        words: what an address names between colons: a configuration and a split, or one of the two.
        asked: what the user said.
        account: told what was found.

    Raises:
        UsageError: it must be said which part is meant, or there is none that is known.
        DataError: it cannot be read.
    """
    folder = _snapshot(folder)
    readme = readme_of(folder)
    parts = parts_of(tables_below(folder), readme, TABLES)
    if not parts:
        if words:
            config = words[0] if len(words) == 2 else asked.config
            asked = replace(asked, config=config, split=words[-1])
        form = recognize(str(folder))
        account.note(f"a copy on the disk, read as {form.title}")
        return with_language(form.items(str(folder), asked, account), readme, asked.config or "", asked, account)
    part = pick(parts, asked, account, str(folder), words)
    files = [folder / name for name in part.files]
    return with_language(read_tables(files, folder, asked, account), readme, part.config, asked, account)


def _snapshot(folder: Path) -> Path:
    """Of a repository in the hub's cache the commit that its main branch was at, else the newest."""
    if not folder.name.startswith("datasets--") or not (folder / "snapshots").is_dir():
        return folder
    main = folder / "refs" / "main"
    named = folder / "snapshots" / main.read_text(encoding="utf-8").strip() if main.is_file() else folder
    if named != folder and named.is_dir():
        return named
    return max((folder / "snapshots").iterdir(), key=lambda path: path.stat().st_mtime, default=folder)


def read_tables(files: Sequence[Path], folder: Path, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of Parquet or Arrow files on the disk, in this order.

    Args:
        files: of one table.
        folder: where paths in their cells begin, besides the folder of each file.
        asked: what the user said.
        account: told what was found.
    """
    folders = list(dict.fromkeys([*(str(file.parent) for file in files), str(folder)]))
    find = partial(find_inside, folders)
    texts = not (asked.request.audio or asked.request.lengths)
    return Reading(asked, account, find, texts=texts).items(_shards(files))


def state_of_tables(files: Sequence[Path], asked: Asked) -> str | None:
    """What tells whether files of a table changed: their sizes and times; None where the audio is in other files.

    Raises:
        DataError: one cannot be read.
    """
    with opened(next(iter(_shards(files[:1])))) as table:
        stored = layout_of(table.schema, asked, Account(), str(files[0])).stored
    return None if stored is None else state_of_files(files)


def _shards(files: Iterable[Path]) -> list[Shard]:
    return [Shard(str(file), partial(Path, file)) for file in files]
