"""The driver of many devices sends first shares while it lists the data, and loses workers. Those are threads here."""

import pickle
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.dataset import Audio, Utterance
from harness.errors import DataError, Interrupted
from harness.runner import ray_ahead, ray_engine
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Answer, Handle
from harness.runner.ray_held import Order
from harness.runner.stages import Stop
from tests.harness.runner import ray_threads
from tests.harness.runner.ray_threads import Grouped, Packing, Quiet, driver, expected, texts
from tests.harness.runner.stub_run import Slow

BUDGET = Budget(seconds=0.8, packs=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of four utterances."""
    monkeypatch.setattr(ray_ahead, "CHUNK", 4)


@pytest.fixture
def files(tmp_path: Path) -> list[Utterance]:
    """Sixty utterances of 0.1 to 0.26 s whose audio lies in files."""
    found = []
    for one in ray_threads.utterances(60):
        path = tmp_path / f"{one.id}.flac"
        path.write_bytes(one.audio.data or b"")
        found.append(replace(one, audio=Audio(origin=one.audio.origin, path=path)))
    return found


def until_sent(cluster: Grouped, chunks: int = 1) -> None:
    """Waits until so many were sent ahead."""
    last = time.monotonic() + 30
    while len(cluster.chunks) < chunks:
        assert time.monotonic() < last
        time.sleep(0.0005)


def test_many_devices_write_what_one_does(journal: JournalFile, tmp_path: Path, files: list[Utterance]) -> None:
    cluster = Grouped(Packing, 5)
    loop = driver(cluster, journal, budget=BUDGET)
    assert loop.run(iter(files)) == 60
    assert texts(journal) == expected(60, tmp_path / "local")
    assert [(len(one.rest.utterances), one.rest.number) for one in cluster.begun] == [(1, 9), (3, 5)]
    assert Counter(leader for leader, _ in cluster.chunks) == {0: 9, 3: 5}
    sent = [chunk for _, chunk in cluster.chunks] + [one.rest for one in cluster.begun]
    assert sorted(pickle.loads(one).id for chunk in sent for one in chunk.utterances) == [one.id for one in files]
    # Nothing was sent again but what was taken over, and no batch was of another size than it was planned.
    assert all(piece.number < 0 for _, pieces in cluster.given for piece in pieces)
    numbers = {line.batch for line in journal.lines}
    assert numbers == set(range(15))
    assert loop.state.clock.batches == 15
    seconds = Counter[int | None]()
    for line in journal.lines:
        seconds[line.batch] += round(1000 * (line.audio_seconds or 0.0))
    assert sorted(seconds.values()) == [610, *[680] * 4, *[690] * 4, *[710] * 5, 800]
    assert all(line.undisturbed for line in journal.lines)


def test_what_was_listed_is_sent_while_the_rest_is_listed(journal: JournalFile, files: list[Utterance]) -> None:
    cluster = Grouped(Packing, 3)
    before: list[int] = []

    def listed() -> Iterator[Utterance]:
        for number, one in enumerate(files):
            until_sent(cluster, number // 4)  # goes on when all that fills a message was sent
            before.append(len(cluster.begun))
            yield one

    driver(cluster, journal, budget=BUDGET).run(listed())
    assert len(cluster.chunks) == 15
    assert before == [0] * 60, "none begins before all is listed"
    assert len(journal) == 60


def test_beyond_first_shares_and_a_window_work_is_handed_out_as_it_is_asked_for(
    journal: JournalFile, tmp_path: Path, files: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "SHARE", 1)
    monkeypatch.setattr(ray_engine, "WINDOW_ITEMS", 4)  # windows of forty
    cluster = Grouped(Packing, 3)
    loop = driver(cluster, journal, budget=BUDGET)
    assert loop.run(iter(files)) == 60
    (begun,) = cluster.begun
    # 0.1, 0.11, ... s: so many clips until they are as much as three batches of 0.8 s.
    lengths = [one.duration or 0.0 for one in files]
    count = next(number for number in range(60) if sum(lengths[:number]) >= 3 * 0.8)
    assert 4 * begun.rest.number + len(begun.rest.utterances) == count == 15
    assert texts(journal) == expected(60, tmp_path / "local")
    others = {piece.number for _, pieces in cluster.given for piece in pieces if piece.number >= 0}
    assert len(others) >= 2 * 3


def test_audio_that_would_go_along_is_not_sent_ahead(
    journal: JournalFile, tmp_path: Path, files: list[Utterance]
) -> None:
    files[10] = ray_threads.utterances(11)[10]
    cluster = Grouped(Packing, 3)
    driver(cluster, journal, budget=BUDGET).run(iter(files))
    (begun,) = cluster.begun
    assert 4 * begun.rest.number + len(begun.rest.utterances) == 10
    assert texts(journal) == expected(60, tmp_path / "local")
    with JournalFile(tmp_path / "embedded.jsonl") as other:
        driver(cluster, other, budget=BUDGET).run(ray_threads.utterances(60))
        assert texts(other) == expected(60, tmp_path / "local2")
    assert len(cluster.begun) == 1, "all of it has audio in it"


def test_a_model_whose_texts_depend_on_the_plan_and_a_run_that_goes_on_have_the_plan_of_one_device(
    journal: JournalFile, tmp_path: Path, files: list[Utterance]
) -> None:
    class Dependent(Packing):
        def __init__(self) -> None:
            super().__init__()
            self.card = replace(self.card, batch_invariant=False)

    for model, budget in ((Dependent, BUDGET), (Slow0, BUDGET), (Packing, Budget(clips=4, packs=True))):
        cluster = Grouped(model, 3)
        with JournalFile(tmp_path / f"{model.__name__}{budget.clips}.jsonl") as other:
            driver(cluster, other, budget=replace(budget, packs=model is not Slow0)).run(iter(files))
            assert texts(other) == expected(60, tmp_path / f"local{model.__name__}{budget.clips}")
        assert (cluster.chunks, cluster.begun) == ([], [])
    cluster = Grouped(Packing, 3)
    driver(cluster, journal, budget=BUDGET).run(files[:5])
    cluster.chunks.clear()
    driver(cluster, journal, budget=BUDGET).run(iter(files))
    assert (len(cluster.chunks), len(cluster.begun)) == (0, 1)
    assert texts(journal) == expected(60, tmp_path / "local")


def Slow0() -> Slow:  # noqa: N802 - as the classes beside it
    return Slow(0.0)


class Losing(Grouped):
    """The first leader is lost: before it hands anything on, or when one of two has its share."""

    def __init__(self, had: int) -> None:
        super().__init__(Packing, 5)
        self.had, self.gone = had, self.ready[0]

    def begin(self, group: Sequence[Handle], order: Order) -> None:
        if group[0] is not self.gone:
            super().begin(group, order)
            return
        self.begun.append(order)
        self.others = group[1:]
        shares = group[0].actor.first_shares(pickle.dumps(order))
        for worker in self.others[: self.had]:
            worker.actor.add(pickle.loads(shares[worker.number]))

    def wait(self, timeout: float) -> list[Answer]:
        if self.gone not in self.ready:
            return super().wait(timeout)
        self.ready.remove(self.gone)
        self.spawn()
        return [Answer(self.gone, lost="shot", unsure=self.others)]


@pytest.mark.parametrize("had", [0, 1, 2])
def test_who_held_what_was_sent_ahead_is_lost(
    journal: JournalFile, tmp_path: Path, files: list[Utterance], had: int
) -> None:
    cluster = Losing(had)
    loop = driver(cluster, journal, budget=BUDGET)
    assert loop.run(iter(files)) == 60
    assert texts(journal) == expected(60, tmp_path / "local")
    assert [event.error for event in loop.state.events] == ["shot"]
    assert loop.state.clock.batches == 15
    assert {line.batch for line in journal.lines} == set(range(15)), "what one had already is not run again"
    again = Counter(worker for worker, pieces in cluster.given[:2] for _ in pieces)
    assert again == dict.fromkeys(cluster.others, 3)
    disturbed = {line.batch for line in journal.lines if not line.undisturbed}
    assert len(disturbed) == 1, "the batch that the lost one had first"


def test_a_member_that_is_lost_before_it_begins_costs_nothing(
    journal: JournalFile, tmp_path: Path, files: list[Utterance]
) -> None:
    class Gone(Grouped):
        def begin(self, group: Sequence[Handle], order: Order) -> None:
            super().begin(group, order)
            self.gone = group[1]

        def wait(self, timeout: float) -> list[Answer]:
            if self.gone not in self.ready:
                return super().wait(timeout)
            self.ready.remove(self.gone)
            self.spawn()
            return [Answer(self.gone, lost="shot")]

    loop = driver(Gone(Packing, 3), journal, budget=BUDGET)
    assert loop.run(iter(files)) == 60
    assert texts(journal) == expected(60, tmp_path / "local")
    assert loop.state.clock.batches == 15


def test_a_stop_while_it_is_listed_or_when_it_was_begins_nothing_and_is_gone_on_with(
    journal: JournalFile, tmp_path: Path, files: list[Utterance]
) -> None:
    for at, said in ((30, "it was still reading its data|the batch in hand"), (60, "its devices had not begun")):
        stop, cluster = Stop(), Grouped(Packing, 3)

        def listed(at: int = at, stop: Stop = stop, cluster: Grouped = cluster) -> Iterator[Utterance]:
            yield from files[:at]
            until_sent(cluster)
            stop.requested = True
            yield from files[at:]

        with pytest.raises(Interrupted, match=said):
            driver(cluster, journal, budget=BUDGET, stop=stop).run(listed())
        assert cluster.chunks
        assert (cluster.begun, cluster.given, len(journal)) == ([], [], 0)
    # The same workers: what they hold of the run that was stopped is of no account.
    loop = driver(cluster, journal, budget=BUDGET)
    assert loop.run(iter(files)) == 60
    assert texts(journal) == expected(60, tmp_path / "local")
    assert loop.state.clock.batches == 15


def test_a_stop_when_they_have_begun_lets_them_finish(
    journal: JournalFile, tmp_path: Path, files: list[Utterance]
) -> None:
    stop, listener = Stop(), Quiet()

    def stop_now() -> None:
        stop.requested = True

    listener.after = stop_now
    cluster = Grouped(Packing, 3)
    assert driver(cluster, journal, budget=BUDGET, stop=stop, listener=listener).run(iter(files)) == 60
    assert texts(journal) == expected(60, tmp_path / "local")


def test_data_that_cannot_be_listed_to_its_end_begins_nothing(
    journal: JournalFile, tmp_path: Path, files: list[Utterance]
) -> None:
    def listed() -> Iterator[Utterance]:
        yield from files[:30]
        until_sent(cluster)
        raise DataError("no more of it")

    cluster = Grouped(Packing, 3)
    with pytest.raises(DataError, match="no more of it"):
        driver(cluster, journal, budget=BUDGET).run(listed())
    assert cluster.chunks
    assert (cluster.begun, len(journal)) == ([], 0)
    driver(cluster, journal, budget=BUDGET).run(iter(files))
    assert texts(journal) == expected(60, tmp_path / "local")


def test_no_data_is_nothing_to_begin(journal: JournalFile) -> None:
    cluster = Grouped(Packing, 3)
    assert driver(cluster, journal, budget=BUDGET).run([]) == 0
    assert (cluster.chunks, cluster.begun) == ([], [])


def test_what_waits_at_a_slow_one_is_taken_over(journal: JournalFile, tmp_path: Path, files: list[Utterance]) -> None:
    models = iter([Packing(), Packing(0.05), Packing(), Packing()])  # the first is for the card
    cluster = Grouped(lambda: next(models), 3, timeout=None)
    loop = driver(cluster, journal, budget=BUDGET)
    assert loop.run(iter(files)) == 60
    assert texts(journal) == expected(60, tmp_path / "local")
    slow = loop.state.clock.cluster
    assert slow is not None
    assert slow.devices["10.0.0.0 gpu 0"].batches < 4 < max(one.batches for one in slow.devices.values())
    taken_over = [piece.number for worker, pieces in cluster.given for piece in pieces]
    assert all(number < 0 for number in taken_over)
    assert len(taken_over) == len(set(taken_over)) > 0


def test_a_driver_that_is_killed_when_its_devices_have_begun_loses_nothing(
    tmp_path: Path, files: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed five times in a fresh run, and gone on with by the plan of one device."""

    class Killed(BaseException):
        pass

    real, draw = JournalFile.append, random.Random(3)
    for number in range(5):
        left = draw.randrange(8)

        def append(self: JournalFile, lines: list[object]) -> None:
            nonlocal left
            left -= 1
            real(self, lines)  # type: ignore[arg-type]
            if left < 0:
                raise Killed

        path, cluster = tmp_path / f"{number}.jsonl", Grouped(Packing, 3)
        with monkeypatch.context() as patch, JournalFile(path) as journal, suppress(Killed):
            patch.setattr(JournalFile, "append", append)
            driver(cluster, journal, budget=BUDGET).run(iter(files))
        assert 0 < len(texts(journal)) < 60
        with JournalFile(path) as journal:
            driver(cluster, journal, budget=BUDGET).run(iter(files))
            assert texts(journal) == expected(60, tmp_path / f"local{number}")
        assert len(cluster.begun) == 1
