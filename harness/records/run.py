"""run.json: how a run was made, and what is known of each of its benchmarks. A fact that is not known is null."""

from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta, field

from harness.errors import DataError
from harness.records.codec import FORMAT, Record, read
from harness.records.cost import Compute, Energy

RUN_FILE = "run.json"

SHARDS = ".shards"
"""The folder of a run where parts of it are made."""

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Scalar = str | int | float | bool | tuple[str, ...] | None
"""What a setting can be."""


class Repeats(Record, frozen=True, kw_only=True):
    """What `--repeats` measured: a value for each time that the benchmark was run, the first included."""

    asked: Count = 1
    changed_transcripts: Count = 0
    """Transcripts that were others when the benchmark was run again."""
    rtfx: tuple[Positive, ...] = ()
    rtfx_median: float | None = None
    rtfx_end_to_end: tuple[Positive, ...] = ()
    rtfx_end_to_end_median: float | None = None


class PeakMemory(Record, frozen=True, kw_only=True):
    """The most memory that was held at a time, in GiB."""

    host_gib: float | None = None
    device_gib: float | None = None


class DeviceSpeed(Record, frozen=True, kw_only=True):
    """What one device of a cluster did."""

    workers: Count = 1
    """That share it."""
    batches: Count = 0
    audio_seconds: float = 0.0
    """Given to the model in undisturbed batches."""
    seconds_counted: float = 0.0
    peak_memory: PeakMemory | None = None
    rtfx: float | None = None


class ClusterSpeed(Record, frozen=True, kw_only=True):
    """How many devices shared the work, and how fast each was."""

    devices: dict[str, DeviceSpeed] = field(default_factory=dict)
    rtfx: float | None = None
    """Of all devices together."""
    rtfx_per_device: float | None = None


class ServedSpeed(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a server did, over all requests of a benchmark. Latencies are seconds from the intended start."""

    concurrency: Count
    """Requests at a time."""
    requests: Count = 0
    retries: Count = 0
    errors: Count = 0
    """Utterances that failed for good."""
    latency_p50: float | None = None
    latency_p95: float | None = None
    latency_p99: float | None = None
    first_token_p50: float | None = None
    """Seconds to the first token, where answers are streamed."""
    first_token_p95: float | None = None
    cost: float | None = None
    """US dollars, by the price that the user stated."""
    made_by: tuple[str, ...] = ()
    """What it says that it answered with, where it says so; several where that changed in the middle of the run."""


_CAUSES = {
    "decode": "decoding",
    "features": "features made on the host",
    "transfer": "copies to the device",
    "text": "texts",
    "journal": "the journal",
    "other": "its turn",
}
"""Fields of `Waits` in words."""


class Waits(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the network's thread waited for, in seconds: those of `seconds_waited` by their cause."""

    decode: float = 0.0
    """Audio that was not decoded yet, or its digest not made."""
    features: float = 0.0
    transfer: float = 0.0
    text: float = 0.0
    journal: float = 0.0
    """Lines being written."""
    other: float = 0.0
    """Going from one thread to another; clips that are tried again."""
    busy_seconds: float = 0.0
    """Of the threads that decode, added up, while it waited for decoding."""
    threads: Count = 0
    """That decode."""
    cause: str = ""
    """The largest of them in words, such as `decoding, 3 of 8 threads busy`."""

    @property
    def largest(self) -> str:
        """As `cause`, of the figures as they are."""
        seconds, name = max((getattr(self, name), name) for name in _CAUSES)
        if name != "decode" or self.busy is None:
            return _CAUSES[name] if seconds else ""
        return f"{_CAUSES[name]}, {self.busy:.0f} of {self.threads} threads busy"

    @property
    def busy(self) -> float | None:
        """Threads that were decoding while it waited for that, on average."""
        return self.busy_seconds / self.decode if self.decode > 0 else None

    def plus(self, other: Self) -> Self:
        """Both together."""
        added = {name: getattr(self, name) + getattr(other, name) for name in (*_CAUSES, "busy_seconds")}
        return type(self)(**added, threads=max(self.threads, other.threads))


class Speed(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the clock of a benchmark says; total over total. docs/running.md defines each."""

    rtfx: float | None = field(default_factory=lambda: None)
    """Audio over counted seconds, undisturbed batches only."""
    rtfx_end_to_end: float | None = field(default_factory=lambda: None)
    """Audio over wall clock."""
    rtfx_leaderboard: float | None = None
    """As the leaderboard's scripts time, where `--clock leaderboard` was asked for."""
    audio_seconds: float | None = field(default_factory=lambda: None)
    """Given to the model, all batches."""
    audio_seconds_undisturbed: float | None = None
    """Given to the model in undisturbed batches."""
    audio_seconds_leaderboard: float | None = None
    seconds_counted: float | None = field(default_factory=lambda: None)
    """Of undisturbed batches: features, transfer, model and text; of an accelerator the model, and what it waited for
    of the others."""
    seconds_counted_leaderboard: float | None = None
    seconds_wall: float | None = None
    """From the first utterance read to the last line journalled, summed over the processes of a resumed run."""
    seconds_warmup: float | None = None
    seconds_waited: float | None = None
    """The network's thread, for features, texts or the journal."""
    waits: Waits | None = None
    """The same by its cause; null in runs from before it was noted."""
    phases: dict[str, float] = field(default_factory=dict)
    """Seconds by phase, all batches."""
    batches: Count | None = None
    excluded_batches: Count | None = None
    """Left out of `rtfx`."""
    tokens: Count | None = None
    """Generated, where the model counts them."""
    limited: Count | None = None
    """Utterances whose text ended at the model's limit of tokens, in whole or in part."""
    malformed: Count | None = None
    """Utterances with signs of time or speaker that could not be read, or that were missing."""
    tokens_per_second: float | None = None
    """Over counted seconds, undisturbed batches only."""
    acceptance_rate: float | None = None
    """Share of the tokens drafted by speculation that were kept."""
    served: ServedSpeed | None = None
    """Where a server did the work: `rtfx` is then throughput at so many requests at a time."""
    repeats: Repeats | None = None
    cluster: ClusterSpeed | None = None
    elsewhere: bool | None = None
    """Whether it was measured on another machine, or with other packages, than the last stretch of the run."""

    @property
    def counted_audio(self) -> float | None:
        """The audio that belongs to `seconds_counted`."""
        return self.audio_seconds if self.audio_seconds_undisturbed is None else self.audio_seconds_undisturbed


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


_SPEED = {
    "seconds_heard": "audio_seconds",
    "seconds_heard_clean": "audio_seconds_undisturbed",
    "seconds_heard_leaderboard": "audio_seconds_leaderboard",
    "heard": "audio_seconds",
    "counted": "seconds_counted",
}
"""Names of format 1, of a benchmark's speed and of a cluster's devices."""


def upgrade_run(found: object) -> object:
    """The plain values of a run.json of format 1 under today's names; nulls are left out, to take their default."""
    if not isinstance(found, dict) or found.get("format", 1) != 1:
        return found
    return _renamed({**found, "format": FORMAT}, inside=False)


def _renamed(found: object, *, inside: bool) -> object:
    """Fields renamed below every `speed`; what is null is as if it were not there. Lists of format 1 need neither."""
    if not isinstance(found, dict):
        return found
    return {
        _SPEED.get(key, key) if inside else key: _renamed(value, inside=inside or key == "speed")
        for key, value in found.items()
        if value is not None
    }
