"""Which utterances the page holds where all of them would make it too large to open, and what it says of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.records.stored import taken
from harness.scoring.large import PackedCounts, errors_and_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.scoring.scored import Scored

MEGABYTES = 20
"""What a page is to stay under."""
BYTES = 16_000_000
"""Of texts, up to which a page holds all: packed, each takes a byte or less; tables and scripts take the rest."""
CHOSEN_BYTES = 8_000_000
"""Of texts of those that a page holds where it does not hold all: they are the longest and the most wrong.

Where every word is wrong, texts are there as they are written, as they are scored and as errors. Such ones stay under
`MEGABYTES` too, even if they are letters at random.
"""
WRONG = 0.9
"""The share of those with errors."""
_LOOKED_AT = 200
"""Rows of a system by which its size is estimated."""
_FAILED = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Chosen:
    """The utterances of one benchmark."""

    ids: frozenset[str]
    said: str
    """How many they are of how many, and which."""
    at: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64), compare=False, repr=False)
    """Where the systems that chose them have them among their rows, ascending."""

    def places(self, one: Scored) -> NDArray[np.int64]:
        """Where a system has them among its rows, ascending. Only where systems have other rows are all looked at."""
        rows, at = one.units.rows, self.at
        there = one.units.ours and len(at) == len(self.ids) and (at < len(rows)).all()
        if there and {row.id for row in taken(rows, at)} == self.ids:  # ids of ours are unique
            return at
        return np.array([place for place, row in enumerate(rows) if row.id in self.ids], dtype=np.int64)


def choose(scored: Sequence[Sequence[Scored]], room: int = BYTES) -> dict[str, Chosen]:
    """The utterances that are shown of each benchmark, where not all of them are.

    Args:
        scored: for each system its benchmarks, counted.
        room: bytes of texts in all.
    """
    held: dict[str, list[Scored]] = {}
    for one in (one for system in scored for one in system):
        held.setdefault(one.units.benchmark, []).append(one)
    sizes = {name: size_of(each) for name, each in held.items()}
    share = room / max(1.0, sum(sizes.values()))
    if share >= 1:
        return {}
    most = CHOSEN_BYTES / max(1.0, sum(sizes.values()))
    return {name: _chosen(name, each, share, most * sizes[name]) for name, each in held.items()}


def size_of(held: Sequence[Scored]) -> float:
    """About how many bytes of texts a benchmark of several systems has, its references once."""
    each = [_bytes_of(one) for one in held]
    return max(said for said, _ in each) + sum(written for _, written in each)


def _bytes_of(one: Scored) -> tuple[float, float]:
    """About how many bytes of references and ids there are of one system, and of transcripts."""
    rows = one.units.rows
    looked_at = [rows[at] for at in range(0, len(rows), max(1, len(rows) // _LOOKED_AT))]
    times = len(rows) / max(1, len(looked_at))
    said = sum(_length(row.id) + _length(row.reference) for row in looked_at)
    return times * said, times * sum(_length(row.hypothesis or "") for row in looked_at)


def _length(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _chosen(name: str, held: Sequence[Scored], share: float, room: float) -> Chosen:
    """Of each system as many, so that all of them together take this share of the room that all would.

    Those with the most errors are longer than most: there are fewer of them where their texts would take more than
    this many bytes of `room`.
    """
    ids: set[str] = set()
    places: set[int] = set()
    counts = []
    every = max(len(one.units.rows) for one in held)
    most = max(1, int(every * share) // len(held))
    for one in held:
        errors = _errors(one)
        order = np.argsort(-errors, kind="stable")
        wrong = order[: min(int(np.count_nonzero(errors)), int(WRONG * most))]
        right = np.flatnonzero(errors == 0)
        drawn = np.random.default_rng(0).permutation(right)[: most - len(wrong)]
        left = room / len(held)
        first, used = _fitting(one, wrong, len(held), WRONG * left)
        then, _ = _fitting(one, drawn, len(held), left - used)
        ids.update(first, then)
        places.update(wrong[: len(first)].tolist(), drawn[: len(then)].tolist())
        whole = len(first) == len(wrong) and len(then) == len(drawn)
        counts.append(most if whole else len(first) + len(then))
    least = min(counts)
    of_each = f"{least:,}" if least == max(counts) else f"{least:,} to {max(counts):,}"
    said = (
        f"{name}: {len(ids):,} of {every:,} utterances can be looked at in the page, to keep it under {MEGABYTES} MB: "
        f"of each system {of_each}, those that failed or have the most errors, and at random some of those without; "
        "what is counted of single utterances is of these, the tables are of all"
    )
    return Chosen(frozenset(ids), said, np.array(sorted(places), dtype=np.int64))


def _fitting(one: Scored, places: NDArray[np.int64], systems: int, room: float) -> tuple[list[str], int]:
    """The ids of as many of the rows, from the first on, as have room, one at least; and the bytes of their texts.

    Of so many systems that have them each writes about as much.
    """
    ids: list[str] = []
    used = 0
    for row in taken(one.units.rows, places):
        written = (row.error if row.hypothesis is None else row.hypothesis) or ""
        size = _length(row.id) + _length(row.session or "") + _length(row.reference) + systems * _length(written)
        if ids and used + size > room:
            break
        used += size
        ids.append(row.id)
    return ids, used


def _errors(one: Scored) -> NDArray[np.int64]:
    """Errors of each row; those that failed come before all."""
    errors, _ = errors_and_words(one.kept(dropped=True))
    counted = one.counted
    absent = counted.absent if isinstance(counted, PackedCounts) else [found is None for found in counted]
    return np.where(np.asarray(absent, dtype=bool), _FAILED, errors)
