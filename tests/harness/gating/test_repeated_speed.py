"""The gate reads every repeat of a run that was repeated."""

import pytest

from harness.gating.baseline import rtfx
from harness.records.run import BenchmarkRecord, RunRecord
from harness.records.speed import Repeats, Speed
from tests.harness.run_records import run_record


def run(*benchmarks: Speed | None) -> RunRecord:
    facts = {str(number): BenchmarkRecord(speed=speed) for number, speed in enumerate(benchmarks)}
    return run_record(facts)


def test_each_repeat_is_total_over_total() -> None:
    one = Speed(audio_seconds=100.0, seconds_counted=10.0, repeats=Repeats(rtfx=(10.0, 20.0, 5.0)))
    two = Speed(audio_seconds=300.0, seconds_counted=10.0, repeats=Repeats(rtfx=(30.0, 30.0, 15.0)))
    assert rtfx(run(one, two), "rtfx") == pytest.approx((400 / 20, 400 / 15, 400 / 40))


def test_a_run_that_was_not_repeated_has_one() -> None:
    one = Speed(audio_seconds=100.0, seconds_counted=10.0, seconds_wall=20.0)
    assert rtfx(run(one, one), "rtfx") == (10.0,)
    assert rtfx(run(one, one), "rtfx_end_to_end") == (5.0,)
    assert rtfx(run(one, None), "rtfx") == ()
    assert rtfx(run(), "rtfx") == ()


def test_disturbed_batches_are_on_neither_side() -> None:
    one = Speed(audio_seconds=100.0, audio_seconds_undisturbed=80.0, seconds_counted=10.0)
    assert rtfx(run(one), "rtfx") == (8.0,)
