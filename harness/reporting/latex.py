r"""A table as LaTeX that fits a page of A4: measured, in smaller letters, or in parts.

What it measures with are the widths of Computer Modern (``cmr10``), in which `article` is set unless it is told
otherwise; a page of A4 there has a text of 345 by 598 points. The preamble needs ``\usepackage{booktabs}``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from harness.reporting import escape
from harness.reporting.short_names import short_names

if TYPE_CHECKING:
    from harness.reporting.model import Cell, Grid

TEXT_WIDTH = 345.0
"""Of a page of A4 under `article` at 10 points, in points."""
TEXT_HEIGHT = 598.0

_EM = {
    278: "!',.:;[]`il", 306: "fj", 333: "- ", 361: "I", 389: "()t", 392: "r", 394: "s", 444: "cez†‡§", 472: "?",
    500: "$*/0123456789ago–_{}\\^~|\"<>", 514: "J", 528: "kqvxy", 556: "bdhnpuS", 611: "Z¶", 625: "L", 653: "F",
    681: "EP", 708: "B", 722: "CTw", 736: "R", 750: "AHNUVXY", 764: "D", 778: "+=@&KOQ×±", 785: "G", 833: "#%m",
    917: "M",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in _EM.items() for letter in letters} | dict.fromkeys("<>", 778)
_WIDEST = 1028
"""Of what is not in the table: as wide as W, the widest letter."""

_WIDER = {10.0: 1.0, 9.0: 1.03, 8.0: 1.0625, 7.0: 1.14, 6.0: 1.23, 5.0: 1.37}
"""By how much letters of a size are wider for their size than those of 10 points."""
_BOLD = 1.15
_NAMES_WIDTH = 200.0
"""Points that the names of a row may take together in a table that is set in parts."""
_LINE = 1.25
"""Line height for the size of letters, with the space that booktabs adds."""


class _Form(NamedTuple):
    """A way to set a table."""

    size: float
    """Of the letters in points."""
    command: str
    """That sets it."""
    below: bool
    """Whether intervals stand below their values, not beside them."""
    gap: float = 6.0
    """Points at each side of a column."""
    heading: float = 40.0
    """Points that a heading of numbers may take in letters of 10 points."""
    name: float = 110.0
    """Points that a name may take before it goes on in another line."""
    hyphens: bool = False
    """Whether a word of a heading that is wider than that is hyphenated; else the column is as wide as it."""


_SIZES = ((10.0, ""), (9.0, r"\small"), (8.0, r"\footnotesize"), (7.0, r"\scriptsize"))
_FORMS = (
    *(_Form(size, command, below=False) for size, command in _SIZES[:3]),
    *(_Form(size, command, below=True, gap=6.0 if size > 9 else 4.0 if size > 7 else 2.5) for size, command in _SIZES),
    *(_Form(7.0, r"\scriptsize", below=True, gap=2.0, heading=wide, hyphens=True) for wide in (42.0, 39.0, 36.0)),
)
"""To be tried in this order."""
_SPLIT = _Form(8.0, r"\footnotesize", below=True, gap=4.0)
"""How the parts of a table are set that fits in no form."""


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line of plain text is, in points."""
    em = sum(_WIDTHS.get(letter, _WIDEST) for letter in text) / 1000
    return em * size * _WIDER[size] * (_BOLD if bold else 1.0)


@dataclass(frozen=True, slots=True)
class _Block:
    """What a cell shows: lines, and how wide and high they are under a form."""

    latex: str
    width: float
    lines: float


def latex(table: Grid) -> str:
    """One ``table`` of booktabs, or several, each of which fits a page."""
    table = _without_dashes(table)
    short = short_names([str(row[0].value) for row in table.rows if isinstance(row[0].value, str)])
    form, parts = _fitted(table, short)
    pages = [(columns, rows) for columns in parts for rows in _pages(table, columns, form, short)]
    return "".join(_part(table, form, short, page, (at, len(pages))) for at, page in enumerate(pages, start=1))


