"""Tables as an Excel workbook: a sheet for each, units in the headings, whole numbers under a format of two decimals.

A cell of text is text: it is stored as such, and marked so that it stays text when somebody edits it, whatever it
begins with. Only what the format needs is written (ECMA-376, part 1); equal tables are equal files.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.reporting import escape

if TYPE_CHECKING:
    from harness.reporting.model import Cell, Column, Grid

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_EPOCH = (1980, 1, 1, 0, 0, 0)

_PATTERNS = {
    "General": 0, "0": 1, "0.00": 2, "#,##0": 3, "#,##0.00": 4, "0.0": 164, "0.0000": 165, "+0.00;-0.00;0.00": 166,
}  # fmt: skip
"""Formats of numbers, and the ids that they have in Excel or are given here."""
_BY_FORMAT = {".2f": "0.00", ",d": "#,##0", "d": "0", ".1f": "0.0", ".4f": "0.0000", "+.2f": "+0.00;-0.00;0.00"}
_BY_FORMAT |= {"adaptive": "#,##0.00"}
_HEADING, _TEXT = 1, 2
_NUMBERS = {(pattern, bold): 3 + 2 * at + bold for at, pattern in enumerate(_PATTERNS) for bold in (False, True)}
"""Index of each style of a number: its pattern, and whether it is the best."""


def workbook(tables: Mapping[str, Grid]) -> bytes:
    """The file's content; the tables by the names of their sheets."""
    names = [_sheet_name(name, at) for at, name in enumerate(tables, start=1)]
    numbers = range(1, len(names) + 1)
    parts = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", f"worksheets/sheet{n}.xml") for n in numbers), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": _styles(),
        **{f"xl/worksheets/sheet{n}.xml": _sheet(table) for n, table in zip(numbers, tables.values(), strict=True)},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), _HEAD + text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _sheet_name(name: str, at: int) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", escape.plain(name))[:31].strip() or f"Sheet{at}"


def _content_types(numbers: Sequence[int]) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = {"/xl/workbook.xml": "sheet.main", "/xl/styles.xml": "styles"}
    overrides |= {f"/xl/worksheets/sheet{n}.xml": "worksheet" for n in numbers}
    listed = "".join(f'<Override PartName="{part}" ContentType="{kind}.{of}+xml"/>' for part, of in overrides.items())
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    rels += '<Default Extension="xml" ContentType="application/xml"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{rels}{listed}</Types>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{at}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape.xml(name)}" sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(names, start=1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'


def _styles() -> str:
    """Two fonts, and a style for headings, for texts, and for each pattern of numbers, plain and bold."""
    own = [(pattern, number) for pattern, number in _PATTERNS.items() if number >= 164]
    formats = "".join(f'<numFmt numFmtId="{number}" formatCode="{escape.xml(pattern)}"/>' for pattern, number in own)
    fonts = "".join(f'<font>{bold}<sz val="11"/><name val="Calibri"/></font>' for bold in ("", "<b/>"))
    plain = 'xfId="0" fillId="0" borderId="0"'
    heading = (
        f'<xf {plain} numFmtId="0" fontId="1" applyFont="1" applyAlignment="1" quotePrefix="1">'
        '<alignment wrapText="1" vertical="top"/></xf>'
    )
    styles = [
        f'<xf {plain} numFmtId="0" fontId="0"/>',
        heading,
        f'<xf {plain} numFmtId="49" fontId="0" applyNumberFormat="1" quotePrefix="1"/>',
        *(
            f'<xf {plain} numFmtId="{_PATTERNS[pattern]}" fontId="{int(bold)}" applyNumberFormat="1" applyFont="1"/>'
            for pattern, bold in _NUMBERS
        ),
    ]
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(own)}">{formats}</numFmts><fonts count="2">{fonts}</fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs></styleSheet>'
    )


def _sheet(table: Grid) -> str:
    """Headings, rows, and below them title, caption and notes."""
    intervals = {at for row in table.rows for at, cell in enumerate(row) if cell.low is not None}
    heads: list[str] = []
    for at, column in enumerate(table.columns):
        heads += [_headed(column, end) for end in ("", "low", "high")] if at in intervals else [_headed(column)]
    rows = [[_text(head, _HEADING) for head in (*heads, "Notes")]]
    for row in table.rows:
        cells: list[str] = []
        for at, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            cells.append(_value(column, cell))
            cells += [_number(column, end) for end in (cell.low, cell.high)] if at in intervals else []
        noted = dict.fromkeys(
            f"{column.title}: {note}" for column, cell in zip(table.columns, row, strict=True) for note in cell.notes
        )
        rows.append([*cells, _text("; ".join(noted)) if noted else ""])
    rows += [[], *([_text(text)] for text in (table.title, table.caption, *table.notes) if text)]
    written = "".join(_row(at, row) for at, row in enumerate(rows, start=1))
    last = f"{_letters(len(heads))}{len(table.rows) + 1}"
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{34 if at == 1 else 13}" customWidth="1"/>'
        for at in range(1, len(heads) + 2)
    )
    pane = '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f'<cols>{widths}</cols><sheetData>{written}</sheetData><autoFilter ref="A1:{last}"/></worksheet>'
    )


def _row(at: int, cells: Sequence[str]) -> str:
    """A row of cells, each of which is told its place."""
    placed = (cell.replace("@", f"{_letters(x)}{at}", 1) for x, cell in enumerate(cells) if cell)
    return f'<row r="{at}">{"".join(placed)}</row>'


def _headed(column: Column, end: str = "") -> str:
    """A heading with the unit of what stands below it."""
    unit = column.shown_unit
    said = column.title + (f" {end}" if end else "")
    return f"{said}, {unit}" if unit and not column.title.endswith(unit) else said


def _letters(at: int) -> str:
    """The name of a column, A for 0."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def _value(column: Column, cell: Cell) -> str:
    """A cell; ``@`` stands for its place."""
    if isinstance(cell.value, str):
        return _text(cell.value)
    return _number(column, cell.number, bold=cell.best)


def _number(column: Column, value: float | None, *, bold: bool = False) -> str:
    if value is None or not math.isfinite(value):
        return ""
    style = _NUMBERS[_BY_FORMAT.get(column.format, "General"), bold]
    return f'<c r="@" s="{style}"><v>{value * column.scale!r}</v></c>'


def _text(text: str, style: int = _TEXT) -> str:
    return f'<c r="@" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape.xml(text)}</t></is></c>'
