"""What the end of a run says of the time in which an accelerator waited for the host."""

from __future__ import annotations

from typing import Any

import pytest

from harness.commands.end_of_run import _waits
from harness.records.run import BenchmarkRecord, ModelRecord, RunRecord
from harness.records.speed import ServedSpeed, Speed, Waits

MODEL = ModelRecord(id="hama")
WAITS = Waits(decode=4.0, busy_seconds=12.0, threads=8, cause="decoding, 3 of 8 threads busy")


def run_on(device: str, **speed: Any) -> RunRecord:
    stated: dict[str, Any] = {
        "seconds_wall": 12.0,
        "seconds_warmup": 2.0,
        "seconds_waited": 4.1,
        "waits": WAITS,
    } | speed
    return RunRecord(
        model=MODEL, settings={"device": device}, benchmarks={"digits": BenchmarkRecord(speed=Speed(**stated))}
    )


def test_a_gpu_that_waited_is_told_with_the_cause() -> None:
    assert list(_waits(run_on("cuda:0"))) == [
        "waited: cuda:0 for 41% of the time of digits, mostly for decoding, 3 of 8 threads busy"
    ]


@pytest.mark.parametrize(
    "run",
    [
        run_on("cpu"),
        run_on("cuda", seconds_waited=1.0),
        run_on("cuda", waits=None),
        run_on("cuda", served=ServedSpeed(concurrency=8)),
        run_on("cuda", seconds_wall=2.0),
        RunRecord(model=MODEL, settings={"device": "cuda"}, benchmarks={"digits": BenchmarkRecord()}),
        RunRecord(model=MODEL, benchmarks={"digits": BenchmarkRecord(speed=Speed(waits=WAITS))}),
    ],
)
def test_nothing_is_said_of_a_processor_a_server_or_a_little(run: RunRecord) -> None:
    assert list(_waits(run)) == []
