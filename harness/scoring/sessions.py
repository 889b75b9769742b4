"""Chunks of one session back together: they share one reference, so they can only be scored as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace as changed

from harness.errors import DataError
from harness.records.stored import mapped, order_of, taken
from harness.types import Word

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.predictions import Predictions

T = TypeVar("T")


def merge_sessions(predictions: Predictions) -> Predictions:
    """Predictions whose rows are what is scored: a row a session where the data is cut into chunks, else as they are.

    Sessions come in the order of their names, as on the leaderboard. So do the rows of a journal: which was run first
    depends on what happened to the run, and must not move the last digit of a sum. A session's hypothesis is those of
    its chunks, joined by one space; a failed chunk makes a failed session; durations and times are summed where all are
    known. Where failed utterances count as empty transcripts they are that here.

    Raises:
        DataError: a chunk is missing, stands twice or has another reference, or only some rows are chunks. (The
            leaderboard warns, and counts what was said in a missing chunk as deleted.)
    """
    rows = predictions.rows
    if predictions.scores_empty:
        rows = mapped(rows, lambda row: changed(row, hypothesis="", error=None) if row.hypothesis is None else row)
    chunks = 0

    def ids() -> Iterator[str]:
        nonlocal chunks
        for row in rows:
            chunks += row.parent_id is not None
            yield row.id

    order = order_of(ids())
    if not chunks:
        return replace(predictions, rows=taken(rows, order) if predictions.ours else rows)
    if chunks < len(rows):
        message = f"{predictions.source}: {len(rows) - chunks} of {len(rows)} rows have no parent_id; all must, or none"
        raise DataError(message)
    by_parent: dict[str, list[Line]] = {}
    for row in rows:
        by_parent.setdefault(str(row.parent_id), []).append(row)
    merged = [_merged(parent, by_parent[parent], str(predictions.source)) for parent in sorted(by_parent)]
    return replace(predictions, rows=merged)


def _merged(parent: str, chunks: Sequence[Line], source: str) -> Line:
    ordered = sorted(chunks, key=lambda row: row.chunk_index or 0)
    found = [row.chunk_index for row in ordered]
    if found != list(range(len(found))):
        missing = sorted(set(range(max(index or 0 for index in found) + 1)) - set(found))
        what = f"chunk {missing[0]} is missing" if missing else "a chunk stands there twice"
        raise DataError(f"{source}: {what} of session {parent!r}; run it again, or leave the session out")
    first = ordered[0]
    other = next((row for row in ordered if row.reference != first.reference), None)
    if other is not None:
        what = f"chunks 0 and {other.chunk_index} of session {parent!r} have different references"
        raise DataError(f"{source}: {what}; chunks share that of the whole session, else leave out parent_id")
    lengths = [row.duration for row in ordered]
    starts = None if None in lengths else [0.0, *accumulate(each or 0.0 for each in lengths[:-1])]
    errors = [row.error or "no transcript" for row in ordered if row.hypothesis is None]
    return changed(
        first,
        id=parent,
        hypothesis=None if errors else _joined(row.hypothesis for row in ordered),
        speakers=_chain([row.speakers for row in ordered]),
        words=None
        if starts is None
        else _chain([_later(row.words, at) for row, at in zip(ordered, starts, strict=True)]),
        turns=None,
        draft=_joined(row.draft for row in ordered) if all(row.draft is not None for row in ordered) else None,
        duration=total(row.duration for row in ordered),
        audio_seconds=total(row.audio_seconds for row in ordered),
        time=total(row.time for row in ordered),
        session=first.session or parent,
        keywords=_together(row.keywords for row in ordered),
        distractors=_together(row.distractors for row in ordered),
        parent_id=None,
        chunk_index=None,
        error=errors[0] if errors else None,
    )


def _together(lists: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """What any of the lists holds; None where there is no list."""
    known = [one for one in lists if one is not None]
    return tuple(dict.fromkeys(word for one in known for word in one)) if known else None


def _chain(parts: Sequence[tuple[T, ...] | None]) -> tuple[T, ...] | None:
    """All of them together; None where one is not known."""
    known = [part for part in parts if part is not None]
    return tuple(one for part in known for one in part) if len(known) == len(parts) else None


def _later(words: Sequence[Word] | None, start: float) -> tuple[Word, ...] | None:
    """Words of a chunk by the clock of its session, whose chunks follow each other."""
    return None if words is None else tuple(Word(one.text, one.start + start, one.end + start) for one in words)


def _joined(texts: Iterable[str | None]) -> str:
    return " ".join(stripped for text in texts if text and (stripped := text.strip()))


def total(seconds: Iterable[float | None]) -> float | None:
    """The sum, or None where one of them is not known."""
    known = list(seconds)
    return None if None in known or not known else sum(second for second in known if second is not None)
