"""One Table, shown as terminal text, Markdown, CSV, LaTeX, HTML or JSON. All text passes harness.reporting.escape.

The people's forms round (two decimals) and mark; the machine's forms (CSV, JSON) hold every value unrounded, in its
own unit.
"""

import csv
import io
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.errors import unknown_name
from harness.records.codec import FORMAT
from harness.reporting import escape
from harness.reporting.latex import latex
from harness.reporting.model import Cell, Column, Grid
from harness.version import VERSION

__all__ = ["EXTENSIONS", "FORMATS", "Cell", "Column", "Table", "mark_best"]

EXTENSIONS = {"terminal": "txt", "markdown": "md", "csv": "csv", "latex": "tex", "html": "html", "json": "json"}
"""The file name extension of each form."""

FORMATS = tuple(EXTENSIONS)
"""The forms of a Table, in the order in which help texts name them."""

_FOLD_FROM = 24
"""Names longer than this are written in two lines in the terminal form."""

_GAP = 2
"""Spaces between the columns of the terminal form."""

_NAMES_SHARE = 2 / 3
"""Of the terminal form's width that several columns of names may take, where not all columns fit."""

_NARROWEST = 8
"""Characters that a column of names keeps."""


class _Markup(NamedTuple):
    """How a markup writes the parts of a cell."""

    escaped: Callable[[str], str]
    best: str
    signs: str
    interval: str

    def cells(self, table: Grid, row: Sequence[Cell]) -> list[str]:
        """The cells of a row: values with their signs and intervals."""
        texts = []
        for column, cell in zip(table.columns, row, strict=True):
            value = (self.best if cell.best else "{}", column.show(cell))
            parts = (value, (self.signs, table.signs(cell)), (self.interval, column.show_interval(cell)))
            texts.append("".join(form.format(self.escaped(text)) for form, text in parts if text))
        return texts


_MARKDOWN = _Markup(escape.markdown, "**{}**", "{}", " <sub>{}</sub>")
_HTML = _Markup(escape.html, "<b>{}</b>", "<sup>{}</sup>", " <small>{}</small>")


def _markdown(table: Grid) -> str:
    """A GitHub table with its caption and notes around it."""
    heads = [escape.markdown(column.title) for column in table.columns]
    rules = "|".join(":--" if column.align == "left" else "--:" for column in table.columns)
    rows = [f"| {' | '.join(cells)} |" for cells in (heads, *(_MARKDOWN.cells(table, row) for row in table.rows))]
    lines = [f"**{escape.markdown(table.title)}**", "", rows[0], f"|{rules}|", *rows[1:]]
    for text in (table.caption, *_footnotes(table)):
        lines += ["", escape.markdown(text)]
    return "\n".join(lines) + "\n"


