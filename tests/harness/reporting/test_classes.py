"""Rows of the table of classes: counts and shares under their headings."""

from __future__ import annotations

from msgspec.structs import replace

from harness.records.details import ClassScore
from harness.records.statistics import MetricValue
from harness.reporting.classes import COLUMNS, cells
from tests.harness.reporting.made import interval

FOUND = ClassScore(
    kind="mark",
    name=",",
    right=6,
    reference=8,
    written=10,
    precision=MetricValue(value=0.6, interval=interval(0.5, 0.7)),
    recall=MetricValue(value=0.75),
    f1=MetricValue(value=2 / 3),
)


def test_each_number_stands_under_its_heading() -> None:
    row = dict(zip((column.title for column in COLUMNS), cells(FOUND), strict=True))
    assert {title: cell.value for title, cell in row.items()} == {
        "Kind": "mark", "Class": ",", "Right": 6, "In the reference": 8, "Written": 10, "Precision": 0.6,
        "Recall": 0.75, "F1": 2 / 3,
    }  # fmt: skip
    assert (row["Precision"].low, row["Precision"].high, row["Recall"].low) == (0.5, 0.7, None)


def test_what_numbers_do_not_have_is_a_dash() -> None:
    values = [cell.value for cell in cells(replace(FOUND, kind="numbers", written=None, precision=None, f1=None))]
    assert values == ["numbers", ",", 6, 8, None, None, 0.75, None]
