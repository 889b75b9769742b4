"""A key that stands twice in one object of JSON is refused, wherever rows are read; what only looks like one is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sources.json_keys import check_keys, loads
from benchmarks.sources.json_rows import read_json
from harness.cli import main
from harness.errors import DataError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 1}', "the key 'a' stands there twice"),
        ('{"a" :1,"b":2,"a"\n\t:3}', "the key 'a' stands there twice"),
        ('{"a": 1, "\\u0061": 2}', "the key 'a' stands there twice"),
        ('{"a":1,"a"\r:2}', "the key 'a' stands there twice"),
        ('{"a":1,"a"\n:2}', "the key 'a' stands there twice"),
        ('{"a":1,"a"\t:2}', "the key 'a' stands there twice"),
        ('[{"a":1,"a":2},{}]', "item 1, the key 'a' stands there twice"),
        ('{"": 1, "": 2}', "the key '' stands there twice"),
        ('[{"a": 1}, {"b": "::", "b": 2}]', "item 2, the key 'b' stands there twice"),
        ('{"rows": [{"a": [{"c": 1}, {"c": 1, "c": 1}]}]}', "rows, item 1, a, item 2, the key 'c' stands there twice"),
        ('{"a": {"x": 1}, "a": {}, "b": {"b": 1}}', "the key 'a' stands there twice"),
        ('{"a": {"x": 1, "y": 2}, "a": 3}', "the key 'a' stands there twice"),
        ('{"x": [[{"a": 1, "a": 2}], {"b": 1, "b": 2}]}', "x, item 1, item 1, the key 'a' stands there twice"),
    ],
)
def test_a_key_that_stands_twice_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="twice") as error:
        loads(text)
    assert str(error.value) == said


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\"a\\": 1", "b": "a\\":"}',
        '{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}',
        '{"12:30": "at 12:30", "b:": ":"}',
        '{"a\\":": 1, "a": 2}',
        '"a"',
        "[NaN, {}]",
        '{"a" : 1, "b" : ":"}',
    ],
)
def test_what_looks_like_one_is_read(text: str) -> None:
    assert repr(loads(text)) == repr(json.loads(text))


def test_rows_as_they_are_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what looks doubtful is parsed anew."""
    monkeypatch.setattr("benchmarks.sources.json_keys._twice", lambda _: "parsed anew")
    row = {"a": "at 12:30", "b": [{"c": 1, "d": [{}]}, {"c": {"e": 2}}], "f": None}
    for value in (row, [row, row], "a", 1, {}, []):
        for separators in ((",", ":"), (", ", ": "), (",\n", " : ")):
            loads(json.dumps(value, separators=separators))
            loads(json.dumps(value, separators=separators).encode("utf-16"))
    with pytest.raises(ValueError, match="parsed anew"):
        loads('{"a": "\\":"}')


_VALUES = st.recursive(
    st.sampled_from(['":', "a", 1, None, ': "', '{"a":1,"a":2}']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", '":', ":", 'a"']), inner),
    max_leaves=8,
)


@given(_VALUES, st.sampled_from([(",", ":"), (", ", " : "), (" ,\n", "\t:\n")]), st.booleans())
def test_no_value_that_was_written_is_refused_and_none_with_a_key_more_is_taken(
    value: Any, separators: tuple[str, str], plain: bool
) -> None:
    text = json.dumps(value, separators=separators, ensure_ascii=plain)
    check_keys(text, value)
    comma, colon = separators
    for key in value if isinstance(value, dict) else ():
        more = f"{text[:-1]}{comma}{json.dumps(key)}{colon}0}}"
        with pytest.raises(ValueError, match="twice"):
            check_keys(more, json.loads(more))


def test_lines_and_arrays_name_the_row(tmp_path: Path) -> None:
    good = '{"audio": "a.wav", "text": "at 12:30 \\"x\\": y", "words": [{"word": "a"}, {"word": "b"}]}\n'
    bad = '{"audio": "a.wav", "text": "one", "text": "two"}\n'
    for content, said in (
        (good + bad, "m, line 2: the key 'text' stands there twice"),
        (bad + good, "m, line 1: the key 'text' stands there twice"),
        (good + bad.replace('"one"', "NaN"), "m, line 2: the key 'text' stands there twice"),
        (f"[{good},\n{bad}]", "m: item 2, the key 'text' stands there twice"),
        (f'{{"data": [\n{good},\n{bad}]}}', "m: data, item 2, the key 'text' stands there twice"),
        ('{\n"text": "a",\n"text": "b"}', "m: the key 'text' stands there twice"),
    ):
        path = tmp_path / "m"
        path.write_text(content)
        with path.open("rb") as file, pytest.raises(DataError, match="twice") as error:
            list(read_json(file, "m", lambda _: None))
        assert str(error.value) == said
    path.write_text(good * 3)
    with path.open("rb") as file:
        assert len(list(read_json(file, "m", lambda _: None))) == 3


TWICE = '{"id": "u1", "text": "one", "pred_text": "one", "pred_text": "two"}\n'


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("MODEL_a_DATASET_b.jsonl", TWICE, ", line 1: "),
        ("MODEL_a_DATASET_b.json", f"[{TWICE}]", "item 1, "),
        ("s.json", '[{"session_id": "a", "words": "one", "words": "two"}]', "item 1, "),
        ("r.json", '{"text": "one", "text": "two", "segments": [{"start": 0, "end": 1, "text": "one"}]}', ""),
    ],
)
def test_predictions_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, where: str
) -> None:
    path, reference = tmp_path / name, tmp_path / "ref.txt"
    path.write_text(content)
    reference.write_text("r one\n")
    more = [] if name.startswith("MODEL") else ["--reference", str(path)]
    assert main(["score", str(path), *more]) == 4
    told = capsys.readouterr().err
    assert told.startswith(f"error: {path}")
    assert where in told
    assert told.endswith("twice; each has one value\n") or "stands there twice" in told


@pytest.mark.parametrize("flag", ["--metadata", "--keywords"])
def test_what_stands_beside_them_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str) -> None:
    predictions, beside = tmp_path / "MODEL_a_DATASET_b.jsonl", tmp_path / "beside.jsonl"
    predictions.write_text('{"id": "u1", "text": "one", "pred_text": "one"}\n')
    beside.write_text('{"id": "u1", "keywords": ["a"], "noise": "car", "noise": "pub", "keywords": ["b"]}\n')
    assert main(["score", str(predictions), flag, str(beside), "--metric", "keyword_f1"]) == 4
    assert capsys.readouterr().err.endswith("the key 'noise' stands there twice\n")
