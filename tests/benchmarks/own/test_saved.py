"""Folders of save_to_disk: what the library itself writes, splits, and every fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.dataset import Request
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Asked
from harness.errors import DataError, UsageError
from tests.benchmarks.layouts import DATA
from tests.benchmarks.own.tables import arrow, heard, read, row, samples, told, write

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = [(f"c{number:02d}", f"words of {number}") for number in range(6)]


def save(folder: Path, first: int = 0, last: int = 6, files: int = 2) -> Path:
    """A folder as the library writes it."""
    names = [f"data-{number:05d}-of-{files:05d}.arrow" for number in range(files)]
    each = (last - first) // files
    for number, name in enumerate(names):
        begin = first + number * each
        write(folder / name, arrow([row(at) for at in range(begin, begin + each)]))
    write(folder / "state.json", json.dumps({"_data_files": [{"filename": name} for name in names], "_split": None}))
    write(folder / "dataset_info.json", json.dumps({"features": {}}))
    return folder


def test_all_files_in_their_order(tmp_path: Path) -> None:
    found = read(save(tmp_path / "set"))
    assert told(found) == RIGHT
    assert [heard(item) for item in found] == [samples(number).tolist() for number in range(6)]
    assert own_dataset(tmp_path / "set").sources[0].kind == "save_to_disk"


def test_memory_that_is_given_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.own.arrow.HELD", 0)
    found = read(save(tmp_path))
    assert [heard(item) for item in found] == [samples(number).tolist() for number in range(6)]


def test_splits(tmp_path: Path) -> None:
    save(tmp_path / "train", 0, 4)
    save(tmp_path / "test", 4, 6, 1)
    write(tmp_path / "dataset_dict.json", json.dumps({"splits": ["train", "test"]}))
    assert told(read(tmp_path)) == RIGHT[4:]
    assert told(read(tmp_path, Asked(split="train"))) == RIGHT[:4]
    with pytest.raises(UsageError, match="no split 'dev'; there are train, test"):
        read(tmp_path, Asked(split="dev"))


def test_what_the_library_writes(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_list([row(number) for number in range(6)])
    made.save_to_disk(tmp_path / "one", num_shards=2)
    assert told(read(tmp_path / "one")) == RIGHT
    datasets.DatasetDict({"test": made.select([5, 1]), "train": made}).save_to_disk(tmp_path / "several")
    assert told(read(tmp_path / "several")) == [RIGHT[5], RIGHT[1]]


def test_the_case_that_was_refused() -> None:
    place = DATA / "cases" / "data" / "hf_disk"
    if not place.is_dir():
        pytest.skip(f"no cases at {place}")
    assert told(read(place)) == [
        ("flite_slt_0", "two one nine"),
        ("flite_slt_1", "three five one"),
        ("flite_slt_2", "three"),
    ]
    assert told(read(place.parent / "one.parquet")) == told(read(place))


FAULTS: list[tuple[str, Any, str]] = [
    ("state.json", "{", "state.json: not JSON"),
    ("state.json", "[1]", "state.json: a JSON list, not an object"),
    ("state.json", "{}", "no list of data files in it"),
    ("state.json", '{"_data_files": [{"filename": "../x.arrow"}]}', "no list of data files in it"),
    ("state.json", '{"_data_files": [{"filename": "gone.arrow"}]}', "gone.arrow is missing, one of 1 data files"),
    ("state.json", '{"_indices_data_files": [{}]}', "chosen by an index of an old version"),
    ("dataset_dict.json", '{"splits": ["/etc"]}', "no list of splits in it"),
    ("dataset_dict.json", '{"splits": 5}', "no list of splits in it"),
    ("dataset_dict.json", '{"splits": ["gone"]}', "gone/state.json: cannot be read"),
]


@pytest.mark.parametrize(("name", "content", "expected"), FAULTS)
def test_every_fault_is_one_line(tmp_path: Path, name: str, content: str, expected: str) -> None:
    save(tmp_path)
    write(tmp_path / name, content)
    with pytest.raises(DataError, match=expected) as failure:
        read(tmp_path)
    assert "\n" not in str(failure.value)


def test_a_split_of_what_has_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it has no splits; leave out --split test"):
        read(save(tmp_path), Asked(split="test"))


def test_whether_it_changed_is_told_without_reading(tmp_path: Path) -> None:
    (source,) = own_dataset(save(tmp_path)).sources
    before = source.state(Request())
    assert before is not None
    save(tmp_path, 1, 6, 1)
    assert source.state(Request()) != before
