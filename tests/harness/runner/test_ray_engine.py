"""The driver of many devices, with workers in threads of this process: Ray itself is not needed here.

What a real cluster does is tested in test_ray_cluster.py.
"""

import pickle
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.dataset import Audio, Request, Utterance
from harness.config import OnError, Settings
from harness.errors import Interrupted, RunError, UsageError
from harness.models.base import Model, ModelCard
from harness.records.codec import write
from harness.records.journal import Line, encode_lines, read_journal
from harness.records.run import BenchmarkRecord
from harness.records.speed import ClusterSpeed
from harness.runner import ray_actor, ray_cluster, ray_connect, ray_engine
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Answer, Cluster, Handle, Place, without_calls
from harness.runner.ray_connect import Share
from harness.runner.ray_engine import RayLoop, Task
from harness.runner.ray_folder import remove
from harness.runner.ray_worker import Hung, Piece, Worker, Written
from harness.runner.shards import take_in
from harness.runner.stages import State, Stop
from harness.types import Clip, Hypothesis
from tests.harness.run_records import run_record
from tests.harness.runner.stub_run import Slow, dataset


class Here(Model):
    """A cluster of threads. `trouble` is asked before each answer whether its worker is lost instead."""

    def __init__(
        self,
        load: Callable[[], Model],
        size: int,
        trouble: Callable[[Handle], str | None] = lambda _: None,
        timeout: float | None = 0.5,
    ) -> None:
        self.load, self.size, self.trouble, self.timeout = load, size, trouble, timeout
        self.card = load().card
        self.ready: list[Handle] = []
        self.lost = 0
        for _ in range(size):
            self.spawn()

    def spawn(self) -> None:
        worker = Worker(self.load, folder=".", workers=1, gpus=0.0, batch_timeout=self.timeout)
        assert isinstance(worker.load(), ModelCard)
        place = Place(node=f"10.0.0.{len(self.ready)}", device="gpu 0", packages={})
        self.ready.append(Handle(worker, None, "ready", place))

    def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
        worker.actor.add(pieces)

    def share(self, given: Mapping[Handle, Sequence[Piece]]) -> None:
        for worker, pieces in given.items():
            self.give(worker, pieces)

    def listen(self, worker: Handle) -> None:
        worker.ref = "asked"

    def wait(self, timeout: float) -> list[Answer]:
        time.sleep(0.001)
        for worker in list(self.ready):
            if worker.ref is None or worker.actor._done.empty():
                continue
            worker.ref = None
            answer = worker.actor.written()
            reason = self.trouble(worker)
            hung = next((item.reason for item in answer if isinstance(item, Hung)), None)
            written = [] if reason else [item for item in answer if isinstance(item, Written)]
            events = [Answer(worker, written)] if written else []
            if reason or hung:
                self.ready.remove(worker)
                self.lost += 1
                self.spawn()
                events.append(Answer(worker, lost=reason or hung))
            return events
        return []

    def features(self, clips: Sequence[Clip]) -> Any:
        raise NotImplementedError

    def infer(self, features: Any) -> Any:
        raise NotImplementedError

    def text(self, output: Any) -> list[Hypothesis]:
        raise NotImplementedError


class Quiet:
    def __init__(self) -> None:
        self.utterances = 0
        self.after: Callable[[], None] = lambda: None

    def planned(self, utterances: int, seconds: float) -> None:
        self.utterances += utterances

    def batch(self, lines: Sequence[Line]) -> None:
        self.after()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    with JournalFile(tmp_path / "b.jsonl") as opened:
        yield opened


def utterances(count: int) -> list[Utterance]:
    return list(dataset(count).sources[0].open(Request()))


def driver(cluster: Here, journal: JournalFile, **more: Any) -> RayLoop:
    on_error: OnError = more.pop("on_error", "record")
    listener = more.pop("listener", None) or Quiet()
    state = state_of(cluster, **more)
    return RayLoop(state=state, benchmark="b", journal=journal, listener=listener, on_error=on_error)


def state_of(model: Model, **more: Any) -> State:
    parts: dict[str, Any] = {"budget": Budget(clips=4), "stop": Stop(), "clock": Clock()}
    return State(model=model, **(parts | more))


def texts(journal: JournalFile) -> dict[str, str | None]:
    """What is on the disk, each utterance once: `read_journal` refuses an id that stands twice."""
    return {line.id: line.hypothesis for line in read_journal(journal.path).lines}


