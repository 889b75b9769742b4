"""Stages of different batches run beside each other, and each second is in the account that it belongs to."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace as replace_record

from harness.audio import load_clip
from harness.records.speed import Waits
from harness.runner.clock import PHASES
from harness.runner.journal import JournalFile
from harness.runner.pipeline import _load
from harness.runner.plan import Budget
from harness.runner.threads import Threads
from harness.types import Clip
from tests.harness.runner.staged import EVERYTHING, STAGES, Staged, run, texts
from tests.harness.runner.test_loop import loop, utterances


def test_stages_overlap_and_each_has_a_thread_of_its_own(journal: JournalFile) -> None:
    model = Staged({"features": 0.01, "transfer": 0.005, "infer": 0.02, "text": 0.015})
    work, _wall = run(model, journal)
    assert texts(journal) == EVERYTHING
    assert work.state.clock.phases["model"] >= 20 * 0.02
    assert set(model.most.values()) == {1}
    assert model.threads["features"] == model.threads["transfer"] == {"prepare_0"}
    assert model.threads["infer"] == {threading.current_thread().name}
    assert model.threads["text"] == {"write_0"}
    assert model.streams == {"prepare_0", "write_0"}


def test_without_overlap_the_stages_run_in_a_row(journal: JournalFile) -> None:
    running: list[str] = []
    most = 0

    class Watched(Staged):
        def stage(self, name: str, value: Any) -> Any:
            nonlocal most
            running.append(name)
            most = max(most, len(running))
            try:
                return super().stage(name, value)
            finally:
                running.remove(name)

    model = Watched(dict.fromkeys(STAGES, 0.002))
    work, wall = run(model, journal, overlap=False)
    assert texts(journal) == EVERYTHING
    assert most == 1
    assert wall >= work.state.clock.counted >= 20 * 0.008


@pytest.mark.parametrize("slow", STAGES)
def test_time_spent_in_one_stage_is_in_its_phase_only(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    """By clocks that each thread has for itself, and that stand still but for the slow stage."""
    now = threading.local()
    monkeypatch.setattr("harness.runner.clock.time", SimpleNamespace(perf_counter=lambda: getattr(now, "is_", 0.0)))

    class Slow(Staged):
        def look(self, name: str, value: Any) -> Any:
            now.is_ = getattr(now, "is_", 0.0) + (2.0 if name == slow else 0.0)
            return value

    work, _wall = run(Slow(), journal, count=10)
    phases = work.state.clock.phases
    assert phases["model" if slow == "infer" else slow] == 20.0
    assert sum(phases.values()) == 20.0


@pytest.mark.parametrize("slow", STAGES)
def test_what_the_network_waits_for_is_in_the_account_of_the_device(journal: JournalFile, slow: str) -> None:
    work, wall = run(Staged({slow: 0.02}), journal, count=10)
    phases = work.state.clock.speed().phases
    assert phases["model"] + work.state.clock.waited + phases["untracked"] == pytest.approx(wall)
    assert phases["model"] + work.state.clock.waited >= 0.1  # of 0.2, some of which went by before it waited
    assert work.state.clock.counted == pytest.approx(sum(line.time or 0.0 for line in journal.lines))


def test_the_warm_up_is_in_no_account_but_its_own(journal: JournalFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that stands still but for the first call of each stage."""
    now = 0.0
    monkeypatch.setattr("harness.runner.pipeline.time", SimpleNamespace(perf_counter=lambda: now))

    class Cold(Staged):
        def look(self, name: str, value: Any) -> Any:
            nonlocal now
            now += 1.0 if name not in warm else 0.0
            warm.add(name)
            return value

    warm = set[str]()
    work, _wall = run(Cold(), journal, count=5, warm=False)
    clock = work.state.clock
    assert (clock.warmup, clock.waited, clock.batches) == (4.0, 0.0, 5)
    assert clock.counted == pytest.approx(sum(line.time or 0.0 for line in journal.lines))


