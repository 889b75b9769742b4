"""One model on one suite: a folder with a journal for each benchmark and run.json, which says how it was made."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from harness import environment
from harness.errors import RunError, UsageError
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.runner.audit import audit_batching
from harness.runner.clock import Clock
from harness.runner.engine import loaded, loop_type
from harness.runner.folder import (
    RUN_FILE,
    check_fingerprint,
    fingerprint,
    read_run,
    run_folder,
    set_aside,
    write_json,
)
from harness.runner.journal import FolderLock, Journal, read_lines
from harness.runner.loop import Listener
from harness.runner.repeat import leaderboard, run_again, summary
from harness.runner.source import Source
from harness.scoring.profiles import get_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.dataset import Dataset, Utterance
    from benchmarks.registry import Suite
    from harness.config import Settings
    from harness.models.base import Model
    from harness.runner.loop import Stop

SAVE_SECONDS = 2.0
"""How often run.json is written while running: what the clock loses where the process is killed."""


class Reporter(Listener, Protocol):
    """Who is told how a run goes: a Listener that also hears where models and benchmarks begin and end."""

    def loading(self, model: str) -> None:
        """A model is about to be loaded, which may take long."""

    def benchmark_started(self, model: str, benchmark: str, profile: str, done: Sequence[dict[str, Any]]) -> None:
        """A benchmark begins; `done` are the journal lines that are there from before."""

    def benchmark_finished(self, folder: Path, benchmark: str) -> None:
        """A benchmark is over; its journal lies in the folder."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One model on one suite. `execute` begins it, or goes on with it."""

    suite: Suite
    datasets: Sequence[Dataset]
    model_name: str
    settings: Settings
    reporter: Reporter
    stop: Stop
    folder: Path = field(init=False)
    record: dict[str, Any] = field(init=False)
    _model: Model | None = field(default=None, init=False)
    _warm: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Names the folder."""
        self.folder = run_folder(self.settings.out, self.suite.name, self.model_name)

    def execute(self) -> dict[str, Any]:
        """Runs every benchmark of the suite that is not complete.

        Returns:
            The content of run.json.

        Raises:
            HarnessError: whatever ends the run. The folder can be gone on with by the same command.
        """
        if self.settings.fresh:
            with FolderLock(self.folder):
                pass  # nobody else is writing there
            set_aside(self.folder)
        with FolderLock(self.folder):
            self._begin()
            try:
                for dataset in self.datasets:
                    self._benchmark(dataset)
            finally:
                if self._model is not None:
                    self._model.close()
            entries = self.record["benchmarks"].values()
            self.record["complete"] = all(entry["complete"] and not entry["failed"] for entry in entries)
            self.save()
        return self.record

    def _begin(self) -> None:
        """Reads what is there, refuses what does not fit, and writes down how this run is made."""
        stored = read_run(self.folder)
        if stored is None:
            # An empty one was left by a run that ended before its model was loaded.
            journals = sorted(path for path in self.folder.glob("*.jsonl") if path.stat().st_size)
            if journals:
                msg = f"{journals[0]}: there is no run.json beside it; restore it, or give another --out"
                raise UsageError(msg)
            stored = {"benchmarks": {}}
        invariant = bool(stored.get("model", {}).get("batch_invariant", False))
        if "fingerprint" in stored:
            check_fingerprint(self.folder, stored["fingerprint"], self._fingerprint(batch_invariant=invariant))
        self.record = {
            "suite": self.suite.name,
            "profile": self.suite.profile,
            "model": stored.get("model", {"id": self.model_name}),
            "complete": False,
            "started": stored.get("started") or datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": self.settings.as_dict(),
            "fingerprint": stored.get("fingerprint", self._fingerprint(batch_invariant=False)),
            "environment": stored.get("environment") or msgspec.to_builtins(environment.describe()),
            "benchmarks": {name: entry for name, entry in stored["benchmarks"].items() if isinstance(entry, dict)},
        }

    def _fingerprint(self, *, batch_invariant: bool) -> dict[str, Any]:
        return fingerprint(self.settings, suite=self.suite.name, model=self.model_name, batch_invariant=batch_invariant)

    def _load(self) -> Model:
        """Loads the model, once, when there is work for it."""
        if self._model is not None:
            return self._model
        self.reporter.loading(self.model_name)
        settings = self.settings
        options = LoadOptions(
            device=settings.device,
            dtype=settings.dtype,
            attention=settings.attention,
            revision=settings.revision,
            trust_remote_code=settings.trust_remote_code,
        )
        model = loaded(partial(load_model, self.model_name, options), settings)
        before = self.record["model"].get("revision")
        if "fingerprint" in self.record and before is not None and before != model.card.revision:
            msg = (
                f"{self.folder} holds a run with model revision {before!r}, the model is now at "
                f"{model.card.revision!r}; give --revision {before}, another --out, or --fresh to start over"
            )
            raise UsageError(msg)
        self.record["model"] = {**asdict(model.card), "id": self.model_name}
        self.record["fingerprint"] = self._fingerprint(batch_invariant=model.card.batch_invariant)
        self.record["environment"] = msgspec.to_builtins(
            environment.describe()
        )  # now that the model's libraries are loaded
        self._model = model
        self.save()
        return model

    def _benchmark(self, dataset: Dataset) -> None:
        """Runs one benchmark, unless it is complete."""
        path = self.folder / f"{dataset.name}.jsonl"
        entry = self.record["benchmarks"].get(dataset.name, {})
        if self.settings.retry_failed:
            _drop_failed(path)
        lines, _ = read_lines(path)
        audited = entry.get("audit", {}).get("asked", 0) >= self.settings.audit_batching
        repeated = entry.get("speed", {}).get("repeats", {}).get("asked", 1) >= self.settings.repeats
        timed = self.settings.clock != "leaderboard" or "rtfx_leaderboard" in entry.get("speed", {})
        selection = {"limit": self.settings.limit, "seed": self.settings.seed if self.settings.limit else None}
        whole = entry.get("complete") and entry.get("selection") == selection and len(lines) == entry.get("expected")
        if whole and audited and repeated and timed:
            return
        if whole:
            self.reporter.benchmark_started(self.model_name, dataset.name, self.suite.profile, lines)
        else:
            with Journal(path) as journal:
                self._run_benchmark(dataset, journal, entry, selection)
        if not repeated:
            self._repeat(dataset, path)
        if not timed:
            self._time_as_leaderboard(dataset, path)
        if self.settings.audit_batching and not audited:
            self._audit(dataset, path)
        self.reporter.benchmark_finished(self.folder, dataset.name)

    def _run_benchmark(
        self, dataset: Dataset, journal: Journal, before: dict[str, Any], selection: dict[str, Any]
    ) -> None:
        """Runs what is missing of a benchmark, keeping run.json up to date."""
        found = journal.lines
        source = Source(dataset, self.suite.lock.get(dataset.name), self.settings)
        utterances = source.open({line["id"] for line in found})
        model = self._load()
        clock = _resume_clock(before.get("speed", {}), found)
        entry: dict[str, Any] = {
            "language": dataset.language,
            "license": dataset.license,
            "expected": None,
            "complete": False,
            "selection": selection,
            "events": before.get("events", []),
        }
        self.record["benchmarks"][dataset.name] = entry
        failed = sum("error" in line for line in found)
        save = _Saving(self, entry, journal, clock, failed)
        loop = loop_type(self.settings)(
            model=model,
            benchmark=dataset.name,
            journal=journal,
            budget=self.settings.budget(model.card),
            clock=clock,
            listener=save,
            stop=self.stop,
            workers=self.settings.workers,
            on_error=self.settings.on_error,
            warm=self._warm,
            events=entry["events"],
        )
        self.reporter.benchmark_started(self.model_name, dataset.name, self.suite.profile, found)
        try:
            seen = loop.run(utterances)
            _check_complete(journal, seen)
            entry |= {"expected": seen, "complete": True, "padding": _mean_padding(loop.padding)}
        finally:
            self._warm = loop.warm
            _check_revision(self.folder, dataset.name, before, source.facts)
            entry |= source.facts
            save.now()

    def _anew(self, dataset: Dataset) -> Iterator[Utterance]:
        """All utterances of a benchmark, read again; what they are was checked when they were read first."""
        lock = self.suite.lock.get(dataset.name)
        return Source(dataset, lock, replace(self.settings, limit=None, allow_drift=True)).open(set())

    def _repeat(self, dataset: Dataset, path: Path) -> None:
        """Runs the benchmark again for its speed, and stores each."""
        model = self._load()
        entry = self.record["benchmarks"][dataset.name]
        lines, _ = read_lines(path)
        clocks = [_resume_clock(entry["speed"], lines)]
        changed = 0
        for _ in range(self.settings.repeats - 1):
            clock, differ = run_again(
                model,
                self._anew(dataset),
                lines,
                settings=self.settings,
                listener=self.reporter,
                stop=self.stop,
            )
            clocks.append(clock)
            changed += differ
        entry["speed"]["repeats"] = {"asked": self.settings.repeats, **summary(clocks, changed)}
        self.save()

    def _time_as_leaderboard(self, dataset: Dataset, path: Path) -> None:
        """Runs the benchmark again as the leaderboard's scripts do, and stores how fast that was."""
        clock, _ = run_again(
            self._load(),
            self._anew(dataset),
            read_lines(path)[0],
            settings=self.settings,
            listener=self.reporter,
            stop=self.stop,
            overlap=False,
        )
        self.record["benchmarks"][dataset.name]["speed"] |= leaderboard(clock)
        self.save()

    def _audit(self, dataset: Dataset, path: Path) -> None:
        """Replays a sample of the benchmark in other batches, and stores what changed."""
        model = self._load()
        asked = self.settings.audit_batching
        found = audit_batching(
            model,
            read_lines(path)[0],
            self._anew(dataset),
            count=asked,
            budget=self.settings.budget(model.card),
            profile=get_profile(self.suite.profile),
        )
        self.record["benchmarks"][dataset.name]["audit"] = {"asked": asked, **found}
        self.save()

    def save(self) -> None:
        """Writes run.json."""
        write_json(self.folder / RUN_FILE, self.record)


