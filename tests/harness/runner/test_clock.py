import pytest

from harness.records.journal import Line
from harness.records.run import Speed
from harness.runner.clock import PHASES, Clock, Lap


class Watch:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr("harness.runner.clock.time", watch)
    return watch


def test_time_spent_in_one_phase_moves_only_that_phase(time: Watch) -> None:
    lap = Lap()
    with lap.phase("features"):
        time.sleep(2.0)
    time.sleep(1.0)
    with lap.phase("text"):
        pass
    with lap.phase("features"):
        time.sleep(0.5)
    assert lap.seconds == dict.fromkeys(PHASES, 0.0) | {"features": 2.5}


def test_a_phase_ends_when_the_device_does(time: Watch) -> None:
    lap = Lap()
    with lap.phase("model", lambda: time.sleep(2.0)):
        time.sleep(1.0)
    assert lap.seconds["model"] == 3.0


def test_a_phase_that_raises_is_counted(time: Watch) -> None:
    lap = Lap()

    def work() -> None:
        with lap.phase("model"):
            time.sleep(2.0)
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        work()
    assert lap.seconds["model"] == 2.0


def lap_of(**seconds: float) -> Lap:
    return Lap(seconds=dict.fromkeys(PHASES, 0.0) | seconds)


def test_rtfx_counts_undisturbed_batches_and_four_phases() -> None:
    clock = Clock(wall=20.0, waited=9.0, warmup=1.0)
    clock.add(lap_of(decode=5.0, features=1.0, transfer=1.0, model=2.0, text=1.0), 50.0, undisturbed=True)
    clock.add(lap_of(model=5.0), 50.0, undisturbed=False)
    assert clock.rtfx == 10.0
    assert clock.rtfx_end_to_end == 5.0
    assert clock.excluded == 1
    phases = clock.speed().phases
    assert phases["model"] == 7.0
    assert phases["untracked"] == 3.0  # 20 less 7 of the model, 9 that it waited and 1 of warm-up


def test_the_clock_goes_on_where_it_was() -> None:
    clock = Clock(wall=3.0, warmup=0.5, waited=0.25)
    clock.add(lap_of(model=1.0), 7.0, undisturbed=True)
    clock.add(lap_of(model=9.0), 8.0, undisturbed=False)
    counted = Line(id="a", reference="", hypothesis="", audio_seconds=7.0, time=1.0, undisturbed=True)
    disturbed = Line(id="b", reference="", hypothesis="", audio_seconds=8.0, time=9.0, undisturbed=False)
    failed = Line(id="c", reference="", error="no", audio_seconds=1.0)
    assert Clock.resumed(clock.speed(), [counted, disturbed, failed]) == clock
    # A process that was killed wrote more lines than run.json knows of.
    assert Clock.resumed(Speed(), [counted, disturbed]).rtfx == 7.0


def test_no_audio_has_no_speed() -> None:
    assert Clock().rtfx is None
    assert Clock(wall=1.0).rtfx_end_to_end is None


def test_no_time_has_no_speed_either() -> None:
    clock = Clock()
    clock.add(lap_of(decode=1.0), 7.0, undisturbed=True)
    assert (clock.rtfx, clock.rtfx_end_to_end) == (None, None)
