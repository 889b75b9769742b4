"""What `check-model` finds: whether a model keeps what the runner relies on."""

from typing import Literal

from harness.records.codec import FORMAT, Record
from harness.records.speed import PeakMemory
from harness.version import VERSION


class Finding(Record, frozen=True, kw_only=True):
    """One thing that was looked at."""

    check: str
    """Its name, such as ``batching``."""
    state: Literal["good", "mend", "note"]
    """``mend`` is something that the runner relies on and that does not hold; ``note`` is something to know."""
    said: str
    """What was seen."""
    how: str | None = None
    """What to mend, and how."""


class Conformance(Record, frozen=True, kw_only=True):
    """A model's card as it was seen at work."""

    format: int = FORMAT
    version: str = VERSION
    """Of the program that checked."""
    model: str
    """What `--model` takes."""
    revision: str | None = None
    """That of the card; None where the model could not be loaded, or states none."""
    parameters: int | None = None
    languages: tuple[str, ...] = ()
    license: str | None = None
    max_seconds: float | None = None
    batch_invariant: bool | None = None
    """As the card promises."""
    device: str
    """Where it ran."""
    clips: int
    """Clips of the embedded sample that it was given."""
    audio_seconds: float
    """Their length."""
    load_seconds: float | None = None
    rtfx: float | None = None
    """Seconds of audio a second: each clip alone, the second time."""
    rtfx_batches: float | None = None
    """The same in batches."""
    wer: float | None = None
    """Of the clips alone, against the sample's transcripts, a fraction; None where no clip was transcribed."""
    peak_memory: PeakMemory | None = None
    findings: tuple[Finding, ...] = ()
    conforms: bool
    """Whether there is nothing to mend."""
