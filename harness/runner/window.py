"""Utterances through the stages, overlapped from batch to batch.

    decode threads -> prepare thread: features, transfer -> this thread: network -> write thread: text, journal

Each arrow is a bounded queue. What goes wrong comes back to this thread, which deals with it batch by batch: one bad
clip costs one clip; a batch that does not fit into memory is planned anew, smaller.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from harness.errors import Interrupted, ModelError
from harness.runner import lines, segments, stages
from harness.runner.audio import load_clip
from harness.runner.clock import Lap
from harness.runner.plan import plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from benchmarks.dataset import Utterance
    from harness.models.base import Model
    from harness.runner.loop import Loop
    from harness.types import Clip, Hypothesis

T = TypeVar("T")

AHEAD_BATCHES = 2
"""Batches whose features are made ahead, and batches whose texts may be behind."""

AHEAD_CLIPS = 16
"""Clips that are decoded ahead of those, at least; whole batches are, so it may be more."""

Outcome = tuple["Hypothesis | Exception", list[list[float]]]
"""What became of a clip, and the bounds of the pieces that it was cut into."""


class Threads:
    """The threads of a run. Each stage has one of its own, so that a model never meets itself."""

    def __init__(self, model: Model, workers: int) -> None:
        self._stack = ExitStack()
        self.decode = self._pool(workers, "decode")
        self.prepare = self._pool(1, "prepare", model)
        self.write = self._pool(1, "write", model)

    def _pool(self, count: int, name: str, model: Model | None = None) -> ThreadPoolExecutor:
        begin = model.beside if model is not None else None
        return self._stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix=name, initializer=begin))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()


@dataclass(slots=True)
class _Batch:
    """A batch under way."""

    indices: list[int]
    """Of its utterances."""
    clips: dict[int, Clip] = field(default_factory=dict)
    """Those that could be decoded."""
    failures: dict[int, Exception] = field(default_factory=dict)
    """Why the others could not."""
    lap: Lap = field(default_factory=Lap)
    number: int = -1
    work: stages.Work | None = None
    error: Exception | None = None
    """What a stage raised."""


class Window:
    """The utterances under way, and those planned to follow.

    Args:
        loop: whose they are.
        window: utterances by index; let go of when they are journalled.
        seconds: what to plan with, by index.
        threads: run the stages beside the network.
    """

    def __init__(self, loop: Loop, window: dict[int, Utterance], seconds: dict[int, float], threads: Threads) -> None:
        self.loop, self.window, self.seconds, self.threads = loop, window, seconds, threads
        self.pending: deque[list[int]] = deque()
        self.ahead: deque[Future[_Batch]] = deque()
        self.behind: deque[Future[_Batch]] = deque()
        self.decoded: dict[int, Future[Clip]] = {}
        self.disturbed: set[int] = set()
        self._next_index = 0

    def added(
        self, utterances: Sequence[Utterance], seconds: Sequence[float], batches: list[list[int]]
    ) -> list[list[int]]:
        """Takes more utterances in.

        Args:
            utterances: a stretch.
            seconds: what to plan with.
            batches: those to run, as indices into the stretch.

        Returns:
            The batches with this window's indices, for `run`.
        """
        first = self._next_index
        self._next_index += len(utterances)
        for index in (index for batch in batches for index in batch):
            self.window[first + index] = utterances[index]
            self.seconds[first + index] = seconds[index]
        return [[first + index for index in batch] for batch in batches]

    def run(self, batches: list[list[int]], *, finish: bool = True) -> None:
        """Runs the batches.

        Args:
            batches: indices of utterances.
            finish: return when all are journalled; else as soon as the last batches are on their way, so that they do
                not have to end before more is added.

        Raises:
            Interrupted: a stop was requested; batches that the network had begun are journalled.
        """
        self.pending.extend(batches)
        try:
            while self.pending or (finish and (self.ahead or self.behind)):
                if self.loop.stop.requested and (self.pending or self.ahead):
                    self._settle(0)
                    msg = "the batch in hand was finished; the same command goes on where it was"
                    raise Interrupted(msg)
                self._fill()
                if self.ahead:
                    batch = self._wait(self.ahead.popleft())
                    if self.loop.overlap:
                        self._fill()
                    self._network(batch)
                more = self.loop.overlap and (self.pending or self.ahead or not finish)
                self._settle(AHEAD_BATCHES if more else 0)
        except BaseException:
            for prepared in self.ahead:
                prepared.cancel()
            for decoded in self.decoded.values():
                decoded.cancel()
            raise

    def _fill(self) -> None:
        """Sees to it that the next batches are being decoded and prepared."""
        while self.pending and len(self.ahead) < (AHEAD_BATCHES if self.loop.overlap else 1):
            self._decode(1 if not self.loop.overlap else AHEAD_CLIPS)
            if not self.loop.warm:
                self._warm_up(self.pending[0])
            indices = self.pending.popleft()
            decoded = [self.decoded.pop(index) for index in indices]
            self.ahead.append(self.threads.prepare.submit(self._prepare, indices, decoded))
        if self.loop.overlap:
            self._decode(AHEAD_CLIPS)

    def _decode(self, clips: int) -> None:
        """Starts to decode the next batch, and more if batches are small."""
        ahead = 0
        for batch in islice(self.pending, clips):
            if ahead >= clips:
                break
            for index in batch:
                if index not in self.decoded:
                    self.decoded[index] = self.threads.decode.submit(load_clip, self.window[index])
            ahead += len(batch)

    def _prepare(self, indices: list[int], decoded: Sequence[Future[Clip]]) -> _Batch:
        """In the prepare thread: waits for decoded audio and makes features of it."""
        batch = _Batch(indices)
        with batch.lap.phase("decode"):
            for index, future in zip(indices, decoded, strict=True):
                try:
                    batch.clips[index] = future.result()
                except Exception as error:  # noqa: BLE001 - whatever a broken file raises costs that file only
                    batch.failures[index] = error
        if batch.clips:
            try:
                batch.work = stages.prepare(self.loop.model, list(batch.clips.values()), self.loop.budget, batch.lap)
            except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
                batch.error = stages.caught(error)
        return batch

    def _network(self, batch: _Batch) -> None:
        """Runs the network, and hands on to the write thread; a failure is dealt with at once."""
        if batch.work is not None:
            try:
                stages.infer(self.loop.model, batch.work, batch.lap)
            except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
                batch.error = stages.caught(error)
        if batch.error is not None:
            self._recover(batch)
        else:
            self._number(batch)
            self.behind.append(self.threads.write.submit(self._write, batch))

    def _number(self, batch: _Batch) -> None:
        if batch.clips and batch.number < 0:
            batch.number = self.loop.batches
            self.loop.batches += 1

    def _write(self, batch: _Batch) -> _Batch:
        """In the write thread: text and journal lines. A model's error is noted in the batch, others are raised."""
        outcomes: list[Outcome] = []
        if batch.work is not None:
            try:
                said = stages.text(self.loop.model, batch.work, batch.lap)
            except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
                batch.error = stages.caught(error)
                return batch
            outcomes = list(zip(said, map(segments.bounds, batch.work.pieces), strict=True))
            batch.work = None  # its output need not stay on the device while the journal is written
        self._journal(batch, outcomes)
        return batch

    def _journal(self, batch: _Batch, outcomes: Sequence[Outcome]) -> None:
        """In the write thread: the lines of a batch, what could not be decoded first."""
        failed = [(self.window[index], error) for index, error in batch.failures.items()]
        heard = [(self.window[index], clip) for index, clip in batch.clips.items()]
        clean = self.disturbed.isdisjoint(batch.clips)
        self.loop.journalled(failed, heard, outcomes, batch.lap, batch.number, clean=clean)
        for index in batch.indices:
            self.window.pop(index, None)
            self.seconds.pop(index, None)

    def _settle(self, keep: int) -> None:
        """Waits until at most so many batches are behind, and deals with those whose text failed."""
        while self.behind and (len(self.behind) > keep or self.behind[0].done()):
            batch = self._wait(self.behind.popleft())
            if batch.error is not None:
                self._recover(batch)

    def _recover(self, batch: _Batch) -> None:
        """Runs a batch that failed: planned anew where memory ran out, else one clip at a time."""
        assert batch.error is not None
        error, batch.error, batch.work = batch.error, None, None
        self.disturbed.update(batch.clips)
        if isinstance(error, stages.OutOfMemory):
            self._drop_ahead()
            stages.empty_cache()
            if len(batch.clips) > 1:
                self._replan(batch)
                return
        self._number(batch)
        outcomes: list[Outcome]
        if len(batch.clips) == 1 and not isinstance(error, stages.OutOfMemory):
            outcomes = [(error, [])]
        else:
            if not isinstance(error, stages.OutOfMemory):
                event = {"event": "batch_failed", "batch": batch.number, "error": lines.describe(error)}
                self.loop.events.append(event)
            outcomes = [self._alone(clip, batch.lap) for clip in batch.clips.values()]
        self._wait(self.threads.write.submit(self._journal, batch, outcomes))

    def _alone(self, clip: Clip, lap: Lap) -> Outcome:
        """One clip by itself; where even that does not fit into memory, cut in halves at a pause."""
        outcome = self._in_a_row(clip, lap)
        if not isinstance(outcome[0], stages.OutOfMemory):
            return outcome
        stages.empty_cache()
        self.loop.events.append({"event": "out_of_memory", "batch": self.loop.batches, "clips": 1, "cut": clip.id})
        longest = max(piece.duration for piece in segments.split(clip, self.loop.model.card.max_seconds))
        # The cut is looked for in the later half of the longest piece: of two thirds, that is the middle third.
        outcome = self._in_a_row(clip, lap, longest * 2 / 3)
        if isinstance(outcome[0], stages.OutOfMemory):
            stages.empty_cache()
            return ModelError(f"{clip.id}: {clip.duration:.1f} s do not fit into memory, even alone and in halves"), []
        return outcome

    def _in_a_row(self, clip: Clip, lap: Lap, longest: float | None = None) -> Outcome:
        """One clip through all stages, each in its thread."""
        model, threads = self.loop.model, self.threads
        try:
            work = self._wait(threads.prepare.submit(stages.prepare, model, [clip], self.loop.budget, lap, longest))
            stages.infer(model, work, lap)
            (said,) = self._wait(threads.write.submit(stages.text, model, work, lap))
        except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost this clip only
            return stages.caught(error), []
        return said, segments.bounds(work.pieces[0])

    def _drop_ahead(self) -> None:
        """Gives up what was prepared ahead, and the memory that it holds; decoded audio is kept."""
        dropped = [self._wait(future) for future in self.ahead]
        self.ahead.clear()
        self.pending.extendleft(batch.indices for batch in reversed(dropped))
        for batch in dropped:
            self._keep_decoded(batch)

    def _keep_decoded(self, batch: _Batch) -> None:
        for index in batch.indices:
            future: Future[Clip] = Future()
            self.decoded[index] = future
            if index in batch.clips:
                future.set_result(batch.clips[index])
            else:
                future.set_exception(batch.failures[index])

    def _replan(self, batch: _Batch) -> None:
        """Halves the budget and plans the batch and all that is left anew."""
        loop, seconds = self.loop, self.seconds
        loop.budget = loop.budget.halved([seconds[index] for index in batch.clips])
        loop.events.append(
            {
                "event": "out_of_memory",
                "batch": loop.batches,
                "clips": len(batch.clips),
                "batch_seconds": loop.budget.seconds,
                "batch_size": loop.budget.clips,
            }
        )
        self._keep_decoded(batch)
        left = batch.indices + [index for later in self.pending for index in later]
        again = plan([seconds[index] for index in left], loop.budget)
        self.pending = deque([left[place] for place in smaller] for smaller in again)

    def _warm_up(self, indices: list[int]) -> None:
        """The first call of a model compiles, allocates and loads; it is made beforehand and not counted."""
        begin = time.perf_counter()
        clips = [future.result() for index in indices if (future := self.decoded[index]).exception() is None]
        clock, decoded = self.loop.clock, time.perf_counter()
        clock.phases["decode"] += decoded - begin
        clock.waited += decoded - begin
        if not clips:
            return
        waited = clock.waited
        self._in_a_row(min(clips, key=lambda clip: len(clip.waveform)), Lap())
        clock.waited = waited
        clock.warmup += time.perf_counter() - decoded
        self.loop.warm = True

    def _wait(self, future: Future[T]) -> T:
        """The result of another thread; the time that the device waits for it is the clock's."""
        begin = time.perf_counter()
        try:
            return future.result()
        finally:
            self.loop.clock.waited += time.perf_counter() - begin
