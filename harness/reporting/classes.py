"""The table of classes: punctuation marks, capitals, numbers and keywords, each with precision, recall and F1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.reporting.model import SUBJECT
from harness.reporting.table import Cell, Column, Table

if TYPE_CHECKING:
    from harness.records.details import ClassScore
    from harness.records.statistics import MetricValue
    from harness.scoring.scored import Scored

COLUMNS = (
    Column("kind", "Kind", align="left"),
    Column("name", "Class", align="left"),
    Column("right", "Right"),
    Column("reference", "In the reference"),
    Column("written", "Written"),
    Column("precision", "Precision", format=".2f", scale=100),
    Column("recall", "Recall", format=".2f", scale=100),
    Column("f1", "F1", format=".2f", scale=100),
)
CAPTION = "Percent. Of numbers the recall is the share of those that the references have in digits."


def cells(one: ClassScore) -> tuple[Cell, ...]:
    """A row under `COLUMNS`."""
    shares = map(_share, (one.precision, one.recall, one.f1))
    return tuple(map(Cell, (one.kind, one.name, one.right, one.reference, one.written))) + tuple(shares)


def _share(found: MetricValue | None) -> Cell:
    if found is None:
        return Cell(None)
    interval = found.interval
    return Cell(found.value, *((interval.low, interval.high) if interval is not None else ()))


def classes_table(names: Sequence[str], scored: Sequence[Sequence[Scored]]) -> Table | None:
    """All classes of every model and benchmark; None where there are none.

    Args:
        names: what to call the models.
        scored: for each of them its benchmarks, counted.
    """
    from harness.scoring.written.classes import by_class

    rows = tuple(
        (Cell(name), Cell(one.units.benchmark), *cells(found))
        for name, held in zip(names, scored, strict=True)
        for one in held
        if one.target is None  # translations are right in many ways
        for found in by_class(one, one.utterances())
    )
    return Table("Marks, capitals, numbers, keywords", CAPTION, (*SUBJECT, *COLUMNS), rows) if rows else None
