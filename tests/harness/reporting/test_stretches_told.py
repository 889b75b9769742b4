"""What a table says of a run that several machines computed."""

from __future__ import annotations

from harness.records.run import BenchmarkRecord, SpeedElsewhere, Stretch
from harness.records.speed import Speed
from harness.reporting.stretches import apart, mixed
from tests.harness.run_records import machine, run_record


def test_each_speed_is_told_with_the_machine_that_it_was_measured_on() -> None:
    places = [machine(name) for name in ("first", "second", "third")]
    elsewhere = [SpeedElsewhere(stretch=1, speed=Speed(rtfx=5.5)), SpeedElsewhere(stretch=0, speed=Speed())]
    run = run_record(
        environment=places[2],
        stretches=[Stretch(environment=one) for one in places],
        benchmarks={
            "read": BenchmarkRecord(speed=Speed(rtfx=9.0), stretches=(0, 1, 2), speeds_elsewhere=elsewhere),
            "far": BenchmarkRecord(speed=Speed(rtfx=3.25, elsewhere=True), stretches=(0, 1)),
        },
    )
    told = "of what third, 2 cores computed; RTFx elsewhere: read 5.5 on second, 2 cores, far 3.25 on second, 2 cores"
    assert apart(run) == (told,)
    assert apart(run_record()) == apart(None) == ()


def test_what_is_not_known_of_a_machine_is_said_and_speeds_that_are_none_are_not() -> None:
    run = run_record(
        environment=machine("here", 4),
        stretches=[Stretch(), Stretch(environment=machine("other"))],
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
    run = run_record(stretches=of_two)
    assert mixed(run) == ("several versions (--mix-packages): torch 2 (was 1); av 3 (was 2)",)
    assert mixed(run_record(stretches=of_two[:1])) == mixed(None) == ()
