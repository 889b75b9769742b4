"""The two sides of the gate: what is read of each, and what is said of a benchmark that is in parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import UsageError
from harness.gating.baseline import save
from harness.gating.sides import apart, as_side, by_model, read_side
from harness.records.journal import Line
from harness.records.run import BenchmarkRecord
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.run_records import run_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.gating.sides import Side

RULES = get_profile("verbatim")


def part(name: str, whole: str | None, rows: int, failed: int = 0) -> Predictions:
    heard = [Line(id=f"{name}{at}", reference="a b", hypothesis="a b") for at in range(rows - failed)]
    lost = [Line(id=f"{name} lost {at}", reference="a b", error="boom") for at in range(failed)]
    return Predictions(benchmark=name, part_of=whole, language="en", rows=[*heard, *lost], source=Path("x"), ours=True)


def made(*parts: Predictions, **run: object) -> Side:
    facts = {"talks": BenchmarkRecord(expected=9, done=9), "read": BenchmarkRecord(expected=4)}
    record = run_record(facts, **run)
    system = System(model="m", suite=record.suite, run=record, benchmarks=list(parts))
    return as_side("s", system, RULES, [count_predictions(one, RULES) for one in parts], [1.0])


def test_a_part_is_as_whole_as_what_it_is_a_part_of() -> None:
    side = made(
        part("talks_de", "talks", 5, failed=1), part("talks_en", "talks", 4, failed=2), part("read", None, 4, 1)
    )
    for name in ("talks_de", "talks_en"):
        assert (side.rows(name), side.failed(name), side.fact(name).expected) == (9, 3, 9)
    assert (side.rows("read"), side.failed("read"), side.fact("read").expected) == (4, 1, 4)


def test_what_is_named_and_was_not_begun_is_there_without_transcripts() -> None:
    side = made(part("read", None, 4))
    assert {name: one is not None for name, one in side.scored.items()} == {"talks": False, "read": True}
    assert (side.rows("talks"), side.failed("talks"), side.fact("talks").expected) == (0, 0, 9)
    suite = made(part("read", None, 4), suite="digits")
    assert list(suite.scored) == ["digits", "talks", "read"], "what the suite has, whatever run.json says"
    others = System(model="m", benchmarks=[part("read", None, 4)])
    assert list(as_side("s", others, RULES, [count_predictions(others.benchmarks[0], RULES)]).scored) == ["read"]


def test_a_run_is_whole_only_where_it_says_so() -> None:
    one = part("read", None, 4)
    assert [made(one, complete=said).complete for said in (True, False, None)] == [True, False, False]
    others = as_side("s", System(model="m", benchmarks=[one]), RULES, [count_predictions(one, RULES)])
    assert (others.complete, others.hardware, others.record().called) == (True, None, None)
    named = made(one, name="nightly").record()
    assert (named.called, named.title, named.model, named.repeats) == ("nightly", "nightly", "m", ())


def test_the_speeds_of_a_saved_baseline_are_those_that_were_saved(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    runs = [make_run(f"run{at}", speed={"seconds_counted": 4.0 + at}) for at in range(3)]
    kept = save(runs, tmp_path / "kept")
    assert read_side([kept], "rtfx").rtfx == (25.0, 20.0, pytest.approx(100 / 6))
    side = read_side(runs, "rtfx")
    assert side.rtfx == read_side([kept], "rtfx").rtfx, "each repeat adds its own"
    assert (side.name, list(side.repeats)) == (str(runs[0]), [*map(str, runs[1:])])


def test_repeats_are_of_one_model_and_suite_and_what_differs_is_counted(make_run: Callable[..., Path]) -> None:
    run, other = make_run("run"), make_run("other", suite="demo@2")
    with pytest.raises(UsageError, match=r"other is no repeat of .*run: it is org/model on demo@2"):
        read_side([run, other], "rtfx")
    unlike = make_run("unlike", lambda at: 1 + at % 2 if at < 7 else at % 2)
    with pytest.raises(UsageError, match=r"unlike is no repeat of .*run: 7 transcripts are not those of it; give one"):
        read_side([run, unlike], "rtfx")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"model": {"id": "org/model", "revision": "w2"}}, "model revision w2, not w1"),
        ({"model": {"id": "org/model"}}, "model revision None, not w1"),
        (
            {"fingerprint": {"dtype": "float32", "model options": ["editing_steps=2"]}},
            "model options ('editing_steps=2',), not None",
        ),
        ({"fingerprint": {"dtype": "float16"}}, "dtype float16, not float32"),
        ({"settings": {"workers": 2, "batch_size": 8, "price": 2.0}}, "batch_size 8, not None"),
        ({"environment": {"hardware": {"accelerator": "B"}}}, "hardware B, not A"),
        ({"fingerprint": {"dtype": "float32", "model revision": "main"}}, None),
        ({"settings": {}, "fingerprint": None}, None),
        ({"profile": "leaderboard@2026-08", "started": "2026-03-02T10:00:00+00:00"}, None),
    ],
)
def test_repeats_have_one_configuration(make_run: Callable[..., Path], more: dict[str, Any], why: str | None) -> None:
    stated: dict[str, Any] = {
        "model": {"id": "org/model", "revision": "w1"},
        "settings": {"workers": 2, "batch_size": None, "price": None},
        "fingerprint": {"dtype": "float32", "model options": None, "model revision": None},
        "environment": {"hardware": {"accelerator": "A"}},
    }
    one, other = make_run("one", **stated), make_run("other", **{**stated, **more})
    expected = None if why is None else f"no repeat of {one}: {why}"
    assert [(each.paths, each.why) for each in apart([one, other])] == (
        [([one, other], None)] if why is None else [([one], None), ([other], expected)]
    )
    third = make_run("third", **{**stated, **more})
    assert [each.paths for each in apart([one, other, third])][-1][-2:] == [other, third], "it has repeats of its own"


def test_runs_go_together_by_model_and_suite(make_run: Callable[..., Path]) -> None:
    runs = [make_run("a"), make_run("b", suite="demo@2"), make_run("c"), make_run("d", model={"id": "org/d"})]
    assert by_model(runs) == {
        ("org/model", "demo@1"): [runs[0], runs[2]],
        ("org/model", "demo@2"): [runs[1]],
        ("org/d", "demo@1"): [runs[3]],
    }


def test_what_holds_several_systems_names_four_of_them(tmp_path: Path) -> None:
    for model in "edcba":
        path = tmp_path / f"MODEL_{model}_DATASET_foo.jsonl"
        path.write_text(json.dumps({"id": "u", "text": "a", "pred_text": "a"}) + "\n")
    with pytest.raises(UsageError, match=r"holds 5 systems \(a, b, c, d\); the gate takes one, give its own path"):
        read_side([tmp_path], "rtfx")
