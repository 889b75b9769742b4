"""What a table is: cells under columns, with a title, a caption and notes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.records.statistics import VAGUE, Interval
from harness.secret_values import hide

MARKS = ("†", "‡", "§", "¶", "††", "‡‡", "§§", "¶¶")
"""Footnote signs in the order in which they are given out; ``(9)`` and on after them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, and what is to be said about it."""

    value: str | int | float | None
    """Text, or a number in the unit of the data (a WER is a fraction). None is not known, shown as a dash."""
    low: float | None = None
    """Lower end of the interval, where one is known."""
    high: float | None = None
    """Upper end of the interval."""
    notes: tuple[str, ...] = ()
    """What must be known before the value is believed; printed once below the table and referred to by a mark."""
    best: bool = False
    """Shown in bold."""

    @property
    def number(self) -> int | float | None:
        """The value where it is a finite number, else None."""
        if isinstance(self.value, str) or self.value is None or not math.isfinite(self.value):
            return None
        return self.value


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells of one column are named, aligned and shown."""

    key: str
    """Name in CSV and JSON."""
    title: str
    """Heading for people."""
    align: Literal["left", "right"] = "right"
    """Where the cells' text stands."""
    format: str = ""
    """Python's format specification for numbers, such as ``.2f``; ``adaptive`` shows about three digits of any size."""
    scale: float = 1
    """Numbers are multiplied by this where people read them: 100 shows a fraction in percent."""
    best: Literal["low", "high"] | None = None
    """Which number of the column deserves bold; None: none."""
    unit: str = ""
    """Of the numbers as they are stored, such as ``s``; what is shown in percent is stored as a fraction."""

    @property
    def stored_unit(self) -> str:
        """The unit of the numbers in CSV; empty where they have none."""
        return self.unit or ("fraction" if self.scale == 100 else "")

    @property
    def shown_unit(self) -> str:
        """The unit of the numbers that people read; empty where they have none."""
        return "percent" if self.scale == 100 else self.unit if self.scale == 1 else ""

    def show(self, cell: Cell) -> str:
        """The cell's value as people read it, without marks and not escaped."""
        if cell.number is None:
            return cell.value if isinstance(cell.value, str) else "–"
        return self.show_number(cell.number)

    def show_number(self, number: float) -> str:
        """A number as people read it."""
        number *= self.scale
        if self.format == "adaptive":
            small = ".2f" if abs(number) >= 0.0995 or not number else ".2g"
            return format(number, ",.0f" if abs(number) >= 99.95 else ".1f" if abs(number) >= 9.995 else small)
        return format(number, self.format or ("d" if isinstance(number, int) else "g"))

    def show_interval(self, cell: Cell) -> str:
        """The cell's interval as ``low–high``, or nothing where there is none."""
        if cell.low is None or cell.high is None or cell.number is None:
            return ""
        return f"{self.show_number(cell.low)}–{self.show_number(cell.high)}"


MODEL = Column("model", "Model", align="left")
SUBJECT = (MODEL, Column("benchmark", "Benchmark", align="left"))
"""The columns with which tables of results begin."""


SAYS_NOTHING = (
    "its interval is wider than from a hundredth of the value to a hundred times as much, and says nothing: nearly all "
    "of the words, or of the errors, are one session's"
)
"""Why a value has no interval although there are sessions enough."""


def interval_text(interval: Interval | None, scale: float = 100) -> str | None:
    """The ends of an interval in a column of their own."""
    if interval is None:
        return None
    if interval.says_nothing:
        return "says nothing"
    return f"{scale * interval.low:.2f} to {scale * interval.high:.2f}"


def _told(cell: Cell) -> Cell:
    """A cell whose interval says nothing says that in its place, and whose texts are without secrets."""
    if isinstance(cell.value, str) and (text := hide(cell.value)) != cell.value:
        cell = replace(cell, value=text)
    if cell.notes and (notes := tuple(map(hide, cell.notes))) != cell.notes:
        cell = replace(cell, notes=notes)
    if cell.number is None or not cell.low or cell.high is None:
        return cell  # what is from 0 on is an exact limit
    if not 0 < VAGUE * cell.number < cell.high:
        return cell
    return replace(cell, low=None, high=None, notes=(*cell.notes, SAYS_NOTHING))


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells under columns, with a title, a caption and notes."""

    title: str
    """What the table is of, a few words."""
    caption: str
    """Under which rules the numbers were made: suite, profile, units."""
    columns: tuple[Column, ...]
    """One for each cell of a row; the first names the row, with the `keys` beside it."""
    rows: tuple[tuple[Cell, ...], ...]
    """The cells."""
    notes: tuple[str, ...] = ()
    """Remarks on the whole table, printed below it without a mark."""
    profile: str = ""
    """By whose rules the numbers were made: a column of CSV, which has no caption. Empty where that is not known."""
    marks: Mapping[str, str] = field(init=False, repr=False)
    """The sign of every cell's note, in order of appearance."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(tuple(map(_told, row)) for row in self.rows))
        for name in ("title", "caption"):
            object.__setattr__(self, name, hide(getattr(self, name)))
        object.__setattr__(self, "notes", tuple(map(hide, self.notes)))
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.title!r}: a row does not have {len(self.columns)} cells")
        noted = dict.fromkeys(note for row in self.rows for cell in row for note in cell.notes)
        signs = {note: MARKS[i] if i < len(MARKS) else f"({i + 1})" for i, note in enumerate(noted)}
        object.__setattr__(self, "marks", signs)

    @property
    def keys(self) -> int:
        """How many of the first columns it takes to name a row: as many columns of text as no two rows share.

        They stand in each part of a table that is shown in parts.
        """
        texts = next((at for at, column in enumerate(self.columns) if column.align != "left"), len(self.columns))
        for count in range(1, texts):
            if len({tuple(cell.value for cell in row[:count]) for row in self.rows}) == len(self.rows):
                return count
        return max(1, texts)

    def signs(self, cell: Cell) -> str:
        """The footnote signs of a cell, not escaped."""
        return " ".join(self.marks[note] for note in cell.notes)
