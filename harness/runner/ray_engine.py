"""`--engine ray`: the same plan, run by many devices. This process keeps the plan, the journal, the lock and the clock.

Each worker is given its first share in one message, and more when it needs it; at the end, who has nothing left takes
over what waits at another. What was written comes back batch by batch and is journalled here, by one writer; what a
worker had in hand when it was lost, with its process or its node, goes back to the front of the queue. Workers that see
the run's folder keep journals of their own besides, which the next command finds where this process was killed
(`harness.runner.shards`). So each utterance is journalled exactly once, whatever happens.
"""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import structs

from harness.errors import Interrupted, ModelError, RunError
from harness.records.journal import Line, read_line
from harness.records.run import Event
from harness.records.speed import ClusterSpeed, DeviceSpeed
from harness.runner.journal import failed
from harness.runner.loop import WINDOW_ITEMS, Loop
from harness.runner.plan import plan, spread
from harness.runner.ray_worker import Piece, Written
from harness.runner.shards import begin_parts, end_parts

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.runner.clock import Clock
    from harness.runner.ray_cluster import Answer, Cluster, Handle
    from harness.runner.threads import Threads

T = TypeVar("T", Line, Event)

IN_HAND = 3
"""Batches that a worker has at most in a long window: one in the network, one whose features are made, one that is
decoded. Fewer towards the end, so that none waits for a busy worker while another is idle."""

SHARE = 6
"""Batches of a first share, where that is all there are for a worker: many devices are through with them before the
driver could have given each another."""

WINDOWS = 10
"""By how much a window is longer where no transcript depends on the plan: with many devices each has few batches of a
window, and all wait for its last."""

LOOK_SECONDS = 0.2
"""How often a wait for the workers is interrupted to see whether to stop."""

LOSSES = 2
"""How often a batch may lose its worker: then its clips are run one at a time, and a clip that alone does so again has
failed. Whatever lost its worker is run again with nothing else in hand there, so that no other can be blamed."""


@dataclass(slots=True, eq=False)
class Task:
    """A batch of the plan, or what is left of it."""

    utterances: dict[str, Utterance] = field(default_factory=dict)
    """Those that are not journalled, by id."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What to plan with, by id."""
    losses: int = 0
    """How many workers were lost while it was what they had had longest."""
    undisturbed: bool = True
    """False where it lost a worker before, whole or in a larger batch."""
    number: int = field(default_factory=count().__next__)
    """By which a worker tells whether it has it."""
    taken_over: bool = False
    """Whether a second worker has it, too: the first to write an utterance counts."""


