"""The workers of a Ray cluster, one to a device: started, fed, waited for, replaced when they are lost."""

from __future__ import annotations

import math
import pickle
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, RunError, UsageError
from harness.models.base import Model, ModelCard
from harness.runner import ray_actor
from harness.runner.journal import describe
from harness.runner.ray_actor import Actor, Program, program
from harness.runner.ray_connect import Share, connect, library
from harness.runner.ray_folder import remove
from harness.runner.ray_worker import Hung, Piece, Worker, Written

if TYPE_CHECKING:
    from harness.runner.ray_held import Order
    from harness.types import Clip, Hypothesis

PLACE_SECONDS = 60.0
"""How long to wait for a place for a worker where none is left."""

MANY = 64
"""Workers from which on some hand work on to others: each message is the driver's time (`perf/ray_engine.py`)."""

PATIENCE = 10
"""A worker that is silent for so many times the limit of a stage is given up from here: a call that holds Python's lock
cannot be noticed over there. A batch takes four stages, the first one more for warming up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a worker runs."""

    node: str
    """Address of the node."""
    device: str
    """``gpu 0`` or ``cpu``."""
    packages: dict[str, str]
    """Versions of those that can change a transcript."""

    def __str__(self) -> str:
        """Such as ``10.0.0.2 gpu 0``."""
        return f"{self.node} {self.device}"


def without_calls(said: str) -> str:
    """What Ray says of an error, in a line, without the calls that led there."""
    told = re.split(r"\btraceback:|Traceback \(most recent call last\)", said)[0]
    return " ".join(told.split())[:500] or "it says no more"


@cache
def own_program() -> Program:
    """This process's, as it was when it was first asked for."""
    return program()


@dataclass(slots=True, eq=False)
class Handle:
    """A worker as the driver sees it."""

    actor: Any
    ref: Any
    """The answer that is waited for; None where it has nothing to do."""
    state: str = "placing"
    """``placing``, ``loading`` or ``ready``."""
    place: Place | None = None
    since: float = field(default_factory=time.monotonic)
    """When it was last heard of, or given work after it had none."""
    numbers: dict[int, int] = field(default_factory=dict)
    """The numbers of its batches in the journal."""
    number: int = field(default_factory=count().__next__)
    leader: Handle | None = None
    """Who hands work on to it, where they are many."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker has to say: it wrote batches, or it is lost."""

    worker: Handle
    written: Sequence[Written] = ()
    lost: str | None = None
    """Why it is lost."""
    unsure: Sequence[Handle] = ()
    """Those to whom it may not have handed on what was meant for them."""


def _place(answer: tuple[str, str, dict[str, str], tuple[str, str, str]]) -> Place:
    """What a worker says of its place.

    Raises:
        RunError: it would work by another program than this one.
    """
    node, device, packages, told = answer
    here, there = own_program(), Program(*told)
    if here.differs(there):
        raise RunError(
            f"this program is {here} here and {there} on {node}; what works is the same checkout on all nodes, "
            f"such as by PYTHONPATH={here.place} where `ray start` is called there"
        )
    return Place(node=node, device=device, packages=packages)