class _Saving:
    """Passes on what happens and keeps run.json no older than SAVE_SECONDS."""

    def __init__(self, run: Run, entry: dict[str, Any], journal: Journal, clock: Clock, failed: int) -> None:
        self._run, self._entry, self._journal, self._clock = run, entry, journal, clock
        self._wall_before = clock.wall
        self._begin = self._saved = time.perf_counter()
        self._failed = failed

    def planned(self, utterances: int, seconds: float) -> None:
        self._run.reporter.planned(utterances, seconds)

    def batch(self, lines: Sequence[dict[str, Any]]) -> None:
        self._failed += sum("error" in line for line in lines)
        self._run.reporter.batch(lines)
        if time.perf_counter() - self._saved > SAVE_SECONDS:
            self.now()

    def now(self) -> None:
        """Brings run.json up to date."""
        self._saved = time.perf_counter()
        self._clock.wall = self._wall_before + self._saved - self._begin
        self._entry |= {"done": len(self._journal), "failed": self._failed, "speed": self._clock.as_dict()}
        self._entry["peak_memory"] = msgspec.to_builtins(environment.peak_memory())
        self._run.save()


def _resume_clock(stored: dict[str, Any], lines: Sequence[dict[str, Any]]) -> Clock:
    """The clock to go on from. What `rtfx` needs is in the journal, which is never older than run.json."""
    clock = Clock.from_dict(stored)
    clean = [line for line in lines if line.get("clean") and line.get("time") is not None]
    clock.clean_heard = float(sum(line["heard"] for line in clean))
    clock.clean_counted = float(sum(line["time"] for line in clean))
    return clock


