"""Whatever fails in any stage, in the data or in the journal costs what it must, and no more."""

import concurrent.futures
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunError
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.stages import Stop
from tests.harness.runner.staged import EVERYTHING, STAGES, Staged, run, texts
from tests.harness.runner.test_loop import loop, utterances


def failing(stage: str, error: Callable[[], Exception], when: Callable[[list[str]], bool]) -> Staged:
    class Failing(Staged):
        def look(self, name: str, value: Any) -> Any:
            if name == stage and when(value):
                raise error()
            return value

    return Failing({"infer": 0.001})


@pytest.mark.parametrize("stage", STAGES)
def test_a_bad_clip_costs_itself_whatever_stage_it_breaks(journal: JournalFile, stage: str) -> None:
    model = failing(stage, lambda: ValueError("no"), lambda names: "u7" in names)
    work, _ = run(model, journal, budget=Budget(clips=4))
    assert texts(journal) == EVERYTHING | {"u7": "ValueError: no"}
    assert len(journal.lines) == 20
    assert set(model.most.values()) == {1}  # also when clips are tried again, one by one
    unclean = {line.id for line in journal.lines if not line.undisturbed}
    assert unclean == {"u4", "u5", "u6", "u7"}
    assert (work.state.clock.batches, work.state.clock.excluded) == (5, 1)
    assert [event.event for event in work.state.events] == ["batch_failed"]
    assert {line.batch for line in journal.lines if line.batch is not None} == set(range(5))
    assert [event.batch for event in work.state.events] == [1]


@pytest.mark.parametrize("stage", STAGES)
def test_a_lack_of_memory_in_any_stage_is_planned_around(journal: JournalFile, stage: str) -> None:
    model = failing(stage, MemoryError, lambda names: len(names) > 3)
    work, _ = run(model, journal, budget=Budget(clips=8))
    assert texts(journal) == EVERYTHING
    assert len(journal.lines) == 20
    assert work.state.budget.clips in {2, 3}
    assert {event.event for event in work.state.events} == {"out_of_memory"}
    assert work.state.clock.excluded > 0
    assert work.state.clock.audio_seconds == pytest.approx(20 * 0.1)


@pytest.mark.parametrize("overlap", [True, False])
def test_errors_at_random_in_all_stages_lose_nothing(journal: JournalFile, overlap: bool) -> None:
    import random

    choose = random.Random(3)

    class Moody(Staged):
        def look(self, name: str, value: Any) -> Any:
            if len(value) > 1 and choose.random() < 0.05:
                raise MemoryError if choose.random() < 0.5 else ValueError("mood")
            return value

    work, _ = run(Moody(), journal, count=200, budget=Budget(clips=6), overlap=overlap)
    assert texts(journal) == {f"u{number}": f"this is u{number}" for number in range(200)}
    assert len(journal.lines) == 200
    assert {event.event for event in work.state.events} == {"batch_failed", "out_of_memory"}
    assert work.state.clock.audio_seconds_undisturbed == pytest.approx(
        sum(line.audio_seconds or 0.0 for line in journal.lines if line.undisturbed)
    )
    assert len({line.batch for line in journal.lines if not line.undisturbed}) == work.state.clock.excluded > 0


def test_a_journal_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    class Full(JournalFile):
        def append(self, lines: Any) -> None:
            if len(self.lines) >= 3:
                raise RunError("the disk is full")
            super().append(lines)

    with Full(tmp_path / "b.jsonl") as journal, pytest.raises(RunError, match="the disk is full"):
        run(Staged({"infer": 0.001}), journal)
    assert len(journal.lines) == 3


def test_a_source_that_breaks_ends_the_run_and_keeps_what_was_done(journal: JournalFile, monkeypatch: Any) -> None:
    from harness.runner import loop as module

    monkeypatch.setattr(module, "WINDOW_ITEMS", 4)

    def broken() -> Any:
        yield from utterances([0.1] * 10)
        raise OSError("connection lost")

    work = loop(Staged(), journal, budget=Budget(clips=2))
    with pytest.raises(OSError, match="connection lost"):
        work.run(broken())
    assert sorted(line.id for line in journal.lines) == [f"u{number}" for number in range(8)]


def test_a_source_that_hangs_does_not_keep_a_stopped_run(journal: JournalFile, monkeypatch: Any) -> None:
    from harness.errors import Interrupted
    from harness.runner import loop as module

    monkeypatch.setattr(module, "WINDOW_ITEMS", 4)
    stop, hangs, released = Stop(), threading.Event(), threading.Event()
    went_on: list[bool] = []

    def hanging() -> Any:
        yield from utterances([0.1] * 8)
        hangs.set()
        went_on.append(released.wait(60))

    def wait(*arguments: Any, **more: Any) -> Any:
        """A stop is asked for while the loop has nothing else to do but wait for the source."""
        found = concurrent.futures.wait(*arguments, **more)
        stop.requested = hangs.is_set() and not found.done
        return found

    monkeypatch.setattr(module, "wait", wait)

    work = loop(Staged(), journal, budget=Budget(clips=2), stop=stop)
    with pytest.raises(Interrupted):
        work.run(hanging())
    assert not went_on  # nobody waited for the source
    assert len(journal.lines) == len({line.id for line in journal.lines}) <= 8
    released.set()


@pytest.mark.parametrize("served", [True, False])
def test_ctrl_c_closes_what_waits_for_a_server_and_no_other_model(journal: JournalFile, served: bool) -> None:
    closed = []

    class Stopped(Staged):
        def infer(self, features: Any) -> Any:
            raise KeyboardInterrupt

        def close(self) -> None:
            closed.append(self.card.served)

    with pytest.raises(KeyboardInterrupt):
        run(Stopped(served=served), journal, 3)
    assert closed == [True] * served