def expected(count: int, folder: Path) -> dict[str, str | None]:
    """The same in this process."""
    folder.mkdir(exist_ok=True)
    with JournalFile(folder / "local.jsonl") as local:
        Loop(state=state_of(Slow(0.0)), benchmark="b", journal=local, listener=Quiet()).run(utterances(count))
        return texts(local)


def cluster_of(loop: RayLoop) -> ClusterSpeed:
    assert loop.state.clock.cluster is not None
    return loop.state.clock.cluster


def test_many_devices_write_what_one_does(journal: JournalFile, tmp_path: Path) -> None:
    loop = driver(Here(lambda: Slow(0.001), 3), journal, budget=Budget(clips=8))
    assert loop.run(utterances(40)) == 40
    assert texts(journal) == expected(40, tmp_path)
    lines = journal.lines
    # Five batches of eight leave one of three devices idle in the second round; six of seven do not.
    assert {line.batch for line in lines} == set(range(6))
    assert loop.state.clock.batches == 6
    assert loop.state.clock.audio_seconds_undisturbed == pytest.approx(sum(line.audio_seconds or 0.0 for line in lines))
    assert loop.state.clock.counted == pytest.approx(sum(line.time or 0.0 for line in lines))
    cluster = cluster_of(loop)
    assert sorted(cluster.devices) == ["10.0.0.0 gpu 0", "10.0.0.1 gpu 0", "10.0.0.2 gpu 0"]
    assert cluster.rtfx == pytest.approx(sum(device.rtfx or 0.0 for device in cluster.devices.values()))
    assert cluster.rtfx_per_device == pytest.approx((cluster.rtfx or 0.0) / 3)
    assert sum(device.batches for device in cluster.devices.values()) == loop.state.clock.batches
    assert Clock.resumed(loop.state.clock.speed(), []).cluster == cluster


def test_work_is_taken_as_it_comes(journal: JournalFile) -> None:
    seconds = iter([0.001, 0.02, 0.001])  # the first is for the card, the second is slow
    loop = driver(Here(lambda: Slow(next(seconds)), 2), journal, budget=Budget(clips=1))
    loop.run(utterances(60))
    slow, fast = (cluster_of(loop).devices[f"10.0.0.{number} gpu 0"].batches for number in range(2))
    assert slow + fast == 60
    assert fast > 3 * slow


def test_workers_that_share_a_device_are_one_device(journal: JournalFile) -> None:
    cluster = Here(lambda: Slow(0.001), 2)
    cluster.ready[1].place = cluster.ready[0].place
    loop = driver(cluster, journal)
    loop.run(utterances(40))
    ((name, device),) = cluster_of(loop).devices.items()
    assert (name, device.workers) == ("10.0.0.0 gpu 0", 2)
    assert device.rtfx == pytest.approx(2 * device.audio_seconds / device.seconds_counted)
    assert loop.state.clock.rtfx == pytest.approx(device.audio_seconds / device.seconds_counted)


def test_lost_workers_cost_nothing_but_time(journal: JournalFile, tmp_path: Path) -> None:
    answers = 0

    def trouble(worker: Handle) -> str | None:
        nonlocal answers
        answers += 1
        return "shot" if answers in {2, 7, 13, 14} else None

    cluster = Here(lambda: Slow(0.0), 2, trouble)
    loop = driver(cluster, journal)
    loop.run(utterances(120))
    assert texts(journal) == expected(120, tmp_path)
    assert cluster.lost >= 2
    lost = [event for event in loop.state.events if event.event == "worker_lost"]
    assert len(lost) == cluster.lost
    assert lost[0].error == "shot"
    # What was run again is no measure of speed.
    unclean = {line.batch for line in journal.lines if not line.undisturbed}
    assert loop.state.clock.excluded == len(unclean) > 0
    assert loop.state.clock.audio_seconds_undisturbed == pytest.approx(
        sum(line.audio_seconds or 0.0 for line in journal.lines if line.undisturbed)
    )