def _without_dashes(table: Grid) -> Grid:
    """The table without columns of numbers that are dashes throughout, which a note then names."""
    empty = [
        at
        for at, column in enumerate(table.columns)
        if column.align == "right"
        and table.rows
        and all(row[at].value is None and not row[at].notes for row in table.rows)
    ]
    if not empty:
        return table
    kept = [at for at in range(len(table.columns)) if at not in empty]
    note = f"Not known in any row, and left out: {', '.join(table.columns[at].title for at in empty)}."
    return replace(
        table,
        columns=tuple(table.columns[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in table.rows),
        notes=(*table.notes, note),
    )


def _fitted(table: Grid, short: dict[str, str]) -> tuple[_Form, list[list[int]]]:
    """The first form in which all columns fit, else groups of columns under the last resort's.

    Then averages come first, so that the part that is read first has them.
    """
    every = list(range(len(table.columns)))
    for form in _FORMS:
        if sum(_widths(table, form, short)) <= TEXT_WIDTH:
            return form, [every]
    keys = every[: table.keys]
    split = _SPLIT._replace(name=min(_SPLIT.name, _NAMES_WIDTH / len(keys)))
    widths = _widths(table, split, short)
    parts: list[list[int]] = []
    for at in sorted(every[len(keys) :], key=lambda at: _turn(table.columns[at].key)):
        if parts and sum(widths[one] for one in (*parts[-1], at)) <= TEXT_WIDTH:
            parts[-1].append(at)
        else:
            parts.append([*keys, at])
    return split, parts or [every]


def _turn(key: str) -> int:
    """Where a column stands among the parts of a table: ranks, averages, and the rest as it was."""
    return 0 if key == "rank" else 1 if key.startswith("average") else 2


def _widths(table: Grid, form: _Form, short: dict[str, str]) -> list[float]:
    """Of each column, with the space beside it."""
    found = []
    for at in range(len(table.columns)):
        blocks = [_head(table, at, form), *(_cell(table, at, row[at], form, short) for row in table.rows)]
        found.append(max(block.width for block in blocks) + 2 * form.gap)
    return found


def _pages(table: Grid, columns: Sequence[int], form: _Form, short: dict[str, str]) -> list[list[int]]:
    """The rows in groups that fit a page under the heading."""
    line = form.size * _LINE
    head = max(_head(table, at, form).lines for at in columns) + 8.0
    room = TEXT_HEIGHT - head * line - _notes_height(table, range(len(table.rows)), columns)
    room = max(room, TEXT_HEIGHT / 3)
    pages: list[list[int]] = [[]]
    used = 0.0
    for number, row in enumerate(table.rows):
        height = line * max(_cell(table, at, row[at], form, short).lines for at in columns)
        if pages[-1] and used + height > room:
            pages.append([])
            used = 0.0
        pages[-1].append(number)
        used += height
    return pages


def _notes_height(table: Grid, rows: Iterable[int], columns: Sequence[int]) -> float:
    """Points that the notes below a part take."""
    lines = [1 + width_of(escape.plain(text), 8.0) // TEXT_WIDTH for text in _footnotes(table, rows, columns)]
    return sum(lines) * 8.0 * _LINE + (1 + width_of(table.caption, 10.0) // TEXT_WIDTH) * 12.0


def _footnotes(table: Grid, rows: Iterable[int], columns: Sequence[int], *, whole: bool = True) -> list[str]:
    """The notes of the cells that are shown, and those of the table as a whole."""
    seen = {note for row in rows for at in columns for note in table.rows[row][at].notes}
    return [f"{sign} {note}" for note, sign in table.marks.items() if note in seen] + list(table.notes if whole else ())


def _part(
    table: Grid, form: _Form, short: dict[str, str], page: tuple[list[int], list[int]], place: tuple[int, int]
) -> str:
    """Some rows of some columns, the n-th of so many parts."""
    (columns, rows), (number, of) = page, place
    align = "".join("l" if table.columns[at].align == "left" else "r" for at in columns)
    said = f"{escape.latex(table.title)}. {escape.latex(table.caption)}"
    if of > 1:
        said = (
            f"{said} Part {number} of {of}." if number == 1 else f"{escape.latex(table.title)}, part {number} of {of}."
        )
    notes = _footnotes(table, rows, columns, whole=number == of)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{said}}}",
        *([form.command] if form.command else []),
        *([rf"\setlength{{\tabcolsep}}{{{form.gap:g}pt}}"] if form.gap != 6.0 else []),
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
        " & ".join(_head(table, at, form).latex for at in columns) + r" \\",
        r"\midrule",
        *(
            " & ".join(_cell(table, at, table.rows[row][at], form, short).latex for at in columns) + r" \\"
            for row in rows
        ),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\\ {{\footnotesize {escape.latex(text)}}}" for text in notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _head(table: Grid, at: int, form: _Form) -> _Block:
    """A heading in lines that are about as wide as the column's numbers, or as its longest word."""
    column = table.columns[at]
    title = escape.plain(_short_heading(column.title))
    widest = form.heading * form.size / 10 if column.align == "right" else form.name
    if form.hyphens:
        title = "".join(_hyphenated(piece, widest, form.size) for piece in _pieces(title))
    word = max(width_of(piece.rstrip(), form.size) for piece in _pieces(title))
    lines = _broken(title, max(widest, min(word, form.name)), form.size)
    return _stacked(lines, column.align[0], form.size)


@functools.cache
def _short_headings() -> dict[str, str]:
    """What the leaderboard calls benchmarks, which is shorter."""
    from benchmarks.registry import datasets

    columns = {name: [one.removesuffix(" WER") for one in dataset.columns] for name, dataset in datasets().items()}
    return {name: min(found, key=len) for name, found in columns.items() if found}


def _short_heading(title: str) -> str:
    short = _short_headings().get(title, title)
    return short if len(short) < len(title) else title


def _cell(table: Grid, at: int, cell: Cell, form: _Form, short: dict[str, str]) -> _Block:
    column = table.columns[at]
    shown = column.show(cell)
    if column.align == "left":
        lines = _broken(escape.plain(short.get(shown, shown) if at == 0 else shown), form.name, form.size)
        block = _stacked(lines, "l", form.size, bold=cell.best)
    else:
        text = escape.latex(shown)
        bold = rf"\textbf{{{text}}}" if cell.best else text
        block = _Block(bold, width_of(escape.plain(shown), form.size, bold=cell.best), 1.0)
    signs = table.signs(cell)
    if signs:
        latex = rf"{block.latex}\textsuperscript{{{escape.latex(signs)}}}"
        block = _Block(latex, block.width + width_of(signs, 7.0), block.lines)
    interval = column.show_interval(cell)
    if not interval:
        return block
    small = 7.0 if not form.below else 5.0 if form.size < 9 else 7.0
    wide = width_of(interval, small)
    command = r"\scriptsize" if small == 7.0 else r"\tiny"
    if form.below:
        latex = rf"\shortstack[r]{{{block.latex}\\{{{command} {escape.latex(interval)}}}}}"
        return _Block(latex, max(block.width, wide), block.lines + 0.9)
    return _Block(rf"{block.latex} {{{command} {escape.latex(interval)}}}", block.width + wide + 3.4, block.lines)


def _stacked(lines: Sequence[str], side: str, size: float, *, bold: bool = False) -> _Block:
    """Lines above each other."""
    shown = [escape.latex(line) for line in lines]
    shown = [rf"\textbf{{{line}}}" if bold else line for line in shown]
    stack = r"\\".join(shown)
    latex = shown[0] if len(shown) == 1 else rf"\shortstack[{side}]{{{stack}}}"
    return _Block(latex, max(width_of(line, size, bold=bold) for line in lines), float(len(lines)))


def _pieces(text: str) -> list[str]:
    """The parts of a text between which a line may end."""
    return [piece for piece in re.findall(r"[^\s/_@|>-]*[/_@|>-]|[^\s/_@|>-]+\s*|\s+", text) if piece] or [text]


def _hyphenated(piece: str, widest: float, size: float) -> str:
    """A part of a text in as few equally long ones as fit, with hyphens between them."""
    word = piece.rstrip()
    for count in range(1, len(word) // 3 + 1):
        length = -(-len(word) // count)
        parts = [word[at : at + length] for at in range(0, len(word), length)]
        if all(width_of(f"{part}-", size) <= widest for part in parts) or width_of(word, size) <= widest:
            return "-".join(parts) + piece[len(word) :]
    return piece


def _broken(text: str, widest: float, size: float) -> list[str]:
    """A text in lines: broken after spaces, slashes, underscores and hyphens, else where a line is full."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and width_of((lines[-1] + piece).rstrip(), size) > widest:
            lines.append("")
        for letter in piece:  # a piece that is wider than a line goes on in the next
            if width_of((lines[-1] + letter).rstrip(), size) > widest:
                lines.append("")
            lines[-1] += letter
    return [line.strip() for line in lines if line.strip()] or [""]
