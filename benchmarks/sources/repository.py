"""A hub repository as its files: tables without audio beside whatever else lies there, from a copy or from the hub."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.dataset import NoCopyError, Request, Row
from benchmarks.sources import parquet
from benchmarks.sources.handwritten import read_table
from benchmarks.sources.hub import leaderboard_entry
from benchmarks.sources.split import HubSplit
from harness.errors import DataError

TABLES = (".parquet", ".jsonl", ".csv", ".tsv")

Get = Callable[[str], Path]
"""Where the file of a name is, fetched if need be."""


def repository(repo: str, request: Request, note: str) -> tuple[list[str], Get]:
    """The files of a repository and how each is got, from below `--from` or from the hub.

    Args:
        repo: ``owner/name``.
        request: where to look.
        note: what `request.note` calls the revision.

    Raises:
        AccessError: it cannot be reached, refuses, or is not below `request.root`.
    """
    if request.root is None:
        split = HubSplit(repo=repo, config="default", split="test", entry=leaderboard_entry, language="en")
        pinned = request.pins.get(f"hub:{split.where}")
        sha, sums = parquet.repository_files(split, pinned or request.revision)
        request.note(note, sha)
        return sorted(sums), lambda name: parquet.verified(split, name, sha, sums[name])
    for folder in parquet.copies(request.root, repo)[:-1]:
        names = parquet.files_below(folder)
        if any(name.endswith(TABLES) for name in names):
            return names, partial(Path, folder)
    raise NoCopyError(f"a copy of {repo}")


def table_rows(repo: str, names: Sequence[str], get: Get, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a repository's tables, which must have the columns; audio is left alone.

    Raises:
        DataError: there is no table, or a row lacks one of the columns.
    """
    tables = [name for name in names if name.endswith(TABLES) and not name.startswith("audio/")]
    kind = next((ending for ending in TABLES if any(name.endswith(ending) for name in tables)), None)
    if kind is None:
        raise DataError(f"{repo}: no table of its rows ({', '.join(TABLES)}) among its files ({len(names)})")
    for name in (name for name in tables if name.endswith(kind)):
        path = get(name)
        plain = kind == ".parquet"
        for row in parquet.plain_rows(path, f"{repo}/{name}") if plain else (line.values for line in read_table(path)):
            lost = next((column for column in columns if row.get(column) in {None, ""}), None)
            if lost is not None:
                raise DataError(f"{repo}/{name}: a row has no {lost}; its columns are {', '.join(row)}")
            yield row
