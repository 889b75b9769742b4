"""Records as tests of reports need them: a few facts stated, the rest as it would be."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.records.run import RunRecord
from harness.records.scores import Average, AverageSpeed, BenchmarkScore, ProfileRecord, Scores
from harness.records.speed import Speed
from harness.records.statistics import Interval


def interval(low: float, high: float) -> Interval:
    return Interval(
        low=low, high=high, method="bootstrap", sessions=40, standard_error=0.01, degrees=39, smallest_difference=0.02
    )


def entry(
    benchmark: str, wer: float | None, *, failed: int = 0, utterances: int = 100, half: float = 0.0, **changed: Any
) -> BenchmarkScore:
    made = BenchmarkScore(
        benchmark=benchmark,
        language="en",
        language_stated=True,
        metric="wer",
        utterances=utterances,
        failed=failed,
        dropped_references=0,
        empty_references=0,
        scored_as_written=0,
        words=None,
        errors=None,
        wer=wer,
        characters=None,
        character_errors=None,
        cer=None,
        draft_wer=None,
        wer_interval=interval(wer - half, wer + half) if half and wer is not None else None,
        cer_interval=None,
        unit="session",
        warnings=(),
        audio_seconds=None,
        speed=Speed(rtfx=10.0, rtfx_end_to_end=5.0),
    )
    return msgspec.structs.replace(made, **changed)


def score(model: str, entries: list[BenchmarkScore], average: float | None, **changed: Any) -> Scores:
    made = Scores(
        suite="demo@1",
        model=model,
        profile=ProfileRecord(name="card@2026-04"),
        complete=True,
        benchmarks=tuple(entries),
        average=Average(wer=average, speed=AverageSpeed(rtfx=1234.5, rtfx_end_to_end=7.25)),
    )
    return msgspec.structs.replace(made, **changed)


def run(**facts: Any) -> RunRecord:
    """A run.json; benchmarks and the rest as plain values."""
    return msgspec.convert({"model": {"id": "m"}, "benchmarks": {}} | facts, RunRecord)
