"""Before a run is answered from its journal, or gone on with: whether its data is what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.errors import AccessError, UsageError
from harness.records.run import DataRecord, Selection
from harness.runner.changes import Changes, compare, write_changes
from harness.runner.selection import Selected
from harness.runner.usage import Totals

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.dataset import Dataset
    from benchmarks.suite import Lock
    from harness.config import Settings
    from harness.records.journal import Line
    from harness.records.run import BenchmarkRecord, ModelRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found."""

    state: str | None
    """What run.json is to call the data as it is now; None where it could not be looked at."""
    changes: Changes | None = None
    """None where nothing changed, or nothing is there that could be compared."""
    selected: Selected | None = None
    """What was compared, read to its end."""
    why_not: str = ""
    """Why it could not be looked at."""

    def noted(self, dataset: Dataset, before: BenchmarkRecord) -> DataRecord | None:
        """What run.json is to say of the data."""
        known = before.data or DataRecord(origin=dataset.origin)
        if self.state is None:
            return before.data
        taken = known.not_compared if self.changes is None else self.changes.not_compared or known.not_compared
        return DataRecord(origin=dataset.origin, digest=self.state, not_compared=taken)


def look_at(
    dataset: Dataset,
    lock: Lock | None,
    settings: Settings,
    *,
    folder: Path,
    entry: BenchmarkRecord,
    lines: Sequence[Line],
    one_language: bool,
) -> Looked:
    """Compares a benchmark's data with what a run of it says.

    Where source, revision or digest are as they were, no row is compared; and no audio is read where its size and times
    are.

    Args:
        dataset: the benchmark.
        lock: what the suite states of it.
        settings: as they are asked for now.
        folder: of the run, for messages.
        entry: what run.json says of the benchmark.
        lines: of its journal.
        one_language: see `harness.runner.changes.compare`.

    Raises:
        UsageError: the data is at another revision, or the lines are outside the sample that is asked for.
        DataError: it is broken, or not what is locked.
    """
    if lines and settings.root is None and (entry.source or "").startswith("archive:"):
        return Looked(state=None, why_not=f"its data was read from {entry.source}; give --from to have it compared")
    try:
        source, state = Selected(dataset, lock, settings).state(entry.source)
    except AccessError as error:
        return Looked(state=None, why_not=f"its data could not be compared with what was run: {error}")
    before = entry.data.digest if entry.data else None
    if before is None and _is_fixed(state):
        before = entry.revision
    trusted = before is None and (_is_fixed(state) or (state.startswith("files:") and source == entry.source))
    if not lines or before == state or trusted:
        return Looked(state=state)
    if before is not None and (_is_fixed(state) or _is_fixed(before)) and _commit(before) != _commit(state):
        raise moved(folder, dataset.name, _commit(before), _commit(state))
    known = {line.id: line.audio_seconds if line.audio_seconds is not None else line.duration for line in lines}
    selected = Selected(dataset, lock, settings, known)
    same_sample = entry.selection == selection_of(settings)
    rows = selected.open(set() if same_sample else set(known))
    return Looked(state=state, changes=compare(rows, lines, one_language=one_language), selected=selected)


def knows_one_language(model: ModelRecord) -> bool:
    """Whether a model knows a single language, so that the one it is told changes nothing; unknown is no."""
    return len(model.languages or ()) == 1


def note_changes(
    path: Path, dataset: Dataset, settings: Settings, entry: BenchmarkRecord, looked: Looked
) -> list[Line] | None:
    """Brings a journal and what run.json says of its benchmark to the data as it is; the lines that stay.

    None where nothing changed. The entry is complete only where it was, and no row is to be run.
    """
    changes = looked.changes
    if changes is None:
        return None
    update = changes.update(new=bool(entry.complete), kept_in=write_changes(path, changes))
    entry.updates = [*entry.updates, update] if update else entry.updates
    totals = Totals()
    totals.add(changes.lines)
    entry.done, entry.failed = len(changes.lines), totals.errors
    if entry.speed is not None:
        entry.speed = replace(entry.speed, limited=totals.limited or None, malformed=totals.malformed or None)
    entry.complete = bool(entry.complete) and not changes.missing
    if entry.complete and looked.selected is not None:
        entry.expected, entry.selection = changes.asked, selection_of(settings)
        entry.language, entry.language_stated = dataset.language, dataset.language_stated
        looked.selected.describe(entry)
    entry.data = looked.noted(dataset, entry)
    return changes.lines


def selection_of(settings: Settings) -> Selection:
    """Which utterances the settings ask for."""
    return Selection(limit=settings.limit, seed=settings.seed if settings.limit else None)


def moved(folder: Path, benchmark: str, before: str, now: str) -> UsageError:
    """The error for data of another revision."""
    return UsageError(
        f"{folder} holds {benchmark} at data revision {before}, the data is now at {now}; "
        "give another --out, or start over with --fresh"
    )


def _commit(state: str) -> str:
    """A revision without what the user said about own data at it, which is compared row by row."""
    return state.partition(" ")[0]


def _is_fixed(state: str) -> bool:
    """Whether it is a revision, not the digest of what may be edited."""
    return not state.startswith(("rows:", "files:"))
