"""Systems are paired by id and equal raw reference; anything else is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import UsageError
from harness.scoring.pairing import labels, pair_benchmarks, read_apart

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, model: str, rows: list[dict[str, Any]], data: str = "my_set_en") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"MODEL_{model}_DATASET_{data}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(name: str, reference: str, heard: str | None) -> dict[str, Any]:
    return {"audio_filepath": name, "text": reference, "pred_text": heard}


def test_rows_are_paired_by_id_in_the_order_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "one", [row("a", "x", "1"), row("b", "y", "2"), row("a", "z", "3")])
    write(tmp_path, "two", [row("b", "y", "4"), row("a", "x", "5"), row("a", "z", "6")])
    [paired] = pair_benchmarks(read_apart([tmp_path]))
    assert [[one.hypothesis for one in rows] for rows in paired.rows] == [["1", "2", "3"], ["5", "4", "6"]]
    assert paired.systems == [0, 1]


def test_the_same_model_under_two_paths_is_two_systems(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", "m", [row("a", "x", "x")]), write(tmp_path / "new", "m", [row("a", "x", "y")])
    systems = read_apart([old, new])
    assert labels(systems) == [f"m ({tmp_path / 'old'})", f"m ({tmp_path / 'new'})"]
    assert len(pair_benchmarks(systems)) == 1


def test_files_of_one_model_are_one_system(tmp_path: Path) -> None:
    paths = [write(tmp_path, model, [row("a", "x", "x")], data) for data in ("s_en", "t_en") for model in ("m", "n")]
    systems = read_apart(paths)
    assert labels(systems) == ["m", "n"]
    assert [paired.benchmark for paired in pair_benchmarks(systems)] == ["s_en", "t_en"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([row("a", "x", "x")], "1 of 2 utterances are not in .*MODEL_two.*, the first is 'b'"),
        ([row("a", "x", "x"), row("b", "y", "y"), row("c", "z", "z")], "1 of 3 utterances are not in .*MODEL_one.*'c'"),
        ([row("a", "X!", "x"), row("b", "y", "y")], "1 of 2 references differ, the first is 'a': 'x' and 'X!'"),
    ],
)
def test_what_cannot_be_paired_is_refused(tmp_path: Path, second: list[dict[str, Any]], message: str) -> None:
    write(tmp_path, "one", [row("a", "x", "x"), row("b", "y", "y")])
    write(tmp_path, "two", second)
    with pytest.raises(UsageError, match=message):
        pair_benchmarks(read_apart([tmp_path]))


def test_nothing_in_common_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", [row("a", "x", "x")], "s_en")
    write(tmp_path, "two", [row("a", "x", "x")], "t_en")
    with pytest.raises(UsageError, match="no benchmark is in two of the systems: one has s_en; two has t_en"):
        pair_benchmarks(read_apart([tmp_path]))


def test_failures_of_a_run_that_scores_them_as_empty_are_empty(tmp_path: Path) -> None:
    write(tmp_path, "one", [row("a", "x", None)])
    write(tmp_path, "two", [row("a", "x", "x")])
    one, two = read_apart([tmp_path])
    [paired] = pair_benchmarks([one, two])
    assert paired.rows[0][0].hypothesis is None
    [paired] = pair_benchmarks([replace(one, run={"settings": {"on_error": "score-empty"}}), two])
    assert paired.rows[0][0].hypothesis == ""
