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
from harness.reporting.stretches import apart, mixed


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


def test_what_is_not_known_of_a_machine_is_said_and_speeds_that_are_none_are_not() -> None:
    run = RunRecord(
        model=ModelRecord(id="m"),
        environment=Environment(hardware=Hardware(cpu="here", cores=4)),
        stretches=[Stretch(), Stretch(environment=Environment(hardware=Hardware(cpu="other", cores=2)))],
        benchmarks={
            "a": BenchmarkRecord(speed=Speed(rtfx=1234.56, elsewhere=True)),  # of before stretches were noted
            "b": BenchmarkRecord(speed=Speed(rtfx=7.0), stretches=(0, 1)),
            "c": BenchmarkRecord(speed=Speed(elsewhere=True), stretches=(1,)),
            "d": BenchmarkRecord(stretches=(1,), speeds_elsewhere=[SpeedElsewhere(stretch=1, speed=Speed(rtfx=2.0))]),
        },
    )
    told = "of what here, 4 cores computed; RTFx elsewhere: a 1235 on a machine not known, d 2 on other, 2 cores"
    assert apart(run) == (told,)


def test_several_versions_are_told_in_a_line() -> None:
    of_two = [Stretch(), Stretch(mixed=("torch 2 (was 1)",)), Stretch(mixed=("av 3 (was 2)",))]
    run = RunRecord(model=ModelRecord(id="m"), benchmarks={}, stretches=of_two)
    assert mixed(run) == ("several versions (--mix-packages): torch 2 (was 1); av 3 (was 2)",)
    assert mixed(RunRecord(model=ModelRecord(id="m"), benchmarks={}, stretches=of_two[:1])) == mixed(None) == ()