def _check_complete(journal: Journal, seen: int) -> None:
    if len(journal) != seen:
        msg = (
            f"{journal.path} holds {len(journal)} utterances where the data has {seen}: "
            "they are not of the same data; give another --out, or start over with --fresh"
        )
        raise RunError(msg)


def _check_revision(folder: Path, benchmark: str, before: dict[str, Any], facts: dict[str, Any]) -> None:
    old, new = before.get("revision"), facts.get("revision")
    if old is not None and new is not None and old != new:
        msg = (
            f"{folder} holds {benchmark} at data revision {old}, the data is now at {new}; "
            "give another --out, or start over with --fresh"
        )
        raise UsageError(msg)


def _mean_padding(windows: Sequence[tuple[float, float]]) -> float | None:
    """The share of padding over the whole plan."""
    seconds = sum(length for length, _ in windows)
    if not seconds:
        return None
    processed = sum(length / (1.0 - share) for length, share in windows)
    return 1.0 - seconds / processed


def _drop_failed(path: Path) -> None:
    """Takes failed utterances out of a journal, so that they are run again."""
    lines, _ = read_lines(path)
    kept = [line for line in lines if "error" not in line]
    if len(kept) == len(lines):
        return
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with Journal(temporary) as journal:
        journal.append(kept)
    temporary.replace(path)
