"""Utterances through the stages, overlapped from batch to batch.

    decode threads -> prepare thread: features, transfer -> this thread: network -> write thread: text, journal

Each arrow is a bounded queue. What goes wrong comes back to this thread, which deals with it batch by batch: one bad
clip costs one clip; a batch that does not fit into memory is planned anew, smaller.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from harness.audio import load_clip
from harness.errors import HarnessError, Interrupted, ModelError
from harness.records.run import Event
from harness.runner import stages
from harness.runner.clock import Lap, overlap
from harness.runner.identity import audio_file
from harness.runner.journal import describe, failed, transcribed
from harness.runner.plan import plan

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.records.journal import AudioFile, Line
    from harness.runner.stages import State
    from harness.runner.threads import Threads
    from harness.types import Clip, Hypothesis

T = TypeVar("T")

AHEAD_BATCHES = 2
"""Batches whose features are made ahead, and batches whose texts may be behind; more may be behind where a model hands
its work on (`ModelCard.in_flight`)."""

AHEAD_CLIPS = 16
"""Clips that are decoded ahead of those, at least; whole batches are, so it may be more."""

_Loaded = tuple["Clip | Exception", "AudioFile"]
"""A clip or why there is none, and what was read."""

_Outcome = tuple["Hypothesis | Exception", tuple[tuple[float, float], ...]]
"""What became of a clip, and the bounds of the pieces that it was cut into."""


def _load(utterance: Utterance) -> _Loaded:
    """In a thread that decodes: the clip, and by what its audio is told from other audio."""
    try:
        clip: Clip | Exception = load_clip(utterance)
    except Exception as error:  # noqa: BLE001 - whatever a broken file raises costs that file only
        clip = error
    # What cannot be decoded is not read to be told apart: it may be anything, of any size.
    return clip, audio_file(utterance, read=not isinstance(clip, Exception))


def _ends_run(error: Exception) -> bool:
    """Whether every further clip would meet the same error."""
    return isinstance(error, HarnessError) and error.ends_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A batch that is through, for the journal and the clock."""

    lines: list[Line]
    lap: Lap | None
    """None where no clip could be decoded, so that the model had nothing to do."""
    audio_seconds: float
    """Given to the model."""
    undisturbed: bool


@dataclass(slots=True)
class _Batch:
    """A batch under way."""

    indices: list[int]
    """Of its utterances."""
    decoded: list[Future[_Loaded]]
    clips: dict[int, Clip] = field(default_factory=dict)
    """Those that could be decoded."""
    failures: dict[int, Exception] = field(default_factory=dict)
    """Why the others could not."""
    heard: dict[int, AudioFile] = field(default_factory=dict)
    """What was read of each."""
    lap: Lap = field(default_factory=Lap)
    number: int = -1
    work: stages.Work | None = None
    error: Exception | None = None
    """What a stage raised."""


_UnderWay = tuple[_Batch, Future[_Batch]]