def _csv_text(table: Grid) -> str:
    """Unrounded values in the data's own units, which the header names; ends of intervals in columns of their own.

    The profile, where it is known, and notes are in the last ones.
    """
    intervals = {i for row in table.rows for i, cell in enumerate(row) if cell.low is not None}
    header = []
    for i, column in enumerate(table.columns):
        keys = [column.key, f"{column.key}_low", f"{column.key}_high"] if i in intervals else [column.key]
        header += [f"{key} ({column.stored_unit})" if column.stored_unit else key for key in keys]
    rules = [table.profile] if table.profile else []
    rows: list[list[str | int | float | None]] = [[*header, *(["profile"] if rules else []), "notes"]]
    for row in table.rows:
        rows.append([])
        noted: dict[str, None] = {}
        for i, cell in enumerate(row):
            rows[-1] += [_value(cell), cell.low, cell.high] if i in intervals else [_value(cell)]
            noted |= dict.fromkeys(f"{table.columns[i].key}: {note}" if i else note for note in cell.notes)
        rows[-1] += [*rules, "; ".join(noted)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for values in rows:
        writer.writerow([escape.csv_cell(value) if isinstance(value, str) else value for value in values])
    return out.getvalue()


def _html(table: Grid) -> str:
    """A ``<figure>`` that stands in any page; numbers carry their unrounded value in ``data-value``."""
    lines = [
        '<figure class="table">',
        f"<figcaption><b>{escape.html(table.title)}</b> {escape.html(table.caption)}</figcaption>",
        "<table><thead><tr>",
    ]
    for column in table.columns:
        title = re.sub(r"([_+@])", r"\1<wbr/>", escape.html(column.title))  # a long name may be broken there
        lines.append(f'<th scope="col" style="text-align:{column.align}">{title}</th>')
    lines.append("</tr></thead><tbody>")
    for row in table.rows:
        cells, tag, scope = [], "th", ' scope="row"'
        for column, cell, shown in zip(table.columns, row, _HTML.cells(table, row), strict=True):
            value = f' data-value="{cell.number!r}"' if cell.number is not None else ""
            cells.append(f'<{tag}{scope} style="text-align:{column.align}"{value}>{shown}</{tag}>')
            tag, scope = "td", ""
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines.append("</tbody></table>")
    lines += [f"<p><small>{escape.html(text)}</small></p>" for text in _footnotes(table)]
    return "\n".join([*lines, "</figure>"]) + "\n"


def _json_text(table: Grid) -> str:
    """One object: title, caption, columns, rows (key to value, unrounded), notes. Not finite numbers are null."""
    rows: list[dict[str, object]] = []
    for row in table.rows:
        record: dict[str, object] = {}
        for column, cell in zip(table.columns, row, strict=True):
            record[column.key] = _value(cell)
            if cell.low is not None:
                record[f"{column.key}_interval"] = {"low": cell.low, "high": cell.high}
        notes = {c.key: list(cell.notes) for c, cell in zip(table.columns, row, strict=True) if cell.notes}
        rows.append({**record, "notes": notes} if notes else record)
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "title": table.title,
        "caption": table.caption,
        "columns": [_described(column) for column in table.columns],
        "rows": rows,
        "notes": list(table.notes),
    }
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"


def _described(column: Column) -> dict[str, str]:
    """A column's key, its title, and the unit of its numbers where they have one."""
    unit = {"unit": column.stored_unit} if column.stored_unit else {}
    return {"key": column.key, "title": column.title} | unit


def _terminal(table: Grid, width: int | None, color: bool | None) -> str:
    """The table as wide as the terminal. Columns that do not fit follow in further tables beside the rows' names."""
    if color is None:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if width is None:
        width = shutil.get_terminal_size((100, 24)).columns
    width = max(40, width)
    title = escape.plain(table.title)
    headings, widths = zip(*_widths(table), strict=True)
    names = _name_widths(widths, table.keys, width)
    # Texts beside the names are broken between words where they are wider than what is left.
    room = max(_NARROWEST, width - sum(names) - _GAP * len(names))
    texts = [min(room, one) if table.columns[at].align == "left" else one for at, one in enumerate(widths)]
    sizes = [*names, *texts[len(names) :]]
    blocks = _blocks(sizes, width, len(names))
    parts = [f"\x1b[1m{title}\x1b[0m" if color else title]
    parts += [_boxed(table, columns, headings, sizes, width=width, color=color) + "\n" for columns in blocks]
    for text in (table.caption, *_footnotes(table)):
        parts.append(textwrap.fill(escape.plain(text), width, subsequent_indent="  "))
    return "\n".join(parts) + "\n"


