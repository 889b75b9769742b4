"""run.json: how a run was made, and what is known of each of its benchmarks. A fact that is not known is null."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import field

from harness.errors import DataError
from harness.records.codec import FORMAT, Record, read
from harness.records.cost import Compute, Energy
from harness.records.format_1 import upgrade_run
from harness.records.speed import Count, PeakMemory, Positive, Speed

RUN_FILE = "run.json"

SHARDS = ".shards"
"""The folder of a run where parts of it are made."""

Scalar = str | int | float | bool | tuple[str, ...] | None
"""What a setting can be."""


class SpeedElsewhere(Record, frozen=True, kw_only=True):
    """What the clock said of a part of a benchmark that another machine computed, or other packages."""

    stretch: Count
    """Place in the run's list of the last that it is of."""
    speed: Speed


class Selection(Record, frozen=True, kw_only=True):
    """Which utterances of a benchmark were asked for."""

    limit: Count | None = None
    """`--limit`: a seeded sample; null is all."""
    seed: Count | None = None


class Worst(Record, frozen=True, kw_only=True):
    """The transcript that another batch changed most."""

    id: str
    in_run: str
    now: str


class Replay(Record, frozen=True, kw_only=True):
    """What became of a sample of transcripts in other batches."""

    changed: Count
    wer_in_run: float | None = None
    wer: float | None = None
    worst: Worst | None = None


class Audit(Record, frozen=True, kw_only=True):
    """What `--audit-batching` found."""

    asked: Count
    utterances: Count
    alone: Replay
    reversed: Replay
    one_batch: Replay


