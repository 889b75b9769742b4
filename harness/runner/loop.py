"""The one loop that every model runs in: utterances to batches to hypotheses to the journal.

Decoding goes on ahead in threads. One bad clip costs one clip; a batch that does not fit into memory is planned anew,
smaller. Between two batches the loop can be stopped, and the journal then holds everything that was finished.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from harness.errors import Interrupted, ModelError, RunError
from harness.runner import lines, segments
from harness.runner.audio import load_clip
from harness.runner.clock import Clock, Lap
from harness.runner.plan import Budget, padding, plan
from harness.types import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.dataset import Utterance
    from harness.config import OnError
    from harness.models.base import Model
    from harness.runner.journal import Journal
    from harness.types import Clip

WINDOW_BYTES = 512 << 20
"""Encoded audio held in memory at a time, where the source streams it."""

WINDOW_ITEMS = 50_000
"""Utterances planned at a time."""

AHEAD_CLIPS = 16
"""Clips that are decoded ahead, at least; whole batches are, so it may be more."""


class Listener(Protocol):
    """Who wants to know how the run goes."""

    def planned(self, utterances: int, seconds: float) -> None:
        """So many utterances of so many seconds were found and are about to be run."""

    def batch(self, lines: Sequence[dict[str, Any]]) -> None:
        """A batch was journalled."""


class Stop:
    """Set from a signal handler; the loop ends after the batch in hand."""

    def __init__(self) -> None:
        self.requested = False


@dataclass(slots=True, kw_only=True)
class Loop:
    """One benchmark through one model."""

    model: Model
    benchmark: str
    journal: Journal
    budget: Budget
    clock: Clock
    listener: Listener
    stop: Stop
    workers: int = 2
    on_error: OnError = "record"
    warm: bool = False
    """Whether the model is warm already."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """What disturbed the run, such as a lack of memory."""
    padding: list[tuple[float, float]] = field(default_factory=list)
    """For each window its seconds and the share of padding in its plan."""
    _batches: int = 0

    def run(self, utterances: Iterable[Utterance]) -> int:
        """Transcribes every utterance that the journal does not hold.

        Returns:
            The number of utterances seen, those done before included.

        Raises:
            Interrupted: a stop was requested.
            RunError: the journal cannot be written, or a clip failed and ``on_error`` is ``stop``.
        """
        done = {line["id"]: line for line in self.journal.lines}
        self._batches = 1 + max((line.get("batch", -1) for line in self.journal.lines), default=-1)
        seen = 0
        with ThreadPoolExecutor(self.workers, thread_name_prefix="decode") as pool:
            for window in _windows(utterances):
                seen += len(window)
                for utterance in window:
                    _check_same(done.get(utterance.id), utterance, self.journal)
                self._window(window, done, pool)
        return seen

    def _window(self, window: list[Utterance], done: dict[str, Any], pool: ThreadPoolExecutor) -> None:
        """Plans and runs one stretch.

        The plan is that of the whole stretch, whatever was done before: a resumed run has the batches of an
        uninterrupted one.
        """
        seconds = [_seconds(utterance) for utterance in window]
        batches = plan(seconds, self.budget)
        if not self.budget.packs:
            self.padding.append((sum(seconds), padding(seconds, batches)))
        batches = [[index for index in batch if window[index].id not in done] for batch in batches]
        pending = deque(batch for batch in batches if batch)
        left = [index for batch in pending for index in batch]
        self.listener.planned(len(left), sum(seconds[index] for index in left))
        decoded: dict[int, Future[Clip]] = {}
        disturbed: set[int] = set()
        while pending:
            if self.stop.requested:
                for future in decoded.values():
                    future.cancel()
                msg = "the batch in hand was finished; the same command goes on where it was"
                raise Interrupted(msg)
            _decode_ahead(pending, window, decoded, pool)
            batch = pending.popleft()
            lap = Lap()
            with lap.phase("decode"):
                clips, failures = _collect(batch, decoded)
            written = [self._failed(window[index], failures[index]) for index in batch if index in failures]
            good = [index for index in batch if index in clips]
            if good:
                self._warm_up(list(clips.values()))
                attempt = self._attempt([clips[index] for index in good], lap)
                if isinstance(attempt, _OutOfMemory):
                    self._replan(good, pending, seconds, disturbed)
                    for index in good:  # decoded already: not to be decoded again
                        decoded[index] = _ready(clips[index])
                else:
                    results: Sequence[Hypothesis | Exception]
                    if isinstance(attempt, Exception):
                        results = self._one_by_one([clips[index] for index in good], lap, attempt)
                        disturbed.update(good)
                    else:
                        results = attempt
                    written += self._done(
                        [(window[index], clips[index]) for index in good],
                        results,
                        lap,
                        clean=disturbed.isdisjoint(good),
                    )
            self._write(written)

    def _attempt(self, clips: list[Clip], lap: Lap) -> list[Hypothesis] | Exception:
        """One batch through the model. What goes wrong in a model is its caller's to deal with, not fatal."""
        try:
            limit = self.model.card.max_seconds
            if limit is None or all(clip.duration <= limit for clip in clips):
                return self._stages(clips, lap)
            return self._in_pieces(clips, limit, lap)
        except Exception as error:  # noqa: BLE001 - any model may raise anything; it must cost its clips only
            if not _is_out_of_memory(error):
                return error
            if len(clips) > 1:
                return _OutOfMemory()
            return ModelError(f"{clips[0].id}: {clips[0].duration:.1f} s do not fit into memory, even alone")

    def _stages(self, clips: list[Clip], lap: Lap) -> list[Hypothesis]:
        """The model's stages, each timed."""
        model = self.model
        with lap.phase("features", model.synchronize):
            features = model.features(clips)
        with lap.phase("transfer", model.synchronize):
            features = model.transfer(features)
        with lap.phase("model", model.synchronize):
            output = model.infer(features)
        with lap.phase("text", model.synchronize):
            return _checked(model.text(output), clips, model.card.id)

    def _in_pieces(self, clips: list[Clip], limit: float, lap: Lap) -> list[Hypothesis]:
        """Clips of which some are longer than the model takes: cut at pauses, and joined again."""
        pieces = [segments.split(clip, limit) for clip in clips]
        flat = [piece for clip in pieces for piece in clip]
        said: dict[int, Hypothesis] = {}
        for batch in plan([piece.duration for piece in flat], self.budget):
            said.update(zip(batch, self._stages([flat[index] for index in batch], lap), strict=True))
        every = iter([said[index] for index in range(len(flat))])
        return [segments.join(list(islice(every, len(clip))), clip) for clip in pieces]

    def _one_by_one(self, clips: list[Clip], lap: Lap, error: Exception) -> list[Hypothesis | Exception]:
        """Each clip of a batch that failed on its own, so that one bad clip costs one clip."""
        if len(clips) == 1:
            return [error]
        self.events.append({"event": "batch_failed", "batch": self._batches, "error": lines.describe(error)})
        results: list[Hypothesis | Exception] = []
        for clip in clips:
            result = self._attempt([clip], lap)
            results.append(result if isinstance(result, Exception) else result[0])
        return results

    def _replan(self, batch: list[int], pending: deque[list[int]], seconds: list[float], disturbed: set[int]) -> None:
        """Halves the budget and plans the batch and all that is left anew."""
        _empty_cache()
        self.budget = self.budget.halved([seconds[index] for index in batch])
        self.events.append(
            {
                "event": "out_of_memory",
                "batch": self._batches,
                "clips": len(batch),
                "batch_seconds": self.budget.seconds,
                "batch_size": self.budget.clips,
            }
        )
        left = batch + [index for later in pending for index in later]
        again = plan([seconds[index] for index in left], self.budget)
        pending.clear()
        pending.extend([left[place] for place in smaller] for smaller in again)
        disturbed.update(batch)

    def _warm_up(self, clips: list[Clip]) -> None:
        """The first call of a model compiles, allocates and loads; it is made beforehand and not counted."""
        if self.warm:
            return
        self.warm = True
        begin = time.perf_counter()
        self._attempt([min(clips, key=lambda clip: len(clip.waveform))], Lap())
        self.clock.warmup += time.perf_counter() - begin

    def _done(
        self,
        batch: list[tuple[Utterance, Clip]],
        results: Sequence[Hypothesis | Exception],
        lap: Lap,
        *,
        clean: bool,
    ) -> list[dict[str, Any]]:
        """Journal lines of a batch. The batch's counted seconds are shared by duration: they sum to the total."""
        heard = sum(clip.duration for _, clip in batch)
        done = []
        for (utterance, clip), result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                done.append(self._failed(utterance, result, heard=clip.duration))
                continue
            share = lap.counted * clip.duration / heard if heard else 0.0
            pieces = segments.split(clip, self.model.card.max_seconds)
            done.append(
                lines.transcribed(
                    utterance,
                    result,
                    heard=clip.duration,
                    time=share,
                    batch=self._batches,
                    clean=clean,
                    segments=segments.bounds(pieces),
                )
            )
        if batch:
            self.clock.add(lap, heard, clean=clean)
            self._batches += 1
        return done

    def _failed(self, utterance: Utterance, error: Exception, heard: float | None = None) -> dict[str, Any]:
        """The journal line of an utterance that failed."""
        line = lines.failed(utterance, error, heard)
        if self.on_error == "stop":
            msg = (
                f"{self.benchmark}: utterance {utterance.id!r} failed: {line['error']}; "
                "leave out --on-error stop to go on"
            )
            raise RunError(msg)
        return line

    def _write(self, written: list[dict[str, Any]]) -> None:
        if written:
            self.journal.append(written)
            self.listener.batch(written)


