"""One Table, shown as terminal text, Markdown, CSV, LaTeX, HTML or JSON.

The people's forms round (two decimals) and mark; the machine's forms (CSV, JSON) hold every value unrounded, in its
own unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import unknown_name
from harness.reporting import render
from harness.reporting.model import Cell, Column, Grid

__all__ = ["EXTENSIONS", "FORMATS", "Cell", "Column", "Table", "mark_best"]

EXTENSIONS = {"terminal": "txt", "markdown": "md", "csv": "csv", "latex": "tex", "html": "html", "json": "json"}
"""The file name extension of each form."""

FORMATS = tuple(EXTENSIONS)
"""The forms of a Table, in the order in which help texts name them."""


@dataclass(frozen=True, slots=True)
class Table(Grid):
    """A table that can be shown."""

    def render(self, form: str, *, width: int | None = None, color: bool | None = None) -> str:
        """The table in one form, ending with a line end.

        Args:
            form: one of FORMATS.
            width: columns of the terminal; None asks the terminal (100 where there is none).
            color: whether bold and dim are used in the terminal form; None: only on a terminal, and not under NO_COLOR.

        Raises:
            UsageError: there is no such form.
        """
        if form == "terminal":
            return render.terminal(self, width, color)
        if form not in FORMATS:
            raise unknown_name("table format", form, FORMATS)
        return render.RENDERERS[form](self)


def mark_best(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows with the best cell of each column that wants one marked. What shows as equal is equally good.

    With one row only nothing is marked. A cell with a note that not all cells of its column have does not compete:
    it was not made under the same conditions.
    """
    marked = [list(row) for row in rows]
    for at, column in enumerate(columns):
        cells = [(i, row[at]) for i, row in enumerate(marked) if row[at].number is not None]
        if column.best is None or len(rows) < 2 or not cells:
            continue
        common = set.intersection(*(set(cell.notes) for _, cell in cells))
        fair = [(i, cell, cell.number) for i, cell in cells if set(cell.notes) <= common and cell.number is not None]
        best = (min if column.best == "low" else max)((number for _, _, number in fair), default=0)
        for i, cell, number in fair:
            if column.show_number(number) == column.show_number(best):
                marked[i][at] = replace(cell, best=True)
    return tuple(tuple(row) for row in marked)
