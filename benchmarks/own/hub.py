"""A data set of the hub as items: its Parquet, else the hub's own conversion, else its files in the hub's cache.

Code of a repository is never run. Only the hub is asked (``HF_ENDPOINT``): what cells name elsewhere is refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.own.account import Account
from benchmarks.own.address import Address, parse_address
from benchmarks.own.arrow import Reading, Shard, opened
from benchmarks.own.card import with_language
from benchmarks.own.inside import SHOWN, inner_path
from benchmarks.own.repository import folder_items
from benchmarks.own.schema import layout_of
from benchmarks.own.snapshot import is_data, items_of_files
from benchmarks.own.splits import Part, parts_of, pick
from benchmarks.own.version import Version, version
from benchmarks.sources import faults
from benchmarks.sources.parquet import CONVERTED, cached, copies, remote, stated_files, verified
from harness.errors import AccessError, DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.own.form import Asked, Item
    from benchmarks.sources.tables import Line

PARQUET = (".parquet",)


def hub_items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of an address.

    Raises:
        UsageError: the address is none, or does not say which of several parts is meant.
        AccessError: the hub refuses or cannot be reached.
        DataError: what is there cannot be read.
    """
    address = parse_address(place)
    if asked.request.root is not None:
        return _of_copy(asked.request.root, address, asked, account)
    asked.request.note("source", f"hub:{place}")
    main = version(address, asked.request.pins.get(f"hub:{place}"))
    chosen, parts = main, _tables(main)
    if not parts and address.revision is None:
        chosen, parts = _converted(main, asked)
    if not parts:
        asked.request.note("revision", main.sha)
        return items_of_files(main, address, asked, account)
    asked.request.note("revision", chosen.sha)
    part = pick(parts, asked, account, str(address), address.parts)
    return with_language(_rows(chosen, part, asked, account), main.readme, part.config, asked, account)


def state(place: str, asked: Asked) -> str | None:
    """The commit that an address means now."""
    if asked.request.root is not None:
        return None
    return version(parse_address(place), asked.request.pins.get(f"hub:{place}")).sha


def _tables(found: Version) -> list[Part]:
    """The parts that a repository has as Parquet; a table of file names alone is none."""
    names = [name for name in found.files if posixpath.basename(name) != "metadata.parquet"]
    return parts_of(names, found.readme, PARQUET)


def _converted(main: Version, asked: Asked) -> tuple[Version, list[Part]]:
    """The hub's own conversion of the main branch; where that is a part only, and there are files, they are read."""
    try:
        sha, files = stated_files(main.repo, CONVERTED)
    except AccessError:
        return main, []
    parts = parts_of(files, "", PARQUET)
    if any("/partial-" in name for name in files) and any(map(is_data, main.files)):
        return main, []
    converted = replace(main, sha=sha, files=files)
    if parts and any(map(is_data, main.files)) and not _has_audio(converted, parts[0].files[0], asked):
        return main, []  # a table of file names was converted, and the files were not
    return converted, parts


def _has_audio(found: Version, name: str, asked: Asked) -> bool:
    """Whether a Parquet file holds audio itself, by its schema."""
    with opened(Shard(name, partial(_open, found, name, few=True, streaming=True))) as table:
        try:
            return layout_of(table.schema, asked, Account(), name).stored is not None
        except UsageError:
            return True  # of which several columns hold some
        except DataError:
            return False


def _rows(found: Version, part: Part, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a part that is Parquet."""
    request = asked.request
    some = not request.audio or request.wanted is not None
    shards = [
        Shard(
            f"{found.repo.repo}@{found.sha[:12]}/{name}",
            partial(_open, found, name, few=some, streaming=request.streaming),
            partial(faults.explain, found.repo),
            far=some,
        )
        for name in part.files
    ]
    find = partial(_find, found, posixpath.dirname(part.files[0]), fetched=request.audio)
    return Reading(asked, account, find, texts=not request.audio, wanted=request.wanted).items(shards)


def _open(found: Version, name: str, *, few: bool, streaming: bool) -> Any:
    """A Parquet file: in the hub's cache, or over the network where only a little of it is asked for."""
    if not faults.is_offline():
        if few:
            return cached(found.repo, name, found.sha) or remote(found.repo, name, found.sha, None, ahead=False)
        if streaming:
            return remote(found.repo, name, found.sha, None)
    return verified(found.repo, name, found.sha, found.files[name].sha256)


def _find(found: Version, folder: str, line: Line, named: str, *, fetched: bool) -> Path:
    """The file of the repository that a cell names, in the hub's cache."""
    inside = inner_path(line, named)
    if inside is None:
        raise line.error(f"the audio's path {named[:SHOWN]!r} leads out of the repository, and is not followed")
    name = next((one for one in (posixpath.join(folder, inside), inside) if one in found.files), None)
    if name is None:
        raise line.error(f"the repository has no file {inside[:SHOWN]!r}, and the row no audio of its own")
    return verified(found.repo, name, found.sha, found.files[name].sha256) if fetched else Path(name)


def _of_copy(root: Path, address: Address, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a copy below a folder that the user named."""
    for folder in copies(root, address.repo):
        if folder != root or (folder / "README.md").is_file():
            asked.request.note("revision", folder.name if folder.parent.name == "snapshots" else "local copy")
            return folder_items(folder, address.parts, asked, account)
    raise AccessError(f"{address} is not below {root}: looked for {address.repo} and {address.repo.partition('/')[2]}")
