"""Systems are paired by id and equal raw reference; anything else is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.labels import labels
from harness.scoring.pairing import (
    Mismatch,
    PairedBenchmark,
    as_counts,
    comparable,
    keyed,
    mismatch,
    other_utterances,
    pair_benchmarks,
    read_apart,
)
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import Scored, count_predictions, count_systems
from tests.harness.scoring.made import line, predictions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.records.journal import Line
    from harness.scoring.predictions import Predictions

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")


def write(folder: Path, model: str, rows: list[dict[str, Any]], data: str = "my_set_en") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"MODEL_{model}_DATASET_{data}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(name: str, reference: str, heard: str | None) -> dict[str, Any]:
    return {"audio_filepath": name, "text": reference, "pred_text": heard}


def paired(systems: Sequence[System]) -> list[PairedBenchmark]:
    return pair_benchmarks(count_systems(systems, [VERBATIM] * len(systems)), labels(systems))


def test_rows_are_paired_by_id_in_the_order_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "one", [row("a", "x", "1"), row("b", "y", "2"), row("a", "z", "3")])
    write(tmp_path, "two", [row("b", "y", "4"), row("a", "x", "5"), row("a", "z", "6")])
    [found] = paired(read_apart([tmp_path]))
    hypotheses = [[one.hypothesis for one in found.rows(at)] for at in (0, 1)]
    assert hypotheses == [["1", "2", "3"], ["5", "4", "6"]]
    assert (found.systems, found.benchmark, found.language) == ([0, 1], "my_set_en", "en")


def test_the_same_model_under_two_paths_is_two_systems(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", "m", [row("a", "x", "x")]), write(tmp_path / "new", "m", [row("a", "x", "y")])
    systems = read_apart([old, new])
    assert labels(systems) == ["m (old)", "m (new)"]
    assert len(paired(systems)) == 1


def test_files_of_one_model_are_one_system(tmp_path: Path) -> None:
    paths = [write(tmp_path, model, [row("a", "x", "x")], data) for data in ("s_en", "t_en") for model in ("m", "n")]
    systems = read_apart(paths)
    assert labels(systems) == ["m", "n"]
    assert [found.benchmark for found in paired(systems)] == ["s_en", "t_en"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([row("a", "x", "x")], "1 of 2 utterances are not in .*MODEL_two.*, the first is 'b'"),
        ([row("a", "x", "x"), row("b", "y", "y"), row("c", "z", "z")], "1 of 3 utterances are not in .*MODEL_one.*'c'"),
        (
            [row("a", "x", "x"), row("b", "y", "y"), row("b", "y", "y")],
            "'b' stands 2 times in 3 rows of the one, 1 time in .*MODEL_one",
        ),
        ([row("a", "X!", "x"), row("b", "y", "y")], "1 of 2 references differ, the first is 'a': 'x' and 'X!'"),
    ],
)
def test_what_cannot_be_paired_is_refused(tmp_path: Path, second: list[dict[str, Any]], message: str) -> None:
    write(tmp_path, "one", [row("a", "x", "x"), row("b", "y", "y")])
    write(tmp_path, "two", second)
    with pytest.raises(UsageError, match=message):
        paired(read_apart([tmp_path]))


def test_nothing_in_common_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", [row("a", "x", "x")], "s_en")
    write(tmp_path, "two", [row("a", "x", "x")], "t_en")
    with pytest.raises(UsageError, match="no benchmark is in two of the systems: one has s_en; two has t_en"):
        paired(read_apart([tmp_path]))


def test_languages_that_differ_are_refused() -> None:
    one, other = predictions(("a", "a")), predictions(("a", "a"), language="de")
    with pytest.raises(UsageError, match="one is 'en', the other 'de'; --language overrides both"):
        paired([System(model="m", benchmarks=[one]), System(model="n", benchmarks=[other])])


def test_failures_of_a_run_that_scores_them_as_empty_are_empty() -> None:
    one, other = predictions(("x", None), ("y", "y")), predictions(("x", "x"), ("y", "y"))
    systems = [System(model="m", benchmarks=[one]), System(model="n", benchmarks=[other])]
    [found] = paired(systems)
    assert found.rows(0)[0].hypothesis is None
    assert found.transcribed().tolist() == [1]
    assert found.counts([0, 1])[0] == [ErrorCounts(), ErrorCounts(1)]
    [found] = paired([replace(systems[0], benchmarks=[replace(one, scores_empty=True)]), systems[1]])
    assert found.rows(0)[0].hypothesis == ""
    assert found.transcribed().tolist() == [0, 1]
    assert found.counts([0, 1])[0] == [ErrorCounts(deletions=1), ErrorCounts(1)]


def test_what_one_run_drops_counts_for_nobody() -> None:
    """The reference comes to nothing: a run of ours does not score it, predictions of others do."""
    pairs = [("uh", "noise here"), ("a cat", "a cat")]
    ours, theirs = predictions(*pairs, ours=True), predictions(*pairs)
    found = pair_benchmarks([[count_predictions(one, AUGUST)] for one in (ours, theirs)], ["m", "n"])
    assert [one.counts([0, 1]) for one in found] == [[[ErrorCounts(), ErrorCounts(2)]] * 2]
    found = pair_benchmarks([[count_predictions(theirs, AUGUST)]] * 2, ["m", "n"])
    assert [one.counts([1, 0]) for one in found] == [[[ErrorCounts(2), ErrorCounts(insertions=2)]] * 2]


def test_a_session_is_known_if_any_system_knows_it() -> None:
    one = predictions(("a", "a"), ("b", "b"), ("c", "c"), session=[None, "s", "x"])
    other = predictions(("a", "a"), ("b", "b"), ("c", "c"), session=["t", None, "y"])
    [found] = paired([System(model="m", benchmarks=[one]), System(model="n", benchmarks=[other])])
    assert found.sessions() == ["t", "s", "x"]


# what cannot be paired


def rows(*pairs: tuple[str, str]) -> list[Line]:
    return [line(name, reference, "x") for name, reference in pairs]


def test_what_differs_is_told_apart() -> None:
    first = keyed(rows(("a", "1"), ("b", "2"), ("a", "3")))
    assert list(first) == [("a", 1), ("b", 1), ("a", 2)]
    assert mismatch(first, keyed(rows(("b", "2"), ("a", "1"), ("a", "3")))) is None
    second = keyed(rows(("a", "1"), ("b", "other"), ("c", "4")))
    assert mismatch(first, second) == Mismatch(missing=[("a", 2)], added=[("c", 1)], changed=[("b", 1)])
    assert mismatch(second, first) == Mismatch(missing=[("c", 1)], added=[("a", 2)], changed=[("b", 1)])


names = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=5)


@settings(max_examples=200, deadline=None)
@given(names, names)
def test_there_is_no_mismatch_where_ids_have_the_same_references_in_the_same_order(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    def by_id(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
        return {name: [text for key, text in pairs if key == name] for name, _ in sorted(pairs)}

    found = mismatch(keyed(rows(*one)), keyed(rows(*other)))
    assert (found is None) == (by_id(one) == by_id(other))


def scored(one: Predictions) -> list[Scored]:
    return [count_predictions(one, VERBATIM)]


def test_tables_leave_out_whom_they_cannot_pair_with_the_first_that_failed_on_nothing() -> None:
    whole = predictions(("a", "a"), ("b", "b"))
    turned = replace(whole, rows=whole.rows[::-1])
    failed, shorter = predictions(("a", "a"), ("b", None)), predictions(("a", "a"))
    otherwise, german = predictions(("a", "a"), ("B", "b")), replace(whole, language="de")
    [found] = comparable([scored(one) for one in (failed, whole, shorter, otherwise, german, turned)])
    assert found.systems == [1, 5]
    assert [each.tolist() for each in found.order] == [[0, 1], [1, 0]]
    assert [row.id for row in found.rows(1)] == ["u0", "u1"]
    assert comparable([scored(failed), scored(failed), scored(whole)]) == []
    assert comparable([]) == []


def test_ids_that_repeat_are_paired_by_their_place() -> None:
    first = replace(predictions(), rows=rows(("a", "1"), ("a", "2")))
    second = replace(predictions(), rows=rows(("a", "2"), ("a", "1")))
    assert comparable([scored(first), scored(second)]) == []
    [found] = comparable([scored(first), scored(first)])
    assert [each.tolist() for each in found.order] == [[0, 1], [0, 1]]


def test_counts_are_columns() -> None:
    found = as_counts([ErrorCounts(1, 2, 3, 4), ErrorCounts(5)])
    assert (found.errors.tolist(), found.words.tolist()) == ([9, 0], [6, 5])
    assert found.rate == 9 / 11
    assert as_counts([]).rate is None


def test_as_many_utterances_may_be_others(tmp_path: Path) -> None:
    """Not by their order, by ids that others write otherwise, or by half of the references that are others."""
    texts = {"a": "red", "b": "blue", "c": "green", "d": "white"}
    write(tmp_path, "one", [row(name, said, "x") for name, said in texts.items()])
    write(tmp_path, "order", [row(name, texts[name], "x") for name in "cabd"])
    write(tmp_path, "renamed", [row(f"{name}.wav", said.upper(), "x") for name, said in texts.items()])
    for model, said in {"corrected": ["red", "blue", "u", "v"], "other": ["red", "p", "q", "r"]}.items():
        write(tmp_path, model, [row(name, text, "x") for name, text in zip(texts, said, strict=True)])
    write(tmp_path, "fewer", [row("a", "red", "x"), row("b", "blue", "x")])
    write(tmp_path, "one", [row("a", "red", "x")], data="alone_en")
    systems = read_apart([tmp_path])
    found = other_utterances(count_systems(systems, [AUGUST] * len(systems)))
    assert {system.model: sorted(names) for system, names in zip(systems, found, strict=True)} == {
        "corrected": [], "fewer": [], "one": [], "order": [], "other": ["my_set_en"], "renamed": [],
    }  # fmt: skip
