"""How busy the threads are that decode, by a clock that goes on when it is told to."""

from __future__ import annotations

from threading import Event

import pytest

from harness.models.base import Model
from harness.runner.clock import Lap
from harness.runner.threads import Busy, Threads
from tests.harness.runner.test_clock import Watch
from tests.harness.runner.test_loop import Echo


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr("harness.runner.threads.time", watch)
    return watch


def test_threads_at_work_are_averaged_over_the_time_that_is_measured(time: Watch) -> None:
    busy, lap = Busy(), Lap()
    with busy:
        time.sleep(5.0)  # before it is measured
        with busy.measured(lap):
            time.sleep(1.0)  # one
            with busy:
                time.sleep(2.0)  # two
            time.sleep(1.0)  # one
    assert lap.busy == (1 + 2 * 2 + 1) / 4
    with busy.measured(lap):
        time.sleep(1.0)
    assert lap.busy == 0.0
    with busy.measured(lap):
        pass
    assert lap.busy == 0.0


def test_what_fails_is_not_at_work_any_more(time: Watch) -> None:
    busy, lap = Busy(), Lap()
    with pytest.raises(ValueError, match="x"), busy:
        raise ValueError("x")
    with busy.measured(lap):
        time.sleep(1.0)
    assert lap.busy == 0.0


def test_calls_in_threads_that_decode_are_at_work_as_long_as_they_take(time: Watch) -> None:
    lap, begun, end = Lap(), [Event(), Event()], Event()

    def work(number: int, *, answer: str) -> str:
        begun[number].set()
        assert end.wait(10)
        return answer

    model: Model = Echo()
    with Threads(model, 3) as threads:
        futures = [threads.decoding(work, number, answer=str(number)) for number in (0, 1)]
        assert all(event.wait(10) for event in begun)
        with threads.busy.measured(lap):
            time.sleep(2.0)
        end.set()
        assert [future.result() for future in futures] == ["0", "1"]
        assert threads.workers == 3
    assert lap.busy == 2.0
