"""Predictions of others as rows, in every form that has a reference and a transcript a row."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import DataError
from harness.scoring.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, object]] = [
    {"id": "u1", "text": "hello, world", "pred_text": "hello", "duration": 1.5, "speaker": "a", "lang": "eng"},
    {"id": "u2", "text": "a\u2028b", "pred_text": "", "duration": 2.0, "speaker": "b", "lang": "de"},
]


def test_the_same_rows_in_every_form(tmp_path: Path) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    table = [list(map(str, row)) for row in (ROWS[0], *(row.values() for row in ROWS))]
    quoted = "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in table)
    contents = {
        "a.jsonl": lines.encode(),
        "b.jsonl.gz": gzip.compress(b"\xef\xbb\xbf" + lines.encode(), mtime=0),
        "c.json": json.dumps(ROWS).encode(),
        "d.json": lines.encode(),
        "e.csv": quoted.encode(),
        "f.tsv": "\n".join("\t".join(row) for row in table).encode(),
        "g.csv": quoted.replace('","', '";"').encode(),
    }
    found = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        found.append(read_rows(tmp_path / name))
    one, two = found[0]
    assert (one.id, one.reference, one.hypothesis, one.duration) == ("u1", "hello, world", "hello", 1.5)
    assert (one.session, one.language, two.hypothesis, two.language) == ("a", "en", "", "de")
    assert all(rows == found[0] for rows in found)


def test_other_names_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("path,reference,hyp,time\nx.wav,one two,one,\n", encoding="utf-8")
    (row,) = read_rows(path)
    assert (row.id, row.reference, row.hypothesis, row.time) == ("x.wav", "one two", "one", None)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "u1,hello,hello\n", "line 1: no header with a column of texts"),
        ("a.csv", "text,text,pred_text\na,b,c\n", "line 1: no header .* each named once"),
        ("a.csv", "id,text\nu1,a\n", "line 2: no 'pred_text'"),
        ("a.csv", "text,pred_text\na,b,c\n", "line 2: 3 cells under 2 columns"),
        ("a.csv", 'text,pred_text\n"a,b\n', "line 2: unexpected end of data"),
        ("a.csv", "reference,ref,hyp\na,b,c\n", "line 2: 'reference' and 'ref' could both be meant"),
        ("a.csv", "text,pred_text,duration\na,b,long\n", "line 2: 'duration' must be seconds"),
        ("a.json", "[1]", "item 1: not a JSON object but int"),
        ("a.json", "[]", "is empty"),
        ("a.txt", "hello\n", "is plain text, without a reference in it: give that with --reference"),
        ("a.trn", "hello (u-1)\n", "is trn, without a reference in it"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=rf"{name},? {said}"):
        read_rows(tmp_path / name)


def test_quotes_of_tab_separated_rows_are_what_was_said(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\tpred_text\na\the said go\t"he said go\nb\tgo home\tgo home"\n', encoding="utf-8")
    assert [row.hypothesis for row in read_rows(path)] == ['"he said go', 'go home"']


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,pred_text\na,{'b ' * 100_000}\n", encoding="utf-8")
    assert len(read_rows(path)[0].hypothesis or "") == 200_000


def test_a_column_that_is_passed_over_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "1", "text": "a", "pred_text": "a", "hypothesis": "b"}\n' * 2)
    assert [row.hypothesis for row in read_rows(path)] == ["a", "a"]
    told = "p.jsonl: the column 'pred_text' is taken; 'hypothesis', which could be meant too, is passed over\n"
    assert capsys.readouterr().err == told
