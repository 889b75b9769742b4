"""The one loop that every model runs in: utterances to batches to hypotheses to the journal.

A stream of utterances is read in windows that fit into memory, the next one while one runs. Each is planned as a whole
and run by the pipeline, which overlaps the stages and goes from one to the next without a pause. Between two batches
the loop can be stopped, and the journal then holds everything that was finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from harness.errors import Interrupted, RunError
from harness.perturb.apply import seconds_under
from harness.records.journal import OtherReferenceError, Places, last_batch
from harness.runner.pipeline import Done, Pipeline
from harness.runner.plan import padding, plan
from harness.runner.threads import Threads

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance
    from harness.config import OnError
    from harness.records.journal import Line
    from harness.runner.journal import JournalFile
    from harness.runner.stages import State, Stop

LOOK_SECONDS = 0.2
"""How often a wait for data is interrupted to see whether to stop."""

WINDOW_BYTES = 256 << 20
"""Encoded audio of a window, where the source streams it. Two windows are held at a time."""

WINDOW_ITEMS = 10_000
"""Utterances of a window: some 150 batches, so that sorting within windows costs next to no padding."""


Window = tuple["list[Utterance]", list[float], bool]
"""Utterances of a stretch, and what to plan with, in seconds."""


class Listener(Protocol):
    """Who wants to know how the run goes."""

    def planned(self, utterances: int, seconds: float, *, more: bool) -> None:
        """So many utterances of so many seconds were found and are about to be run."""

    def batch(self, lines: Sequence[Line]) -> None:
        """A batch was journalled."""


@dataclass(slots=True, kw_only=True)
class Loop:
    """One benchmark through one model."""

    state: State
    benchmark: str
    journal: JournalFile
    listener: Listener
    workers: int = 2
    on_error: OnError = "record"
    padding: list[tuple[float, float]] = field(default_factory=list)
    """For each window its seconds and the share of padding in its plan."""
    _pipeline: Pipeline | None = field(default=None, init=False)

    def run(self, utterances: Iterable[Utterance]) -> int:
        """Transcribes every utterance that the journal does not hold.

        Returns:
            The number of utterances seen, those done before included.

        Raises:
            Interrupted: a stop was requested.
            RunError: the journal cannot be written, or a clip failed and ``on_error`` is ``stop``.
        """
        lines = self.journal.lines
        places = Places(lines) if lines else None
        self.state.batches = 1 + last_batch(lines)
        seen = 0
        windows = _windows(self._listed(utterances), self.state.stop, self._items)
        with Threads(self.state.model, self.workers) as threads:
            coming = _in_background(windows)
            while (found := self._result(coming)) is not None:
                coming = _in_background(windows)
                window, seconds, more = found
                seen += len(window)
                self._window(window, seconds, self._done_before(window, places), threads, more=more)
            self._finish()
        return seen

    def _listed(self, utterances: Iterable[Utterance]) -> Iterator[tuple[Utterance, float]]:
        """Each with what to plan with, in seconds; in the thread that reads."""
        for utterance in utterances:
            yield utterance, planning_seconds(utterance)

    def _done_before(self, window: Sequence[Utterance], places: Places | None) -> set[int]:
        """Which of a stretch the journal holds already.

        Raises:
            RunError: under another reference.
        """
        try:
            known = [] if places is None else places.of(window)
        except OtherReferenceError as error:
            raise RunError(
                f"{self.journal.path}: the reference of {error.args[0]!r} is not the one that this run "
                "began with; give another --out, or start over with --fresh"
            ) from None
        return {at for at, there in enumerate(known) if there}

    @property
    def notes(self) -> list[str]:
        """What a person should know of how it was run."""
        return []

    @property
    def _items(self) -> int:
        """Utterances of a window. An engine with many devices may have more."""
        return WINDOW_ITEMS

    def _result(self, coming: Future[Window | None]) -> Window | None:
        """The next window, or None after the last. Where it cannot be read, what is under way is finished first.

        Raises:
            Interrupted: a stop was requested; reading may take longer than a user waits.
        """
        try:
            while not wait([coming], timeout=LOOK_SECONDS).done:
                if self.state.stop.requested:
                    raise Interrupted("it was still reading its data; the same command goes on where it was")
            return coming.result()
        except Exception:
            self._finish()
            raise

    def _window(
        self, window: list[Utterance], seconds: list[float], done: set[int], threads: Threads, *, more: bool
    ) -> None:
        """Plans and runs what is missing of one stretch, all but the places that are done.

        The plan is that of the whole stretch, whatever was done before: a resumed run has the batches of an
        uninterrupted one.
        """
        batches = self._planned(seconds)
        if not self.state.budget.packs:
            self.padding.append((sum(seconds), padding(seconds, batches, self.state.budget.window)))
        if done:
            batches = [[index for index in batch if index not in done] for batch in batches]
            batches = [batch for batch in batches if batch]
        left = [length for index, length in enumerate(seconds) if index not in done] if done else seconds
        self.listener.planned(len(left), sum(left), more=more)
        self._run(window, seconds, batches, threads)

    def _planned(self, seconds: list[float]) -> list[list[int]]:
        """The plan of a window. An engine with many devices has another."""
        return plan(seconds, self.state.budget)

    def _run(self, window: list[Utterance], seconds: list[float], batches: list[list[int]], threads: Threads) -> None:
        """Runs the batches of a window; the last may still be under way on return.

        An engine with many devices does it elsewhere.
        """
        if self._pipeline is None:
            self._pipeline = Pipeline(self.state, threads, self._journal)
        self._pipeline.run(self._pipeline.add(window, seconds, batches), finish=not self.state.overlap)

    def _finish(self) -> None:
        """Waits for what is still under way."""
        if self._pipeline is not None:
            self._pipeline.run([])
            self._pipeline = None

    def _journal(self, done: Done) -> None:
        """Writes what became of a batch.

        Called in the thread that writes, to which journal, listener and the clock's batches belong.

        Raises:
            RunError: the journal cannot be written, or a clip failed and ``on_error`` is ``stop``.
        """
        for line in done.lines:
            self._check_stop(line)
        if done.lap is not None:
            self.state.clock.add(done.lap, done.audio_seconds, undisturbed=done.undisturbed)
        self._append(done.lines)

    def _append(self, lines: list[Line]) -> None:
        self.journal.append(lines)
        self.listener.batch(lines)

    def _check_stop(self, line: Line) -> None:
        """Ends the run at a failed utterance, where that is what was asked for."""
        if line.error is not None and self.on_error == "stop":
            msg = f"{self.benchmark}: utterance {line.id!r} failed: {line.error}; leave out --on-error stop to go on"
            raise RunError(msg)


def _in_background(windows: Iterator[Window]) -> Future[Window | None]:
    """The next window, read in a thread that nobody waits for when the program ends: a download may hang."""
    future: Future[Window | None] = Future()

    def read() -> None:
        try:
            future.set_result(next(windows, None))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)

    Thread(target=read, name="read", daemon=True).start()
    return future


def _windows(listed: Iterable[tuple[Utterance, float]], stop: Stop, items: int) -> Iterator[Window]:
    """Stretches of a stream that fit into memory, each with whether another follows.

    The stream is left when a stop is requested.
    """
    window: list[Utterance] = []
    seconds: list[float] = []
    held = 0
    for utterance, length in listed:
        if stop.requested:
            raise Interrupted("the batch in hand was finished; the same command goes on where it was")
        size = 0 if utterance.audio.data is None else len(utterance.audio.data)
        if len(window) >= items or (window and held + size > WINDOW_BYTES):
            yield window, seconds, True
            window, seconds, held = [], [], 0
        window.append(utterance)
        seconds.append(length)
        held += size
    if window:
        yield window, seconds, False


def planning_seconds(utterance: Utterance) -> float:
    """What to plan with: the stated length, else what the size of the encoded audio suggests (FLAC at 16 kHz).

    Under a condition it is how long that becomes.
    """
    condition, length = utterance.audio.condition, utterance.duration
    if condition is None and length is not None:  # asked for a million times
        return length
    return seconds_under(condition, _clean_seconds(utterance) if length is None else length)


def _clean_seconds(utterance: Utterance) -> float:
    """Of a clip that nobody states the length of."""
    audio = utterance.audio
    if audio.start is not None and audio.end is not None:
        return max(0.0, audio.end - audio.start)
    try:
        size = len(audio.data) if audio.data is not None else audio.path.stat().st_size if audio.path else 0
    except OSError:
        size = 0
    return size / 16_000
