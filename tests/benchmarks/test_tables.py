"""Tables of transcripts as corpora have them: their lines, rows and entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.dataset import Entry
from benchmarks.sources.tables import entries_of, lines, rows, set_duration
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping


def entry(row: Mapping[str, str]) -> Entry:
    return Entry(id=row["id"], reference=row["text"])


TABLE = '\ufeffid|text\na|"open\n\nb|one\u2028line \r\nc|'.encode()


def test_entries_by_id() -> None:
    found = entries_of(rows(TABLE, "t", "|"), entry)
    assert found == {
        "a": [Entry(id="a", reference='"open')],
        "b": [Entry(id="b", reference="one\u2028line ")],
        "c": [Entry(id="c", reference="")],
    }


def test_a_header_may_be_given() -> None:
    found = entries_of(rows(b"a|one\nb|two", "t", "|", ("id", "text")), entry)
    assert [found[key][0].reference for key in found] == ["one", "two"]


def test_lengths_of_another_table() -> None:
    found = entries_of(rows(TABLE, "t", "|"), entry)
    set_duration(found, "b", 2.5)
    set_duration(found, "elsewhere", 1.0)
    assert [found[key][0].duration for key in found] == [None, 2.5, None]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id|text\na|one\nb", r"^t, line 3: 1 fields where the header has 2$"),
        (b"id|text\na|one\n\nb|two|three", r"^t, line 4: 3 fields where the header has 2$"),
        (b"id|text\na|one\na|two", r"^t, line 3: a is there twice$"),
        (b"id|text\na|one\na|one", r"^t, line 3: a is there twice$"),
        (b"id|text\na|\xff", r"^t, line 2 is not UTF-8 text \(invalid start byte\)$"),
    ],
)
def test_faults_name_the_line(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        entries_of(rows(data, "t", "|"), entry)


def test_lines_and_rows() -> None:
    assert list(lines(b"\n a\r\n\r\nb", "t")) == [("t, line 2", " a"), ("t, line 4", "b")]
    assert list(rows(b"x |y\n1|2\n", "t", "|")) == [("t, line 2", {"x": "1", "y": "2"})]
    assert list(rows(b"", "t", "|")) == []
