"""What a table says of a run that several machines computed."""

from __future__ import annotations

from harness.records.run import (
    BenchmarkRecord,
    Environment,
    Hardware,
    ModelRecord,
    RunRecord,
    Speed,
    SpeedElsewhere,
    Stretch,
)
from harness.reporting.stretches import apart


def test_each_speed_is_told_with_the_machine_that_it_was_measured_on() -> None:
    places = [Environment(hardware=Hardware(cpu=name, cores=2)) for name in ("first", "second", "third")]
    elsewhere = [SpeedElsewhere(stretch=1, speed=Speed(rtfx=5.5)), SpeedElsewhere(stretch=0, speed=Speed())]
    run = RunRecord(
        model=ModelRecord(id="m"),
        environment=places[2],
        stretches=[Stretch(environment=one) for one in places],
        benchmarks={
            "read": BenchmarkRecord(speed=Speed(rtfx=9.0), stretches=(0, 1, 2), speeds_elsewhere=elsewhere),
            "far": BenchmarkRecord(speed=Speed(rtfx=3.25, elsewhere=True), stretches=(0, 1)),
        },
    )
    told = "of what third, 2 cores computed; RTFx elsewhere: read 5.5 on second, 2 cores, far 3.25 on second, 2 cores"
    assert apart(run) == (told,)
    assert apart(RunRecord(model=ModelRecord(id="m"), benchmarks={})) == apart(None) == ()
