"""What was found while reading, compared with what is stated: a difference is an error that names the field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset, Entry, Utterance
    from benchmarks.suite import Lock

HOURS_SLACK = (0.01, 0.002)
"""Hours, and share of the stated hours, within which two lengths are the same: facts are stated to a hundredth."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was found while reading a benchmark: `note` is what a Request wants, `add` is for each utterance."""

    rows: int = 0
    words: int = 0
    seconds: float = 0.0
    unmeasured: int = 0
    """Utterances whose length is not known from the metadata."""
    notes: dict[str, str] = field(default_factory=dict)
    """``source`` and ``revision``, as the source tells them."""
    _parents: set[str] = field(default_factory=set)

    def note(self, key: str, value: str) -> None:
        """Writes down what a source tells."""
        self.notes[key] = value

    def add(self, utterance: Utterance | Entry, seconds: float | None = None) -> None:
        """Counts an utterance.

        Args:
            utterance: as it was read, or the line that says it. The one reference of a chunked session is counted once.
            seconds: its decoded length, where it is known; else the metadata's.
        """
        self.rows += 1
        length = utterance.duration if seconds is None else seconds
        if length is None:
            self.unmeasured += 1
        else:
            self.seconds += length
        parent = utterance.parent_id
        if parent is None:
            self.words += len(utterance.reference.split())
        elif parent not in self._parents:
            self.words += len(utterance.reference.split())
            self._parents.add(parent)

    @property
    def hours(self) -> float | None:
        """Hours of audio, or None where some utterance's length is not known."""
        return None if self.unmeasured else self.seconds / 3600

    @property
    def source(self) -> str | None:
        """The source that opened."""
        return self.notes.get("source")

    @property
    def revision(self) -> str | None:
        """Revision or file of the source."""
        return self.notes.get("revision")


def check_facts(dataset: Dataset, lock: Lock | None, seen: Seen, *, allow_drift: bool = False) -> list[str]:
    """Compares what was read with the suite's lock and the data set's facts.

    Args:
        dataset: the benchmark.
        lock: what the suite states; None where it states nothing.
        seen: what was found by reading to the end.
        allow_drift: whether a difference is returned instead of raised; the run is then not comparable.

    Returns:
        The differences, one line each; empty where all that is known agrees.

    Raises:
        DataError: there is a difference; the message names the first field, both values, and how to go on.
    """
    source = next((source for source in dataset.sources if source.name == seen.source), None)
    drifts: list[str] = []
    for name in source.locked if source else ():
        stated, found = stated_fact(dataset, lock, name), getattr(seen, name)
        if stated is not None and found is not None and not _same(stated, found):
            drifts.append(f"{dataset.name}: {name} is {_show(found)} where {_show(stated)} is stated")
    pinned = lock.revision if lock and lock.source == seen.source else None
    if pinned and seen.revision != pinned:
        drifts.append(f"{dataset.name}: revision is {seen.revision} where {pinned} is locked")
    if drifts and not allow_drift:
        raise DataError(
            f"{drifts[0]} ({seen.source}): get the stated data, or go on with --allow-drift, "
            "which marks the run as not comparable"
        )
    return drifts


def stated_fact(dataset: Dataset, lock: Lock | None, name: str) -> float | None:
    """What the suite's lock says of ``rows``, ``hours`` or ``words``, else the data set; None where neither does."""
    locked: float | None = getattr(lock, name, None)
    return getattr(dataset, name) if locked is None else locked


def _same(stated: float, found: float) -> bool:
    """Whether two facts agree: counts exactly, hours within HOURS_SLACK."""
    if isinstance(stated, int) and isinstance(found, int):
        return stated == found
    return abs(stated - found) <= max(HOURS_SLACK[0], HOURS_SLACK[1] * stated)


def _show(value: float) -> str:
    """A fact as a person reads it."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"
