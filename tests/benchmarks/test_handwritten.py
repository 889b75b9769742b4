"""Tables as people and their programs write them: separators, encodings, quotes, headers, JSON in all its forms."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.sources.handwritten import read_table
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"audio": "a.wav", "text": "one"}, {"audio": "b.wav", "text": "two"}]
Notes = list[str]


def read(path: Path, data: bytes | str) -> tuple[list[dict[str, object]], Notes]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    notes: Notes = []
    return [dict(line.values) for line in read_table(path, notes.append)], notes


SEMICOLON, BAR, TAB, COMMA = (f"a {name} is between columns" for name in ("semicolon", "bar", "tab", "comma"))
CP1252 = "the text is cp1252 (Windows, western European), not UTF-8"
NO_HEADER = "no header: column 1 is taken for audio, 2 for text"
QUOTES = "quotes around cells are not part of them"
TABLES: list[tuple[str, bytes | str, Notes]] = [
    ("t.csv", "audio,text\na.wav,one\nb.wav,two\n", []),
    ("t.csv", "\ufeffaudio;text\r\na.wav;one\r\nb.wav;two\r\n", [SEMICOLON]),
    ("t.csv", "audio,text\ra.wav,one\rb.wav,two\r", ["lines end in carriage returns"]),
    ("t.csv", "audio\ttext\na.wav\tone\nb.wav\ttwo\n", [TAB]),
    ("t.csv", "audio|text\na.wav|one\nb.wav|two", [BAR]),
    ("t.csv", "sep=;\naudio;text\na.wav;one\nb.wav;two\n", [SEMICOLON]),
    ("t.csv", '"audio","text"\n"a.wav","one"\n"b.wav","two"\n', []),
    ("t.csv", "audio,text,,\na.wav,one,,\n,,,\nb.wav,two,,\n\n", []),
    ("t.csv", "audio;text\na.wav;one\nb.wav;two\n".encode("utf-16"), ["the text is UTF-16, not UTF-8", SEMICOLON]),
    ("t.csv", "audio,text\na.wav,one\nb.wav,two\n".encode("utf-16-le"), ["the text is UTF-16-LE, not UTF-8"]),
    ("t.tsv", "audio\ttext\na.wav\tone\nb.wav\ttwo\n", []),
    ("t.tsv", 'audio\ttext\na.wav\t"one"\nb.wav\t"two"\n', [QUOTES]),
    ("t.tsv", "audio,text\na.wav,one\nb.wav,two\n", [COMMA]),
    ("t.tsv", "a.wav\tone\nb.wav\ttwo\n", [NO_HEADER]),
    ("t.psv", "audio|text\na.wav|one\nb.wav|two\n", []),
    ("t.csv.gz", gzip.compress(b"audio,text\na.wav,one\nb.wav,two\n", mtime=0), []),
    ("t.jsonl", "\n".join(map(json.dumps, ROWS)), []),
    ("t.jsonl", b"\xef\xbb\xbf" + "\n\n".join(map(json.dumps, ROWS)).encode(), []),
    ("t.jsonl", "\n".join(map(json.dumps, ROWS)).encode("utf-16"), ["the text is UTF-16, not UTF-8"]),
    ("t.jsonl.gz", gzip.compress("\n".join(map(json.dumps, ROWS)).encode(), mtime=0), []),
    ("t.ndjson", "\n".join(map(json.dumps, ROWS)), []),
    ("t.json", "\n".join(map(json.dumps, ROWS)), []),
    ("t.json", json.dumps(ROWS), ["one JSON array of all rows"]),
    ("t.jsonl", "\n " + json.dumps(ROWS, indent=1), ["one JSON array of all rows"]),
    ("t.json", json.dumps({"data": ROWS}), ["one JSON object, whose 'data' are the rows"]),
    ("t.json", json.dumps({"version": 1, "data": ROWS}, indent=2), ["one JSON object, whose 'data' are the rows"]),
    (
        "t.json",
        json.dumps({"audio": {"0": "a.wav", "1": "b.wav"}, "text": {"0": "one", "1": "two"}}),
        ["one JSON object of columns, as pandas writes them"],
    ),
    (
        "t.json",
        json.dumps({"audio": ["a.wav", "b.wav"], "text": ["one", "two"]}, indent=1),
        ["one JSON object of columns, as pandas writes them"],
    ),
]


@pytest.mark.parametrize(("name", "data", "told"), TABLES)
def test_the_same_rows_however_they_are_written(tmp_path: Path, name: str, data: bytes | str, told: Notes) -> None:
    found, notes = read(tmp_path / name, data)
    assert found == ROWS
    assert notes == told


def test_texts_of_western_windows(tmp_path: Path) -> None:
    data = "audio;text\na.wav;Zwölf „Boxkämpfer“ – für 5 €\n".encode("cp1252")
    found, notes = read(tmp_path / "t.csv", data)
    assert found == [{"audio": "a.wav", "text": "Zwölf „Boxkämpfer“ – für 5 €"}]
    assert notes == [CP1252, SEMICOLON]


def test_quotes_in_tables_with_tabs(tmp_path: Path) -> None:
    spoken = 'audio\ttext\na.wav\t"Yes", he said\nb.wav\t"open\n'
    assert read(tmp_path / "t.tsv", spoken)[0][0]["text"] == '"Yes", he said'
    several = 'audio\ttext\na.wav\t"one\ntwo ""three"""\nb.wav\tfour\n'
    assert [row["text"] for row in read(tmp_path / "t.tsv", several)[0]] == ['one\ntwo "three"', "four"]