class Pipeline:
    """The utterances under way, and those planned to follow.

    Args:
        state: the model, what a batch may hold, the clock. This changes it.
        threads: run the stages beside the network.
        write: takes each batch that is through, in the write thread.
        more: asked for batches whenever the next one is looked for.
    """

    def __init__(
        self,
        state: State,
        threads: Threads,
        write: Callable[[Done], None],
        more: Callable[[], Iterable[list[int]]] = list,
    ) -> None:
        self._state, self._threads, self._write_out, self._more = state, threads, write, more
        self._utterances: dict[int, Utterance] = {}
        """By index; let go of when they are journalled."""
        self._seconds: dict[int, float] = {}
        """What to plan with, by index."""
        self._pending: deque[list[int]] = deque()
        self._ahead: deque[_UnderWay] = deque()
        self._behind: deque[_UnderWay] = deque()
        self._decoded: dict[int, Future[_Loaded]] = {}
        self._disturbed: set[int] = set()
        self._next_index = 0

    def add(
        self,
        utterances: Sequence[Utterance],
        seconds: Sequence[float],
        batches: list[list[int]],
        *,
        undisturbed: bool = True,
    ) -> list[list[int]]:
        """Takes more utterances in.

        Args:
            utterances: a stretch.
            seconds: what to plan with.
            batches: those to run, as indices into the stretch.
            undisturbed: False where something happened to them before.

        Returns:
            The batches with this pipeline's indices, for `run`.
        """
        first = self._next_index
        self._next_index += len(utterances)
        for index in (index for batch in batches for index in batch):
            self._utterances[first + index] = utterances[index]
            self._seconds[first + index] = seconds[index]
            if not undisturbed:
                self._disturbed.add(first + index)
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
        self._pending.extend(batches)
        try:
            while self._pending or (finish and (self._ahead or self._behind)):
                if self._state.stop.requested and (self._pending or self._ahead):
                    self._settle(0)
                    raise Interrupted("the batch in hand was finished; the same command goes on where it was")
                self._fill()
                if self._ahead:
                    batch = self._prepared()
                    if self._state.overlap:
                        self._fill()
                    self._network(batch)
                more = self._state.overlap and (self._pending or self._ahead or not finish)
                self._settle(max(AHEAD_BATCHES, self._state.model.card.in_flight - 1) if more else 0)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and self._state.model.card.served:
                self._state.model.close()  # or the text thread would wait for the server first
            for _, prepared in self._ahead:
                prepared.cancel()
            for decoded in self._decoded.values():
                decoded.cancel()
            raise

    def _fill(self) -> None:
        """Sees to it that the next batches are being decoded and prepared."""
        self._pending.extend(self._more())
        while self._pending and len(self._ahead) < (AHEAD_BATCHES if self._state.overlap else 1):
            self._decode(1 if not self._state.overlap else AHEAD_CLIPS)
            if not (self._state.warm or self._state.model.card.served):
                self._warm_up(self._pending[0])
            indices = self._pending.popleft()
            # Of phases that run beside the network an accelerator feels only what it waits for; a processor, all.
            lap = Lap(waits_only=self._state.model.accelerated and self._state.overlap)
            batch = _Batch(indices, [self._decoded.pop(index) for index in indices], lap=lap)
            self._ahead.append((batch, self._threads.prepare.submit(self._prepare, batch)))
        if self._state.overlap:
            self._decode(AHEAD_CLIPS)

    def _decode(self, clips: int) -> None:
        """Starts to decode the next batch, and more if batches are small."""
        ahead = 0
        for batch in islice(self._pending, clips):
            if ahead >= clips:
                break
            for index in batch:
                if index not in self._decoded:
                    self._decoded[index] = self._threads.decoding(_load, self._utterances[index])
            ahead += len(batch)

    def _prepare(self, batch: _Batch) -> _Batch:
        """In the prepare thread: waits for decoded audio and makes features of it."""
        with batch.lap.phase("decode"), self._threads.busy.measured(batch.lap):
            for index, future in zip(batch.indices, batch.decoded, strict=True):
                clip, batch.heard[index] = future.result()
                if isinstance(clip, Exception):
                    batch.failures[index] = clip
                else:
                    batch.clips[index] = clip
        if batch.clips:
            clips = list(batch.clips.values())
            try:
                batch.work = stages.prepare(self._state.model, clips, self._state.budget, batch.lap)
            except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
                batch.error = stages.caught(error)
        return batch

    def _network(self, batch: _Batch) -> None:
        """Runs the network, and hands on to the write thread; a failure is dealt with at once."""
        if batch.work is not None:
            try:
                stages.infer(self._state.model, batch.work, batch.lap)
            except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
                batch.error = stages.caught(error)
        if batch.error is not None:
            self._recover(batch)
        else:
            self._number(batch)
            self._behind.append((batch, self._threads.write.submit(self._write, batch)))

    def _number(self, batch: _Batch) -> None:
        if batch.clips and batch.number < 0:
            batch.number = self._state.next_number()

    def _write(self, batch: _Batch) -> _Batch:
        """In the write thread: text and journal lines. A model's error is noted in the batch, others are raised."""
        outcomes: list[_Outcome] = []
        if batch.work is not None:
            try:
                hypotheses = stages.text(self._state.model, batch.work, batch.lap)
            except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
                batch.error = stages.caught(error)
                if not self._fails_alone(batch.error):
                    return batch
                outcomes, batch.error = [(batch.error, ())], None
            else:
                outcomes = list(zip(hypotheses, map(stages.bounds, batch.work.pieces), strict=True))
            batch.work = None  # its output need not stay on the device while the journal is written
        self._journal(batch, outcomes)
        return batch

    def _fails_alone(self, error: Exception) -> bool:
        """Whether a batch that failed is a server's clip, to be journalled as failed here and now.

        What the loop's thread does about other errors it does after all texts that are waited for.
        """
        card = self._state.model.card
        return card.served and card.max_batch == 1 and not (_ends_run(error) or isinstance(error, stages.OutOfMemory))

    def _journal(self, batch: _Batch, outcomes: Sequence[_Outcome]) -> None:
        """In the write thread: the lines of a batch, what could not be decoded first.

        The counted seconds are shared by duration: they sum to the total.
        """
        batch.lap.written()
        undisturbed = self._disturbed.isdisjoint(batch.clips)
        total = sum(clip.duration for clip in batch.clips.values())
        share = batch.lap.counted / total if total else 0.0
        heard = batch.heard
        lines = [failed(self._utterances[index], error, None, heard[index]) for index, error in batch.failures.items()]
        for (index, clip), (outcome, bounds) in zip(batch.clips.items(), outcomes, strict=True):
            utterance, seconds = self._utterances[index], clip.duration
            if isinstance(outcome, Exception):
                lines.append(failed(utterance, outcome, seconds, heard[index]))
                continue
            line = transcribed(
                utterance,
                outcome,
                audio_seconds=seconds,
                time=share * seconds,
                batch=batch.number,
                undisturbed=undisturbed,
                segments=bounds,
                warnings=clip.warnings,
                heard=heard[index],
            )
            lines.append(line)
        lap = batch.lap if batch.clips else None
        if self._state.model.card.served:  # a server's throughput is that of what it answered
            total = sum(line.audio_seconds or 0.0 for line in lines if line.error is None)
        self._write_out(Done(lines=lines, lap=lap, audio_seconds=total, undisturbed=undisturbed))
        for index in batch.indices:
            self._utterances.pop(index, None)
            self._seconds.pop(index, None)

    def _settle(self, keep: int) -> None:
        """Waits until at most so many batches are behind, and deals with those whose text failed."""
        while self._behind and (len(self._behind) > keep or self._behind[0][1].done()):
            batch, written = self._behind.popleft()
            self._wait(written, batch.lap, "journal")
            if batch.error is not None:
                self._recover(batch)

    def _recover(self, batch: _Batch) -> None:
        """Runs a batch that failed: planned anew where memory ran out, else one clip at a time."""
        assert batch.error is not None
        error, batch.error, batch.work = batch.error, None, None
        batch.lap.awaited = None
        if _ends_run(error):
            raise error  # texts that are waited for are journalled still, as the write thread ends
        if not self._state.model.card.served:  # whose time is that of the others too, which were under way beside it
            self._disturbed.update(batch.clips)
        if isinstance(error, stages.OutOfMemory):
            self._drop_ahead()
            stages.empty_cache()
            if len(batch.clips) > 1:
                self._replan(batch)
                return
        self._number(batch)
        outcomes: list[_Outcome] = [(error, ())]
        if len(batch.clips) > 1:
            self._state.events.append(Event(event="batch_failed", batch=batch.number, error=describe(error)))
        if len(batch.clips) > 1 or isinstance(error, stages.OutOfMemory):
            outcomes = [self._alone(clip, batch.lap) for clip in batch.clips.values()]
        self._wait(self._threads.write.submit(self._journal, batch, outcomes), batch.lap, "journal")

    def _alone(self, clip: Clip, lap: Lap) -> _Outcome:
        """One clip by itself; where even that does not fit into memory, cut in halves at a pause."""
        outcome = self._in_a_row(clip, lap)
        if not isinstance(outcome[0], stages.OutOfMemory):
            return outcome
        stages.empty_cache()
        self._state.events.append(Event(event="out_of_memory", batch=self._state.batches, clips=1, cut=clip.id))
        longest = max(piece.duration for piece in stages.split(clip, self._state.model.card.max_seconds))
        # The cut is looked for in the later half of the longest piece: of two thirds, that is the middle third.
        outcome = self._in_a_row(clip, lap, longest * 2 / 3)
        if isinstance(outcome[0], stages.OutOfMemory):
            stages.empty_cache()
            return ModelError(f"{clip.id}: {clip.duration:.1f} s do not fit into memory, even alone and in halves"), ()
        return outcome

    def _in_a_row(self, clip: Clip, lap: Lap, longest: float | None = None) -> _Outcome:
        """One clip through all stages, each in its thread."""
        model, threads = self._state.model, self._threads
        try:
            preparing = threads.prepare.submit(stages.prepare, model, [clip], self._state.budget, lap, longest)
            work = self._wait(preparing, lap, counts=True)
            stages.infer(model, work, lap)
            (hypothesis,) = self._wait(threads.write.submit(stages.text, model, work, lap), lap, counts=True)
        except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost this clip only
            found = stages.caught(error)
            if _ends_run(found):
                raise found from None
            return found, ()
        return hypothesis, stages.bounds(work.pieces[0])

    def _drop_ahead(self) -> None:
        """Gives up what was prepared ahead, and the memory that it holds; decoded audio is kept."""
        while self._ahead:
            batch, prepared = self._ahead.pop()
            self._wait(prepared, batch.lap)
            self._pending.appendleft(batch.indices)
            self._decoded.update(zip(batch.indices, batch.decoded, strict=True))

    def _replan(self, batch: _Batch) -> None:
        """Halves the budget and plans the batch and all that is left anew."""
        state, seconds = self._state, self._seconds
        state.budget = state.budget.halved([seconds[index] for index in batch.clips])
        event = Event(
            event="out_of_memory",
            batch=state.batches,
            clips=len(batch.clips),
            batch_seconds=state.budget.seconds,
            batch_size=state.budget.clips,
        )
        state.events.append(event)
        self._decoded.update(zip(batch.indices, batch.decoded, strict=True))
        left = batch.indices + [index for later in self._pending for index in later]
        again = plan([seconds[index] for index in left], state.budget)
        self._pending = deque([left[place] for place in smaller] for smaller in again)

    def _warm_up(self, indices: list[int]) -> None:
        """The first call of a model compiles, allocates and loads; it is made beforehand and not counted.

        An accelerator is given the largest and the smallest batch there are, whose kernels and memory it then has; a
        processor, which needs as long for the largest as later, the shortest clip of the first.
        """
        begin, model, first = time.perf_counter(), self._state.model, Lap()
        batches = [indices]
        if model.accelerated and len(self._pending) > 1:
            batches.append(self._pending[-1])
            for index in batches[1]:
                if index not in self._decoded:
                    self._decoded[index] = self._threads.decoding(_load, self._utterances[index])
        decoded = [[self._decoded[index] for index in batch] for batch in batches]
        with self._threads.busy.measured(first):
            loaded = [[future.result()[0] for future in batch] for batch in decoded]
        clips = [[clip for clip in batch if not isinstance(clip, Exception)] for batch in loaded]
        clock, at = self._state.clock, time.perf_counter()
        clock.phases["decode"] += at - begin
        clock.wait(at - begin, {"decode": at - begin}, "other", busy=first.busy, threads=self._threads.workers)
        if not clips[0]:
            return
        waited, waits = clock.waited, clock.waits
        if model.accelerated:
            for batch in filter(None, clips):
                self._together(batch)
        else:
            self._in_a_row(min(clips[0], key=lambda clip: len(clip.waveform)), Lap())
        clock.waited, clock.waits = waited, waits
        clock.warmup += time.perf_counter() - at
        self._state.warm = True

    def _together(self, clips: list[Clip]) -> None:
        """A batch through all stages for its effects alone; what is wrong with it shows when it is run."""
        model, threads, lap = self._state.model, self._threads, Lap()
        try:
            work = self._wait(threads.prepare.submit(stages.prepare, model, clips, self._state.budget, lap), lap)
            stages.infer(model, work, lap)
            self._wait(threads.write.submit(stages.text, model, work, lap), lap)
        except Exception as error:  # noqa: BLE001 - any model may raise anything
            found = stages.caught(error)
            if _ends_run(found):
                raise found from None
            stages.empty_cache()

    def _prepared(self) -> _Batch:
        """The next batch, when it is prepared."""
        batch, prepared = self._ahead.popleft()
        return self._wait(prepared, batch.lap, counts=True)

    def _wait(self, future: Future[T], lap: Lap, rest: str = "other", *, counts: bool = False) -> T:
        """The result of another thread; the time that the device waits for it is the clock's.

        Args:
            future: works on a batch, or on a clip of it.
            lap: that of the batch.
            rest: what is waited for outside of its phases.
            counts: whether phases that are waited for are counted here. Of a text that is journalled in the same
                thread they are counted there, before.
        """
        begin = time.perf_counter()
        if rest == "journal":
            lap.awaited = begin
        try:
            return future.result()
        finally:
            end = time.perf_counter()
            found = overlap(lap.spans, begin, end)
            self._state.clock.wait(end - begin, found, rest, busy=lap.busy, threads=self._threads.workers)
            if counts:
                lap.wait(begin, end, "features", "transfer", "text")
