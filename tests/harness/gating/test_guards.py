"""What the gate's guards say of lines alone, and of two sides of which nothing, or not all, is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from harness.cli import main
from harness.gating.guards import miscounted, notes, nothing_there, other_audio
from harness.gating.pair import Pair
from harness.gating.sides import Side
from harness.records.decision import Reason
from harness.records.journal import Line
from harness.records.run import BenchmarkRecord, ModelRecord, RunRecord, Stretch
from harness.scoring.predictions import Predictions, System
from tests.harness.gating.fooling import Sides, made


def line(duration: float | None) -> Line:
    return Line(id="a", reference="one", hypothesis="one", duration=duration)


@pytest.mark.parametrize(
    ("before", "after", "other"),
    [
        (10.0, 10.0, False),
        (10.0, 10.19, False),  # tenths of a second, and a hundredth of the length
        (10.0, 10.3, True),
        (10.3, 10.0, True),
        (1.0, 1.2, True),
        (None, 3.0, False),
        (3.0, None, False),
    ],
)
def test_the_same_ids_with_other_lengths_are_other_recordings(
    before: float | None, after: float | None, other: bool
) -> None:
    said = other_audio([line(before)], [line(after)])
    what = "1 utterance is of another length than the baseline's, such as 'a'"
    assert said == (f"{what}: {after:g} s, which was {before:g} s" if other else None)


def changed(s: Sides) -> None:
    """Another text and another time, so that the two are not the same run."""
    s.run.read[0] |= {"hypothesis": s.run.read[0]["reference"] + " lamp", "time": 0.7}


def no_suite_in_the_baseline(s: Sides) -> None:
    s.base.record["suite"] = None


def no_suite_in_the_run(s: Sides) -> None:
    s.run.record["suite"] = None


def no_settings_in_the_baseline(s: Sides) -> None:
    s.base.record["fingerprint"] = None


def no_settings_in_the_run(s: Sides) -> None:
    s.run.record["fingerprint"] = None


def no_time_in_the_baseline(s: Sides) -> None:
    s.base.record["started"] = None


def no_time_in_the_run(s: Sides) -> None:
    s.run.record["started"] = None


def a_time_that_is_none(s: Sides) -> None:
    s.run.record["started"] = "yesterday"


def a_time_without_a_zone(s: Sides) -> None:
    s.run.record["started"] = "2026-03-02T10:00:00"


def another_model(s: Sides) -> None:
    s.run.record["model"]["id"] = "org/other"


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        (lambda _: None, []),
        (no_suite_in_the_baseline, []),
        (no_suite_in_the_run, []),
        (no_settings_in_the_baseline, []),
        (no_settings_in_the_run, []),
        (no_time_in_the_baseline, []),
        (no_time_in_the_run, []),
        (a_time_that_is_none, []),
        (a_time_without_a_zone, []),
        (another_model, ["the run is of org/other, the baseline of org/model"]),
    ],
)
def test_what_is_not_known_is_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Sides], object], notes: list[str]
) -> None:
    sides = Sides(tmp_path, made(damaged=True), made(damaged=False))
    changed(sides)
    change(sides)
    words = sides.words()
    capsys.readouterr()
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out)["notes"] == notes


@pytest.mark.parametrize(
    ("started", "model", "notes"),
    [
        ("2026-03-01T10:00:00+00:00", "org/model", ["the baseline is this very run, which it cannot be worse than"]),
        ("2026-03-01T10:00:00+00:00", "org/other", ["the run is of org/other, the baseline of org/model"]),
        (None, "org/model", []),
    ],
)
def test_a_run_is_another_s_by_more_than_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], started: str | None, model: str, notes: list[str]
) -> None:
    """The texts are the same on both sides, and the seconds that they took are not."""
    sides = Sides(tmp_path, made(damaged=False), made(damaged=False))
    sides.run.read[0]["time"] = 0.7
    sides.run.record["started"] = sides.base.record["started"] = started
    sides.run.record["model"]["id"] = model
    words = sides.words()
    capsys.readouterr()
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == notes


def test_all_other_lengths_are_counted_and_the_first_is_named() -> None:
    before = [Line(id=name, reference="one", hypothesis="one", duration=3.0) for name in "abc"]
    after = [replace(one, duration=length) for one, length in zip(before, (3.0, 4.5, 6.0), strict=True)]
    what = "2 utterances are of another length than the baseline's"
    assert other_audio(before, after) == f"{what}, such as 'b': 4.5 s, which was 3 s"


@pytest.mark.parametrize(
    ("before", "after", "other"),
    [
        (10.0, 10.2, False),  # 0.1 s and a hundredth of the longer one are 0.202 s
        (10.0, 10.21, True),
        (10.21, 10.0, True),
        (0.0, 0.1, False),
        (0.0, 0.2, True),
        (100.0, 101.1, False),
        (100.0, 101.105, False),  # 1.111 s
        (101.2, 100.0, True),
    ],
)
def test_a_tenth_and_a_hundredth_of_the_longer_are_let_pass(before: float, after: float, other: bool) -> None:
    assert (other_audio([line(before)], [line(after)]) is not None) is other


def rows(*texts: tuple[str, str | None]) -> Pair:
    """A pair of which only the rows are known: a reference, and what the baseline heard."""
    lines = [
        Line(id=f"{at}", reference=text, hypothesis=heard, error=None if heard is not None else "failed")
        for at, (text, heard) in enumerate(texts)
    ]
    return cast("Pair", SimpleNamespace(rows=[(one, one) for one in lines]))


@pytest.mark.parametrize(
    ("texts", "reason", "said"),
    [
        ([("one", "one"), ("...", "!"), ("", "")], None, ""),
        ([("...", "one")], Reason.NO_WORDS, "no letter or digit is in any reference, so there is no error rate"),
        ([("\u200b", None), ("?", "two")], Reason.NO_WORDS, "no letter or digit is in any reference"),
        ([("one", "..."), ("two", None)], Reason.INCOMPLETE, "the baseline has no word in any of its 2 transcripts; "),
        ([("one", None), ("two", "-"), ("", "2")], None, ""),
        (
            [("one", "")] * 1000,
            Reason.INCOMPLETE,
            "the baseline has no word in any of its 1,000 transcripts; save one ",
        ),
    ],
)
def test_one_word_is_something_to_go_by_and_none_is_nothing(
    texts: list[tuple[str, str | None]], reason: Reason | None, said: str
) -> None:
    found = nothing_there(rows(*texts))
    assert (found is None) is (reason is None)
    if found is not None:
        assert found[0] is reason
        assert found[1].startswith(said)


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FUTURE = "the run says that it began on {}, which is in the future"


def side(
    started: str | None = "2026-03-01T10:00:00+00:00",
    heard: Sequence[tuple[str | None, float | None]] = (("one", 0.5), ("two", None)),
    *,
    model: str = "m",
    suite: str | None = "demo@1",
    without_run: bool = False,
    **more: Any,
) -> Side:
    """A side with one benchmark, of which the transcripts and what they took are these."""
    lines = [Line(id=f"{at}", reference="r", hypothesis=text, time=time) for at, (text, time) in enumerate(heard)]
    held = Predictions(benchmark="read", language="en", rows=lines, source=Path("read.jsonl"))
    run = RunRecord(model=ModelRecord(id=model), suite=suite, benchmarks={}, started=started, **more)
    system = System(model=model, suite=suite, run=None if without_run else run, benchmarks=[held])
    scored = {"read": SimpleNamespace(predictions=held), "far": None}
    return cast("Side", SimpleNamespace(system=system, scored=scored))


@pytest.mark.parametrize(
    ("started", "future"),
    [
        ("2026-03-02T12:00:00+00:00", False),  # clocks and zones may be a day apart
        ("2026-03-02T12:00:01+00:00", True),
        ("2026-03-02T12:00:01", True),  # which is taken to be UTC
        ("2026-03-02T12:00:00", False),
        ("2026-03-02T13:00:00+02:00", False),  # which is 11:00 here
        ("2026-03-02T11:00:00-02:00", True),  # 13:00
        ("2026-02-28T12:00:00", False),
        ("2999", False),
        ("soon", False),
        (None, False),
    ],
)
def test_a_day_ahead_is_the_future(started: str | None, future: bool) -> None:
    assert notes(side(started), None, NOW) == ((FUTURE.format(started),) if future else ())


def test_what_a_side_says_of_itself() -> None:
    parts = [
        Stretch(differs=("never told of the first",)),
        Stretch(differs=("torch 3 (was 2)", "machine b (was a)"), mixed=("torch 3 (was 2)", "av 1 (was 2)")),
        Stretch(),
    ]
    gone_on = "was gone on with otherwise than it was begun: "
    of_both = [
        "is a sample: --limit 5",
        "has transcripts by several versions (--mix-packages): torch 3 (was 2); av 1 (was 2)",
        f"{gone_on}torch 3 (was 2); machine b (was a)",
        f"{gone_on}elsewhere",
    ]
    run = side(settings={"limit": 5}, stretches=parts)
    assert notes(run, None, NOW) == tuple(f"the run {one}" for one in of_both)
    told = notes(side(heard=[("other", 1.0)]), side("2026-02-01", settings={"limit": 5}, stretches=parts), NOW)
    assert told == tuple(f"the baseline {one}" for one in of_both)
    assert notes(side(without_run=True), None, NOW) == ()


SAME = "the baseline is this very run, which it cannot be worse than"
OTHERS = "2026-02-01T10:00:00+00:00"
EARLY, LATE = "2026-03-01T10:00:00", "2026-03-01T10:00:01"
SWAPPED = f"the baseline ({LATE}) is newer than the run ({EARLY}); are they swapped?"


@pytest.mark.parametrize(
    ("run", "baseline", "told"),
    [
        # The same transcripts, and begun at the same second, or timed alike.
        (side(), side(), [SAME]),
        (side(), side(OTHERS), [SAME]),
        (side(heard=[("one", None)]), side(heard=[("one", None)]), [SAME]),
        (side(heard=[("one", None)]), side(OTHERS, [("one", None)]), []),
        (side(heard=[("one", 0.5)]), side(heard=[("one", 0.6)]), [SAME]),
        (side(heard=[("one", 0.5)]), side(OTHERS, [("one", 0.6)]), []),
        (side(heard=[("one", 0.5)]), side(heard=[("two", 0.5)]), []),
        (side(None, [("one", None)]), side(None, [("one", None)]), []),
        (side(None), side(None), [SAME]),
        (side(heard=[("a", None)], model="n"), side(heard=[("a", None)]), ["the run is of n, the baseline of m"]),
        (side(model="n"), side(), ["the run is of n, the baseline of m", SAME]),
        # When they began.
        (side(EARLY, [("a", 1.0)]), side(LATE, [("b", 1.0)]), [SWAPPED]),
        (side(LATE, [("a", 1.0)]), side(EARLY, [("b", 1.0)]), []),
        (side(EARLY, [("a", 1.0)]), side(EARLY, [("b", 1.0)]), []),
        (side(EARLY, [("a", 1.0)]), side(None, [("b", 1.0)]), []),
        (side(None, [("a", 1.0)]), side(LATE, [("b", 1.0)]), []),
        # What they are of.
        (side(suite="x"), side(suite="y"), ["the run is of suite x, the baseline of y", SAME]),
        (side(suite=None), side(suite="y"), [SAME]),
        (side(suite="x"), side(suite=None), [SAME]),
        # Of predictions of others nothing else is known.
        (side(without_run=True), side(), []),
        (side(), side(without_run=True), []),
        (side(without_run=True, model="n"), side(without_run=True), ["the run is of n, the baseline of m"]),
    ],
)  # fmt: skip
def test_what_both_sides_say_together(run: Side, baseline: Side, told: list[str]) -> None:
    assert notes(run, baseline, NOW) == tuple(told)


def test_settings_that_both_state_are_compared() -> None:
    shared = {"suite": "a", "model": "a", "model revision": "a"}
    run = side(LATE, [("a", 1.0)], fingerprint=shared | {"dtype": "bf16", "beam": 1, "new": 2, "same": 3})
    other = dict.fromkeys(shared, "b") | {"dtype": "fp32", "beam": 5, "old": 2, "same": 3}
    baseline = side(EARLY, [("b", 1.0)], fingerprint=other)
    told = "the run was made with other settings: beam 1 (was 5); dtype bf16 (was fp32)"
    assert notes(run, baseline, NOW) == (told,)


@pytest.mark.parametrize(
    ("done", "failed", "said"),
    [
        (None, None, None),
        (3, 1, None),
        (3, 0, None),
        (3, None, None),
        (2, 1, "has 3 utterances where its run.json counts 2"),
        (4000, 1, "has 3 utterances where its run.json counts 4,000"),
        (0, 2, "has 3 utterances where its run.json counts 0"),
        (3, 2, "has 1 failed utterance where its run.json counts 2"),
        (None, 2, "has 1 failed utterance where its run.json counts 2"),
    ],
)
def test_a_run_that_contradicts_itself(done: int | None, failed: int | None, said: str | None) -> None:
    fact = BenchmarkRecord(done=done, failed=failed)
    held = SimpleNamespace(fact=lambda _: fact, rows=lambda _: 3, failed=lambda _: 1)
    assert miscounted("read", cast("Side", held)) == said