@dataclass(kw_only=True)
class RayLoop(Loop):
    """One benchmark through one model on many devices."""

    _pending: deque[Task] = field(default_factory=deque, init=False)
    _suspects: deque[Task] = field(default_factory=deque, init=False)
    """What lost a worker."""
    _in_hand: dict[Handle, deque[Task]] = field(default_factory=dict, init=False)
    _share: int = field(default=0, init=False)
    """Batches that each worker is to have at once, of a window that is as short as that."""
    _left: dict[str, Task] = field(default_factory=dict, init=False)
    """What is not journalled, by the ids of its utterances."""
    _read: deque[bytes] = field(default_factory=deque, init=False)
    """Utterances as they are sent, in the order of the data; empty where that would hold their audio twice."""
    _messages: dict[str, bytes] = field(default_factory=dict, init=False)
    """The same of the windows under way, by id."""
    _mark: Path = field(default_factory=Path, init=False)
    _kept: set[tuple[str, bool]] = field(default_factory=set, init=False)
    """Nodes, and whether their workers keep journals of their own."""
    _counted: tuple[tuple[Handle, ...], Counter[str]] = field(default_factory=lambda: ((), Counter()), init=False)
    """Who was ready when workers were counted, and how many were on each device."""

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
        self._mark = begin_parts(self.journal.path)
        self._read.clear()
        try:
            return Loop.run(self, self._pickled(utterances))
        except Interrupted:
            self._finish()
            raise
        finally:
            end_parts(self._mark)

    def _pickled(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        """In the thread that reads: makes ready what will be sent, so that handing out takes no time for each clip."""
        for utterance in utterances:
            whole = _with_whole_path(utterance)
            self._read.append(pickle.dumps(whole) if utterance.audio.data is None else b"")
            yield whole

    @property
    def notes(self) -> list[str]:
        """Who keeps a journal of its own."""
        nodes = [sorted(node for node, kept in self._kept if kept is one) for one in (True, False)]
        told = (
            ("workers on {} keep journals of their own in the run's folder", nodes[0]),
            ("workers on {} do not see the run's folder: what they have not sent is lost with this process", nodes[1]),
        )
        return [text.format(", ".join(names)) for text, names in told if names]

    @property
    def _items(self) -> int:
        return WINDOW_ITEMS * (WINDOWS if self.state.model.card.batch_invariant else 1)

    def _planned(self, seconds: list[float]) -> list[list[int]]:
        """The plan; where no transcript depends on it, with as many batches for each device."""
        if self.state.model.card.batch_invariant:
            return spread(seconds, self.state.budget, self._cluster.size)
        return plan(seconds, self.state.budget)

    def _run(self, window: list[Utterance], seconds: list[float], batches: list[list[int]], threads: Threads) -> None:
        """Hands the batches of a window out; those handed out last may still be under way on return."""
        messages = [self._read.popleft() for _ in window]
        share = -(-len(batches) // max(1, self._cluster.size))
        self._share = share if share <= SHARE else 0
        tasks = {Task(): batch for batch in batches}
        self._pending.extend(tasks)

        def planned(task: Task) -> Piece:
            batch = tasks.get(task)
            if batch is None:  # of the window before
                return self._piece(task)
            parts = [messages[index] or pickle.dumps(window[index]) for index in batch]
            return self._piece(task, parts, [seconds[index] for index in batch])

        if self._share and not self.state.stop.requested:  # what else is to be done for each clip can wait
            self._hand_out(planned)
        for task, batch in tasks.items():
            task.utterances = {window[index].id: window[index] for index in batch}
            task.seconds = {window[index].id: seconds[index] for index in batch}
            self._messages |= {window[index].id: messages[index] for index in batch}
            self._left.update(dict.fromkeys(task.utterances, task))
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
            self._take_over()
            self._listen()

    def _hand_out(self, piece: Callable[[Task], Piece] | None = None) -> None:
        """Gives every worker what it needs, one batch each in turn, in one message."""
        packed = piece or self._piece
        ready = self._cluster.ready
        given: dict[Handle, list[Piece]] = defaultdict(list)
        for _ in range(max(IN_HAND, self._share)):
            if not self._pending and not self._suspects:
                break
            allowed = max(self._share, min(IN_HAND, 1 + len(self._pending) // max(1, len(ready))))
            for worker in ready:
                tasks = self._in_hand.setdefault(worker, deque())
                queue = self._suspects if self._suspects and not tasks else self._pending
                if queue and len(tasks) < allowed and all(task.undisturbed for task in tasks):
                    task = queue.popleft()
                    tasks.append(task)
                    given[worker].append(packed(task))
        self._cluster.share(given)

    def _take_over(self) -> None:
        """Gives to who has nothing left what waits at another; what that one is at work on is left to it."""
        for worker in self._cluster.ready:
            if self._pending or self._suspects or self.state.stop.requested or self._in_hand.get(worker):
                continue
            for tasks in sorted(self._in_hand.values(), key=len, reverse=True):
                if len(tasks) > 1 and tasks[-1].undisturbed and not tasks[-1].taken_over:
                    tasks[-1].taken_over = True
                    self._in_hand[worker] = deque([tasks[-1]])
                    self._cluster.give(worker, [self._piece(tasks[-1])])
                    break

    def _piece(self, task: Task, parts: list[bytes] | None = None, seconds: list[float] | None = None) -> Piece:
        """What is sent of a task: of one that nothing was noted of yet, these utterances of so many seconds."""
        if parts is None:
            parts = [self._messages.get(name) or pickle.dumps(one) for name, one in task.utterances.items()]
        return Piece(
            number=task.number,
            utterances=b"".join(parts),
            seconds=list(task.seconds.values()) if seconds is None else seconds,
            budget=self.state.budget,
            benchmark=self.benchmark,
            undisturbed=task.undisturbed,
            mark=self._mark,
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
                if written.mark == self._mark:  # else of a run before, whose utterances another worker wrote
                    self._write(answer.worker, written)

    def _write(self, worker: Handle, written: Written) -> None:
        """Journals what of a batch no other worker wrote before.

        Raises:
            RunError: the journal cannot be written, a node does not see the data, or a clip failed and ``on_error`` is
                ``stop``.
        """
        found = [read_line(raw) for raw in written.lines.splitlines()]
        own = [self._numbered(worker, line) for line in found if line.id in self._left]
        for line in own:
            task = self._left.pop(line.id)
            self._messages.pop(line.id, None)
            utterance = task.utterances.pop(line.id)
            del task.seconds[line.id]
            _check_data(worker, utterance, line, first=line is own[0])
            self._check_stop(line)
            if not task.utterances:
                self._done(worker, task)
        place, state = str(worker.place), self.state
        state.events += [structs.replace(self._numbered(worker, event), worker=place) for event in written.events]
        state.budget = state.budget.within(written.budget)
        if not own:
            return
        if len(own) < len(found):  # its time was for more than what is taken of it
            own = [structs.replace(line, undisturbed=False) for line in own]
            written.clock = _disturbed(written.clock, own)
        state.clock.merge(written.clock)
        self._kept.add((worker.place.node if worker.place else "a node", written.kept))
        self._account(worker, written)
        self._append(own)

    def _done(self, worker: Handle, task: Task) -> None:
        """Takes a task from those that have it."""
        for one in self._in_hand if task.taken_over else (worker,):
            held = self._in_hand.get(one, deque())
            if task in held:
                held.remove(task)

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
        longest = next(iter(again), None)
        elsewhere = [task for tasks in self._in_hand.values() for task in tasks if task.taken_over]
        again = deque(task for task in again if task not in elsewhere)
        self.state.events.append(Event(event="worker_lost", worker=str(answer.worker.place), error=answer.lost))
        if again and again[0] is longest:
            self._suspect(again.popleft(), answer)
        self._pending.extendleft(reversed(again))
        for worker in answer.unsure:
            if tasks := self._in_hand.get(worker):
                self._cluster.give(worker, [self._piece(task) for task in tasks])

    def _suspect(self, task: Task, answer: Answer) -> None:
        """A batch that lost a worker again comes apart into its clips; a clip that did has failed."""
        task.losses += 1
        task.undisturbed = False
        if task.losses < LOSSES:
            self._suspects.append(task)
        elif len(task.utterances) > 1:
            for name, utterance in task.utterances.items():
                self._left[name] = Task({name: utterance}, {name: task.seconds[name]}, undisturbed=False)
                self._suspects.append(self._left[name])
        else:
            (utterance,) = task.utterances.values()
            del self._left[utterance.id]
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
        workers = max(before.workers, self._workers_on(place))
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

    def _workers_on(self, place: str) -> int:
        """How many are ready on a device; counted anew where others are, as all are asked for with every batch."""
        ready = tuple(self._cluster.ready)
        if self._counted[0] != ready:
            self._counted = ready, Counter(str(worker.place) for worker in ready)
        return self._counted[1][place]


def _with_whole_path(utterance: Utterance) -> Utterance:
    """The utterance as another process finds it, whatever folder that was started in."""
    audio = utterance.audio
    if audio.path is None or audio.path.is_absolute():
        return utterance
    return replace(utterance, audio=replace(audio, path=audio.path.absolute()))


def _check_data(worker: Handle, utterance: Utterance, line: Line, *, first: bool) -> None:
    """Refuses a node that does not see the data, or sees other data; sizes are compared for one file a batch.

    Raises:
        RunError: names the file and the node.
    """
    path, heard = utterance.audio.path, line.audio_file
    if path is None or not (first or line.error is not None) or not path.exists():
        return
    said = None
    if "no such file" in (line.error or ""):
        said = "is not to be seen"
    elif heard is not None and heard.size != utterance.audio.length():
        said = f"has {heard.size:,} bytes, where it has {utterance.audio.length():,} here,"
    if said is not None:
        node = worker.place.node if worker.place else "a node"
        raise RunError(f"{path} {said} on {node}; give a --from or --data that all nodes of the cluster share")


def _disturbed(clock: Clock, lines: list[Line]) -> Clock:
    """The clock of a batch of which only these lines count, so that its time is no measure of speed."""
    seconds = sum(line.audio_seconds or 0.0 for line in lines)
    return replace(clock, audio_seconds=seconds, audio_seconds_undisturbed=0.0, counted=0.0, excluded=clock.batches)
