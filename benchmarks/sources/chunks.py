"""Calls cut into chunks that share the call's one reference: a repository of chunks, and one of whole transcripts."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from benchmarks.dataset import Audio, Entry, Request, Row, Utterances
from benchmarks.sources.header import seconds
from benchmarks.sources.repository import repository, table_rows
from harness.errors import DataError


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
    names, get = repository(chunks, request, "revision")
    rows = list(table_rows(chunks, names, get, ("file_name", "parent_id", "chunk_index")))
    calls = table_rows(parents, *repository(parents, request, "parents_revision"), ("id", "transcript"))
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