class Beside(Staged):
    """Features of the next batch take 2 s and the text of the last one 4 s, both while the network has 1 s more.

    By a clock that stands still but for these.
    """

    def __init__(self, *, accelerated: bool) -> None:
        super().__init__()
        self.now, self.accelerated = 0.0, accelerated
        self.begun, self.made, self.said = ([threading.Event() for _ in range(20)] for _ in range(3))

    def perf_counter(self) -> float:
        return self.now

    def look(self, name: str, value: Any) -> Any:
        number = int(value[0].removeprefix("u"))
        if name == "features" and number > 0:
            assert self.begun[number - 1].wait(10)
            self.now += 2.0
            self.made[number].set()
        elif name == "infer":
            self.begun[number].set()
            assert number == 19 or self.made[number + 1].wait(10)
            self.said[number - 1].set() if number == 0 else None
            assert number == 0 or self.said[number - 1].wait(10)
            self.now += 1.0
        elif name == "text" and number < 19:
            assert self.begun[number + 1].wait(10)
            assert self.made[min(19, number + 2)].wait(10)
            self.now += 4.0
            self.said[number].set()
        return value


@pytest.mark.parametrize("accelerated", [True, False])
def test_what_an_accelerator_does_not_wait_for_is_not_counted(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch, accelerated: bool
) -> None:
    """The first is in the network for 1 + 2 s, the last for 1 + 4 s, the 18 between for 1 + 2 + 4 s."""
    model = Beside(accelerated=accelerated)
    for module in ("clock", "pipeline", "threads"):
        monkeypatch.setattr(f"harness.runner.{module}.time", model)
    work, _wall = run(model, journal)
    clock = work.state.clock
    assert (clock.phases["model"], clock.waited, clock.waits) == (134.0, 0.0, Waits(threads=2))
    assert clock.phases["features"] >= 38.0
    assert clock.phases["text"] >= 76.0
    assert clock.counted == (134.0 if accelerated else sum(clock.phases.values()) - clock.phases["decode"])
    assert sum(line.time or 0.0 for line in journal.lines) == pytest.approx(clock.counted)