class Event(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Something that disturbed a run."""

    event: str
    """`out_of_memory`, `batch_failed`, `worker_lost`."""
    batch: int | None = None
    clips: Count | None = None
    batch_seconds: float | None = None
    """What a batch may hold since then."""
    batch_size: Count | None = None
    cut: str | None = None
    """Id of a clip that was cut in halves."""
    error: str | None = None
    worker: str | None = None


class AudioWarnings(Record, frozen=True, kw_only=True):
    """Utterances whose audio is odd in one way, although it could be decoded."""

    utterances: Count
    first: str
    """The first of them, and what is said of it."""


class DataRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What data a benchmark was run on, so that other data is told from it; lines state their audio besides."""

    origin: str | None = None
    """Where data of the user's own is: the resolved path, or an address."""
    digest: str | None = None
    """Of all rows with their references and the sizes and times of their audio (`rows:`), of the files that hold them
    (`files:`), or the revision of what cannot change."""
    not_compared: Count | None = None
    """Lines from before audio was noted: their audio is taken to be what it was when this was written."""


class Update(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the lines of a run whose data had changed."""

    time: str
    """UTC, ISO 8601."""
    new: Count | None = None
    """Rows that were not there before, and were run."""
    scored_again: Count | None = None
    """Rows whose reference, session, language or tags had changed, not their audio."""
    run_again: Count | None = None
    """Rows whose audio, or the language that the model was told, had changed."""
    removed: Count | None = None
    """Rows that are there no longer."""
    kept_in: str | None = None
    """The file beside the journal that holds the lines as they were."""


class LeftOutRecord(Record, frozen=True, kw_only=True):
    """What was passed over for one reason."""

    reason: str
    """Plural, after a number."""
    count: Count
    first: str
    """Where the first of them is."""


class AccountRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What became of everything that was found in own data: `used` and what is left out add up to it."""

    form: str
    """What it was read as."""
    used: Count
    """Rows or files that are utterances."""
    left_out: tuple[LeftOutRecord, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    """What each column was taken for: `audio`, `text`, ..., `tag`, or `not used`."""
    notes: tuple[str, ...] = ()
    """What had to be guessed, one line each."""


class BenchmarkRecord(msgspec.Struct, kw_only=True):
    """One benchmark of a run. Changes while the run goes on."""

    language: str | None = None
    language_stated: bool | None = None
    """False where nothing said which it is."""
    target: str | None = None
    """The language that was translated into; null: it was transcribed."""
    license: str | None = None
    expected: Count | None = None
    """Utterances that were asked for; null until the data was read to its end."""
    done: Count | None = None
    failed: Count | None = None
    complete: bool | None = None
    """Whether every utterance has a line."""
    selection: Selection | None = None
    source: str | None = None
    """Where the data came from."""
    revision: str | None = None
    """Of the data, as found while running."""
    revision_locked: bool | None = None
    """Whether the suite states the revision."""
    account: AccountRecord | None = None
    """Of own data: what was used, what was left out, and what was guessed."""
    rows: Count | None = None
    hours: float | None = None
    words: Count | None = None
    """Of the raw references."""
    data: DataRecord | None = None
    """What the data was when it was looked at last; null in runs from before this was noted."""
    stretches: tuple[Count, ...] = ()
    """Places in the run's list of the stretches that computed it; its speed is of the last's machine alone."""
    speeds_elsewhere: list[SpeedElsewhere] = field(default_factory=list)
    """What was measured of it on other machines, or with other packages, by stretches before."""
    updates: list[Update] = field(default_factory=list)
    """How the data changed between the commands of this run."""
    drift: tuple[str, ...] | None = None
    """In what the data differs from what is locked."""
    padding: float | None = None
    """Share of the batches that was padding; null where batches are packed."""
    events: list[Event] = field(default_factory=list)
    speed: Speed | None = None
    peak_memory: PeakMemory | None = None
    energy: Energy | None = None
    """What the machine's counters say; null in runs from before they were read."""
    compute: Compute | None = None
    """The arithmetic of the model, where its operations are counted and the device's peak is known."""
    audit: Audit | None = None
    audio_warnings: dict[str, AudioWarnings] | None = None
    """By kind; null where there are none."""


class AveragingRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How a suite of the user's own says that its benchmarks become one number."""

    benchmarks: tuple[str, ...]
    """All that it lists."""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a macro average; empty: the plain mean."""
    not_measured: tuple[str, ...] = ()
    """What the published headline averages besides."""
    seconds: dict[str, Positive] = field(default_factory=dict)
    """Audio of each benchmark by which speeds are pooled; empty: by what was measured."""


class ModelRecord(Record, frozen=True, kw_only=True):
    """What is known of the model: its card."""

    id: str
    revision: str | None = None
    parameters: int | float | None = None
    languages: tuple[str, ...] | None = None
    license: str | None = None
    max_seconds: float | None = None
    non_autoregressive: bool | None = None
    batch_invariant: bool | None = None
    packs: bool | None = None
    max_batch: Count | None = None
    in_flight: Count | None = None
    served: bool | None = None
    note: str | None = None


class Hardware(Record, frozen=True, kw_only=True):
    """What a run was computed on."""

    cpu: str | None = None
    cores: int | float | None = None
    memory_gib: float | None = None
    accelerator: str | None = None
    accelerators: Count | None = None
    accelerator_memory_gib: float | None = None
    cuda: str | None = None

    def describe(self) -> str | None:
        """In words: the accelerator, or the processor with its cores; None is not known."""
        if self.accelerator:
            return f"{self.accelerators} x {self.accelerator}" if (self.accelerators or 1) > 1 else self.accelerator
        return f"{self.cpu}, {self.cores:g} cores" if self.cpu and self.cores is not None else self.cpu or None


class Environment(Record, frozen=True, kw_only=True):
    """What a run was made with."""

    python: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of those that can change a transcript or a score."""
    commit: str | None = None
    """Of this program, where it runs from a checkout of its own."""
    dirty: bool | None = None
    """Whether files were changed since that commit."""
    hardware: Hardware = Hardware()
    system: str | None = None


class Stretch(Record, frozen=True, kw_only=True):
    """A part of a run that was computed with the same packages, by the same code, on the same machine."""

    since: str | None = None
    """UTC, ISO 8601."""
    version: str | None = None
    """Of the program."""
    environment: Environment = Environment()
    differs: tuple[str, ...] = ()
    """In what it differs from the stretch before."""
    mixed: tuple[str, ...] = ()
    """Those of them that can change a transcript, which only `--mix-packages` lets pass."""


class EarlyRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """That a run was held against a baseline while it went on (`--gate-early`), and whether it was stopped for it."""

    seed: Count
    """Decides the order in which utterances were taken; drawn before any was heard."""
    baseline: str
    """What it was held against."""
    verdict: Literal["FAIL"] | None = None
    """FAIL: it was stopped, since that verdict of the complete run is certain. Null: it was not."""
    benchmark: str | None = None
    """On which it was certain."""
    utterances: Count | None = None
    """Looked at until then."""
    expected: Count | None = None
    """That could have been looked at."""
    left_out: tuple[str, ...] = ()
    """Ids of utterances that could not be, since their references are not the baseline's."""
    least: float | None = None
    """By how much worse than its baseline the complete run would be at least, as a fraction."""


class RunRecord(msgspec.Struct, kw_only=True):
    """run.json. Changes while the run goes on."""

    format: int = FORMAT
    version: str | None = None
    """Of the program that wrote the file last."""
    name: str | None = None
    """What the user called the run; null where it is called by its model."""
    suite: str | None = None
    """Resolved name."""
    profile: str | None = None
    """The rules that the suite is scored under, or those that the user named."""
    early: EarlyRecord | None = None
    """Where the run was made with `--gate-early`; one that was stopped is not complete."""
    averaging: AveragingRecord | None = None
    """Of a suite of the user's own, whose file later commands do not see; null: plainly, or as our suite declares."""
    model: ModelRecord
    complete: bool | None = None
    """Whether every utterance of every benchmark has a transcript."""
    started: str | None = None
    """UTC, ISO 8601."""
    settings: dict[str, Scalar] = field(default_factory=dict)
    """Every setting of the last command."""
    fingerprint: dict[str, Scalar] | None = None
    """What the user chose that could change a transcript."""
    environment: Environment = Environment()
    """Of the last stretch."""
    merged: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Shards that were taken in, each with when it began, and the benchmarks that it went to the end of."""
    stretches: list[Stretch] = field(default_factory=list)
    """What it was computed with, in turn; several where it was gone on with elsewhere, or after an update."""
    benchmarks: dict[str, BenchmarkRecord]

    def __post_init__(self) -> None:
        limit, on_error = self.limit, self.settings.get("on_error")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
            raise ValueError("settings.limit is not a whole number of 0 or more")
        if on_error is not None and not isinstance(on_error, str):
            raise ValueError("settings.on_error is not a text")

    @property
    def limit(self) -> Scalar:
        """`--limit`; None is all of the data."""
        return self.settings.get("limit")

    @property
    def asked_profile(self) -> str | None:
        """`--profile`; None takes the suite's."""
        asked = self.settings.get("profile")
        return asked if isinstance(asked, str) else None

    @property
    def scores_empty(self) -> bool:
        """Whether failed utterances count as empty transcripts: `--on-error score-empty`."""
        return self.settings.get("on_error") == "score-empty"

    @property
    def looked_up(self) -> bool:
        """Whether its texts were written before, and nothing was listened to: then its speed is of no model."""
        return self.model.id.startswith("transcripts:")

    @property
    def served(self) -> int | None:
        """Requests at a time, where a server did the work; None where this machine did."""
        at_once = self.settings.get("concurrency")
        return int(at_once) if self.model.served and isinstance(at_once, int) else None

    @property
    def hardware(self) -> str | None:
        """What its speed was measured on, in words; that it is of a part, where the rest was computed otherwise.

        Of a server only how much was asked of it is known.
        """
        if self.served is not None:
            return f"a server, {self.served} at once"
        here = self.environment.hardware.describe()
        if not self.speed_is_of_a_part:
            return here
        places = [one.environment.hardware.describe() for one in self.stretches]
        others = ", ".join(dict.fromkeys(place for place in places if place and place != here))
        return f"{here or 'a machine not known'} (a part; the rest on {others or 'it with other packages'})"

    @property
    def speed_is_of_a_part(self) -> bool:
        """Whether something was computed on another machine, or with other packages, than the speed is of."""
        entries = self.benchmarks.values()
        return any(entry.speeds_elsewhere or (entry.speed and entry.speed.elsewhere) for entry in entries)

    @property
    def mixed_packages(self) -> tuple[str, ...]:
        """Changes of what it was computed with that `--mix-packages` let pass, in words."""
        return tuple(each for one in self.stretches for each in one.mixed)


def run_files(place: Path) -> list[Path]:
    """The run.json files below a place, sorted, but for those of shards (`--shard`), whose runs take them in."""
    return sorted(path for path in place.rglob(RUN_FILE) if SHARDS not in path.relative_to(place).parts)


def read_run_record(folder: Path) -> RunRecord:
    """The run.json of a folder.

    Raises:
        FileNotFoundError: there is none.
        DataError: it cannot be read, or is no run.json; the message names the field.
    """
    record = read(folder / RUN_FILE, RunRecord, upgrade_run)
    there = max(1, len(record.stretches))
    for name, entry in record.benchmarks.items():
        named = max([*entry.stretches, *(one.stretch for one in entry.speeds_elsewhere)], default=0)
        if named >= there:
            raise DataError(f"{folder / RUN_FILE}: {name} names a stretch beyond the {there} of the run; run it again")
    return record