class Cluster(Model):
    """A model on many devices. What a run asks of a model it answers through one of them."""

    size = 0
    """Workers that there are to be."""
    many = MANY
    """From how many on some hand work on to others."""

    def __init__(
        self, load: Callable[[], Model], share: Share, *, decoders: int, batch_timeout: float | None = None
    ) -> None:
        """Connects, starts the workers, and waits until one has loaded the model.

        Args:
            load: loads the model; called in each worker.
            share: what the user said.
            decoders: threads of a worker that decode ahead.
            batch_timeout: seconds that a stage of the model may take for a batch, before its worker is given up.

        Raises:
            UsageError: Ray is not installed, or the cluster has no room.
            RunError: the cluster cannot be reached, or has lost all workers.
            HarnessError: the model cannot be loaded anywhere.
        """
        self._share = share
        self._patience = None if batch_timeout is None else PATIENCE * batch_timeout
        self._folder, self._ray = connect(share), library()
        place = {"max_concurrency": 4, "max_restarts": 0, "scheduling_strategy": "SPREAD", **share.resources}
        self._ray.cloudpickle.register_pickle_by_value(ray_actor)
        make = partial(
            Worker, load, folder=str(Path.cwd()), workers=decoders, gpus=share.gpus, batch_timeout=batch_timeout
        )
        self._actor: Callable[[], Any] = partial(
            self._ray.remote(Actor).options(**place).remote, own_program(), self._ray.cloudpickle.dumps(make)
        )
        self._workers: list[Handle] = []
        self._passed: dict[Handle, list[tuple[Any, list[Handle]]]] = {}
        """Who was given work for others: the answer when they have it, and for whom it is."""
        self._deaths = 0
        self._failure: HarnessError | None = None
        self._begin = time.monotonic()
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        room = self._share.fit(nodes)
        if not room:
            wanted = f"{self._share.gpus:g} GPU" if self._share.gpus else f"{self._share.cpus} CPU"
            msg = f"the Ray cluster has {len(nodes)} nodes, none with room for a worker, which takes {wanted}"
            raise UsageError(msg)
        self.size = self._share.workers or room
        for _ in range(self.size):
            self._spawn()
        while not self.ready:
            self.wait(1.0)

    @property
    def ready(self) -> list[Handle]:
        """The workers that take work."""
        return [worker for worker in self._workers if worker.state == "ready"]

    def _spawn(self) -> None:
        """One more worker. It waits where there is no room."""
        actor = self._actor()
        self._workers.append(Handle(actor, actor.place.remote()))

    def give(self, worker: Handle, pieces: Sequence[Piece]) -> None:
        """Adds to a worker's work."""
        worker.actor.add.remote(pickle.dumps(pieces))

    def share(self, given: Mapping[Handle, Sequence[Piece]]) -> None:
        """Adds to the work of several. Where they are many, most have theirs from another worker."""
        routes = defaultdict[Handle, dict[Handle, Sequence[Piece]]](dict)
        for worker, pieces in given.items():
            through = worker.leader if worker.leader is not None and len(given) >= self.many else worker
            routes[through][worker] = pieces
        for worker, parts in routes.items():
            own = parts.pop(worker, ())
            if parts:
                numbered = {one.number: pickle.dumps(pieces) for one, pieces in parts.items()}
                ref = worker.actor.pass_on.remote(numbered, pickle.dumps(own))
                self._passed[worker] = [*self._open(worker), (ref, list(parts))]
            else:
                self.give(worker, own)

    def groups(self) -> list[list[Handle]]:
        """All workers, in groups of those that hand on and whom they hand on to; none until all are ready."""
        if self.size < self.many or len(self.ready) < self.size:
            return []
        found = {worker: [worker] for worker in self.ready if worker.leader is None}
        for worker in self.ready:
            if worker.leader is not None:
                found[worker.leader].append(worker)
        return list(found.values())

    def hold(self, leader: Handle, chunk: bytes) -> None:
        """Sends some of what the first shares of a group will be made of."""
        leader.actor.hold.remote(chunk)

    def begin(self, group: Sequence[Handle], order: Order) -> None:
        """Has the first of a group give all of it their first shares."""
        leader, *others = group
        ref = leader.actor.begin.remote(pickle.dumps(order))
        self._passed.setdefault(leader, []).append((ref, others))  # whether it said so before can be asked later

    def listen(self, worker: Handle) -> None:
        """Sees to it that `wait` tells of the next batch of a worker that has work."""
        if worker.ref is None:
            worker.ref = worker.actor.written.remote()
            worker.since = time.monotonic()

    def wait(self, timeout: float) -> list[Answer]:
        """What happened, within so many seconds.

        Raises:
            RunError: no worker is left.
            HarnessError: the model cannot be loaded anywhere.
        """
        waiting = {worker.ref: worker for worker in self._workers if worker.ref is not None}
        done: list[Any] = []
        if waiting:
            done, _ = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
            if not done:
                done, _ = self._ray.wait(list(waiting), timeout=timeout)
        else:
            time.sleep(timeout)
        answers = [answer for ref in done for answer in self._answered(waiting[ref], ref)]
        answers += [self.lose(worker, f"silent for {self._patience:g} s") for worker in self._silent()]
        if not done:
            self._check_left()
        return answers

    def _silent(self) -> list[Handle]:
        """Workers that should have said something long ago."""
        if self._patience is None:
            return []
        latest = time.monotonic() - self._patience
        return [worker for worker in self.ready if worker.ref is not None and worker.since < latest]

    def _answered(self, worker: Handle, ref: Any) -> list[Answer]:
        """Takes an answer of a worker, and asks it the next question."""
        worker.since = time.monotonic()
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise RunError(f"{worker.place}: {without_calls(describe(error.cause))}") from error
        except self._ray.exceptions.RayError as error:
            given_up = self.lose(worker, str(error))
            return [] if worker.state == "placing" else [given_up]
        if worker.state == "placing":
            worker.place = _place(answer)
            worker.state, worker.ref = "loading", worker.actor.load.remote()
            return []
        if worker.state == "loading":
            self._loaded(worker, answer)
            return []
        if isinstance(answer, HarnessError):
            raise answer
        worker.ref = None
        written = [item for item in answer if isinstance(item, Written)]
        if written:
            self._deaths = 0
        lost = [self.lose(worker, item.reason) for item in answer if isinstance(item, Hung)]
        return [Answer(worker, written), *lost]

    def _loaded(self, worker: Handle, card: ModelCard | HarnessError) -> None:
        """A worker that has its model is ready; one that cannot load it is given up."""
        if isinstance(card, HarnessError):
            self._failure = type(card)(f"{worker.place}: {card}") if self._share.address else card
            self._kill(worker)
            self._check_left()
            return
        first = next((other.place for other in self.ready), worker.place)
        assert worker.place is not None
        assert first is not None
        for name in sorted(first.packages.keys() | worker.place.packages.keys()):
            one, two = first.packages.get(name, "none"), worker.place.packages.get(name, "none")
            if one != two:
                msg = f"{name} is {one} on {first.node} and {two} on {worker.place.node}; install the same on all nodes"
                raise RunError(msg)
        self.card = card
        worker.state, worker.ref = "ready", None
        self._introduce(worker)

    def _introduce(self, worker: Handle) -> None:
        """Finds another worker that is to hand work on to one that is ready, where they are many: one in each group."""
        if self.size < self.many:
            return
        led = Counter(one.leader for one in self.ready)
        for leader in self.ready:
            if leader is not worker and leader.leader is None and 1 + led[leader] < math.isqrt(self.size):
                worker.leader = leader
                leader.actor.meet.remote(worker.number, worker.actor)
                return

    def lose(self, worker: Handle, reason: str) -> Answer:
        """Gives a worker up, dead or not, and starts another in its place.

        Raises:
            RunError: too many were lost with nothing written in between.
        """
        reason = without_calls(reason)
        self._kill(worker)
        self._deaths += 1
        if self._deaths > 8 + self.size:
            raise RunError(f"{self._deaths} workers were lost one after the other, the last so: {reason}")
        self._spawn()
        return Answer(worker, lost=reason, unsure=self._unsure(worker))

    def _unsure(self, lost: Handle) -> list[Handle]:
        """Those that a lost worker may not have handed on to; from now on nobody does."""
        for worker in self._workers:
            worker.leader = None if worker.leader is lost else worker.leader
        meant = {other: None for _, others in self._open(lost) for other in others}
        self._passed.pop(lost, None)
        return [worker for worker in meant if worker in self._workers]

    def _open(self, worker: Handle) -> list[tuple[Any, list[Handle]]]:
        """What a worker was to hand on and has not said that it has."""
        return [one for one in self._passed.get(worker, []) if not self._said(one[0])]

    def _said(self, ref: Any) -> bool:
        try:
            self._ray.get(ref, timeout=0)
        except self._ray.exceptions.RayError:  # not yet, or lost before it could
            return False
        return True

    def _check_left(self) -> None:
        """Ends a run that nobody works on."""
        states = {worker.state for worker in self._workers}
        if states & {"ready", "loading"}:
            self._begin = time.monotonic()
        elif not states and self._failure is not None:
            raise self._failure
        elif time.monotonic() - self._begin > PLACE_SECONDS:
            msg = (
                f"no worker is left, and the cluster had no room for one in {PLACE_SECONDS:g} s; "
                "the same command goes on where it was"
            )
            raise self._failure or RunError(msg)

    def _kill(self, worker: Handle) -> None:
        self._workers.remove(worker)
        self._ray.kill(worker.actor)

    def features(self, clips: Sequence[Clip]) -> Sequence[Clip]:
        """Left to the worker."""
        return clips

    def infer(self, features: Sequence[Clip]) -> list[Hypothesis]:
        """One batch on one worker, for audits.

        Raises:
            ModelError: what the model raised there.
            RunError: the worker was lost.
        """
        try:
            asked = self.ready[0].actor.transcribe.remote(list(features))
            answer: list[Hypothesis] | HarnessError = self._ray.get(asked)
        except self._ray.exceptions.RayError as error:
            raise RunError(f"a worker was lost: {without_calls(str(error))}") from None
        if isinstance(answer, HarnessError):
            raise answer
        return answer

    def text(self, output: list[Hypothesis]) -> list[Hypothesis]:
        """Was done by the worker."""
        return output

    def close(self) -> None:
        """Ends the workers; a cluster that was started here, too."""
        self._ray.shutdown()
        if self._folder is not None:
            remove(self._folder)
