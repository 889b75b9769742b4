"""In which order the systems of a report stand, their ranks, and the averages that plots and page compare.

Only what is comparable has a rank: whole, of the same data, over the same benchmarks, and, by speed, on one machine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from harness.errors import unknown_name
from harness.reporting.table import Cell, Column, Table, mark_best

if TYPE_CHECKING:
    from harness.records.scores import Scores
    from harness.reporting.points import Metric, Points

T = TypeVar("T")

ORDERS = ("average", "rtfx", "name", "given")
"""What reports can be sorted by, besides a benchmark."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The systems, sorted."""

    order: tuple[int, ...]
    """Which system, by its place among those given, stands at each place."""
    ranks: tuple[int | None, ...]
    """Of each place, 1 for the best; None where it cannot be compared with the others."""
    by: str
    """What the ranks are by, in words."""

    def sorted(self, values: Sequence[T]) -> list[T]:
        """Values of the systems as they were given, in the ranking's order."""
        return [values[at] for at in self.order]


def ranking(scores: Sequence[Scores], points: Sequence[Points], names: Sequence[str], by: str = "average") -> Ranking:
    """The systems, the best first.

    Args:
        scores: of each system.
        points: over words, over characters or both; ranks are of the first that has what is asked for.
        names: of each system.
        by: one of `ORDERS`, or a benchmark. By name, or as they were given, the ranks are those of the average.

    Raises:
        UsageError: it is neither.
    """
    benchmarks = dict.fromkeys(entry.benchmark for score in scores for entry in score.benchmarks)
    if by not in ORDERS and by not in benchmarks:
        raise unknown_name("order", by, (*ORDERS, *benchmarks))
    values, fair, what = _values(points, names, by)
    shown = [round(10_000 * value) / 10_000 if value is not None and what != "RTFx" else value for value in values]
    known = [value for value, one in zip(shown, fair, strict=True) if one and value is not None]
    ranks = [
        1 + sum(other < value for other in known) if one and value is not None else None
        for value, one in zip(shown, fair, strict=True)
    ]
    order = list(range(len(names)))
    if by == "name":
        order.sort(key=lambda at: (names[at].casefold(), at))
    elif by != "given":
        keys = [(not one, math.inf if value is None else value) for one, value in zip(fair, values, strict=True)]
        order.sort(key=lambda at: (keys[at], at))
    return Ranking(tuple(order), tuple(ranks[at] for at in order), what)


def _values(points: Sequence[Points], names: Sequence[str], by: str) -> tuple[list[float | None], list[bool], str]:
    """What to sort by, the lower the better, whether it can be compared, and what it is."""
    for found in points:
        rows = found.by_benchmark.get(by)
        if rows is not None:
            here = [rows[name] for name in names]
            return [point.wer for point in here], [point.comparable for point in here], by
    first = next((one for one in points if one.benchmarks), points[0])
    if by == "rtfx":
        speeds = [point.rtfx for point in first.averages]
        fair = [not point.elsewhere and not point.served and point.comparable for point in first.averages]
        return [None if speed is None else -speed for speed in speeds], fair, "RTFx"
    rates = [point.wer for point in first.averages]
    return rates, [point.comparable for point in first.averages], "the average"


def with_ranks(table: Table, ranks: Sequence[int | None]) -> Table:
    """The table with a column of ranks after the names; as it is where fewer than two have one."""
    if sum(rank is not None for rank in ranks) < 2:
        return table
    columns = (table.columns[0], Column("rank", "Rank"), *table.columns[1:])
    rows = tuple((row[0], Cell(rank), *row[1:]) for row, rank in zip(table.rows, ranks, strict=True))
    return replace(table, columns=columns, rows=rows)


def with_common_averages(table: Table, points: Mapping[Metric, Points]) -> Table:
    """The table with what plots and page compare, where that is not its own average: over what the systems share."""
    for metric, found in points.items():
        if not found.over:
            continue
        rate = metric.upper()
        at = next(place for place, column in enumerate(table.columns) if column.key == "average") + 1
        count = "one" if len(found.benchmarks) == 1 else str(len(found.benchmarks))
        column = Column(
            f"average_common_{metric}", f"{rate} over the {count} common", format=".2f", scale=100, best="low"
        )
        cells = [
            [Cell(point.wer, point.low, point.high) if point.comparable else Cell(None)] for point in found.averages
        ]
        best = mark_best([column], cells)
        without = [point.model for point in found.averages if not point.comparable and point.wer is not None]
        said = found.over.replace("the hollow ones", ", ".join(without))  # which are hollow in the plots alone
        rows = tuple((*row[:at], cell, *row[at:]) for row, (cell,) in zip(table.rows, best, strict=True))
        columns = (*table.columns[:at], column, *table.columns[at:])
        table = replace(table, columns=columns, rows=rows, notes=(*table.notes, f"{column.title}: {said}"))
    return table
