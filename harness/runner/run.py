"""One model on one suite: a folder with a journal for each benchmark and run.json, which says how it was made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from harness import environment
from harness.amounts import amount
from harness.devices import AUTO, KINDS
from harness.energy.meter import Meter, sources_of
from harness.errors import DataError, RunError, UsageError
from harness.models.base import LoadOptions, Model
from harness.models.registry import (
    adapter_of,
    devices_of,
    is_served,
    load_model,
    revision_now,
    says_the_same,
    text_options,
)
from harness.models.versions import changes_transcripts
from harness.perturb.suite import under_conditions
from harness.records.codec import write
from harness.records.journal import Line, read_journal, saying_more
from harness.records.run import RUN_FILE, BenchmarkRecord, ModelRecord, RunRecord, Scalar, read_run_record
from harness.records.speed import Speed
from harness.runner.again import audit_batching, run_again, with_leaderboard, with_repeats
from harness.runner.clock import Clock
from harness.runner.compute import compute_of
from harness.runner.contain import contained, no_sudden_end
from harness.runner.early import begin, run_in_parts
from harness.runner.engine import loaded, loop_type
from harness.runner.folder import (
    check_fingerprint,
    check_revision,
    fingerprint,
    locked,
    run_folder,
    set_aside,
    with_name,
)
from harness.runner.journal import JournalFile, drop_failed
from harness.runner.look import Looked, knows_one_language, look_at, moved, note_changes, selection_of
from harness.runner.placing import placed
from harness.runner.selection import Selected
from harness.runner.shards import shard_folder, take_in
from harness.runner.stages import State, Stop
from harness.runner.stretches import begin_stretch, check_packages, speeds_apart, stretches_here
from harness.runner.task import check_task
from harness.runner.usage import Totals
from harness.scoring.average import declared
from harness.scoring.profile_files import get_profile
from harness.version import VERSION

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset, Utterance
    from benchmarks.registry import Suite
    from harness.config import Settings
    from harness.progress import Silent
    from harness.records.cost import Energy
    from harness.runner.early import Early
    from harness.runner.loop import Loop

SAVE_SECONDS = 2.0
"""How often run.json is written while running: what the clock loses where the process is killed."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One model on one suite. `execute` begins it, or goes on with it."""

    suite: Suite
    datasets: Sequence[Dataset]
    model_name: str
    settings: Settings
    reporter: Silent
    stop: Stop
    load: Callable[[LoadOptions], Model] | None = None
    """How the model is made; None loads it by its name."""
    early: Early | None = None
    """Looks at the run while it goes on, and may stop it."""
    folder: Path = field(init=False)
    record: RunRecord = field(init=False)
    _model: Model | None = field(default=None, init=False)
    _warm: bool = field(default=False, init=False)
    _where: str = field(init=False)
    """The device, for people."""
    _hub_away: str | None = field(default=None, init=False)
    """Why the hub could not be asked whether its data is what it was."""
    _asked: Settings = field(init=False)
    """What the fingerprint is of."""

    def __post_init__(self) -> None:
        """Names the folder, and says where the model runs."""
        asked = self.settings.device
        self.settings = self.settings.on(KINDS if self.load else devices_of(self.model_name))
        self.settings = self.settings if self.load else with_name(self.settings, self.model_name)
        device = self.settings.device
        self._asked = self.settings
        check_task(self.datasets, self.settings)
        asked_for = under_conditions(self.suite, self.datasets, self.settings.perturb, self.settings.seed)
        self.suite, self.datasets = placed(*asked_for, self.settings.out)
        self._where = device if asked in {device, AUTO} else f"{device}, as it does not run on {asked}"
        self.folder = run_folder(self.settings.out, self.suite.name, self.settings.name or self.model_name)
        if self.settings.part is not None:
            self.folder = shard_folder(self.folder, self.settings.part)
        if self.settings.profile is not None:
            get_profile(self.settings.profile)  # a wrong name is said before anything is run
            self.suite = msgspec.structs.replace(self.suite, profile=self.settings.profile)

    def execute(self) -> RunRecord:
        """Runs every benchmark of the suite that is not complete.

        Returns:
            What is in run.json.

        Raises:
            HarnessError: whatever ends the run. The folder can be gone on with by the same command.
        """
        if self.settings.fresh:
            with locked(self.folder):
                pass  # nobody else is writing there
            set_aside(self.folder)
        with locked(self.folder), no_sudden_end():
            taken_in = take_in(self.folder, self._check_shard)
            if taken_in:
                self.reporter.noted(f"{self.model_name}: {taken_in}")
            self.record = self._begun()
            try:
                for dataset in self.datasets:
                    if not self._stopped:
                        self._benchmark(dataset)
            finally:
                if self._model is not None:
                    with contained(self.model_name):
                        self._model.close()
            entries = self.record.benchmarks.values()
            whole = all(entry.complete and not entry.failed for entry in entries)
            self.record.complete = whole and not self._stopped
            self.save()
        return self.record

    @property
    def _stopped(self) -> bool:
        """Whether the verdict is certain, so that the rest is not run."""
        return self.record.early is not None and self.record.early.verdict is not None

    def _begun(self) -> RunRecord:
        """Reads what is there, refuses what does not fit, and says how this run is made."""
        stored = self._stored()
        before, asked = stored.model.revision, self.settings.revision
        invariant = bool(stored.model.batch_invariant)
        if stored.fingerprint is not None:
            if before is not None and before == asked:  # a run of the newest goes on by naming what was the newest then
                self._asked = replace(self.settings, revision=cast("str | None", stored.fingerprint["model revision"]))
            now = self._fingerprint(batch_invariant=invariant)
            asked_before = {**self._spoken(stored, now), **stored.fingerprint}
            if None in {asked_before["language"], now["language"]}:  # each row says its own, and its line is compared
                asked_before["language"] = now["language"]
            check_fingerprint(self.folder, asked_before, now)
            if "language" in stored.fingerprint:
                stored.fingerprint["language"] = now["language"]
        if before is not None and self.load is None:
            now_at = revision_now(self.model_name, asked, before)
            if now_at not in {None, before} and says_the_same(self.model_name, self._texts(stored)):
                stored.model = msgspec.structs.replace(stored.model, revision=now_at)
                self.settings = replace(self.settings, retry_failed=True)  # what was not in the file may be now
            check_revision(self.folder, stored.model.revision, now_at)
        return RunRecord(
            version=stored.version or VERSION,
            name=self.settings.name or stored.name,
            suite=self.suite.name,
            profile=self.suite.profile,
            averaging=declared(self.suite),
            model=stored.model,
            complete=False,
            started=stored.started or datetime.now(UTC).isoformat(timespec="seconds"),
            # Until something is computed it is as the stored settings say; how it is scored is asked each time.
            settings=self.settings.as_dict()
            | stored.settings
            | {"on_error": self.settings.on_error, "profile": self.settings.profile},
            fingerprint=stored.fingerprint or self._fingerprint(batch_invariant=False),
            early=begin(self.early, stored.early),
            environment=stored.environment if stored.environment.python else environment.describe(),
            merged=stored.merged,
            stretches=stored.stretches,
            benchmarks=stored.benchmarks,
        )

    def _check_shard(self, place: Path, record: RunRecord, shard: RunRecord) -> None:
        """Refuses a shard that is not of this run."""
        check_fingerprint(place, shard.fingerprint or {}, record.fingerprint or {})
        check_revision(place, shard.model.revision, record.model.revision)
        if record.stretches and not self.settings.mix_packages:
            check_packages(place, shard, record.stretches[-1].environment.packages, self._matters)

    def _matters(self, package: str) -> bool:
        """Whether a package's version can change a transcript of this model."""
        options = msgspec.convert(self.settings, LoadOptions, from_attributes=True)
        return changes_transcripts(package, None if self.load else adapter_of(self.model_name, options))

    def _spoken(self, stored: RunRecord, now: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The language of rows that state none, where an older run does not say: as now, if most rows are in one."""
        pairs = [(one, stored.benchmarks.get(one.name)) for one in self.datasets if one.unsaid is not None]
        others = [known.language for one, known in pairs if known and known.language not in {None, one.language}]
        return {"language": others[0] if others else now["language"]}

    def _stored(self) -> RunRecord:
        """The run.json that is there; an empty one where there is none."""
        try:
            return read_run_record(self.folder)
        except FileNotFoundError:
            pass
        except DataError as error:
            raise DataError(f"{error}; --fresh starts over") from None
        # An empty one was left by a run that ended before its model was loaded.
        journals = sorted(path for path in self.folder.glob("*.jsonl") if path.stat().st_size)
        if journals:
            raise UsageError(f"{journals[0]}: there is no run.json beside it; restore it, or give another --out")
        return RunRecord(model=ModelRecord(id=self.model_name), benchmarks={})

    def _fingerprint(self, *, batch_invariant: bool) -> dict[str, Scalar]:
        options = text_options(self.model_name, self._asked.model_option)
        asked = replace(self._asked, model_option=options)
        found = fingerprint(asked, suite=self.suite.name, model=self.model_name, batch_invariant=batch_invariant)
        found["language"] = next((one.unsaid for one in self.datasets if one.unsaid is not None), None)
        # What a server is measured at is not to be mixed, nor to be called otherwise afterwards.
        return {**found, "concurrency": self.settings.concurrency} if is_served(self.model_name) else found

    def _load(self) -> Model:
        """Loads the model, once, when there is work for it."""
        if self._model is not None:
            return self._model
        if is_served(self.model_name) and (self.settings.engine != "local" or self.settings.clock == "leaderboard"):
            raise UsageError(
                f"{self.model_name} is a server: --engine ray and --clock leaderboard time devices; leave them out"
            )
        options = msgspec.convert(self.settings, LoadOptions, from_attributes=True)
        resumed = any(path.stat().st_size for path in self.folder.glob("*.jsonl"))
        if resumed and not self.settings.mix_packages:
            check_packages(self.folder, self.record, environment.packages(), self._matters)
        self.reporter.loading(self.model_name, self._where)
        if options.max_cost is not None:
            options = replace(options, spent=self._spent())
        with contained(self.model_name):
            model = loaded(partial(self.load or partial(load_model, self.model_name), options), self.settings)
        check_revision(self.folder, self.record.model.revision, model.card.revision or "none that it states")
        card = msgspec.convert(model.card, ModelRecord, from_attributes=True)
        self.record.model = msgspec.structs.replace(card, id=self.model_name)
        self.record.fingerprint = self._fingerprint(batch_invariant=model.card.batch_invariant)
        # Now that the model's libraries are loaded.
        differs = begin_stretch(self.record, environment.describe(), resumed=resumed, matters=self._matters)
        self.record.version, self.record.settings = VERSION, self.settings.as_dict()
        self._model = model
        self.reporter.loaded(self.model_name, model.card.note)
        if differs:
            self.reporter.noted(
                f"{self.model_name}: gone on with otherwise than before, its speed is of what is run now: "
                f"{'; '.join(differs)}"
            )
        self.save()
        return model

    def _texts(self, stored: RunRecord) -> Iterator[tuple[str, str]]:
        """Ids and transcripts of the run that is there."""
        lines = (line for name in stored.benchmarks for line in read_journal(self.folder / f"{name}.jsonl").lines)
        return ((line.id, line.hypothesis) for line in lines if line.hypothesis is not None)

    def _spent(self) -> float:
        """US dollars that the run cost before, by its journals."""
        paths = (path for form in ("*.jsonl", "*.jsonl.old*") for path in self.folder.glob(form))
        lines = (line for path in paths for line in read_journal(path).lines if line.usage is not None)
        # What was set aside was paid for too; what is scored under another reference was paid for once.
        paid = {(line.id, line.batch, line.time, line.hypothesis): line.usage.cost for line in lines if line.usage}
        return sum(cost or 0.0 for cost in paid.values())

    def _benchmark(self, dataset: Dataset) -> None:
        """Runs one benchmark, unless it is complete and its data is what it was."""
        path = self.folder / f"{dataset.name}.jsonl"
        settings = self.settings
        entry = self.record.benchmarks.get(dataset.name) or BenchmarkRecord()
        if settings.retry_failed:
            drop_failed(path)
        looked, lines = self._look(dataset, path, entry)
        speed = entry.speed or Speed()
        audited = (entry.audit.asked if entry.audit else 0) >= settings.audit_batching
        repeated = (speed.repeats.asked if speed.repeats else 1) >= settings.repeats
        timed = settings.clock != "leaderboard" or speed.seconds_counted_leaderboard is not None
        selection = selection_of(settings)
        whole = entry.complete and entry.selection == selection and len(lines) == entry.expected
        if whole and entry.language_stated is False:
            entry.language_stated = dataset.language_stated  # since then somebody said that it is English
        if whole and audited and repeated and timed and not (looked.changes and looked.changes.any):
            return
        if whole:
            self.reporter.benchmark_started(self.model_name, dataset.name, self.suite.profile, lines)
        else:
            with JournalFile(path) as journal:
                entry = self._run_benchmark(dataset, journal, entry, looked)
                lines = journal.lines
        if self._stopped:
            return
        if not repeated or not timed:
            self._timed_here(dataset.name, entry)
        if not repeated:
            runs = [self._again(dataset, lines) for _ in range(settings.repeats - 1)]
            speed = entry.speed or Speed()
            clocks = [Clock.resumed(speed, lines, stretches_here(self.record)), *(clock for clock, _ in runs)]
            entry.speed = with_repeats(speed, clocks, sum(changed for _, changed in runs))
            self.save()
        if not timed:
            clock, _ = self._again(dataset, lines, overlap=False)
            entry.speed = with_leaderboard(entry.speed or Speed(), clock)
            self.save()
        if settings.audit_batching and not audited:
            self._audit(dataset, entry, lines)
        self.reporter.benchmark_finished(self.folder, dataset.name)

    def _timed_here(self, name: str, entry: BenchmarkRecord) -> None:
        """Refuses to time a benchmark again on another machine than it was timed on.

        Raises:
            UsageError: it was computed, or a part of it was, with something else than what is here.
        """
        self._load()
        if entry.speeds_elsewhere or (entry.speed and entry.speed.elsewhere):
            raise UsageError(
                f"{self.folder}: {name} was timed on another machine, or with other packages; it cannot be timed again "
                "here: leave out --repeats and --clock, or give another --out"
            )

    def _look(self, dataset: Dataset, path: Path, entry: BenchmarkRecord) -> tuple[Looked, Sequence[Line]]:
        """Whether the data is what it was; where it is not, journal and run.json are brought to it, and it is said."""
        origin, lines = entry.data.origin if entry.data else None, read_journal(path).lines
        if None not in {origin, dataset.origin} and origin != dataset.origin:
            raise RunError(f"{self.folder}: begun with other data ({origin}) by another process just now; try again")
        on_hub = bool(entry.complete) and (entry.source or "").startswith("hub:")
        if on_hub and self._hub_away is not None:  # it is waited for once
            looked = Looked(state=None, why_not=self._hub_away)
        else:
            looked = look_at(
                dataset,
                self.suite.lock.get(dataset.name),
                self.settings,
                folder=self.folder,
                entry=entry,
                lines=lines,
                one_language=knows_one_language(self.record.model),
            )
        self._hub_away = looked.why_not or None if on_hub else self._hub_away
        told = looked.changes.told(new=bool(entry.complete)) if looked.changes else looked.why_not
        if told:
            self.reporter.noted(f"{self.model_name} on {dataset.name}: {told}")
        stay = note_changes(path, dataset, self.settings, entry, looked)
        if stay is not None:
            self.record.benchmarks[dataset.name] = entry
            self.save()
        return looked, lines if stay is None else stay

    def _run_benchmark(
        self, dataset: Dataset, journal: JournalFile, before: BenchmarkRecord, looked: Looked
    ) -> BenchmarkRecord:
        """Runs what is missing of a benchmark, keeping run.json up to date."""
        found = journal.lines
        selected = Selected(dataset, self.suite.lock.get(dataset.name), self.settings)
        known = {line.id for line in found} if self.settings.limit is not None else set[str]()  # else nobody asks
        utterances = None if self.early else selected.open(known)
        environment.begin_peak()
        model = self._load()
        speed, apart = speeds_apart(self.record, before, resumed=bool(found))
        entry = BenchmarkRecord(
            language=dataset.language,
            language_stated=dataset.language_stated,
            target=self.settings.target,
            license=dataset.license,
            complete=False,
            selection=selection_of(self.settings),
            revision=before.revision,
            data=looked.noted(dataset, before),
            stretches=tuple(sorted({*(before.stretches or ((0,) if found else ())), len(self.record.stretches) - 1})),
            speeds_elsewhere=apart,
            updates=before.updates,
            events=before.events,
            energy=before.energy,
        )
        self.record.benchmarks[dataset.name] = entry
        self.save()  # whose data the folder holds is known before there is a line of it
        journal.stretch = len(self.record.stretches) - 1
        usage = Totals()
        usage.add(saying_more(found))
        clock = Clock.resumed(speed, found, stretches_here(self.record))
        save = _Saving(self, entry, journal, clock, selected, usage=usage)
        state = State(
            model=model,
            budget=self.settings.budget(model.card),
            clock=clock,
            stop=self.stop,
            warm=self._warm,
            events=entry.events,
        )
        loop = loop_type(self.settings)(
            state=state,
            benchmark=dataset.name,
            journal=journal,
            listener=save,
            workers=self.settings.workers,
            on_error=self.settings.on_error,
        )
        self.reporter.benchmark_started(self.model_name, dataset.name, self.suite.profile, found)
        try:
            with save.meter:
                if utterances is None:
                    seen, entry.expected = self._run_in_parts(loop, selected)
                else:
                    seen = loop.run(utterances)
            for note in loop.notes:
                self.reporter.noted(f"{self.model_name} on {dataset.name}: {note}")
            if self._stopped:
                return entry
            if len(journal) != seen:
                raise RunError(
                    f"{journal.path} holds {amount(len(journal), 'utterance')} where the data has {seen:,}: "
                    "they are not of the same data; give another --out, or start over with --fresh"
                )
            entry.expected, entry.complete, entry.padding = seen, True, _mean_padding(loop.padding)
            compute = compute_of(model, journal.lines, self.settings)
            if isinstance(compute, str):
                self.reporter.noted(f"{self.model_name} on {dataset.name}: {compute}")
            else:
                entry.compute = compute
        finally:
            self._warm = state.warm
            save.now()
        return entry

    def meter(self, before: Energy | None) -> Meter:
        """What follows the machine's counters of energy while a benchmark is run, from what was measured before."""
        elsewhere = "a server does the work" if self.record.model.served else None
        if self.settings.engine != "local":
            elsewhere = "several processes do the work"
        return Meter(*sources_of(self.settings.device, elsewhere=elsewhere), before=before)

    def _run_in_parts(self, loop: Loop, selected: Selected) -> tuple[int, int]:
        """Runs a benchmark until its verdict is certain; how many utterances that were, and how many there are."""
        assert self.early is not None
        assert self.record.early is not None
        seen, stopped, count = run_in_parts(loop, selected, self.early, self.record.early.seed, self.reporter.noted)
        self.record.early = stopped or self.record.early
        return seen, count

    def _anew(self, dataset: Dataset) -> Iterator[Utterance]:
        """All utterances of a benchmark, read again; what they are was checked when they were read first."""
        lock = self.suite.lock.get(dataset.name)
        return Selected(dataset, lock, replace(self.settings, limit=None, allow_drift=True)).open(set())

    def _again(self, dataset: Dataset, lines: Sequence[Line], *, overlap: bool = True) -> tuple[Clock, int]:
        """Runs the benchmark again for its speed; how many transcripts were others."""
        return run_again(
            self._load(),
            self._anew(dataset),
            lines,
            settings=self.settings,
            listener=self.reporter,
            stop=self.stop,
            overlap=overlap,
        )

    def _audit(self, dataset: Dataset, entry: BenchmarkRecord, lines: Sequence[Line]) -> None:
        """Replays a sample of the benchmark in other batches, and stores what changed."""
        model = self._load()
        entry.audit = audit_batching(
            model,
            lines,
            self._anew(dataset),
            count=self.settings.audit_batching,
            budget=self.settings.budget(model.card),
            profile=get_profile(self.suite.profile),
        )
        self.save()

    def save(self) -> None:
        """Writes run.json."""
        write(self.folder / RUN_FILE, self.record)


class _Saving:
    """Passes on what happens and keeps run.json no older than SAVE_SECONDS."""

    def __init__(
        self, run: Run, entry: BenchmarkRecord, journal: JournalFile, clock: Clock, selected: Selected, *, usage: Totals
    ) -> None:
        self.meter, self._audio_before = run.meter(entry.energy), clock.audio_seconds
        self._run, self._entry, self._journal, self._clock, self._selected = run, entry, journal, clock, selected
        self._wall_before = clock.wall
        self._begin = self._saved = time.perf_counter()
        self._usage = usage
        entry.failed = usage.errors

    def planned(self, utterances: int, seconds: float, *, more: bool) -> None:
        self._run.reporter.planned(utterances, seconds, more=more)

    def batch(self, lines: Sequence[Line]) -> None:
        self._entry.failed = (self._entry.failed or 0) + sum(line.error is not None for line in lines)
        self._usage.add(lines)
        self._run.reporter.batch(lines)
        if time.perf_counter() - self._saved > SAVE_SECONDS:
            self.now()

    def now(self) -> None:
        """Brings run.json up to date.

        Raises:
            UsageError: the data is at another revision than what was run before.
        """
        before, now = self._entry.revision, self._selected.revision
        if before is not None and now is not None and before != now:
            raise moved(self._journal.path.parent, self._journal.path.stem, before, now)
        self._selected.describe(self._entry)
        self._saved = time.perf_counter()
        self._clock.wall = self._wall_before + self._saved - self._begin
        concurrency = self._run.settings.concurrency if self._run.record.model.served else None
        self._entry.done = len(self._journal)
        self._entry.speed = self._usage.complete(self._clock.speed(), concurrency)
        self._entry.audio_warnings = self._usage.audio or None
        self._entry.peak_memory = environment.peak_memory()
        self._entry.energy = self.meter.record(self._clock.audio_seconds - self._audio_before)
        self._run.save()


def _mean_padding(windows: Sequence[tuple[float, float]]) -> float | None:
    """The share of padding over the whole plan."""
    seconds = sum(length for length, _ in windows)
    if not seconds:
        return None
    processed = sum(length / (1.0 - share) for length, share in windows)
    return 1.0 - seconds / processed
