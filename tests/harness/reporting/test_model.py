"""How numbers are shown: about three digits of any size, and never a digit that rounding adds."""

from __future__ import annotations

import pytest

from harness.reporting.model import MARKS, Cell, Column, Grid


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0.00"),
        (0.0123, "0.012"),
        (0.0994, "0.099"),
        (0.0996, "0.10"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (99.94, "99.9"),
        (99.96, "100"),
        (12345.6, "12,346"),
        (-99.96, "-100"),
        (-0.05, "-0.05"),
    ],
)
def test_adaptive_numbers_have_about_three_digits(number: float, shown: str) -> None:
    assert Column("x", "X", format="adaptive").show(Cell(number)) == shown


def test_units_are_those_of_what_is_stored_and_of_what_is_shown() -> None:
    found = [
        (column.stored_unit, column.shown_unit)
        for column in (
            Column("a", "A", scale=100),
            Column("b", "B", unit="s"),
            Column("c", "C", unit="USD", scale=60),
            Column("d", "D"),
        )
    ]
    assert found == [("fraction", "percent"), ("s", "s"), ("USD", ""), ("", "")]


def test_an_interval_is_shown_beside_a_number_only() -> None:
    column = Column("a", "A", format=".1f", scale=100)
    assert column.show_interval(Cell(0.1, 0.05, 0.2)) == "5.0–20.0"
    assert [column.show_interval(cell) for cell in (Cell(None, 0.05, 0.2), Cell(0.1, 0.05), Cell(0.1))] == ["", "", ""]


def test_a_ninth_note_has_a_number_for_a_sign() -> None:
    notes = tuple(f"note {at}" for at in range(10))
    grid = Grid("t", "", (Column("a", "A"),), ((Cell(1, notes=notes),),))
    assert grid.signs(grid.rows[0][0]) == " ".join([*MARKS, "(9)", "(10)"])
