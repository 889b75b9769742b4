"""Audio folders as the hub has them: metadata.csv, .jsonl or .parquet in the folder of each split."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio
from benchmarks.own.card import with_language
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.inside import find_inside
from benchmarks.own.places import id_of
from benchmarks.own.repository import DEPTH, read_tables, readme_of
from benchmarks.own.rows import Rows
from benchmarks.own.splits import ONLY, SPLITS, Part, natural, pick, stated_parts
from benchmarks.sources.handwritten import read_table
from benchmarks.sources.pairing import AUDIO_ENDINGS
from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.sources.tables import Line

NAMES = ("metadata.csv", "metadata.jsonl", "metadata.tsv", "metadata.parquet")
AT_TOP = NAMES[:3]
"""Of a folder with one at its top the manifest's form takes care."""


def _recognizes(place: str) -> bool:
    folder = Path(place)
    try:
        if not folder.is_dir() or any((folder / name).is_file() for name in AT_TOP):
            return False
        return next(_tables(folder), None) is not None
    except OSError:
        return False


def _tables(folder: Path) -> Iterator[str]:
    """The metadata files, as paths from the folder with ``/``; of each folder the first."""
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and len(here.parts) < DEPTH)
        found = next((name for name in NAMES if name in names), None)
        if found is not None:
            yield (here / found).as_posix()


def _parts(names: Sequence[str], readme: str) -> list[Part]:
    """The splits, by the README or by the folders' names; folders that name none are one."""
    stated = stated_parts(names, readme)
    groups: dict[str, list[str]] = {}
    for name in names:
        split = next((folder for folder in name.split("/")[:-1] if folder.lower() in SPLITS), ONLY)
        groups.setdefault(split, []).append(name)
    return stated or [Part(config="default", split=split, files=tuple(files)) for split, files in groups.items()]


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of the split that is meant."""
    folder, readme = Path(place), readme_of(Path(place))
    names = sorted(_tables(folder), key=natural)
    if not names:
        raise UsageError(f"{place}: no {', '.join(NAMES)} in it, nor in a folder below")
    part = pick(_parts(names, readme), asked, account, place)
    return with_language(_of_part(folder, part.files, asked, account), readme, part.config, asked, account)


def _of_part(folder: Path, names: Sequence[str], asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of all metadata files of a split. Where there are several, ids begin with their folders."""
    for name in names:
        table = folder / name
        if table.suffix == ".parquet":
            found = read_tables([table], table.parent, asked, account)
        else:
            above = Path(name).parent.as_posix() if len(names) > 1 else ""
            found = Rows(asked, account, _Inside(str(table.parent), above)).items(read_table(table, account.note))
        used = set[str]()
        for item in found:
            used.add(os.path.normpath(item.audio.path or ""))
            yield item
        for stray in audio_below(table.parent):
            if stray not in used:
                account.leave_out(f"audio files that no {table.name} names", stray)


def audio_below(folder: Path) -> Iterator[str]:
    """The audio files below a folder, but not those of another metadata file."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not any((Path(place, name) / one).is_file() for one in NAMES))
        for name in sorted(names):
            if name.lower().endswith(AUDIO_ENDINGS):
                yield os.path.normpath(Path(place, name))


class _Inside:
    """Audio cells that hold paths below the metadata's folder."""

    seen = True

    def __init__(self, folder: str, above: str) -> None:
        self._find, self._above = partial(find_inside, [folder]), above

    def audio(self, line: Line, cell: object) -> Audio:
        """The file, which is there."""
        path = self._find(line, _path(line, cell))
        return Audio(origin=str(path), path=path)

    def name(self, line: Line, cell: object) -> str:
        """Its path without the ending."""
        name = id_of(_path(line, cell))
        return f"{self._above}/{name}" if self._above else name


def _path(line: Line, cell: object) -> str:
    if not isinstance(cell, str):
        raise line.error(f"the audio's path is a {type(cell).__name__}, not a text")
    return cell


FORM = Form(
    name="audiofolder",
    title="an audio folder (metadata.csv or .jsonl in the folder of each split)",
    rank=440,
    recognizes=_recognizes,
    items=_items,
)
