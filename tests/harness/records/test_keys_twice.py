"""Journals and run.json in which a key stands twice are refused: of two values a parser takes the last, silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.records.codec import decode
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import RunRecord

LINE = Line(id="1", reference="a", hypothesis='a "b": é', tags={"k": "v"})


@pytest.mark.parametrize("key", ["hypothesis", "\\u0068ypothesis", "id", 'zz": 1, "zz'])
def test_a_key_twice_in_a_journal(tmp_path: Path, key: str) -> None:
    path = tmp_path / "b.jsonl"
    one = encode_lines([LINE])
    path.write_bytes(one)
    assert list(read_journal(path).lines) == [LINE]
    again = encode_lines([Line(id="2", reference="a", hypothesis="b")])[:-2].decode() + f', "{key}": "x"}}\n'
    path.write_bytes(one + again.encode())
    with pytest.raises(DataError, match=r"b\.jsonl, line 2: not a journal line: the key '\w+' stands there twice"):
        read_journal(path)


def test_a_key_twice_within_a_tag_and_behind_a_half_of_a_character(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    for raw in (
        encode_lines([LINE]).replace(b'"k":"v"', b'"k":"u","k":"v"'),
        encode_lines([LINE]).replace(b'"a"', b'"\\ud800","reference":"a"'),
    ):
        path.write_bytes(raw)
        with pytest.raises(
            DataError, match=r"line 1: not a journal line: .*the key '(k|reference)' stands there twice"
        ):
            read_journal(path)


def test_lines_that_others_wrote_are_read(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps({"zz": {"a": 1}, **json.loads(encode_lines([LINE]))}, indent=None) + "\r\n")
    assert list(read_journal(path).lines) == [LINE]


@pytest.mark.parametrize("key", ["benchmarks", "limit", "complete"])
def test_a_key_twice_in_a_run(key: str) -> None:
    with pytest.raises(DataError, match=rf"^run\.json: the key '{key}' stands there twice; restore it, or run again$"):
        decode(f'{{"{key}": null, "{key}": null}}'.encode(), RunRecord, "run.json")