def test_a_wait_for_decoding_is_told_with_the_threads_that_were_busy(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clips are decoded one after the other, 10 ms each, and the network takes no time."""
    one = threading.Lock()

    def slowly(utterance: Any) -> Clip:
        with one:
            time.sleep(0.01)
        return load_clip(utterance)

    monkeypatch.setattr("harness.runner.pipeline.load_clip", slowly)
    work, _wall = run(Staged(), journal)
    waits = work.state.clock.waits
    parts = (waits.decode, waits.features, waits.transfer, waits.text, waits.journal, waits.other)
    assert sum(parts) == pytest.approx(work.state.clock.waited)
    assert waits.decode == max(parts)
    assert waits.threads == 2
    assert waits.busy is not None
    assert 0 < waits.busy <= 2
    assert work.state.clock.speed().waits == replace_record(waits, cause=waits.largest)


class Once(Staged):
    """One batch: 2 s of features, 1 s in the network, 4 s of text, which end before the network's thread waits for them
    or begin after. By a clock that stands still but for these."""

    accelerated = True

    def __init__(self, *, early: bool) -> None:
        super().__init__()
        self.now, self.early, self.waits = 0.0, early, 0
        self.begun = {"features": threading.Event(), "text": threading.Event()}
        self.made = {"features": threading.Event(), "text": threading.Event()}

    def perf_counter(self) -> float:
        """Asked for when a wait begins, and when it ends."""
        begin = self.now
        self.waits += 1
        name = {1: "features", 3: "text"}.get(self.waits)
        if name is not None:
            self.begun[name].set()
            assert not self.early or self.made[name].wait(10)
        return self.now if self.early or name is None else begin

    def look(self, name: str, value: Any) -> Any:
        if name in self.begun:
            assert self.early or self.begun[name].wait(10)
        self.now += {"features": 2.0, "infer": 1.0, "text": 4.0}.get(name, 0.0)
        if name in self.made:
            self.made[name].set()
        return value


@pytest.mark.parametrize(
    ("early", "overlap", "counted"),
    [
        (False, True, 7.0),
        (True, True, 1.0),
        (True, False, 7.0),  # as the leaderboard's scripts, whatever is waited for
        (False, False, 7.0),
    ],
)
def test_of_features_and_text_an_accelerator_counts_what_it_waits_for(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch, early: bool, overlap: bool, counted: float
) -> None:
    model = Once(early=early)
    monkeypatch.setattr("harness.runner.pipeline.time", model)
    for module in ("clock", "threads"):
        monkeypatch.setattr(f"harness.runner.{module}.time", SimpleNamespace(perf_counter=lambda: model.now))
    work, _wall = run(model, journal, count=1, overlap=overlap)
    assert work.state.clock.phases == dict.fromkeys(PHASES, 0.0) | {"features": 2.0, "model": 1.0, "text": 4.0}
    assert work.state.clock.counted == counted
    assert [line.time for line in journal.lines] == [counted]
    expected = Waits(threads=2) if early else Waits(features=2.0, text=4.0, threads=2)
    assert work.state.clock.waits == expected


def test_a_batch_is_prepared_and_another_written_while_one_is_in_the_network(journal: JournalFile) -> None:
    begun = {stage: {name: threading.Event() for name in EVERYTHING} for stage in STAGES}

    class Meeting(Staged):
        def look(self, name: str, value: Any) -> Any:
            (number,) = (int(each.removeprefix("u")) for each in value)
            begun[name][value[0]].set()
            # Were the stages run in a row, nobody would come, and the wait would end after its ten seconds.
            if name == "infer" and 0 < number < 19:
                assert begun["features"][f"u{number + 1}"].wait(10)
                assert begun["text"][f"u{number - 1}"].wait(10)
            return value

    run(Meeting(), journal)
    assert texts(journal) == EVERYTHING


def test_a_stream_without_lengths_is_sorted_window_by_window_in_bounded_memory(
    journal: JournalFile, monkeypatch: Any
) -> None:
    from harness.runner import loop as module

    lengths = [0.1 + 0.01 * (number * 37 % 50) for number in range(300)]
    encoded = utterances(lengths[:50])
    size = sum(len(utterance.audio.data or b"") for utterance in encoded) // 5  # a window has about ten of them
    monkeypatch.setattr(module, "WINDOW_BYTES", size)
    held = 0

    def stream() -> Any:
        """Reads as it is asked to, and tells how much more it has read than is journalled."""
        nonlocal held
        for number in range(len(lengths)):
            known = encoded[number % 50]
            held = max(held, number - len(journal.lines))
            yield replace(known, id=f"u{number}", duration=None)

    batches: list[list[str]] = []

    class Remembering(Staged):
        def look(self, name: str, value: Any) -> Any:
            if name == "infer":
                batches.append(value)
            return value

    work = loop(Remembering({"infer": 0.001}), journal, budget=Budget(clips=4), warm=True)
    assert work.run(stream()) == 300
    assert texts(journal) == {f"u{number}": f"this is u{number}" for number in range(300)}
    assert all(line.audio_seconds == pytest.approx(lengths[int(line.id[1:])]) for line in journal.lines)
    assert all(line.duration == line.audio_seconds for line in journal.lines)
    assert len(work.padding) > 20  # windows
    assert held <= 40  # the window that runs, the one that is read ahead, and one that is begun
    for batch in batches:  # within a window the longest go first, though nobody said how long they are
        assert [lengths[int(name[1:])] for name in batch] == sorted((lengths[int(n[1:])] for n in batch), reverse=True)
    assert sum(len(batch) == 4 for batch in batches) > 40


def decoding(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the decode threads were given, as it is given to them."""
    begun: list[Any] = []

    begin = Threads.decoding

    def counting(threads: Threads, call: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        if call is _load:
            begun.append(arguments[0])
        return begin(threads, call, *arguments, **more)

    monkeypatch.setattr(Threads, "decoding", counting)
    return begun


def test_so_much_is_decoded_ahead_and_no_more(journal: JournalFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """With eight clips a batch: two batches are prepared while one is in the network, and two more decoded."""
    decodes = decoding(monkeypatch)

    class Looking(Staged):
        def look(self, name: str, value: Any) -> Any:
            if name == "infer":
                seen.append(len(decodes))
            return value

    seen: list[int] = []
    run(Looking(), journal, count=80, budget=Budget(clips=8))
    assert seen == [40, 48, 56, 64, 72, *[80] * 5]


def test_without_overlap_nothing_is_decoded_beside_the_network(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodes = decoding(monkeypatch)

    class Looking(Staged):
        def look(self, name: str, value: Any) -> Any:
            seen.append(len(decodes))
            return value

    seen: list[int] = []
    run(Looking(), journal, count=4, overlap=False)
    assert seen == [number for number in (1, 2, 3, 4) for _ in STAGES]
