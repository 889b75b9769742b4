"""Tables as a workbook: what is in its cells, with units in the headings, and no text that is a formula."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile

from harness.reporting.model import Cell, Column
from harness.reporting.table import Table
from harness.reporting.xlsx import _sheet_name, workbook

MAIN = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
COLUMNS = (
    Column("model", "Model", align="left"),
    Column("wer", "WER", format=".2f", scale=100),
    Column("seconds", "p50", format="adaptive", unit="s"),
)
ROWS = (
    (Cell("=HYPERLINK(1)"), Cell(0.0123456, 0.01, 0.02, notes=("incomplete",), best=True), Cell(float("nan"))),
    (Cell("<b>&\x00 ok"), Cell(None), Cell(1500.5)),
)
TABLE = Table("Title", "Caption.", COLUMNS, ROWS, ("=note",))


def cells(data: bytes, sheet: int = 1) -> dict[str, tuple[str | float, int]]:
    """Value and style of every cell, by its place."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        root = ET.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))
    found: dict[str, tuple[str | float, int]] = {}
    for cell in root.iterfind(".//m:c", MAIN):
        text, number = cell.find("m:is/m:t", MAIN), cell.find("m:v", MAIN)
        value = (text.text or "") if text is not None else float(number.text or "") if number is not None else ""
        found[cell.attrib["r"]] = (value, int(cell.attrib["s"]))
        assert cell.find("m:f", MAIN) is None
        assert (cell.get("t") == "inlineStr") == (text is not None)
    return found


def test_numbers_are_whole_and_headings_have_units() -> None:
    found = cells(workbook({"table": TABLE}))
    heads = [found[f"{letter}1"][0] for letter in "ABCDEF"]
    assert heads == ["Model", "WER, percent", "WER low, percent", "WER high, percent", "p50, s", "Notes"]
    assert [found[f"{letter}2"][0] for letter in "BCDF"] == [1.23456, 1.0, 2.0, "WER: incomplete"]
    assert "E2" not in found
    assert "B3" not in found
    assert found["E3"][0] == 1500.5
    assert [found[f"A{n}"][0] for n in (5, 6, 7)] == ["Title", "Caption.", "=note"]


def test_text_stays_text() -> None:
    data = workbook({"table": TABLE})
    found = cells(data)
    assert found["A2"][0] == "=HYPERLINK(1)"
    assert found["A3"][0] == "<b>&\\x00 ok"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        styles = ET.fromstring(archive.read("xl/styles.xml")).findall("m:cellXfs/m:xf", MAIN)
    assert {styles[found[place][1]].get("quotePrefix") for place in ("A1", "A2", "A3", "A7")} == {"1"}
    formats = [styles[found[place][1]].get("numFmtId") for place in ("B2", "C2", "E3")]
    assert formats == ["2", "2", "4"]  # 0.00 and #,##0.00 (ECMA-376, 18.8.30)
    assert [styles[found[place][1]].get("fontId") for place in ("B2", "C2")] == ["1", "0"]


def test_each_table_is_a_sheet_and_equal_tables_are_equal_files() -> None:
    data = workbook({"table": TABLE, "errors: [all]": TABLE})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = re.findall(r'<sheet name="([^"]*)"', archive.read("xl/workbook.xml").decode())
        for name in archive.namelist():
            ET.fromstring(archive.read(name))
    assert names == ["table", "errors   all"]
    assert cells(data, 2) == cells(data)
    assert workbook({"table": TABLE, "errors: [all]": TABLE}) == data


def test_names_of_sheets_are_as_long_as_excel_takes_and_hold_no_sign_that_it_refuses() -> None:
    names = [_sheet_name(name, 7) for name in ("x" * 40, "slices_a/b:c*d?[e]'f", "///", "table")]
    assert names == ["x" * 31, "slices_a b c d  e  f", "Sheet7", "table"]