class _OutOfMemory(Exception):  # noqa: N818 - a value that _attempt returns, never raised
    """The device or the host had no memory left for a batch."""


def _windows(utterances: Iterable[Utterance]) -> Iterator[list[Utterance]]:
    """Stretches of a stream that fit into memory."""
    window: list[Utterance] = []
    held = 0
    for utterance in utterances:
        size = len(utterance.audio.data or b"")
        if window and (held + size > WINDOW_BYTES or len(window) >= WINDOW_ITEMS):
            yield window
            window, held = [], 0
        window.append(utterance)
        held += size
    if window:
        yield window


def _seconds(utterance: Utterance) -> float:
    """What to plan with: the stated length, else what the size of the encoded audio suggests (FLAC at 16 kHz)."""
    if utterance.duration is not None:
        return utterance.duration
    audio = utterance.audio
    if audio.start is not None and audio.end is not None:
        return max(0.0, audio.end - audio.start)
    try:
        size = len(audio.data) if audio.data is not None else audio.path.stat().st_size if audio.path else 0
    except OSError:
        size = 0
    return size / 16_000


def _decode_ahead(
    pending: deque[list[int]], window: list[Utterance], decoded: dict[int, Future[Clip]], pool: ThreadPoolExecutor
) -> None:
    """Sees to it that the batch in hand, the next, and some more if batches are small, are being decoded."""
    ahead = 0
    for place, batch in enumerate(islice(pending, AHEAD_CLIPS)):
        if place >= 2 and ahead >= AHEAD_CLIPS:
            break
        for index in batch:
            if index not in decoded:
                decoded[index] = pool.submit(load_clip, window[index])
        ahead += len(batch)


