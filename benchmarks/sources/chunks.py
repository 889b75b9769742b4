"""Calls cut into chunks that share the call's one reference: a repository of chunks, and one of whole transcripts."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from benchmarks.dataset import Audio, Entry, NoCopyError, Request, Row, Utterances
from benchmarks.sources import parquet
from benchmarks.sources.handwritten import read_table
from benchmarks.sources.header import seconds
from benchmarks.sources.hub import leaderboard_entry
from benchmarks.sources.split import HubSplit
from harness.errors import DataError

TABLES = (".parquet", ".jsonl", ".csv", ".tsv")


def read(chunks: str, parents: str, request: Request) -> Utterances:
    """The chunks, call by call and in order, each with the whole reference of its call.

    Args:
        chunks: repository with columns file_name, parent_id, chunk_index, and the audio files.
        parents: repository with columns id, transcript.
        request: where to look.

    Raises:
        AccessError: a repository cannot be reached, refuses, or is not below `request.root`.
        DataError: a call without a transcript, a chunk missing or twice, or without its audio file.
    """
    names, get = _repository(chunks, request, "revision")
    rows = list(_rows(chunks, names, get, ("file_name", "parent_id", "chunk_index")))
    calls = _rows(parents, *_repository(parents, request, "parents_revision"), ("id", "transcript"))
    texts = {str(row["id"]): str(row["transcript"]) for row in calls}
    request.note("source", f"hub:{chunks} default/test")
    for parent, members in sorted(_calls(chunks, rows).items()):
        if parent not in texts:
            raise DataError(f"{chunks}: the call {parent} has no transcript in {parents}; get both repositories again")
        for index, row in enumerate(members):
            file_name = str(row["file_name"])
            name = next((name for name in (file_name, f"audio/{file_name}") if name in names), None)
            if name is None:
                msg = f"{chunks}: chunk {index} of {parent} has no audio file {file_name}; get the repository again"
                raise DataError(msg)
            audio = Audio(origin=f"{chunks}/{name}", path=get(name))
            entry = Entry(
                id=PurePosixPath(file_name).stem,
                reference=texts[parent],
                duration=seconds(audio),
                session=parent,
                parent_id=parent,
                chunk_index=index,
            )
            yield entry.utterance(audio, "en")


def _calls(chunks: str, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The chunks of each call, in order; every index from 0 must be there once."""
    calls: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        calls[str(row["parent_id"])].append(row)
    for parent, members in calls.items():
        members.sort(key=lambda row: int(row["chunk_index"]))
        found = [int(row["chunk_index"]) for row in members]
        wrong = next((place for place, index in enumerate(found) if index != place), None)
        if wrong is not None:
            fault = f"chunk {wrong} is missing" if found[wrong] > wrong else f"chunk {found[wrong]} is there twice"
            msg = f"{chunks}: {fault} of the call {parent}; a call is only scored whole: get the repository again"
            raise DataError(msg)
    return calls


def _rows(repo: str, names: Sequence[str], get: Callable[[str], Path], columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a repository's tables, which must have the columns; audio is left alone."""
    tables = [name for name in names if name.endswith(TABLES) and not name.startswith("audio/")]
    kind = next((ending for ending in TABLES if any(name.endswith(ending) for name in tables)), None)
    if kind is None:
        raise DataError(f"{repo}: no table of its rows ({', '.join(TABLES)}) among its {len(names)} files")
    for name in (name for name in tables if name.endswith(kind)):
        path = get(name)
        plain = kind == ".parquet"
        for row in parquet.plain_rows(path, f"{repo}/{name}") if plain else (line.values for line in read_table(path)):
            lost = next((column for column in columns if row.get(column) in {None, ""}), None)
            if lost is not None:
                raise DataError(f"{repo}/{name}: a row has no {lost}; its columns are {', '.join(row)}")
            yield row


def _repository(repo: str, request: Request, note: str) -> tuple[list[str], Callable[[str], Path]]:
    """The files of a repository and how each is got, from below `--from` or from the hub."""
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
