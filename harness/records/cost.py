"""What a benchmark cost beside time: electrical energy, and arithmetic, in run.json."""

from msgspec import field

from harness.records.codec import Record


class Energy(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The electrical energy of the machine's parts while a benchmark ran, by their own counters."""

    joules: float | None = None
    """Of all parts together, whatever else they did; null where nothing was measured."""
    parts: dict[str, float] = field(default_factory=dict)
    """Joules of each part, such as ``GPU 0`` or ``package-0``."""
    seconds: float | None = None
    """How long the counters were read, summed over the processes of a resumed run."""
    audio_seconds: float | None = None
    """Audio that the model was given meanwhile; less than all where a process of the run could not measure."""
    method: str | None = None
    """Which counters, and what is not in them."""
    not_measured: str | None = None
    """Why the last process could not measure."""

    @property
    def watt_hours(self) -> float | None:
        """For an hour of audio: joules a second of audio, since both hours are 3,600 seconds."""
        return self.joules / self.audio_seconds if self.joules is not None and self.audio_seconds else None


class Compute(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The arithmetic that the model's network needs for the audio of a benchmark."""

    flops_a_second: float
    """Floating-point operations for a second of audio, two a multiply-add; padding is not counted."""
    method: str
    """How they were counted."""
    peak_tflops: float | None = None
    """What the device can do at most in the run's number format, 1e12 operations a second; null is not known."""
    peak_source: str | None = None
    """Who says so: `--peak-tflops`, or a data sheet."""