def _collect(batch: list[int], decoded: dict[int, Future[Clip]]) -> tuple[dict[int, Clip], dict[int, Exception]]:
    """Decoded clips of a batch, and the errors of those that cannot be decoded."""
    clips: dict[int, Clip] = {}
    failures: dict[int, Exception] = {}
    for index in batch:
        try:
            clips[index] = decoded.pop(index).result()
        except Exception as error:  # noqa: BLE001 - whatever a broken file makes a decoder raise costs that file only
            failures[index] = error
    return clips, failures


def _ready(clip: Clip) -> Future[Clip]:
    future: Future[Clip] = Future()
    future.set_result(clip)
    return future


def _checked(hypotheses: Any, clips: Sequence[Clip], model: str) -> list[Hypothesis]:
    """A model's answer, or an error that names the model and the clip."""
    if not isinstance(hypotheses, list) or len(hypotheses) != len(clips):
        count = len(hypotheses) if isinstance(hypotheses, list) else type(hypotheses).__name__
        msg = f"{model} returned {count} texts for {len(clips)} clips (first: {clips[0].id!r})"
        raise ModelError(msg)
    for hypothesis, clip in zip(hypotheses, clips, strict=True):
        if not isinstance(hypothesis, Hypothesis) or not isinstance(hypothesis.text, str):
            msg = f"{model} returned no text for {clip.id!r} but {type(hypothesis).__name__}"
            raise ModelError(msg)
    return hypotheses


def _check_same(line: dict[str, Any] | None, utterance: Utterance, journal: Journal) -> None:
    """Refuses to go on with a journal of other data."""
    if line is not None and line.get("reference") != utterance.reference:
        msg = (
            f"{journal.path}: the reference of {utterance.id!r} is not the one that this run began with; "
            "give another --out, or start over with --fresh"
        )
        raise RunError(msg)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether the device or the host had no memory left; told by name, so that torch need not be loaded."""
    return isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or "out of memory" in str(error)


def _empty_cache() -> None:
    """Gives the device's cached memory back."""
    import gc
    import sys

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
