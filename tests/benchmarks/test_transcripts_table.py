from __future__ import annotations

import tracemalloc

import pytest

from benchmarks.dataset import Entry
from benchmarks.sources.tables import lines, rows
from benchmarks.sources.transcripts import Transcripts, from_table
from harness.errors import DataError


def entry(row: object) -> Entry:
    assert isinstance(row, dict)
    return Entry(id=row["id"], reference=row["text"])


TABLE = '\ufeffid|text\na|"open\n\nb|one\u2028line \r\nc|'.encode()


def test_a_mapping_of_its_rows() -> None:
    found = from_table(TABLE, "t", "|", entry)
    expected = {"a": '"open', "b": "one\u2028line ", "c": ""}
    assert list(found) == list(expected)
    assert len(found) == 3
    assert {key: one.reference for key in found for one in found[key]} == expected
    assert "d" not in found
    with pytest.raises(KeyError):
        found["d"]


def test_a_header_may_be_given() -> None:
    found = from_table(b"a|one\nb|two", "t", "|", entry, ("id", "text"))
    assert [found[key][0].reference for key in found] == ["one", "two"]


def test_lengths_of_another_table() -> None:
    found = from_table(TABLE, "t", "|", entry)
    found.set_duration("b", 2.5)
    found.set_duration("elsewhere", 1.0)
    assert [found[key][0].duration for key in found] == [None, 2.5, None]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id|text\na|one\nb", r"^t, line 3: 1 fields where the header has 2$"),
        (b"id|text\na|one\n\nb|two|three", r"^t, line 4: 3 fields where the header has 2$"),
        (b"id|text\na|one\na|two", r"^t, line 3: a is there twice$"),
        (b"id|text\na|\xff", r"^t, line 2 is not UTF-8 text \(invalid start byte\)$"),
    ],
)
def test_faults_name_the_line(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_table(data, "t", "|", entry)


def test_lines_and_rows() -> None:
    assert list(lines(b"\n a\r\n\r\nb")) == [(2, 1, b" a"), (4, 7, b"b")]
    assert list(rows(b"x |y\n1|2\n", "t", "|")) == [{"x": "1", "y": "2"}]
    assert list(rows(b"", "t", "|")) == []
    assert list(from_table(b"", "t", "|", entry)) == []


def test_a_row_takes_less_than_forty_bytes_beyond_its_own() -> None:
    data = b"".join(b"%032x/%d|words of %d\n" % (number // 100, number % 100, number) for number in range(10_000))
    tracemalloc.start()
    try:
        found = Transcripts(
            data, "t", lambda line, _: Entry(id=line.partition("|")[0], reference=line.partition("|")[2])
        )
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 10_000
    assert held < 40 * 10_000
