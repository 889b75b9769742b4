"""The gate reads every repeat of a run that was repeated."""

from typing import Any

import pytest

from harness.gate.sides import _rtfx
from harness.scoring.predictions import System


def system(*benchmarks: dict[str, Any]) -> System:
    return System(
        model="m", run={"benchmarks": {str(n): {"speed": s} for n, s in enumerate(benchmarks)}}, benchmarks=[]
    )


def test_each_repeat_is_total_over_total() -> None:
    one = {"seconds_heard": 100.0, "seconds_counted": 10.0, "repeats": {"rtfx": [10.0, 20.0, 5.0]}}
    two = {"seconds_heard": 300.0, "seconds_counted": 10.0, "repeats": {"rtfx": [30.0, 30.0, 15.0]}}
    assert _rtfx(system(one, two), "rtfx") == pytest.approx([400 / 20, 400 / 15, 400 / 40])


def test_a_run_that_was_not_repeated_has_one() -> None:
    one = {"seconds_heard": 100.0, "seconds_counted": 10.0}
    assert _rtfx(system(one, one), "rtfx") == [10.0]
    assert _rtfx(system(one, {}), "rtfx") == []
    assert _rtfx(system(), "rtfx") == []
