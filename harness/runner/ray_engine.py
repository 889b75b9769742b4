"""`--engine ray`: the same plan, run by many devices. This process keeps the plan, the journal, the lock and the clock.

Each worker is given the next batch when it needs one. What it wrote comes back batch by batch and is journalled here,
by one writer; what it had in hand when it was lost, with its process or its node, goes back to the front of the queue.
So each utterance is journalled exactly once, whatever happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import structs

from harness.errors import Interrupted, ModelError, RunError
from harness.records.journal import Line
from harness.records.run import ClusterSpeed, DeviceSpeed, Event
from harness.runner.journal import failed
from harness.runner.loop import Loop
from harness.runner.plan import for_devices, plan
from harness.runner.ray_worker import Piece, Written

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.runner.pipeline import Threads
    from harness.runner.ray_cluster import Answer, Cluster, Handle

T = TypeVar("T", Line, Event)

IN_HAND = 3
"""Batches that a worker has at most: one in the network, one whose features are made, one that is decoded. Fewer
towards the end, so that none waits for a busy worker while another is idle."""

LOOK_SECONDS = 0.2
"""How often a wait for the workers is interrupted to see whether to stop."""

LOSSES = 2
"""How often a batch may lose its worker: then its clips are run one at a time, and a clip that alone does so again has
failed. Whatever lost its worker is run again with nothing else in hand there, so that no other can be blamed."""


@dataclass(slots=True, eq=False)
class Task:
    """A batch of the plan, or what is left of it."""

    utterances: dict[str, Utterance]
    """Those that are not journalled, by id."""
    seconds: dict[str, float]
    """What to plan with, by id."""
    losses: int = 0
    """How many workers were lost while it was what they had had longest."""
    undisturbed: bool = True
    """False where it lost a worker before, whole or in a larger batch."""


@dataclass(kw_only=True)
class RayLoop(Loop):
    """One benchmark through one model on many devices."""

    _pending: deque[Task] = field(default_factory=deque, init=False)
    _suspects: deque[Task] = field(default_factory=deque, init=False)
    """What lost a worker."""
    _in_hand: dict[Handle, deque[Task]] = field(default_factory=dict, init=False)

    @property
    def _cluster(self) -> Cluster:
        return cast("Cluster", self.state.model)

    def run(self, utterances: Iterable[Utterance]) -> int:
        """As `Loop.run`.

        Raises:
            Interrupted, RunError: as there.
            RunError: no worker is left.
            HarnessError: the model cannot be loaded anywhere any more.
        """
        try:
            return Loop.run(self, utterances)
        except Interrupted:
            self._finish()
            raise

    def _planned(self, seconds: list[float]) -> list[list[int]]:
        """The plan; where no transcript depends on it, with as many batches for each device."""
        budget = self.state.budget
        if self.state.model.card.batch_invariant:
            budget = for_devices(seconds, budget, self._cluster.size)
        return plan(seconds, budget)

    def _run(self, window: list[Utterance], seconds: list[float], batches: list[list[int]], threads: Threads) -> None:
        """Hands the batches of a window out; those handed out last may still be under way on return."""
        for batch in batches:
            chosen = {window[index].id: _with_whole_path(window[index]) for index in batch}
            self._pending.append(Task(chosen, {window[index].id: seconds[index] for index in batch}))
        while self._pending:
            if self.state.stop.requested:
                raise Interrupted("the batches in hand were finished; the same command goes on where it was")
            self._hand_out()
            self._listen()

    def _finish(self) -> None:
        """Waits for all that is under way, and for all that is left unless the run was stopped."""
        while self._pending or self._suspects or any(self._in_hand.values()):
            if self.state.stop.requested:
                self._pending.clear()
                self._suspects.clear()
            self._hand_out()
            self._listen()

    def _hand_out(self) -> None:
        """Gives every worker what it needs, one batch each in turn."""
        ready = self._cluster.ready
        for _ in range(IN_HAND):
            allowed = min(IN_HAND, 1 + len(self._pending) // max(1, len(ready)))
            for worker in ready:
                tasks = self._in_hand.setdefault(worker, deque())
                queue = self._suspects if self._suspects and not tasks else self._pending
                if queue and len(tasks) < allowed and all(task.undisturbed for task in tasks):
                    task = queue.popleft()
                    tasks.append(task)
                    self._cluster.give(worker, self._piece(task))

    def _piece(self, task: Task) -> Piece:
        return Piece(
            utterances=list(task.utterances.values()),
            seconds=list(task.seconds.values()),
            budget=self.state.budget,
            benchmark=self.benchmark,
            undisturbed=task.undisturbed,
        )

    def _listen(self) -> None:
        """Deals with what the workers have to say."""
        for worker, tasks in self._in_hand.items():
            if tasks:
                self._cluster.listen(worker)
        for answer in self._cluster.wait(LOOK_SECONDS):
            if answer.lost is not None:
                self._lost(answer)
            for written in answer.written:
                self._write(answer.worker, written)

    def _write(self, worker: Handle, written: Written) -> None:
        """Journals a batch.

        Raises:
            RunError: the journal cannot be written, a node does not see the data, or a clip failed and ``on_error`` is
                ``stop``.
        """
        tasks = self._in_hand[worker]
        own = [self._numbered(worker, line) for line in written.lines]
        for line in own:
            task = next(task for task in tasks if line.id in task.utterances)
            utterance = task.utterances.pop(line.id)
            del task.seconds[line.id]
            path = utterance.audio.path
            if path is not None and "no such file" in (line.error or "") and path.exists():
                node = worker.place.node if worker.place else "a node"
                msg = f"{path} is not to be seen on {node}; give a --from or --data that all nodes of the cluster share"
                raise RunError(msg)
            self._check_stop(line)
        self._in_hand[worker] = deque(task for task in tasks if task.utterances)
        place, state = str(worker.place), self.state
        state.events += [structs.replace(self._numbered(worker, event), worker=place) for event in written.events]
        state.budget = state.budget.within(written.budget)
        state.clock.merge(written.clock)
        self._account(worker, written)
        self._append(own)

    def _numbered(self, worker: Handle, item: T) -> T:
        """A line or event with the run's number of the batch in place of the worker's."""
        if item.batch is None:
            return item
        if item.batch not in worker.numbers:
            worker.numbers[item.batch] = self.state.next_number()
        return structs.replace(item, batch=worker.numbers[item.batch])

    def _lost(self, answer: Answer) -> None:
        """What the worker had in hand is run again; the batch that it had longest is suspected of the loss."""
        again = self._in_hand.pop(answer.worker, deque())
        self.state.events.append(Event(event="worker_lost", worker=str(answer.worker.place), error=answer.lost))
        if again:
            self._suspect(again.popleft(), answer)
        self._pending.extendleft(reversed(again))

    def _suspect(self, task: Task, answer: Answer) -> None:
        """A batch that lost a worker again comes apart into its clips; a clip that did has failed."""
        task.losses += 1
        task.undisturbed = False
        if task.losses < LOSSES:
            self._suspects.append(task)
        elif len(task.utterances) > 1:
            self._suspects.extend(
                Task({name: utterance}, {name: task.seconds[name]}, undisturbed=False)
                for name, utterance in task.utterances.items()
            )
        else:
            (utterance,) = task.utterances.values()
            line = failed(utterance, ModelError(f"{LOSSES} workers were lost with it, the last so: {answer.lost}"))
            self._check_stop(line)
            self._append([line])

    def _account(self, worker: Handle, written: Written) -> None:
        """Keeps what each device did, for the speed of each and of all of them.

        A device that several workers share does what one of them does, as often as there are of them.
        """
        place = str(worker.place)
        known = self.state.clock.cluster or ClusterSpeed()
        before = known.devices.get(place) or DeviceSpeed()
        workers = max(before.workers, sum(str(other.place) == place for other in self._cluster.ready))
        audio_seconds = before.audio_seconds + written.clock.audio_seconds_undisturbed
        counted = before.seconds_counted + written.clock.counted
        device = DeviceSpeed(
            workers=workers,
            batches=before.batches + written.clock.batches,
            audio_seconds=audio_seconds,
            seconds_counted=counted,
            peak_memory=written.memory,
            rtfx=workers * audio_seconds / counted if counted > 0 else None,
        )
        devices = known.devices | {place: device}
        speeds = [device.rtfx for device in devices.values() if device.rtfx is not None]
        total = sum(speeds) if speeds else None
        per_device = total / len(speeds) if total is not None else None
        self.state.clock.cluster = ClusterSpeed(devices=devices, rtfx=total, rtfx_per_device=per_device)


def _with_whole_path(utterance: Utterance) -> Utterance:
    """The utterance as another process finds it, whatever folder that was started in."""
    audio = utterance.audio
    if audio.path is None or audio.path.is_absolute():
        return utterance
    return replace(utterance, audio=replace(audio, path=audio.path.absolute()))
