"""Own data as a suite: one place or several, their names, and what a person is told of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks.own.form import Asked
from benchmarks.registry import get_dataset, get_suite
from harness.errors import DataError, UsageError
from harness.request import own_data, told, what_to_run

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, text: str, language: str = "en") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "c0.wav", [0.1] * 800, 8_000)
    path = folder / name
    path.write_text(json.dumps({"audio": "c0.wav", "text": text, "language": language}) + "\n", encoding="utf-8")
    return path


def test_each_place_is_a_benchmark_of_one_suite(tmp_path: Path) -> None:
    places = [write(tmp_path / "x", "calls.jsonl", "a"), write(tmp_path / "x", "talks.jsonl", "b", "de")]
    suite, datasets = own_data(places)
    assert (suite.name, suite.benchmarks) == ("data_calls_and_talks", ("data_calls", "data_talks"))
    assert [one.language for one in datasets] == ["en", "de"]
    again, _ = what_to_run(places)
    assert again == suite


def test_equal_names_get_as_much_of_their_paths_as_tells_them_apart(tmp_path: Path) -> None:
    places = [write(tmp_path / part, "test.jsonl", "x") for part in ("a/de", "a/fr", "b/fr")]
    places.append(write(tmp_path / "c", "other.jsonl", "x"))
    suite, datasets = own_data(places)
    names = ["data_de_test", "data_a_fr_test", "data_b_fr_test", "data_other"]
    assert [one.name for one in datasets] == list(suite.benchmarks) == names
    assert own_data(places[:1])[0].name == "data_test", "alone it is called after the file"


def test_the_name_of_a_suite_of_many_places_stays_short(tmp_path: Path) -> None:
    places = [write(tmp_path / str(number), f"recordings_of_group_{number}.jsonl", "x") for number in range(9)]
    name = own_data(places)[0].name
    assert name.startswith("data_recordings_of_group_0_and_8_more_")
    assert len(name) == len("data_recordings_of_group_0_and_8_more_") + 8
    assert name != own_data(places[::-1])[0].name != own_data(places[:8])[0].name


def test_a_place_that_is_given_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "calls.jsonl", "x")
    with pytest.raises(UsageError, match=r"--data .*calls.jsonl is given twice; leave one out"):
        own_data([path, tmp_path / "." / "calls.jsonl"])


@pytest.mark.parametrize("what", [[], ["calls.jsonl", 5], ["calls.jsonl", ""], None, ""])
def test_what_is_no_place(what: object) -> None:
    with pytest.raises(UsageError, match="is no suite, data set or path"):
        what_to_run(what)  # type: ignore[arg-type]


def test_what_looks_like_a_path_is_one() -> None:
    for named in ("calls\\x", "calls/x", "calls.csv"):
        with pytest.raises(UsageError, match="no file or folder at calls"):
            what_to_run(named)


def test_columns_are_named_by_the_user(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    write(folder, "x.jsonl", "")
    path = folder / "odd.csv"
    path.write_text("file,text,what was said,call\nc0.wav,wrong,right,call 1\n", encoding="utf-8")
    asked = Asked(columns={"text": "what was said", "session": "call"}, language="German")
    _, (dataset,) = own_data([path], asked)
    assert (dataset.language, dataset.words) == ("de", 1)
    assert dataset.account is not None
    assert dataset.account.columns == {"file": "audio", "text": "tag", "what was said": "text", "call": "session"}
    assert told(dataset) == [
        "data_odd: 1 utterance, read as a manifest (.jsonl, .json, .ndjson, .csv, .tsv, .psv)",
        "  audio is in 'file', text is in 'what was said', session is in 'call'",
        "  tags: text",
    ]
    with pytest.raises(DataError, match=r"no column 'said' \(--text-column\); its columns are 'file', 'text', 'what"):
        own_data([path], Asked(columns={"text": "said"}))


@pytest.mark.parametrize(
    "asked", [Asked(columns={"text": "x"}), Asked(split="x"), Asked(config="x"), Asked(form="kaldi")]
)
def test_a_suite_has_no_columns_to_name(asked: Asked) -> None:
    for what in ("digits", get_suite("digits"), get_dataset("digits")):
        with pytest.raises(UsageError, match="columns, split, config and form are about data of your own"):
            what_to_run(what, asked=asked)
    assert what_to_run("digits", asked=Asked(language="en"))[0].name == get_suite("digits").name


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "calls.jsonl", "x")
    path.write_text(path.read_text() + '{"audio": "c0.wav", "text": NaN, "id": "z"}\n', encoding="utf-8")
    _, (dataset,) = own_data([path])
    assert told(dataset)[1] == (
        f"  left out: rows without a text (null, NaN, or nan as pandas writes it): 1, the first is {path}, line 2"
    )
    assert dataset.account is not None
    assert (dataset.account.used, dataset.account.found) == (1, 2)
