"""What runs on a device of a Ray cluster: a model and the runner's own stages, fed by the driver.

Nothing here knows Ray. The driver adds work and asks what was written; between the two the batches go through the same
overlapped stages, with the same rules for a lack of memory and for clips that fail, as in a run without Ray. Each batch
is kept in a journal of the worker's own, where it sees the run's folder, and handed over to the driver's.
"""

from __future__ import annotations

import io
import os
import pickle
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, cast

from harness import environment
from harness.errors import DeviceLostError, HarnessError, ModelError, RunError
from harness.records.journal import encode_lines
from harness.runner.clock import Clock
from harness.runner.contain import contained
from harness.runner.journal import describe
from harness.runner.pipeline import Done, Pipeline
from harness.runner.plan import Budget, plan
from harness.runner.ray_held import Held, Order
from harness.runner.stages import State, Stop
from harness.runner.threads import Threads
from harness.runner.watchdog import Watched

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.models.base import Model, ModelCard
    from harness.records.run import Event
    from harness.records.speed import PeakMemory
    from harness.types import Clip, Hypothesis


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some utterances for a worker, as the driver planned them: one batch, unless the worker has to make it smaller."""

    number: int
    """The same number is the same work, which may come twice where it is not known to have come."""
    utterances: bytes
    """One after the other, each pickled while the data was read: the message costs next to nothing more for each."""
    seconds: Sequence[float]
    """What to plan with, one for each utterance."""
    budget: Budget
    """What a batch may hold."""
    benchmark: str = ""
    """Of all of them. What a worker found too large on one benchmark is tried again on the next."""
    undisturbed: bool = True
    """False where something happened to it before: what it takes is then no measure of speed."""
    mark: Path
    """Tells what it is part of. The driver made a file of this name; who sees it keeps a journal beside it."""


@dataclass(slots=True, kw_only=True)
class Written:
    """A batch that is done."""

    mark: Path
    """Of the piece that it was part of."""
    lines: bytes
    """As the journal has them, but for the batch's number, which is the worker's own."""
    kept: bool
    """Whether they are in the worker's own journal, too."""
    clock: Clock
    """What it added to the worker's clock."""
    events: list[Event]
    """What disturbed the worker since the batch before."""
    budget: Budget
    """The worker's, which a lack of memory makes smaller."""
    memory: PeakMemory
    """The most that the worker held at a time."""


@dataclass(frozen=True, slots=True)
class Hung:
    """A stage of the model did not end within its time, or its GPU is lost: nothing more is to be expected of it."""

    reason: str


