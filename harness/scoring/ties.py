"""Which models of a table are not told apart from the best one, from counts that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.scoring.error_counts import ErrorCounts
from harness.scoring.significance import ALPHA, Counts, average_difference, holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.scoring.score import Scored

_Rows = tuple[Counts, "list[str | None]"]
"""Counts of the utterances in one order, and their sessions."""


def ties(scored: Sequence[Sequence[Scored]]) -> dict[str, set[int]]:
    """For each benchmark, and for ``average``, the systems that are as good as the best as far as can be told.

    A system is tied with the best if their paired difference over sessions has a p of 0.05 or more, corrected after
    Holm for the number of systems that are compared with the best. Only systems over the same utterances, complete and
    with the same references, are compared; where that leaves fewer than two, or sessions are under five, the benchmark
    is left out.

    Args:
        scored: for each system its benchmarks, counted.

    Returns:
        Indices of the tied systems, the best one not among them.
    """
    benchmarks: dict[str, dict[int, Scored]] = {}
    for index, system in enumerate(scored):
        for one in system:
            benchmarks.setdefault(one.units.benchmark, {})[index] = one
    paired = {name: rows for name, held in benchmarks.items() if len(rows := _paired(held)) > 1}
    found = {name: _tied({index: [one] for index, one in rows.items()}) for name, rows in paired.items()}
    everywhere = set.intersection(*(set(rows) for rows in paired.values())) if paired else set()
    if len(paired) > 1 and len(paired) == len(benchmarks):
        found["average"] = _tied({index: [rows[index] for rows in paired.values()] for index in sorted(everywhere)})
    return {name: tied for name, tied in found.items() if tied is not None}


def _paired(held: dict[int, Scored]) -> dict[int, _Rows]:
    """The systems that have what the first complete one has, their counts in its order."""
    order: list[tuple[str, str]] | None = None
    dropped: set[int] = set()
    rows: dict[int, list[ErrorCounts]] = {}
    sessions: list[str | None] = []
    for index, one in held.items():
        keys = [(row.id, row.reference) for row in one.units.rows]
        if any(count is None for count in one.counted) or len(set(keys)) < len(keys):
            continue
        if order is None:
            order, sessions = keys, [row.session for row in one.units.rows]
        places = {key: place for place, key in enumerate(keys)}
        if places.keys() != set(order):
            continue
        rows[index] = [one.kept()[places[key]] for key in order] if keys != order else one.kept()
        dropped |= {
            place
            for place, key in enumerate(order)
            if one.units.ours and (count := one.counted[places[key]]) is not None and count.dropped
        }
    result = {}
    for index, counts in rows.items():
        kept = [ErrorCounts() if place in dropped else count for place, count in enumerate(counts)]
        result[index] = (Counts([one.errors for one in kept], [one.words for one in kept]), sessions)
    return result


def _tied(systems: dict[int, list[_Rows]]) -> set[int] | None:
    """The systems tied with the one of the lowest mean rate; None where nothing can be told."""
    rates = {index: _mean_rate(rows) for index, rows in systems.items()}
    known = {index: rate for index, rate in rates.items() if rate is not None}
    if len(known) < 2:
        return None
    best = min(known, key=lambda index: known[index])
    others = [index for index in known if index != best]
    found = [
        average_difference(
            [(one, other, sessions) for (one, sessions), (other, _) in zip(systems[index], systems[best], strict=True)]
        )
        for index in others
    ]
    adjusted = holm([None if one is None else one.p for one in found])
    if all(p is None for p in adjusted):
        return None
    return {index for index, p in zip(others, adjusted, strict=True) if p is not None and p >= ALPHA}


def _mean_rate(rows: Sequence[_Rows]) -> float | None:
    rates = []
    for counts, _ in rows:
        words = int(np.sum(counts.words))
        if not words:
            return None
        rates.append(int(np.sum(counts.errors)) / words)
    return sum(rates) / len(rates)
