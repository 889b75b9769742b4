"""How fast a benchmark was computed, as run.json says it: by clock, by device, by server, and what was waited for."""

from typing import Annotated, Self

from msgspec import Meta, field

from harness.records.codec import Record

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]


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