class Worker:
    """One model on one device. Methods may be called from several threads."""

    def __init__(
        self, load: Callable[[], Model], *, folder: str, workers: int, gpus: float, batch_timeout: float | None
    ) -> None:
        """Loads nothing yet.

        Args:
            load: loads the model.
            folder: where the driver was started, which a model's name may be relative to.
            workers: threads that decode ahead.
            gpus: how much of a GPU is its own; 0 where it has none.
            batch_timeout: seconds that a stage of the model may take for a batch.
        """
        self._load, self._folder, self._workers = load, folder, workers
        self._gpus, self._batch_timeout = gpus, batch_timeout
        self._benchmark = ""
        self._mark = Path()
        self._own: Path | None = None
        """Its own journal."""
        self._had = set[int]()
        """The numbers of its pieces."""
        self._state: State
        self._pipeline: Pipeline
        self._feed: SimpleQueue[Piece] = SimpleQueue()
        self._next: Piece | None = None
        """Of another run than what is under way, which ends first."""
        self._done: SimpleQueue[Written | Hung | HarnessError] = SimpleQueue()
        self._held = Held()

    def load(self) -> ModelCard | HarnessError:
        """Loads the model and begins to wait for work. An error that a user should see is returned, not raised."""
        with suppress(OSError):  # a node may have no such folder
            os.chdir(self._folder)
        try:
            if 0 < self._gpus < 1:
                import torch

                if torch.cuda.is_available():  # the others on this GPU must find their share free
                    torch.cuda.set_per_process_memory_fraction(self._gpus)
            with contained("the model"):
                model = self._load()
            if self._batch_timeout is not None:
                model = Watched(model, self._batch_timeout, lambda reason: self._done.put(Hung(reason)))
        except HarnessError as error:
            return _plain(error)
        self._state = State(model=model, budget=Budget(packs=model.card.packs), clock=Clock(), stop=Stop())
        Thread(target=self._serve, name="network", daemon=True).start()
        return model.card

    def add(self, pieces: Sequence[Piece]) -> None:
        """Work, to be done after what was added before."""
        for piece in pieces:
            self._feed.put(piece)

    def hold(self, chunk: bytes) -> None:
        """Takes some of what the first shares of its group will be made of."""
        self._held.add(chunk)

    def first_shares(self, order: bytes) -> dict[int, bytes]:
        """What to add to the work of each of its group, by the worker's number; its own is the first."""
        try:
            return self._first_shares(order)
        except Exception as error:  # the driver waits for batches of the group, and asks only for those
            self._done.put(RunError(f"what was sent ahead could not be handed on: {describe(error)}"))
            raise

    def _first_shares(self, order: bytes) -> dict[int, bytes]:
        told: Order = pickle.loads(order)  # noqa: S301 - our driver's

        def piece(number: int, utterances: bytes, seconds: list[float]) -> Piece:
            return Piece(
                number=number,
                utterances=utterances,
                seconds=seconds,
                budget=told.budget,
                benchmark=told.benchmark,
                mark=told.rest.mark,
            )

        shares = zip(told.members, self._held.shares(told), strict=True)
        return {member: pickle.dumps([piece(*part) for part in share]) for member, share in shares}

    def written(self) -> list[Written | Hung] | HarnessError:
        """Waits for a batch, and takes all that are done since this was asked before."""
        found = [self._done.get()]
        while not self._done.empty():  # nobody else takes from it: a worker is asked once at a time
            found.append(self._done.get())
        error = next((item for item in found if isinstance(item, HarnessError)), None)
        return error or cast("list[Written | Hung]", found)

    def transcribe(self, clips: Sequence[Clip]) -> list[Hypothesis] | HarnessError:
        """A batch outside of a run, for audits."""
        model = self._state.model
        try:
            with contained(model.card.id):
                return model.text(model.infer(model.transfer(model.features(clips))))
        except Exception as error:  # noqa: BLE001 - any model may raise anything; the driver decides what it means
            return ModelError(describe(error))

    def _serve(self) -> None:
        """Runs what comes, for ever: a pipeline that never ends."""
        try:
            with Threads(self._state.model, self._workers) as threads:
                self._pipeline = Pipeline(self._state, threads, self._hand_over, self._coming)
                while True:
                    piece, self._next = self._next or self._feed.get(), None
                    self._begin(piece)
                    self._pipeline.run(self._planned(piece))
        except DeviceLostError as error:  # another process can have the GPU, and is started
            self._done.put(Hung(str(error)))
        except BaseException as error:  # noqa: BLE001 - the end of this thread must not go unnoticed
            told = error if isinstance(error, Exception) else ModelError(f"{type(error).__name__} in a worker: {error}")
            self._done.put(_plain(told) if isinstance(told, HarnessError) else RunError(describe(told)))

    def _coming(self) -> list[list[int]]:
        """Batches of what has come meanwhile."""
        batches: list[list[int]] = []
        while self._next is None and not self._feed.empty():  # only this thread takes from it
            piece = self._feed.get()
            if piece.mark == self._mark:
                batches += self._planned(piece)
            else:
                self._next = piece
        return batches

    def _begin(self, piece: Piece) -> None:
        """Makes ready for the run and the benchmark that a piece is part of, with nothing under way."""
        if piece.mark != self._mark:
            self._mark, self._own, self._had = piece.mark, _own_journal(piece.mark), set()
        if piece.benchmark != self._benchmark:
            environment.begin_peak()
            self._benchmark, self._state.budget = piece.benchmark, Budget(packs=self._state.model.card.packs)

    def _planned(self, piece: Piece) -> list[list[int]]:
        """The piece as batches: one, unless this worker has less memory than the plan thought; none if it had it."""
        if piece.number in self._had:
            return []
        self._had.add(piece.number)
        self._state.budget = self._state.budget.within(piece.budget)
        batches = plan(piece.seconds, self._state.budget)
        read = io.BytesIO(piece.utterances)
        utterances: list[Utterance] = [pickle.load(read) for _ in piece.seconds]  # noqa: S301 - our driver's
        return self._pipeline.add(utterances, piece.seconds, batches, undisturbed=piece.undisturbed)

    def _hand_over(self, done: Done) -> None:
        """In the thread that writes: to the worker's own journal, and to the driver's."""
        lines = encode_lines(done.lines)
        self._keep(lines)
        state = self._state
        clock, state.clock = state.clock, Clock()
        if done.lap is not None:
            clock.add(done.lap, done.audio_seconds, undisturbed=done.undisturbed)
        events, state.events = state.events, []
        memory = environment.peak_memory()
        self._done.put(
            Written(
                mark=self._mark,
                lines=lines,
                kept=self._own is not None,
                clock=clock,
                events=events,
                budget=state.budget,
                memory=memory,
            )
        )

    def _keep(self, lines: bytes) -> None:
        """Writes to its own journal, closing it, so that other machines see what it says."""
        if self._own is None:
            return
        try:
            with self._own.open("ab", buffering=0) as file:
                whole = file.write(lines) == len(lines)
        except OSError:
            whole = False
        if not whole:  # whether the run can go on is for the driver's journal to say
            self._own = None


def _own_journal(mark: Path) -> Path | None:
    """The name of a journal beside the mark; None where this machine does not see it."""
    return mark.with_name(f"{mark.name}.{secrets.token_hex(4)}.jsonl") if mark.is_file() else None


def _plain(error: HarnessError) -> HarnessError:
    """The error without what another process could not read: frames and causes."""
    return type(error)(str(error))