def test_commas_in_texts_are_no_separators(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "t.csv", "audio;text\na.wav;one, two, three\n")
    assert found == [{"audio": "a.wav", "text": "one, two, three"}]
    found, _ = read(tmp_path / "t.csv", 'audio,text\na.wav,"one; two; three"\n')
    assert found == [{"audio": "a.wav", "text": "one; two; three"}]


def test_rows_by_their_ids(tmp_path: Path) -> None:
    """As SpeechBrain writes them."""
    found, notes = read(tmp_path / "t.json", json.dumps({"u1": {"wav": "a.wav", "words": "one"}}, indent=1))
    assert found == [{"id": "u1", "wav": "a.wav", "words": "one"}]
    assert notes == ["one JSON object of rows by their ids"]


FAULTS: list[tuple[str, bytes | str, str]] = [
    ("t.csv", b"audio,text\na.wav,\xe4\xc3\xa4\n", r"t.csv, line 2: not UTF-8 text"),
    ("t.csv", "audio,text\na.wav,Привет мир\n".encode("cp1251"), r"t.csv, line 2: not UTF-8 text"),
    ("t.csv", b"\xff\xfea\0u", r"^.*t.csv: utf-16 by its first bytes, but not at byte"),
    ("t.csv", "audio,text,text\na.wav,one,two\n", r"line 1: two columns are called 'text'; rename one"),
    ("t.csv", "a.wav,x,one\nb.wav,y,two\n", r"line 1: no header; write a first line that names the columns"),
    ("t.csv", "audio,text\na.wav\n", r"line 2: 1 fields where the header has 2"),
    ("t.csv", "audio,text,\na.wav,one,two\n", r"line 2: 3 fields where the header has 2"),
    ("t.json", "[1, 2]", r"t.json, item 1: a JSON int, not an object"),
    ("t.json", '[{"a": 1},\n{"a": 2]', r"t.json, line 2: not JSON"),
    ("t.json", '{\n "audio": "a.wav",\n "text"', r"t.json, line 3: not JSON"),
    ("t.json", '{"data": [{"a": 1}]}\n{"a": 2}', r"line 2: not JSON \(something follows"),
    ("t.json", '{"a": ["x"], "b": {"y": 1}}', r"t.json: a JSON object without rows"),
    ("t.jsonl", b'{"a": "\xff"}', r"line 1: not UTF-8 text"),
    ("t.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99, mtime=0)[:30], r"t.jsonl.gz: cannot be read"),
]


@pytest.mark.parametrize(("name", "data", "message"), FAULTS)
def test_faults_are_one_line(tmp_path: Path, name: str, data: bytes | str, message: str) -> None:
    with pytest.raises(DataError, match=message) as failure:
        read(tmp_path / name, data)
    assert "\n" not in str(failure.value)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.xlsx: a spreadsheet; save it as CSV UTF-8, and name that file"):
        list(read_table(tmp_path / "a.xlsx"))
    with pytest.raises(UsageError, match=r"a.doc: a manifest ends in .jsonl, "):
        list(read_table(tmp_path / "a.doc"))


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 5\n"
PAGE = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        ("a.xlsx", POINTER, DataError, "a.xlsx: no table: it is a Git-LFS pointer; run `git lfs pull`"),
        ("a.csv", POINTER, DataError, "a.csv: no table: it is a Git-LFS pointer; run `git lfs pull`"),
        ("a.jsonl", POINTER, DataError, "a.jsonl: no table: it is a Git-LFS pointer; run `git lfs pull`"),
        ("a.ods", PAGE, DataError, "a.ods: no table: it is an HTML page; the address that it came from"),
        ("a.tsv", PAGE, DataError, "a.tsv: no table: it is an HTML page; the address that it came from"),
        ("a.xlsx", "", DataError, "a.xlsx: no spreadsheet, whatever its name says: it is an empty file; get it again"),
        ("a.xls", "audio,text\n", DataError, "a.xls: no spreadsheet, .*: it is text; call it by what it is"),
        ("a.csv", "\0" * 5000, DataError, "a.csv: no table: it is zero bytes only; fetch it again"),
        ("a.csv", '{"audio": "a.wav", "text": "x"}\n', UsageError, "a.csv: JSON, not CSV; call it .jsonl or .json"),
        ("a.xlsx", "PK\x03\x04", UsageError, "a.xlsx: a spreadsheet; save it as CSV UTF-8"),
    ],
)
def test_what_is_called_a_table_is_named_as_what_it_is(
    tmp_path: Path, name: str, content: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        read(tmp_path / name, content)


def test_an_old_spreadsheet_is_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.xls: a spreadsheet; save it as CSV UTF-8"):
        read(tmp_path / "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
