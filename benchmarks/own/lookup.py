"""Where own data lies: what a file begins with, where its paths start from, which of several splits is meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from isal import igzip

from benchmarks.dataset import Audio
from benchmarks.files import regular
from benchmarks.languages import primary_subtag
from benchmarks.sources.pairing import AUDIO_ENDINGS
from benchmarks.sources.text_files import UNPACKING
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.own.form import Account, Asked

HEAD = 1 << 16
"""Bytes of a file that are looked at to recognize it."""
MANY = 5_000
"""Names in a folder that are looked at to recognize it."""
LOOKED = 300
"""Folders of a tree that are looked into to recognize it."""
HIGHER = 3
"""Folders above a table that its paths may be from: a recipe's, above ``data/test``."""
SAME = 0.001
"""Seconds within which two times are the same: those of an utterance and of its whole recording."""


def head(path: Path) -> bytes:
    """The first bytes of a file, unpacked where its name ends in .gz; nothing where it cannot be read."""
    try:
        regular(path)
        with igzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:  # type: ignore[no-untyped-call]
            return bytes(file.read(HEAD))
    except (OSError, EOFError, ValueError, *UNPACKING):
        return b""


def first_line(path: Path) -> str:
    """The first line of a file, without what ends it; nothing where it is not UTF-8."""
    try:
        return head(path).partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        return ""


def names_in(folder: Path) -> list[str]:
    """The first names in a folder, sorted, hidden ones excepted; none where it is none or cannot be read."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for _, entry in zip(range(MANY), entries, strict=False)]
    except (OSError, ValueError):
        return []
    return sorted(name for name in found if not name.startswith("."))


def is_folder(path: str | Path) -> bool:
    """Whether there is a folder; False where nothing can be called so."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where a name is too long


def is_file(path: str | Path) -> bool:
    """Whether there is a file; False where nothing can be called so."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where a name is too long


class Paths:
    """The audio files that a table names, from the folder that its paths start from.

    Kaldi and lhotse take them from the current folder, which mostly is one above the table: each is looked for beside
    the table, then from the current folder, then from those above the table.
    """

    def __init__(self, folder: Path, account: Account) -> None:
        self._folder, self._account = folder, account
        above = list(folder.resolve().parents)[:HIGHER]
        self._bases = [str(folder), *dict.fromkeys(map(str, (Path.cwd(), *above)))]
        self._last = self._bases[0]

    def find(self, name: str) -> str:
        """The path of a file; that beside the table where there is no such file anywhere."""
        for base in (self._last, *self._bases):
            path = os.path.join(base, name)  # noqa: PTH118 - five times as fast as pathlib
            if is_file(path):
                if base != self._bases[0] and not os.path.isabs(name):  # noqa: PTH117 - likewise
                    self._account.note(f"paths are taken from {base}")
                self._last = base
                return path
        return os.path.join(self._bases[0], name)  # noqa: PTH118 - likewise


def chosen_split(place: str, asked: Asked, account: Account, splits: Iterable[str], default: str | None = None) -> str:
    """Which of several splits is meant: the one asked for, the only one, or the default; what is taken is said.

    Raises:
        UsageError: it must be said, or there is none of that name.
    """
    found = sorted(splits)
    listed = ", ".join(found[:12]) + (", ..." if len(found) > 12 else "")
    if asked.split is not None:
        if asked.split not in found:
            raise UsageError(f"{place}: no split {asked.split!r} in it; there are: {listed}")
        return asked.split
    if len(found) == 1:
        return found[0]
    if default not in found:
        raise UsageError(f"{place}: several splits are in it ({listed}): choose one with --split")
    account.note(f"split {default} is taken, of {listed}")
    return str(default)


def named_split(
    place: str, asked: Asked, account: Account, folders: Collection[str], default: str | None = None
) -> str:
    """As `chosen_split`, of what is called after its folder or file: one alone is taken, whatever is asked for.

    Raises:
        UsageError: as `chosen_split`.
    """
    names = sorted(folders)
    if len(names) != 1:
        return chosen_split(place, asked, account, names, default)
    if asked.split not in {None, names[0]}:
        account.note(f"--split {asked.split} chooses nothing: {names[0]} is all there is")
    return names[0]


def spoken(said: str | None, error: Callable[[str], DataError]) -> str | None:
    """A language as data states it, as its primary subtag; None where it does not.

    Raises:
        DataError: it is no language, as `error` makes it.
    """
    if said is None or not said.strip():
        return None
    try:
        return primary_subtag(said, "language")
    except UsageError as unknown:
        raise error(str(unknown)) from None


def seconds_of(text: object, error: Callable[[str], DataError], name: str) -> float:
    """A time as data states it.

    Raises:
        DataError: it is not a finite number from 0, as `error` makes it.
    """
    try:
        value = -1.0 if isinstance(text, bool) else float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = -1.0
    if not 0 <= value < float("inf"):
        raise error(f"{name} is {str(text)[:40]!r}, not a number of seconds")
    return value


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """The folders below a place, sorted, symbolic links followed once, hidden ones excepted; and the names in each."""
    seen = set[str]()
    for place, folders, names in os.walk(root, followlinks=True) if is_folder(root) else ():
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(place), sorted(names)


def audio_stem(name: str) -> str | None:
    """A file's name without its audio ending; None where it is no audio, or hidden."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - pathlib takes ten times as long
    return stem if ending.lower() in AUDIO_ENDINGS and not name.startswith(".") else None


@dataclass(slots=True)
class Recordings:
    """The audio files below some folders by their stems, and which of them are used."""

    found: dict[str, str] = field(default_factory=dict)
    """Stem to path."""
    used: set[str] = field(default_factory=set)

    @classmethod
    def below(cls, account: Account, *folders: Path) -> Self:
        """Those below folders; of two with the same stem the first counts, the other is left out."""
        recordings = cls()
        for place, names in (one for folder in folders for one in walk(folder)):
            for name in names:
                stem = audio_stem(name)
                if stem is not None and recordings.found.setdefault(stem, path := f"{place}/{name}") != path:
                    account.leave_out("recordings of the same name as another", path)
        return recordings

    def take(self, stem: str) -> Audio | None:
        """The recording of that stem; None where there is none."""
        path = self.found.get(stem)
        if path is None:
            return None
        self.used.add(stem)
        return Audio(origin=path, path=Path(path))

    def rest(self, account: Account) -> None:
        """Counts what was not taken."""
        for stem, path in self.found.items():
            if stem not in self.used:
                account.leave_out("recordings without a transcript", path)