def test_a_clip_that_kills_its_worker_costs_one_clip(journal: JournalFile) -> None:
    """Twice with its batch and twice alone, then it has failed. Others may be suspected, and are not blamed."""

    class Deadly(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if 17 in features:
                time.sleep(2.0)  # longer than the limit of 0.5 s, on a busy machine too
            return features

    cluster = Here(lambda: Deadly(0.0), 2)
    loop = driver(cluster, journal)
    loop.run(utterances(40))
    lines = {line.id: line for line in journal.lines}
    assert len(lines) == 40
    assert cluster.lost >= 4
    assert (lines["u0017"].error or "").startswith(
        "2 workers were lost with it, the last so: slow: the stage 'network' has"
    )
    assert [name for name, line in lines.items() if line.error is not None] == ["u0017"]


def test_a_lack_of_memory_makes_the_batches_of_all_smaller(journal: JournalFile, tmp_path: Path) -> None:
    class Small(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if len(features) > 2:
                raise MemoryError
            return features

    loop = driver(Here(lambda: Small(0.0), 2), journal, budget=Budget(clips=8))
    loop.run(utterances(60))
    assert texts(journal) == expected(60, tmp_path)
    assert loop.state.budget.clips == 2
    events = [event.event for event in loop.state.events]
    assert set(events) == {"out_of_memory"}
    assert all((event.worker or "").startswith("10.0.0.") for event in loop.state.events)
    unclean = {line.batch for line in journal.lines if not line.undisturbed}
    assert loop.state.clock.excluded == len(unclean) > 0
    assert any(line.undisturbed for line in journal.lines)


def test_a_lack_of_memory_on_one_benchmark_is_none_on_the_next(journal: JournalFile, tmp_path: Path) -> None:
    most = 2

    class Changing(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if len(features) > most:
                raise MemoryError
            return features

    cluster = Here(lambda: Changing(0.0), 1)
    driver(cluster, journal, budget=Budget(clips=8)).run(utterances(40))
    most = 8
    with JournalFile(tmp_path / "next.jsonl") as other:
        loop = driver(cluster, other, budget=Budget(clips=8))
        loop.benchmark = "next"
        loop.run(utterances(40))
        sizes = Counter(line.batch for line in other.lines)
    assert (loop.state.budget.clips, loop.state.events) == (8, [])
    assert sorted(sizes.values()) == [8, 8, 8, 8, 8]


@pytest.mark.parametrize(
    ("leaves", "said"),
    [(SystemExit(3), "SystemExit: 3"), (GeneratorExit(), "GeneratorExit"), (KeyboardInterrupt(), "KeyboardInterrupt")],
)
def test_a_model_that_would_end_its_worker_costs_its_clips(
    journal: JournalFile, leaves: BaseException, said: str
) -> None:
    class Ends(Slow):
        def infer(self, features: list[int]) -> list[int]:
            if 7 in features:
                raise leaves
            return features

    driver(Here(lambda: Ends(0.0), 2), journal).run(utterances(20))
    lines = {line.id: line for line in journal.lines}
    assert [name for name, line in lines.items() if line.error is not None] == ["u0007"]
    assert lines["u0007"].error == f"slow tried to end the program ({said})"


def test_a_bad_clip_costs_one_clip(journal: JournalFile) -> None:
    data = utterances(20)
    data[3] = replace(data[3], audio=Audio(origin="u3", data=b"rubbish"))
    loop = driver(Here(lambda: Slow(0.0), 2), journal)
    loop.run(data)
    assert [line.id for line in journal.lines if line.error is not None] == ["u0003"]
    assert len(journal.lines) == 20


def test_on_error_stop_ends_the_run(journal: JournalFile) -> None:
    data = utterances(8)
    data[3] = replace(data[3], audio=Audio(origin="u3", data=b"rubbish"))
    with pytest.raises(RunError, match=r"b: utterance 'u0003' failed: u3: not readable as audio"):
        driver(Here(lambda: Slow(0.0), 1), journal, on_error="stop").run(data)
    assert "u0003" not in texts(journal)


def test_data_that_a_node_does_not_see_ends_the_run(journal: JournalFile, tmp_path: Path) -> None:
    """The file appears after the worker looked: as where the driver has it and the node has not."""
    path = tmp_path / "a.flac"

    def trouble(worker: Handle) -> None:
        path.touch()

    data = [replace(utterances(1)[0], audio=Audio(origin="a.flac", path=path))]
    with pytest.raises(RunError, match=r"a\.flac is not to be seen on 10\.0\.0\.0; give a --from or --data that all"):
        driver(Here(lambda: Slow(0.0), 1, trouble), journal).run(data)
    assert journal.lines == []


def test_a_relative_path_is_found_by_workers_that_are_elsewhere(
    journal: JournalFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.flac").write_bytes(utterances(1)[0].audio.data or b"")
    monkeypatch.chdir(tmp_path)
    seen: list[Path | None] = []

    class Watching(Here):
        def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
            seen.extend(pickle.loads(piece.utterances).audio.path for piece in pieces)
            super().give(worker, pieces)

    data = [replace(utterances(1)[0], audio=Audio(origin="a.flac", path=Path("a.flac")))]
    driver(Watching(lambda: Slow(0.0), 1), journal).run(data)
    assert seen == [tmp_path / "a.flac"]
    assert journal.lines[0].audio == "a.flac"


def test_a_stopped_run_finishes_what_is_in_hand_and_goes_on_later(journal: JournalFile, tmp_path: Path) -> None:
    stop, listener = Stop(), Quiet()

    def stop_now() -> None:
        stop.requested = True

    listener.after = stop_now
    cluster = Here(lambda: Slow(0.001), 2)
    with pytest.raises(Interrupted, match="the batches in hand were finished"):
        driver(cluster, journal, stop=stop, listener=listener).run(utterances(100))
    assert 0 < len(journal.lines) <= 2 * 3 * 4
    before = journal.path.read_bytes()
    assert driver(cluster, journal).run(utterances(100)) == 100
    assert journal.path.read_bytes().startswith(before)
    assert texts(journal) == expected(100, tmp_path)
    numbers = {line.batch for line in journal.lines}
    assert numbers == set(range(len(numbers)))


def test_a_first_share_is_one_message_and_what_waits_at_another_is_taken_over(
    journal: JournalFile, tmp_path: Path
) -> None:
    """Two workers of which one hangs in its first batch until the other has written all else."""
    messages: list[tuple[int, int]] = []
    through = Event()

    class Stuck(Slow):
        def infer(self, features: list[int]) -> list[int]:
            through.wait(30)
            return features

    class Telling(Here):
        def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
            messages.append((self.ready.index(worker), len(pieces)))
            super().give(worker, pieces)

    models = iter([Slow(0.0), Stuck(0.0), Slow(0.0)])  # the first is for the card
    cluster = Telling(lambda: next(models), 2, timeout=None)
    listener = Quiet()
    loop = driver(cluster, journal, budget=Budget(clips=10), listener=listener)
    listener.after = lambda: through.set() if len(journal) == 50 else None
    assert loop.run(utterances(60)) == 60
    assert messages == [(0, 3), (1, 3), (1, 1), (1, 1)], "what the slow one is at is left to it"
    assert texts(journal) == expected(60, tmp_path)
    lines = journal.lines
    assert {line.batch for line in lines} == set(range(6))
    devices = cluster_of(loop).devices
    assert [devices[f"10.0.0.{number} gpu 0"].batches for number in range(2)] == [1, 5]
    assert loop.state.clock.batches == 6
    # What the slow one writes afterwards is of a run that is over.
    with JournalFile(tmp_path / "next.jsonl") as other:
        again = driver(cluster, other, budget=Budget(clips=10))
        again.run(utterances(60))
        assert texts(other) == expected(60, tmp_path / "next")
        assert again.state.clock.batches == 6


def test_a_batch_of_which_another_wrote_a_part_is_no_measure_of_speed(journal: JournalFile) -> None:
    cluster = Here(lambda: Slow(0.0), 1)
    loop = driver(cluster, journal, budget=Budget(clips=4))
    worker, data = cluster.ready[0], utterances(4)
    loop._mark = Path("m")
    loop._left = dict.fromkeys(
        ("u0000", "u0001"), Task({one.id: one for one in data[:2]}, dict.fromkeys(("u0000", "u0001"), 1.0))
    )
    lines = encode_lines(Line(id=one.id, reference="", hypothesis="", audio_seconds=2.0, batch=7) for one in data)
    clock = Clock(audio_seconds=8.0, audio_seconds_undisturbed=8.0, counted=4.0, batches=1)
    facts: dict[str, Any] = {"mark": Path("m"), "kept": True, "events": [], "memory": None}
    loop._write(worker, Written(lines=lines, clock=clock, budget=Budget(), **facts))
    assert [(line.id, line.undisturbed, line.batch) for line in journal.lines] == [
        ("u0000", False, 0),
        ("u0001", False, 0),
    ]
    now = loop.state.clock
    assert (now.audio_seconds, now.audio_seconds_undisturbed, now.counted, now.batches, now.excluded) == (
        4.0,
        0,
        0,
        1,
        1,
    )
    loop._write(worker, Written(lines=lines, clock=clock, budget=Budget(), **facts))  # all of it is there
    assert (len(journal), loop.state.clock.batches) == (2, 1)


def test_what_is_of_another_run_is_not_taken_though_its_ids_are_the_same(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Here(lambda: Slow(0.0), 1)
    loop = driver(cluster, journal)
    loop._mark = Path("m")
    loop._left = {"u0000": Task({one.id: one for one in utterances(1)}, {"u0000": 1.0})}
    lines = encode_lines([Line(id="u0000", reference="", hypothesis="of the run before")])
    facts: dict[str, Any] = {"lines": lines, "kept": True, "events": [], "memory": None, "budget": Budget()}
    said = [Answer(cluster.ready[0], [Written(mark=Path(mark), clock=Clock(), **facts)]) for mark in ("other", "m")]
    monkeypatch.setattr(cluster, "wait", lambda _timeout: said[:1])
    loop._listen()
    assert len(journal) == 0
    monkeypatch.setattr(cluster, "wait", lambda _timeout: said[1:])
    loop._listen()
    assert len(journal) == 1


def test_workers_keep_journals_of_their_own_until_the_run_has_all(journal: JournalFile, tmp_path: Path) -> None:
    held: list[tuple[str, set[str]]] = []
    listener = Quiet()

    def look() -> None:
        for path in (tmp_path / ".shards").glob("ray.b.*.jsonl"):
            held.append((path.name, {line.id for line in read_journal(path).lines}))

    listener.after = look
    loop = driver(Here(lambda: Slow(0.0), 2), journal, listener=listener)
    loop.run(utterances(40))
    assert len({name for name, _ in held}) == 2
    assert set().union(*(ids for _, ids in held)) == {f"u{number:04}" for number in range(40)}
    assert not (tmp_path / ".shards").exists()
    assert loop.notes == ["workers on 10.0.0.0, 10.0.0.1 keep journals of their own in the run's folder"]


def test_workers_that_do_not_see_the_folder_send_what_they_write(
    journal: JournalFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "begin_parts", lambda path: tmp_path / "elsewhere" / path.name)
    loop = driver(Here(lambda: Slow(0.0), 1), journal)
    loop.run(utterances(40))
    assert texts(journal) == expected(40, tmp_path)
    (note,) = loop.notes
    assert note.startswith("workers on 10.0.0.0 do not see the run's folder: what they have not sent is lost")


def test_a_driver_that_is_killed_25_times_loses_no_batch_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in its journal, before or after a line is on the disk; workers go on a while, as real ones do."""
    record = run_record({"b": BenchmarkRecord()})
    draw = random.Random(5)
    path = tmp_path / "b.jsonl"
    kept = 0
    real = JournalFile.append

    class Killed(BaseException):
        pass

    for _ in range(25):
        write(tmp_path / "run.json", record)
        left = draw.randrange(6)

        def append(self: JournalFile, lines: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0 and draw.random() < 0.5:
                raise Killed
            real(self, lines)
            if left < 0:
                raise Killed

        with monkeypatch.context() as patch, JournalFile(path) as journal, suppress(Killed):
            patch.setattr(JournalFile, "append", append)
            patch.setattr(ray_engine, "end_parts", lambda _mark: None)
            driver(Here(lambda: Slow(0.0), 2), journal, budget=Budget(clips=2)).run(utterances(200))
        before = len(read_journal(path).lines)
        take_in(tmp_path, lambda *_: None)
        kept += len(read_journal(path).lines) - before
    with JournalFile(path) as journal:
        driver(Here(lambda: Slow(0.0), 2), journal, budget=Budget(clips=2)).run(utterances(200))
    assert kept > 0
    assert texts(journal) == expected(200, tmp_path)
    assert not (tmp_path / ".shards").exists()


def test_a_node_with_other_data_is_refused(journal: JournalFile, tmp_path: Path) -> None:
    """The file is another one when the driver looks: as where the node has a copy of its own."""
    path = tmp_path / "a.flac"
    path.write_bytes(utterances(1)[0].audio.data or b"")
    size = path.stat().st_size

    def trouble(worker: Handle) -> None:
        path.write_bytes(b"x" * 10)

    data = [replace(utterances(1)[0], audio=Audio(origin="a.flac", path=path))]
    with pytest.raises(
        RunError, match=rf"a\.flac has {size:,} bytes, where it has 10 here, on 10\.0\.0\.0; give a --from"
    ):
        driver(Here(lambda: Slow(0.0), 1, trouble), journal).run(data)
    assert journal.lines == []
    assert not (tmp_path / ".shards").exists()


def test_windows_are_longer_where_no_transcript_depends_on_them(journal: JournalFile) -> None:
    class Dependent(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = replace(self.card, batch_invariant=False)

    assert driver(Here(lambda: Slow(0.0), 1), journal)._items == 100_000
    assert driver(Here(Dependent, 1), journal)._items == 10_000


def test_batches_stay_as_planned_where_transcripts_depend_on_them(journal: JournalFile) -> None:
    class Dependent(Slow):
        def __init__(self) -> None:
            super().__init__(0.0)
            self.card = replace(self.card, batch_invariant=False)

    driver(Here(Dependent, 16), journal, budget=Budget(clips=10)).run(utterances(40))
    batches: dict[int | None, list[str]] = {}
    for line in journal.lines:
        batches.setdefault(line.batch, []).append(line.id)
    assert [len(batch) for batch in batches.values()] == [10, 10, 10, 10]


def test_without_ray_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"--engine ray needs ray, not installed here; .* '\.\[ray\]'$"):
        Cluster(lambda: Slow(0.0), Share(), decoders=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ray_workers": 2}, "--ray-address and --ray-workers need --engine ray"),
        ({"engine": "ray", "ray_workers": 0}, "--ray-workers 0: at least one is needed"),
        ({"engine": "ray", "gpus_per_worker": 1.5}, "--gpus-per-worker 1.5: give a share of one GPU"),
        ({"engine": "ray", "gpus_per_worker": 0.0}, "--gpus-per-worker 0: give a share of one GPU"),
        ({"engine": "ray", "cpus_per_worker": 0}, "--cpus-per-worker 0: at least one is needed"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**wrong)


def test_nodes_with_other_packages_are_refused() -> None:
    def handle(node: str, state: str, numpy: str) -> Handle:
        return Handle(None, None, state, Place(node=node, device="cpu", packages={"numpy": numpy, "torch": "2"}))

    cluster = Cluster.__new__(Cluster)
    late = handle("10.0.0.2", "loading", "2.1")
    cluster._workers = [handle("10.0.0.1", "ready", "2.0"), late]
    with pytest.raises(
        RunError, match=r"^numpy is 2\.0 on 10\.0\.0\.1 and 2\.1 on 10\.0\.0\.2; install the same on all"
    ):
        cluster._loaded(late, Slow(0.0).card)
    same = handle("10.0.0.3", "loading", "2.0")
    cluster._loaded(same, Slow(0.0).card)
    assert same.state == "ready"
    assert cluster.card == Slow(0.0).card


def test_a_worker_is_silent_since_it_was_given_work() -> None:
    cluster = Cluster.__new__(Cluster)
    cluster._patience = 600.0
    written = SimpleNamespace(remote=lambda: "asked")
    idle = Handle(SimpleNamespace(written=written), None, "ready", since=time.monotonic() - 1_000)
    cluster._workers = [idle]
    cluster.listen(idle)
    assert cluster._silent() == []
    idle.since -= 601
    assert cluster._silent() == [idle]


class Calls:
    """An actor that notes what it is asked for. Whoever is lost answers nothing more."""

    def __init__(self, name: int, said: list[tuple[Any, ...]]) -> None:
        self.name, self.said = name, said

    def __getattr__(self, method: str) -> Any:
        def remote(*given: Any) -> str:
            self.said.append((self.name, method, *given))
            return str(self.name)

        return SimpleNamespace(remote=remote)


class RayError(Exception):
    pass


def many(monkeypatch: pytest.MonkeyPatch, size: int, lost: Sequence[str] = ()) -> tuple[Cluster, list[Any]]:
    """A cluster of so many workers, all of them ready, where many are 9 and more; calls are noted."""

    def get(ref: str, timeout: float) -> None:
        if ref in lost:
            raise RayError

    said: list[Any] = []
    monkeypatch.setattr(ray_cluster, "MANY", 9)
    cluster = Cluster.__new__(Cluster)
    cluster.size, cluster._workers, cluster._passed, cluster._deaths = size, [], {}, 0
    errors = SimpleNamespace(RayError=RayError)
    cluster._ray = SimpleNamespace(get=get, exceptions=errors, kill=lambda _actor: None)
    cluster._actor = lambda: Calls(99, said)
    place = Place(node="10.0.0.1", device="cpu", packages={})
    for number in range(size):
        worker = Handle(Calls(number, said), None, "loading", place, number=number)
        cluster._workers.append(worker)
        cluster._loaded(worker, Slow(0.0).card)
    return cluster, said


def test_of_many_workers_some_hand_on_what_others_are_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, said = many(monkeypatch, 10)
    leaders = {worker.number: worker.leader and worker.leader.number for worker in cluster.ready}
    assert leaders == {0: None, 1: 0, 2: 0, 3: None, 4: 3, 5: 3, 6: None, 7: 6, 8: 6, 9: None}
    assert [call[:3] for call in said] == [(0, "meet", 1), (0, "meet", 2), *((3, "meet", n) for n in (4, 5)),
                                           (6, "meet", 7), (6, "meet", 8)]  # fmt: skip
    assert all(call[3].name == call[2] for call in said)
    said.clear()
    work: dict[Handle, Any] = {worker: [f"work {worker.number}"] for worker in cluster.ready}
    cluster.share(work)
    assert said == [
        (0, "pass_on", {1: ["work 1"], 2: ["work 2"]}, ["work 0"]),
        (3, "pass_on", {4: ["work 4"], 5: ["work 5"]}, ["work 3"]),
        (6, "pass_on", {7: ["work 7"], 8: ["work 8"]}, ["work 6"]),
        (9, "add", ["work 9"]),
    ]
    said.clear()
    cluster.share({worker: work[worker] for worker in cluster.ready[1:9]})  # few have theirs at first hand
    assert said == [(number, "add", [f"work {number}"]) for number in range(1, 9)]
    said.clear()
    without = {worker: work[worker] for worker in cluster.ready if worker.number != 3}
    cluster.share(without)
    assert said[1] == (3, "pass_on", {4: ["work 4"], 5: ["work 5"]}, ())


def test_few_workers_have_their_work_at_first_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, said = many(monkeypatch, 8)
    assert said == []
    work: dict[Handle, Any] = {worker: [] for worker in cluster.ready}
    cluster.share(work)
    assert said == [(number, "add", []) for number in range(8)]


@pytest.mark.parametrize(("lost", "unsure"), [([], []), (["3"], [4, 5])])
def test_who_may_not_have_got_what_a_lost_worker_was_to_hand_on(
    monkeypatch: pytest.MonkeyPatch, lost: list[str], unsure: list[int]
) -> None:
    cluster, said = many(monkeypatch, 9, lost)
    work: dict[Handle, Any] = {worker: [] for worker in cluster.ready}
    cluster.share(work)
    leader, other = cluster.ready[3], cluster.ready[4]
    answer = cluster.lose(leader, "shot")
    assert [worker.number for worker in answer.unsure] == unsure
    assert other.leader is None
    assert [one.leader.number for one in cluster.ready if one.leader] == [0, 0, 6, 6]
    assert cluster.lose(other, "shot").unsure == []
    said.clear()
    cluster.share({worker: [] for worker in cluster.ready})  # nobody hands on to one that has lost its leader
    assert all(5 not in call[2] for call in said if call[1] == "pass_on")


def test_who_hands_on_does_so_first_and_answers_when_all_have_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    waited = SimpleNamespace(wait=lambda refs, num_returns: said.append(("waits for", refs, num_returns)))
    monkeypatch.setitem(sys.modules, "ray", waited)
    actor = ray_actor.Actor(ray_cluster.own_program(), b"")
    actor._worker = SimpleNamespace(add=lambda pieces: said.append(("own", pieces)))
    for number in (4, 5):
        actor.meet(number, Calls(number, said))
    assert said == [(4, "met"), (5, "met")]
    said.clear()
    actor.pass_on({5: ["b"], 4: ["a"]}, ["c"])
    assert said == [(5, "add", ["b"]), (4, "add", ["a"]), ("own", ["c"]), ("waits for", ["5", "4"], 2)]


def test_what_may_not_have_been_handed_on_is_sent_again(journal: JournalFile, tmp_path: Path) -> None:
    """The first worker is lost when it is to hand on: of two others one has its work already, one has not."""
    shared = list[Mapping[Handle, Sequence[Piece]]]()
    sent = Counter[int]()

    class Through(Here):
        def share(self, given: Mapping[Handle, Sequence[Piece]]) -> None:
            if shared:
                super().share(given)
                return
            shared.append(given)
            self.first, *others = given
            self.give(others[0], given[others[0]])

        def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
            sent.update(piece.number for piece in pieces)
            super().give(worker, pieces)

        def wait(self, timeout: float) -> list[Answer]:
            if self.first not in self.ready:
                return super().wait(timeout)
            self.ready.remove(self.first)
            others = list(self.ready)
            self.spawn()
            return [Answer(self.first, lost="shot", unsure=others)]

    cluster = Through(lambda: Slow(0.0), 3)
    loop = driver(cluster, journal, budget=Budget(clips=4))
    assert loop.run(utterances(48)) == 48
    assert texts(journal) == expected(48, tmp_path)
    (given,) = shared
    first, second, third = ({piece.number for piece in pieces} for pieces in given.values())
    assert {sent[number] for number in second} == {2}, "nobody knows whether it has it"
    assert all(sent[number] >= 1 for number in first | third)
    assert loop.state.clock.batches == 12
    assert {line.batch for line in journal.lines} == set(range(12))
    assert sum(not line.undisturbed for line in journal.lines) == 4, "the batch that the lost one had first"


def test_a_run_begins_with_the_first_worker_that_is_ready() -> None:
    class Slowly(Cluster):
        def __init__(self) -> None:
            self._workers = []
            self._share = Share(cpus=1)
            self._ray = SimpleNamespace(nodes=lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}])

        def _spawn(self) -> None:
            self._workers.append(Handle(None, None))

        def wait(self, timeout: float) -> list[Answer]:
            assert not self.ready, "it waits for the others"
            self._workers[1].state = "ready"
            return []

    cluster = Slowly()
    cluster._start()
    assert (cluster.size, len(cluster.ready)) == (2, 1)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "System error: no\n such key\ntraceback: Traceback (most recent call last):\n  File x",
            "System error: no such key",
        ),
        ("RaySystemError: gone Traceback (most recent call last): File", "RaySystemError: gone"),
        ("The actor died\nunexpectedly.", "The actor died unexpectedly."),
        ("Traceback (most recent call last): x", "it says no more"),
        ("x" * 600, "x" * 500),
    ],
)
def test_what_ray_says_is_one_line_without_its_calls(said: str, told: str) -> None:
    assert without_calls(said) == told


def test_what_a_worker_asks_for() -> None:
    assert Share(cpus=3).resources == {"num_cpus": 3}
    assert Share(cpus=3, gpus=0.5).resources == {"num_gpus": 0.5, "num_cpus": 0}


def test_a_cluster_of_our_own_has_no_dashboard_and_room_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(ray_connect, "library", lambda: SimpleNamespace(init=lambda **options: asked.update(options)))
    for name in ("ray", "ray._private", "ray._private.worker"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(__spec__=object()))
    for name in (*ray_connect.QUIET, "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "kept")
    folder = ray_connect.connect(Share(workers=500, cpus=2))
    assert folder is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    remove(folder)
    assert not folder.exists()
    assert (asked["address"], asked["include_dashboard"], asked["num_cpus"]) == ("local", False, 1000)
    assert asked["_temp_dir"] == str(folder / "r")


def test_how_many_workers_there_is_room_for() -> None:
    nodes = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 3.0}, {"GPU": 3.0}]
    assert Share().fit(nodes) == 19
    assert Share(cpus=2).fit(nodes) == 9
    assert Share(gpus=1.0).fit(nodes) == 5
    assert Share(gpus=0.5).fit(nodes) == 10
    assert Share(gpus=0.4).fit(nodes) == 10  # two on each GPU: no worker has parts of two
    assert Share(gpus=0.1).fit(nodes) == 50
    assert Share(gpus=2.0).fit(nodes) == 2
