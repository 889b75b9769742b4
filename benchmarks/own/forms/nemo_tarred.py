"""NeMo's tarred sets: a manifest whose paths are names in the tars beside it, ``audio_0.tar``.

Format: https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/asr/datasets.html (Tarred Datasets). As in
NeMo, a row's audio is the file of its name without the ending, whatever folder it is in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Audio
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import audio_stem, head, is_file, is_folder, names_in
from benchmarks.own.places import id_of
from benchmarks.own.rows import Rows
from benchmarks.sources.archive import Release
from benchmarks.sources.handwritten import read_table
from benchmarks.sources.shards import expanded
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.sources.tables import Line

MANIFEST, SHARDED = "tarred_audio_manifest.json", "sharded_manifests"
NUMBER = re.compile(r"(\d+)\D*$")
SUB = re.compile(r"-sub\d+$")
"""What NeMo's writer adds to the name of a recording for every segment after the first; the tar has the file once."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The files of a set."""

    manifests: tuple[Path, ...]
    tars: tuple[Path, ...]


def _first(path: Path) -> dict[str, object]:
    """The first row of a manifest; empty where it is none."""
    text = head(path).decode("utf-8", "ignore").lstrip("\ufeff \t\r\n")
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_manifest(path: Path) -> bool:
    """Whether a file is a manifest whose first row is of a shard, and whose audio is no file."""
    if path.suffix not in {".json", ".jsonl"} or not is_file(path):
        return False
    row = _first(path)
    name = row.get("audio_filepath", row.get("audio_file"))
    if "shard_id" not in row and path.name != MANIFEST:
        return False
    return isinstance(name, str) and not is_file(path.parent / name)


def _tars(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in names_in(folder) if name.endswith(".tar"))


def _manifests(folder: Path) -> tuple[Path, ...]:
    """The manifest of a folder: that of all shards, else one for each shard."""
    if _is_manifest(folder / MANIFEST):
        return (folder / MANIFEST,)
    for place in (folder, folder / SHARDED):
        found = tuple(path for name in names_in(place) if _is_manifest(path := place / name))
        if found:
            return tuple(sorted(found, key=_number))
    return ()


def _number(path: Path) -> tuple[int, str]:
    """The shard that a file is of, so that the tenth comes after the second."""
    match = NUMBER.search(path.stem)
    return int(match[1][-9:]) if match else -1, path.name


def _place(place: str) -> _Place | None:
    """The files that a place means: a folder, a manifest, tars, or a row of these in braces; None where it is none."""
    path = Path(place)
    if is_folder(path):
        manifests, tars = _manifests(path), _tars(path)
        return _Place(manifests, tars) if manifests and tars else None
    paths = tuple(map(Path, expanded(place))) if not is_file(path) else (path,)
    if not is_file(paths[0]):
        return None
    if paths[0].suffix == ".tar":
        manifests = _manifests(path.parent)
        return _Place(manifests, paths) if manifests else None
    if not _is_manifest(paths[0]):
        return None
    above = path.parent if _tars(path.parent) else path.parent.parent
    return _Place(paths, _tars(above)) if _tars(above) else None


def _recognizes(place: str) -> bool:
    try:
        return _place(place) is not None
    except UsageError:
        return False


Stored = tuple[Path, str, int, int]
"""Tar, name in it, offset and size."""


@dataclass(slots=True)
class _Members:
    """The audio files in the tars, by their names, and by these without folder and ending."""

    every: list[Stored] = field(default_factory=list)
    found: dict[str, Stored] = field(default_factory=dict)
    of_shard: dict[tuple[int, str], Stored] = field(default_factory=dict)
    """Those whose name is in several tars."""
    used: set[tuple[Path, int]] = field(default_factory=set)
    seen: bool = True

    def add(self, tar: Path, account: Account) -> None:
        """Those of a tar; others are counted."""
        for member in Release(tar).members(lambda _name: True):
            if audio_stem(member.name.rpartition("/")[2]) is None:
                account.leave_out("files in tars that are no audio, or hidden", f"{tar}!{member.name}")
                continue
            place = member.audio()
            one = tar, member.name, place.offset, place.size or 0
            self.every.append(one)
            for key in {member.name, _stem(member.name)}:
                other = self.found.setdefault(key, one)
                if other is not one:
                    self.of_shard.setdefault((_number(other[0])[0], key), other)
                    self.of_shard.setdefault((_number(tar)[0], key), one)

    def place(self, line: Line, cell: object) -> Stored | None:
        """Where the audio of a row is; None where it is in no tar."""
        if not isinstance(cell, str):
            raise line.error(f"audio holds {type(cell).__name__}, not text")
        shard, stem = line.values.get("shard_id"), _stem(cell)
        for keys in ((cell, stem), (SUB.sub("", stem),)):
            several = [self.of_shard.get((shard, key)) for key in keys] if isinstance(shard, int) else []
            for one in (*several, *map(self.found.get, keys)):
                if one is not None:
                    return one
        return None

    def audio(self, line: Line, cell: object) -> Audio:
        """The audio of a row."""
        place = self.place(line, cell)
        if place is None:
            raise line.error(f"no audio {cell!r} in the tars")
        tar, name, offset, size = place
        self.used.add((tar, offset))
        return Audio(origin=f"{tar}!{name}", path=tar, offset=offset, size=size)

    def name(self, line: Line, cell: object) -> str:
        """What a row without an id is called: its audio's name."""
        return id_of(str(cell))


def _stem(name: str) -> str:
    tail = name.replace("\\", "/").rpartition("/")[2]
    return tail.rpartition(".")[0] or tail


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The rows whose audio is in the tars, in the order of the manifest."""
    files = _place(place)
    if files is None:
        raise UsageError(f"{place}: no manifest of a tarred set ({MANIFEST}) beside tars")
    members = _Members()
    for tar in files.tars:
        if not is_file(tar):
            raise DataError(f"{place}: there is no {tar}")
        members.add(tar, account)
    rows = Rows(asked, account, members)
    for manifest in files.manifests:
        for line in read_table(manifest, account.note):
            cell = rows.audio_in(line)
            if cell is not None and members.place(line, cell) is None:
                account.leave_out("rows whose audio is in none of the tars", line.where)
            elif (item := rows.item(line)) is not None:
                yield item
    for tar, name, offset, _ in members.every:
        if (tar, offset) not in members.used:
            account.leave_out("audio files in tars without a row", f"{tar}!{name}")


FORM = Form(
    name="nemo_tarred",
    title=f"a tarred set of NeMo ({MANIFEST}, audio_0.tar)",
    rank=480,
    uses=frozenset({"columns", "translation"}),
    recognizes=_recognizes,
    items=_items,
)
