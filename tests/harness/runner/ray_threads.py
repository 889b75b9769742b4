"""Workers of a cluster in threads of this process, and a driver for them: Ray itself is not needed."""

import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.dataset import Request, Utterance
from harness.config import OnError
from harness.models.base import Model, ModelCard
from harness.records.journal import Line, read_journal
from harness.records.speed import ClusterSpeed
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Answer, Handle, Place
from harness.runner.ray_engine import RayLoop
from harness.runner.ray_held import Chunk, Order
from harness.runner.ray_worker import Hung, Piece, Worker, Written
from harness.runner.stages import State, Stop
from harness.types import Clip, Hypothesis
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

    def groups(self) -> list[list[Handle]]:
        return []

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


class Packing(Slow):
    """A model that packs: what it does first may be sent ahead."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.card = replace(self.card, packs=True)


class Grouped(Here):
    """A cluster of threads in which the first of each three hands on to two others, and which notes what is sent."""

    def __init__(self, load: Callable[[], Model], size: int, **more: Any) -> None:
        super().__init__(load, size, **more)
        self.chunks: list[tuple[int, Chunk]] = []
        self.given: list[tuple[Handle, Sequence[Piece]]] = []
        self.begun: list[Order] = []

    def groups(self) -> list[list[Handle]]:
        return [self.ready[first : first + 3] for first in range(0, len(self.ready), 3)]

    def hold(self, leader: Handle, chunk: bytes) -> None:
        self.chunks.append((self.ready.index(leader), pickle.loads(chunk)))
        leader.actor.hold(chunk)

    def begin(self, group: Sequence[Handle], order: Order) -> None:
        self.begun.append(order)
        shares = group[0].actor.first_shares(pickle.dumps(order))
        assert list(shares) == [worker.number for worker in group]
        for worker in group:
            worker.actor.add(pickle.loads(shares[worker.number]))

    def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
        self.given.append((worker, pieces))
        super().give(worker, pieces)


class Quiet:
    def __init__(self) -> None:
        self.utterances = 0
        self.after: Callable[[], None] = lambda: None

    def planned(self, utterances: int, seconds: float, *, more: bool) -> None:
        self.utterances += utterances

    def batch(self, lines: Sequence[Line]) -> None:
        self.after()


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
