"""Tags from a file beside predictions of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.records.journal import Line
from harness.scoring.metadata import read_metadata, with_metadata
from harness.scoring.predictions import System
from tests.harness.scoring.made import line, predictions


def system(*rows: Line) -> System:
    from dataclasses import replace

    return System(model="m", benchmarks=[replace(predictions(), rows=list(rows))])


FORMS = {
    "m.csv": "id,accent,snr\na,us,5\nb,gb,\n",
    "m.tsv": "utt_id\taccent\tsnr\na\tus\t5\nb\tgb\t\n",
    "semicolons.csv": "snr;audio_filepath;accent\n5;a;us\n;b;gb\n",
    "m.jsonl": '{"id": "a", "accent": "us", "snr": 5, "x": null}\n{"id": "b", "accent": "gb", "more": {"no": 1}}\n',
    "m.json": '[{"id": "a", "accent": "us", "snr": 5.0}, {"id": "b", "accent": "gb"}]',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name])
    assert dict(read_metadata(path).tags) == {"a": {"accent": "us", "snr": "5"}, "b": {"accent": "gb"}}


def test_rows_have_their_own_tags_first_and_the_rest_is_said(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("id,accent,speaker\na,us,s1\nclips/b.wav,gb,s2\nz,au,s3\n")
    rows = [
        line("a", "x", "x", tags={"accent": "scots", "noise": "low"}, session="mine"),
        line("wav/b.flac", "x", "x"),
        line("c", "x", "x"),
    ]
    said: list[str] = []
    (found,) = with_metadata([system(*rows)], read_metadata(path), said.append)
    told = [(row.tags, row.session) for row in found.benchmarks[0].rows]
    assert told == [
        ({"accent": "scots", "speaker": "s1", "noise": "low"}, "mine"),
        ({"accent": "gb", "speaker": "s2"}, "s2"),
        ({}, None),
    ]
    assert said == [
        f"{path}: 2 of 3 rows are of utterances; 1 match none, the first is 'z'; "
        "1 utterance has no row, the first is 'c'"
    ]


def test_a_stem_of_two_rows_names_none(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("id,accent\nx/a.wav,us\ny/a.wav,gb\nb,au\n")
    (found,) = with_metadata([system(line("a", "x", "x"), line("b", "x", "x"))], read_metadata(path), lambda _: None)
    assert [row.tags for row in found.benchmarks[0].rows] == [{}, {"accent": "au"}]


def test_a_row_that_is_taken_for_several_ids_is_said(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("id,accent\na,us\nb,au\n")
    said: list[str] = []
    rows = [line("x/a.wav", "x", "x"), line("b", "x", "x")]
    with_metadata([system(*rows), system(*rows, line("y/a.wav", "x", "x"))], read_metadata(path), said.append)
    assert said == [
        f"{path}: 2 of 2 rows are of utterances; 1 are taken for several ids, the first is 'a' for 'x/a.wav' and "
        "'y/a.wav'"
    ]
    said.clear()
    with_metadata([system(*rows), system(*rows)], read_metadata(path), said.append)
    assert said == [f"{path}: 2 of 2 rows are of utterances"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,accent\na,us\na,gb\n", "line 3: 'a' was there before"),
        ("accent,snr\nus,1\n", "line 1: no header with a column of ids"),
        ("id,accent,accent\na,b,c\n", "line 1: no header"),
        ("id,accent\na\n", "line 2: 1 cells under 2 columns"),
        ("id\na\n", "has no tags"),
        ("", "line 1: no header"),
        ('{"accent": "us"}\n', "line 1: no id"),
        ('{"id": "a"\n', "neither JSON lines nor a JSON array"),
        ("[1]", "item 1: not a JSON object but int"),
        ("id,accent\nz,us\n", "none of its ids, such as 'z', is one of the 1 utterance, such as 'a'"),
    ],
)
def test_mistakes_name_the_file_and_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        with_metadata([system(line("a", "x", "x"))], read_metadata(path), lambda _: None)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_it_can_be_the_predictions_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main

    rows = [
        {"id": f"u{at}", "text": "a b", "pred_text": "a b" if at % 2 else "a", "accent": f"x{at % 2}"}
        for at in range(4)
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["score", str(path), "--metadata", str(path), "--slice", "accent", "--json"]) == 0
    told = capsys.readouterr()
    (table,) = json.loads(told.out)[0]["benchmarks"][0]["slices"]
    assert [(one["value"], one["rate"], one["utterances"]) for one in table["slices"]] == [
        ("x0", 0.5, 2),
        ("x1", 0.0, 2),
    ]
    assert "4 of 4 rows are of utterances" in told.err
