"""Counting a million utterances in bounded memory: rows stay in their file, counts are columns of numbers.

What is counted is what `harness.scoring.counting` counts, in the same order. Each process looks at every row and counts
those whose reference is its own, so that a reference is normalized once for all systems of a benchmark: these are read
side by side, row for row.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from harness.processes import in_shares, shares_for
from harness.scoring.counting import COLUMNS, Counted, packed
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.facts import Looking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.journal import Line
    from harness.scoring.facts import Facts
    from harness.scoring.profiles import Profile
    from harness.scoring.texts import Texts

_ABSENT = -1
"""In place of the hits of a row that has no hypothesis."""
_BLOCK = 4096
_REMEMBERED = 10_000
"""Texts: rows of several systems with the same reference come one after the other."""


class Part(NamedTuple):
    """One benchmark of one system."""

    rows: Sequence[Line]
    language: str


class PackedCounts(Sequence[Counted | None]):
    """What `count_pairs` gives, as numbers; None where a row has no hypothesis.

    Args:
        table: shape ``[rows, 6]``.
    """

    def __init__(self, table: NDArray[np.int32]) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, at: int) -> Counted | None: ...
    @overload
    def __getitem__(self, at: slice) -> PackedCounts: ...
    def __getitem__(self, at: int | slice) -> Counted | PackedCounts | None:
        """The counts of a row, or those of some."""
        return PackedCounts(self.table[at]) if isinstance(at, slice) else _counted(self.table[at].tolist())

    def __iter__(self) -> Iterator[Counted | None]:
        for start in range(0, len(self), _BLOCK):
            yield from map(_counted, self.table[start : start + _BLOCK].tolist())

    def __contains__(self, one: object) -> bool:
        return bool((self.table[:, 0] == _ABSENT).any()) if one is None else any(one == other for other in self)

    @property
    def present(self) -> int:
        """How many rows have counts."""
        return len(self) - int(self.absent.sum())

    @property
    def absent(self) -> NDArray[np.bool_]:
        """Of each row whether it has no counts."""
        found: NDArray[np.bool_] = self.table[:, 0] == _ABSENT
        return found

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Of each row whether its reference comes to nothing, so that our own runs leave it out."""
        found: NDArray[np.bool_] = self.table[:, 4] > 0
        return found

    @property
    def as_written(self) -> int:
        """How many rows are counted as they are written."""
        return int(self.table[:, 5].sum())

    def kept(self, *, ours: bool) -> PackedErrors:
        """Counts of each row; zeros where it is failed, or dropped from one of our `ours` runs."""
        return self.without(self.absent | self.dropped if ours else self.absent)

    def without(self, out: NDArray[np.bool_]) -> PackedErrors:
        """Counts of each row; zeros where it is left out."""
        table = self.table[:, :4].copy()
        table[out] = 0
        return PackedErrors(table)


def pack(counted: Sequence[Counted | None]) -> PackedCounts:
    """What was counted, as numbers."""
    if isinstance(counted, PackedCounts):
        return counted
    absent = Counted(ErrorCounts(_ABSENT))
    rows = packed(absent if one is None else one for one in counted)
    return PackedCounts(np.array(rows, dtype=np.int32).reshape(-1, COLUMNS))


def _counted(row: list[int]) -> Counted | None:
    return None if row[0] == _ABSENT else Counted(ErrorCounts(*row[:4]), bool(row[4]), bool(row[5]))


class PackedErrors(Sequence[ErrorCounts]):
    """Counts of errors, as numbers.

    Args:
        table: shape ``[rows, 4]``.
    """

    def __init__(self, table: NDArray[np.int32]) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, at: int) -> ErrorCounts: ...
    @overload
    def __getitem__(self, at: slice) -> PackedErrors: ...
    def __getitem__(self, at: int | slice) -> ErrorCounts | PackedErrors:
        """The counts of a row, or those of some."""
        return PackedErrors(self.table[at]) if isinstance(at, slice) else ErrorCounts(*self.table[at].tolist())

    def at(self, chosen: NDArray[np.bool_]) -> PackedErrors:
        """Those of the chosen rows."""
        return PackedErrors(self.table[chosen])

    def __eq__(self, other: object) -> bool:
        """Whether the counts are those of another sequence."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[ErrorCounts]:
        for start in range(0, len(self), _BLOCK):
            yield from (ErrorCounts(*row) for row in self.table[start : start + _BLOCK].tolist())


def errors_and_words(counts: Sequence[ErrorCounts]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Errors and reference words of each, shape ``[counts]``."""
    if isinstance(counts, PackedErrors):
        table = counts.table
        return table[:, 1:].sum(axis=1, dtype=np.int64), table[:, :3].sum(axis=1, dtype=np.int64)
    columns = np.array([(one.errors, one.words) for one in counts], dtype=np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def total_of(counts: Sequence[ErrorCounts]) -> ErrorCounts:
    """All of them together."""
    if isinstance(counts, PackedErrors):
        return ErrorCounts(*counts.table.sum(axis=0, dtype=np.int64).tolist())
    return sum(counts, ErrorCounts())


def count_parts(parts: Sequence[Part], profile: Profile, workers: int = 1) -> list[tuple[PackedCounts, Facts]]:
    """Count every row that has a hypothesis, and note what the rows say on the way.

    Args:
        parts: benchmarks of systems.
        profile: the rules.
        workers: processes at most, this one included; the result does not depend on it.
    """
    tables = []
    for part in parts:
        table = np.zeros((len(part.rows), COLUMNS), dtype=np.int32)
        table[:, 0] = _ABSENT
        tables.append(table)
    shares = shares_for(workers)
    looking = [Looking() for _ in parts]
    for found in in_shares(lambda share: _share(parts, profile, share, shares, looking), shares):
        for at, table in enumerate(tables):
            places, numbers = found[2 * at], found[2 * at + 1]
            table[np.asarray(places, np.int64)] = np.asarray(numbers, np.int32).reshape(-1, COLUMNS)
    facts = [seen.facts(part.rows) for seen, part in zip(looking, parts, strict=True)]
    return [(PackedCounts(table), each) for table, each in zip(tables, facts, strict=True)]


def _share(
    parts: Sequence[Part], profile: Profile, share: int, shares: int, looking: Sequence[Looking]
) -> list[array[int]]:
    """Counts the rows whose references are of one share; in the first one whoever is `looking` is shown all.

    Returns:
        For each part the places of the rows that were counted, and six numbers for each.
    """
    texts: dict[str, Texts] = {part.language: profile.texts(part.language) for part in parts}
    for one in texts.values():
        one.most_known = _REMEMBERED
    found = [(array("q"), array("i")) for _ in parts]
    for at, rows in enumerate(zip_longest(*(part.rows for part in parts))):
        for row, seen in zip(rows, looking if share == 0 else (), strict=False):
            if row is not None:
                seen.add(row)
        for row, part, (places, numbers) in zip(rows, parts, found, strict=True):
            if row is None or row.hypothesis is None or hash(row.reference) % shares != share:
                continue
            counts, left, as_written = profile.count_pair(
                texts[part.language], row.reference, row.hypothesis, part.language
            )
            dropped = not as_written and profile.drops(left)
            places.append(at)
            numbers.extend(
                (counts.hits, counts.substitutions, counts.deletions, counts.insertions, dropped, as_written)
            )
    return [one for pair in found for one in pair]
