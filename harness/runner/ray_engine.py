"""`--engine ray`: the same plan, run by many devices. This process keeps the plan, the journal, the lock and the clock.

Each worker is given its first share in one message, and more when it needs it; at the end, who has nothing left takes
over what waits at another. What was written comes back batch by batch and is journalled here, by one writer; what a
worker had in hand when it was lost, with its process or its node, goes back to the front of the queue. Workers that see
the run's folder keep journals of their own besides, which the next command finds where this process was killed
(`harness.runner.shards`). So each utterance is journalled exactly once, whatever happens.
"""

from __future__ import annotations

import pickle
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import structs

from harness.errors import Interrupted, ModelError
from harness.records.journal import Line, read_line
from harness.records.run import Event
from harness.runner.journal import failed
from harness.runner.loop import LOOK_SECONDS, WINDOW_ITEMS, Loop, planning_seconds
from harness.runner.plan import plan, spread
from harness.runner.ray_ahead import Ahead
from harness.runner.ray_data import check_data, with_whole_path
from harness.runner.ray_speed import Devices
from harness.runner.ray_worker import Piece, Written
from harness.runner.shards import begin_parts, end_parts

if TYPE_CHECKING:
    from concurrent.futures import Future

    from benchmarks.dataset import Utterance
    from harness.runner.clock import Clock
    from harness.runner.loop import Window
    from harness.runner.ray_cluster import Answer, Cluster, Handle
    from harness.runner.ray_held import Order
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
    _ahead: Ahead | None = field(default=None, init=False)
    """Where the first window is sent ahead."""
    _begun: list[tuple[Sequence[Handle], list[int], Order]] = field(default_factory=list, init=False)
    """Who was told to begin, with which places of the window, until the tasks are noted."""
    _mark: Path = field(default_factory=Path, init=False)
    _kept: set[tuple[str, bool]] = field(default_factory=set, init=False)
    """Nodes, and whether their workers keep journals of their own."""
    _devices: Devices = field(default_factory=Devices, init=False)
    """Counts who is ready on each."""

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
        self._ahead = self._sent_ahead()
        try:
            return Loop.run(self, utterances)
        except Interrupted:
            self._finish()
            raise
        finally:
            end_parts(self._mark)

    def _sent_ahead(self) -> Ahead | None:
        """What sends the first window while it is listed: where devices are many, and all is yet to be done.

        A model whose transcripts depend on the plan has that of one device, for which all has to be listed first.
        """
        budget = self.state.budget
        if not self.state.model.card.batch_invariant or not budget.packs or budget.seconds is None or len(self.journal):
            return None
        groups = self._cluster.groups()
        return Ahead(groups, self._mark, self._items, SHARE * budget.seconds * self._cluster.size) if groups else None

    def _listed(self, utterances: Iterable[Utterance]) -> Iterator[tuple[Utterance, float]]:
        """Makes ready what will be sent, so that handing out takes no time for each clip."""
        for utterance in utterances:
            whole = with_whole_path(utterance)
            self._read.append(pickle.dumps(whole) if utterance.audio.data is None else b"")
            seconds = planning_seconds(whole)
            if self._ahead is not None:
                self._ahead.add(self._read[-1], seconds)
            yield whole, seconds

    def _result(self, coming: Future[Window | None]) -> Window | None:
        """Sends what is read ahead; with the first window's last utterance its devices begin.

        Raises:
            Interrupted: as `Loop._result`, and where the stop is known before they have begun.
        """
        ahead = self._ahead
        if ahead is None:
            return Loop._result(self, coming)
        coming.add_done_callback(lambda _: ahead.full.put(None))
        more = True
        while more and not self.state.stop.requested:
            try:
                chunk = ahead.full.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            more = chunk is not None
            if chunk is not None:
                self._cluster.hold(*chunk)
        found = Loop._result(self, coming)
        self._ahead = None
        if self.state.stop.requested:
            raise Interrupted("its devices had not begun; the same command goes on where it was")
        for group, indices, order in ahead.orders(self.state.budget, self.benchmark):
            self._cluster.begin(group, order)
            self._begun.append((group, indices, order))
        return found

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
        """The plan of what was not sent ahead; where no transcript depends on it, as many batches for each device."""
        first = sum(len(indices) for _, indices, _ in self._begun)
        if not self.state.model.card.batch_invariant:
            return plan(seconds, self.state.budget)
        batches = spread(seconds[first:], self.state.budget, self._cluster.size)
        return [[first + index for index in batch] for batch in batches] if first else batches

    def _run(self, window: list[Utterance], seconds: list[float], batches: list[list[int]], threads: Threads) -> None:
        """Hands the batches of a window out; those handed out last may still be under way on return."""
        messages = [self._read.popleft() for _ in window]
        self._note_begun(window, seconds, messages)
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
            self._note(task, [(window[index], seconds[index], messages[index]) for index in batch])
        while self._pending:
            if self.state.stop.requested:
                raise Interrupted("the batches in hand were finished; the same command goes on where it was")
            self._hand_out()
            self._listen()

    def _note(self, task: Task, parts: Sequence[tuple[Utterance, float, bytes]]) -> None:
        """Keeps what a task is made of: utterances, what to plan with, and what is sent of each."""
        task.utterances = {utterance.id: utterance for utterance, _, _ in parts}
        task.seconds = {utterance.id: seconds for utterance, seconds, _ in parts}
        self._messages |= {utterance.id: message for utterance, _, message in parts}
        self._left.update(dict.fromkeys(task.utterances, task))

    def _note_begun(self, window: list[Utterance], seconds: list[float], messages: list[bytes]) -> None:
        """Makes the plan of those that were told to begin: what each of them has in hand."""
        begun, self._begun = self._begun, []
        for group, indices, order in begun:
            shares = order.shares([seconds[index] for index in indices])
            for worker, share in zip(group, shares, strict=True):
                self._in_hand[worker] = deque(Task(number=number) for number, _ in share)
                for task, (_, batch) in zip(self._in_hand[worker], share, strict=True):
                    places = [indices[index] for index in batch]
                    self._note(task, [(window[place], seconds[place], messages[place]) for place in places])

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
            check_data(worker, utterance, line, first=line is own[0])
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
        state.clock.cluster = self._devices.speed(state.clock.cluster, worker, written, self._cluster.ready)
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


def _disturbed(clock: Clock, lines: list[Line]) -> Clock:
    """The clock of a batch of which only these lines count, so that its time is no measure of speed."""
    seconds = sum(line.audio_seconds or 0.0 for line in lines)
    return replace(clock, audio_seconds=seconds, audio_seconds_undisturbed=0.0, counted=0.0, excluded=clock.batches)
