"""The one loop that every model runs in: utterances to batches to hypotheses to the journal.

A stream of utterances is read in windows that fit into memory, the next one while one runs. Each is planned as a whole
and run by `window`, which overlaps the stages and goes from one to the next without a pause. Between two batches the
loop can be stopped, and the journal then holds everything that was finished.
"""

from __future__ import annotations

from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

from harness.errors import Interrupted, RunError
from harness.runner import lines
from harness.runner.plan import Budget, padding, plan
from harness.runner.window import Threads, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.dataset import Utterance
    from harness.config import OnError
    from harness.models.base import Model
    from harness.runner.clock import Clock, Lap
    from harness.runner.journal import Journal
    from harness.runner.window import Outcome
    from harness.types import Clip

LOOK_SECONDS = 0.2
"""How often a wait for data is interrupted to see whether to stop."""

WINDOW_BYTES = 256 << 20
"""Encoded audio of a window, where the source streams it. Two windows are held at a time."""

WINDOW_ITEMS = 10_000
"""Utterances of a window: some 150 batches, so that sorting within windows costs next to no padding."""


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
    overlap: bool = True
    """Whether stages of different batches run beside each other; else each waits for the last."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """What disturbed the run, such as a lack of memory."""
    padding: list[tuple[float, float]] = field(default_factory=list)
    """For each window its seconds and the share of padding in its plan."""
    batches: int = 0
    """The number of the next batch."""
    _under_way: Window | None = field(default=None, init=False)

    def run(self, utterances: Iterable[Utterance]) -> int:
        """Transcribes every utterance that the journal does not hold.

        Returns:
            The number of utterances seen, those done before included.

        Raises:
            Interrupted: a stop was requested.
            RunError: the journal cannot be written, or a clip failed and ``on_error`` is ``stop``.
        """
        done = {line["id"]: line for line in self.journal.lines}
        self.batches = 1 + max((line.get("batch", -1) for line in done.values()), default=-1)
        seen = 0
        windows = _windows(utterances, self.stop)
        with Threads(self.model, self.workers) as threads:
            coming = _in_background(windows)
            while (window := self._result(coming)) is not None:
                coming = _in_background(windows)
                seen += len(window)
                for utterance in window:
                    _check_same(done.get(utterance.id), utterance, self.journal)
                self._window(window, done, threads)
            self._finish()
        return seen

    def _result(self, coming: Future[list[Utterance] | None]) -> list[Utterance] | None:
        """The next window, or None after the last. Where it cannot be read, what is under way is finished first.

        Raises:
            Interrupted: a stop was requested; reading may take longer than a user waits.
        """
        try:
            while not wait([coming], timeout=LOOK_SECONDS).done:
                if self.stop.requested:
                    msg = "it was still reading its data; the same command goes on where it was"
                    raise Interrupted(msg)
            return coming.result()
        except Exception:
            self._finish()
            raise

    def _window(self, window: list[Utterance], done: dict[str, Any], threads: Threads) -> None:
        """Plans and runs one stretch.

        The plan is that of the whole stretch, whatever was done before: a resumed run has the batches of an
        uninterrupted one.
        """
        seconds = [planning_seconds(utterance) for utterance in window]
        batches = self._planned(seconds)
        if not self.budget.packs:
            self.padding.append((sum(seconds), padding(seconds, batches)))
        batches = [[index for index in batch if window[index].id not in done] for batch in batches]
        batches = [batch for batch in batches if batch]
        left = [index for batch in batches for index in batch]
        self.listener.planned(len(left), sum(seconds[index] for index in left))
        self._run(window, seconds, batches, threads)

    def _planned(self, seconds: list[float]) -> list[list[int]]:
        """The plan of a window. An engine with many devices has another."""
        return plan(seconds, self.budget)

    def _run(self, window: list[Utterance], seconds: list[float], batches: list[list[int]], threads: Threads) -> None:
        """Runs the batches of a window; the last may still be under way on return.

        An engine with many devices does it elsewhere.
        """
        if self._under_way is None or not self.overlap:
            self._under_way = Window(self, {}, {}, threads)
        self._under_way.run(self._under_way.added(window, seconds, batches), finish=not self.overlap)

    def _finish(self) -> None:
        """Waits for what is still under way."""
        if self._under_way is not None:
            self._under_way.run([])
            self._under_way = None

    def journalled(
        self,
        undecoded: Sequence[tuple[Utterance, Exception]],
        heard: Sequence[tuple[Utterance, Clip]],
        outcomes: Sequence[Outcome],
        lap: Lap,
        number: int,
        *,
        clean: bool,
    ) -> None:
        """Writes what became of a batch. Its counted seconds are shared by duration: they sum to the total.

        Called in the thread that writes, to which journal, listener and the clock's batches belong.

        Raises:
            RunError: the journal cannot be written, or a clip failed and ``on_error`` is ``stop``.
        """
        written = [self._failed(utterance, error) for utterance, error in undecoded]
        total = sum(clip.duration for _, clip in heard)
        share = lap.counted / total if total else 0.0
        for (utterance, clip), (said, bounds) in zip(heard, outcomes, strict=True):
            if isinstance(said, Exception):
                written.append(self._failed(utterance, said, heard=clip.duration))
                continue
            written.append(
                lines.transcribed(
                    utterance,
                    said,
                    heard=clip.duration,
                    time=share * clip.duration,
                    batch=number,
                    clean=clean,
                    segments=bounds,
                )
            )
        if heard:
            self.clock.add(lap, total, clean=clean)
        self.journal.append(written)
        self.listener.batch(written)

    def _failed(self, utterance: Utterance, error: Exception, heard: float | None = None) -> dict[str, Any]:
        """The journal line of an utterance that failed."""
        line = lines.failed(utterance, error, heard)
        self._check_stop(line)
        return line

    def _check_stop(self, failed: dict[str, Any]) -> None:
        """Ends the run at a failed utterance, where that is what was asked for."""
        if self.on_error == "stop":
            msg = (
                f"{self.benchmark}: utterance {failed['id']!r} failed: {failed['error']}; "
                "leave out --on-error stop to go on"
            )
            raise RunError(msg)


def _in_background(windows: Iterator[list[Utterance]]) -> Future[list[Utterance] | None]:
    """The next window, read in a thread that nobody waits for when the program ends: a download may hang."""
    future: Future[list[Utterance] | None] = Future()

    def read() -> None:
        try:
            future.set_result(next(windows, None))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)

    Thread(target=read, name="read", daemon=True).start()
    return future


def _windows(utterances: Iterable[Utterance], stop: Stop) -> Iterator[list[Utterance]]:
    """Stretches of a stream that fit into memory. The stream is left when a stop is requested."""
    window: list[Utterance] = []
    held = 0
    for utterance in utterances:
        if stop.requested:
            msg = "the batch in hand was finished; the same command goes on where it was"
            raise Interrupted(msg)
        size = len(utterance.audio.data or b"")
        if window and (held + size > WINDOW_BYTES or len(window) >= WINDOW_ITEMS):
            yield window
            window, held = [], 0
        window.append(utterance)
        held += size
    if window:
        yield window


def planning_seconds(utterance: Utterance) -> float:
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


def _check_same(line: dict[str, Any] | None, utterance: Utterance, journal: Journal) -> None:
    """Refuses to go on with a journal of other data."""
    if line is not None and line.get("reference") != utterance.reference:
        msg = (
            f"{journal.path}: the reference of {utterance.id!r} is not the one that this run began with; "
            "give another --out, or start over with --fresh"
        )
        raise RunError(msg)
