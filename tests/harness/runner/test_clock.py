import pytest
from msgspec.structs import replace

from harness.records.journal import Line
from harness.records.speed import Speed, Waits
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


def test_an_accelerator_counts_its_own_time_and_what_it_waited_for(time: Watch) -> None:
    """Features take 2 s of which it waits for the last half; text takes 3 s, of which it waits for the last third."""
    lap = Lap(waits_only=True)
    with lap.phase("decode"):
        time.sleep(4.0)  # until 104
    with lap.phase("features"):
        time.sleep(2.0)  # until 106
    lap.wait(100.0, 103.0, "features", "transfer", "text")  # only decoding went on
    lap.wait(105.0, 106.0, "features", "transfer", "text")
    with lap.phase("model"):
        time.sleep(5.0)  # until 111
    with lap.phase("text"):
        time.sleep(3.0)  # until 114
    lap.awaited = 113.0
    lap.written()
    assert lap.seconds == dict.fromkeys(PHASES, 0.0) | {"decode": 4.0, "features": 2.0, "model": 5.0, "text": 3.0}
    assert lap.waited == dict.fromkeys(PHASES, 0.0) | {"features": 1.0, "text": 1.0}
    assert lap.counted == 7.0
    processor = Lap(seconds=dict(lap.seconds), waited=dict(lap.waited))
    assert processor.counted == 10.0


def test_a_text_that_nobody_waited_for_costs_an_accelerator_nothing(time: Watch) -> None:
    lap = Lap(waits_only=True)
    with lap.phase("model"):
        time.sleep(5.0)
    with lap.phase("text"):
        time.sleep(3.0)
    lap.written()
    assert lap.counted == 5.0
    lap.awaited = 108.5  # while the lines were being written
    lap.written()
    assert lap.counted == 5.0


def test_waits_are_kept_by_their_cause() -> None:
    """4 s for decoding with 3 of 8 threads busy, 1 s of features, and half a second of neither; then 2 s."""
    clock = Clock()
    clock.wait(5.5, {"decode": 4.0, "features": 1.0}, "other", busy=3.0, threads=8)
    clock.wait(2.0, {"text": 0.5}, "journal", busy=7.0, threads=8)
    assert clock.waited == 7.5
    expected = Waits(decode=4.0, features=1.0, text=0.5, journal=1.5, other=0.5, busy_seconds=12.0, threads=8)
    assert clock.waits == expected
    assert clock.speed().waits == replace(expected, cause="decoding, 3 of 8 threads busy")
    assert expected.busy == 3.0
    assert Clock.resumed(clock.speed(), []).waits == expected
    clock.merge(Clock(waited=1.0, waits=Waits(decode=1.0, busy_seconds=1.0, threads=2)))
    assert clock.waits.decode == 5.0
    assert (clock.waits.busy, clock.waits.threads) == (2.6, 8)
    assert Clock().speed().waits is None


@pytest.mark.parametrize(
    ("waits", "cause"),
    [
        (Waits(), ""),
        (Waits(decode=2.0, busy_seconds=15.8, threads=8), "decoding, 8 of 8 threads busy"),
        (Waits(decode=2.0, text=2.5, threads=8), "texts"),
        (Waits(decode=2.0, features=3.0, text=2.5, threads=8), "features made on the host"),
        (Waits(transfer=1.0), "copies to the device"),
        (Waits(journal=1.0), "the journal"),
        (Waits(other=1.0), "its turn"),
    ],
)
def test_the_largest_cause_is_told(waits: Waits, cause: str) -> None:
    assert waits.largest == cause
