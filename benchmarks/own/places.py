"""Where the audio is that a table names: paths as people write them, found or said not to be there."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from benchmarks.sources.pairing import AUDIO_ENDINGS

if TYPE_CHECKING:
    from benchmarks.own.form import Account
    from benchmarks.sources.tables import Line

MOST_FOLDERS = 20
"""Folders beside a table in which its audio is looked for."""
SHOWN = 300
"""Characters of a path in a message."""


def find_audio(line: Line, named: str, folder: str, account: Account) -> str:
    """The file that a row names: from the table's folder, else from the working directory, which is said.

    A home directory (``~``), ``file://``, backslashes and white space at an end are understood, where the name as it
    stands is not that of a file.

    Args:
        line: the row, for messages.
        named: what it says.
        folder: of the table.
        account: told what had to be guessed.

    Raises:
        DataError: there is no such file; the message shows the name as it is and where it was looked for.
    """
    path = os.path.join(folder, named)  # noqa: PTH118 - five times as fast as pathlib
    if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a name is too long
        return path
    for how, other in _others(named, folder):
        if os.path.isfile(other):  # noqa: PTH113
            account.note(how, repr(named[:80]))
            return other
    raise line.error(f"no audio file at {path[:SHOWN]!r}{_hint(named, path)}")


def _others(named: str, folder: str) -> list[tuple[str, str]]:
    """What else a name may mean, and what is said where it does."""
    found = [("audio paths are from the working directory, not from the table's folder", named)]
    if named.startswith("~"):
        found.append(("audio paths begin with a home directory (~)", os.path.expanduser(named)))  # noqa: PTH111
    if named.lower().startswith("file:"):
        with suppress(ValueError):  # brackets that are no address
            found.append(("audio paths are file:// addresses", unquote(urlsplit(named).path)))
    variable = re.match(r"(?:\$\w+|\$?\{\w+\})/+", named)
    if variable:
        how = f"audio paths begin with {variable[0].rstrip('/')}, which is taken for the table's folder"
        found.append((how, os.path.join(folder, named[variable.end() :])))  # noqa: PTH118
    if "/" not in named and "\\" not in named:
        below = [place for place in _folders(folder) if os.path.isfile(os.path.join(place, named))]  # noqa: PTH113, PTH118
        if len(below) == 1:
            how = f"audio is in the folder {os.path.basename(below[0])}, which its paths do not say"  # noqa: PTH119
            found.append((how, os.path.join(below[0], named)))  # noqa: PTH118
    bare = named.strip().strip("\ufeff")
    if bare != named and bare:
        how = "white space around audio paths is not part of them"
        found += [(how, os.path.join(base, bare)) for base in (folder, "")]  # noqa: PTH118
    for form in ("NFC", "NFD"):
        if (same := unicodedata.normalize(form, named)) != named:  # macOS takes letters and their accents apart
            how = "names of files have their accents in another form of Unicode than audio paths"
            found += [(how, os.path.join(base, same)) for base in (folder, "")]  # noqa: PTH118
    if "\\" in bare:
        turned = bare.replace("\\", "/")
        how = "audio paths have backslashes"
        found += [(how, os.path.join(base, turned)) for base in (folder, "")]  # noqa: PTH118
    return found


@lru_cache(maxsize=8)
def _folders(place: str) -> tuple[str, ...]:
    """The first folders in a folder."""
    try:
        with os.scandir(place or ".") as entries:
            found = [one.path for _, one in zip(range(5_000), entries, strict=False) if one.is_dir()]
    except OSError:
        return ()
    return tuple(sorted(found)[:MOST_FOLDERS])


def _hint(named: str, path: str) -> str:
    """Why a file may not be there."""
    if "://" in named and not named.lower().startswith("file:"):
        return ": an address; download it, and name the file"
    if what := what_is_there(path):
        return f": that is {what}"
    near = _near(path)
    if near:
        return f"; there is {near!r}"
    return "" if os.path.isabs(named) else f", nor from {os.getcwd()}"  # noqa: PTH109, PTH117 - as above


def what_is_there(path: str) -> str:
    """What has a name that should be a file's; empty where nothing has."""
    if os.path.isdir(path):  # noqa: PTH112 - as above
        return "a folder"
    if os.path.exists(path):  # noqa: PTH110 - as above
        return "a pipe or a device, not a file"
    return "a link to nowhere" if os.path.lexists(path) else ""


def _near(path: str) -> str | None:
    """A file beside it whose name differs in letter case, white space or ending alone."""
    place, name = os.path.split(path)
    stem = _bare(name)
    try:
        names = sorted(os.listdir(place or "."))[:10_000]  # noqa: PTH208 - as above
    except OSError:
        return None
    return next((found for found in names if _bare(found) == stem and found.lower().endswith(AUDIO_ENDINGS)), None)


def _bare(name: str) -> str:
    return os.path.splitext(name.strip().casefold())[0].strip()  # noqa: PTH122 - as above


def id_of(audio: str) -> str:
    """The id of a recording that is given none: its path as the table has it, without its ending.

    Of an absolute path it is the name alone: the folders above it differ between machines.
    """
    head, _, tail = audio.strip().replace("\\", "/").removeprefix("file://").removeprefix("./").rpartition("/")
    name = tail.rpartition(".")[0] or tail
    return f"{head}/{name}" if head and not is_absolute(head) else name


def is_absolute(path: str) -> bool:
    """Whether a path is from no folder of the table's: on any system."""
    return path.startswith(("/", "~", "\\", "file:")) or path[1:2] == ":"


def distinct_ids(audio: Iterable[str], folder: str) -> Mapping[str, str]:
    """The ids of those recordings that `id_of` would call like another one.

    They have as much of their path as tells them apart, and their ending where that alone does.

    Args:
        audio: what the rows name, as often as they do.
        folder: of the table: a file is the same by its path from there, and by its whole path.
    """
    first: dict[str, str] = {}
    alike: dict[str, dict[str, None]] = {}
    for one in audio:
        name = id_of(one)
        other = first.setdefault(name, one)
        if other != one and not _same(other, one, folder):
            alike.setdefault(name, {other: None})[one] = None
    found: dict[str, str] = {}
    for group in alike.values():
        paths = {one: _parts(one) for one in group}
        if len(set(paths.values())) < len(group):
            paths = {
                one: (*parts[:-1], one.strip().replace("\\", "/").rpartition("/")[2]) for one, parts in paths.items()
            }
        for one, parts in paths.items():
            others = [path for path in paths.values() if path != parts]
            enough = (n for n in range(1, len(parts)) if all(path[-n:] != parts[-n:] for path in others))
            found[one] = "/".join(parts[-next(enough, len(parts)) :])
    return found


def _same(one: str, other: str, folder: str) -> bool:
    return os.path.normpath(os.path.join(folder, one)) == os.path.normpath(os.path.join(folder, other))  # noqa: PTH118


def _parts(audio: str) -> tuple[str, ...]:
    """The folders of a path and its name without the ending."""
    parts = audio.strip().replace("\\", "/").removeprefix("file://").split("/")
    return (*(part for part in parts[:-1] if part not in {"", "."}), parts[-1].rpartition(".")[0] or parts[-1])
