"""What the gate's guards say of lines alone, and of two sides of which nothing, or not all, is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import main
from harness.gating.guards import other_audio
from harness.records.journal import Line
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
    what = "1 utterances are of another length than the baseline's, such as 'a'"
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