def _heading(column: Column, widest: int) -> list[str]:
    """The title in lines no wider than the column's cells where its words allow it."""
    parts = [part for part in re.findall(r"[^_\s]*_|[^_\s]+\s*", escape.plain(column.title)) if part]
    widest = max([widest, *(len(part.rstrip()) for part in parts)])
    lines = [""]
    for part in parts:
        if lines[-1] and len(lines[-1] + part.rstrip()) > widest:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def _lines(table: Grid, at: int, cell: Cell) -> list[str]:
    """The lines of one cell: the value with its signs, and below it its interval.

    Long names in the first column go to a new line after their owner: ``owner/`` above ``name``.
    """
    column = table.columns[at]
    shown = escape.plain(column.show(cell))
    owner, slash, rest = shown.partition("/")
    parts = [owner + slash, " " + rest] if at == 0 and slash and len(shown) > _FOLD_FROM else [shown]
    parts[-1] += " " + table.signs(cell) if cell.notes else ""
    interval = column.show_interval(cell)
    return [*parts, interval] if interval else parts


def _widths(table: Grid) -> list[tuple[list[str], int]]:
    """The heading's lines and the width in characters of every column."""
    from rich.cells import cell_len

    result = []
    for i, column in enumerate(table.columns):
        widest = max((cell_len(line) for row in table.rows for line in _lines(table, i, row[i])), default=0)
        heading = _heading(column, widest)
        result.append((heading, max(widest, *(cell_len(line) for line in heading))))
    return result


def _name_widths(widths: Sequence[int], keys: int, width: int) -> list[int]:
    """The widths of the columns that name a row: they leave room beside them, unless all columns fit as they are."""
    names = [min(widths[0], width // 2), *widths[1:keys]]
    if sum(names) + sum(widths[keys:]) + _GAP * (len(widths) - 1) <= width:
        return names
    while sum(names) > _NAMES_SHARE * width and keys > 1 and max(names) > _NARROWEST:
        names[names.index(max(names))] -= 1
    return names


def _blocks(widths: Sequence[int], width: int, keys: int = 1) -> list[list[int]]:
    """Columns in groups that fit beside the first ones, which name a row."""
    first = sum(widths[:keys]) + _GAP * (keys - 1)
    blocks: list[list[int]] = [[*range(keys)]]
    used = first
    for i in range(keys, len(widths)):
        if used + _GAP + widths[i] > width and len(blocks[-1]) > keys:
            blocks.append([*range(keys)])
            used = first
        blocks[-1].append(i)
        used += _GAP + widths[i]
    return blocks


def _boxed(
    table: Grid,
    columns: Sequence[int],
    headings: Sequence[list[str]],
    sizes: Sequence[int],
    *,
    width: int,
    color: bool,
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    # All content is Text, so that nothing in a name is taken for rich's markup.
    boxed = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, header_style="", pad_edge=False, padding=(0, _GAP - 1, 0, 0)
    )
    keys = table.keys
    for i in columns:
        column = table.columns[i]
        broken = i < keys or column.align == "left"
        boxed.add_column(
            Text("\n".join(headings[i])),
            justify=column.align,
            overflow="fold",
            max_width=sizes[i] if broken else None,
            no_wrap=not broken,
        )
    for row in table.rows:
        texts = []
        for i in columns:
            first, *others = _lines(table, i, row[i])
            style = "" if i == 0 else "dim"
            texts.append(
                Text.assemble((first, "bold" if row[i].best else ""), *((f"\n{one}", style) for one in others))
            )
        boxed.add_row(*texts)
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=color, no_color=not color, legacy_windows=False)
    console.print(boxed)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _footnotes(table: Grid) -> list[str]:
    return [f"{sign} {note}" for note, sign in table.marks.items()] + list(table.notes)


def _value(cell: Cell) -> str | int | float | None:
    """The value for machines: a number that is not finite is not known."""
    return cell.value if isinstance(cell.value, str) or cell.number is not None else None


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
            return _terminal(self, width, color)
        forms = {"markdown": _markdown, "csv": _csv_text, "latex": latex, "html": _html, "json": _json_text}
        if form not in forms:
            raise unknown_name("table format", form, FORMATS)
        return forms[form](self)


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
