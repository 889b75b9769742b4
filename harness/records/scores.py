"""scores.json: what the predictions of one model are worth under one profile. Rates are fractions, unrounded."""

from typing import Literal

from msgspec import field

from harness.records.codec import FORMAT, Record, not_known
from harness.records.details import Details
from harness.records.slices import SliceTable
from harness.records.speed import Speed
from harness.records.statistics import Interval, MetricValue
from harness.scoring.error_counts import ErrorCounts
from harness.version import VERSION

Rule = bool | str | None
"""What a rule of a profile, or of its normalizer, can be."""


class ProfileRecord(Record, frozen=True, kw_only=True):
    """The rules that a score was made under."""

    name: str
    libraries: dict[str, str] = field(default_factory=dict)
    """Versions of what the rules are made of."""
    rules: dict[str, Rule | dict[str, Rule]] = field(default_factory=dict)
    """Every rule of the profile."""


class BenchmarkScore(Record, frozen=True, kw_only=True):
    """One benchmark of one model."""

    benchmark: str
    language: str
    language_stated: bool
    """False where nothing said which it is, so that it was taken to be English."""
    part_of: str | None = None
    """The benchmark of several languages in run.json that this is the part in one language of."""
    metric: Literal["wer", "cer", "bleu"]
    """Which is the benchmark's main one: by characters in languages written without spaces, BLEU of translations."""
    target: str | None = None
    """The language that was translated into; null of transcripts."""
    utterances: int
    failed: int
    dropped_references: int
    """References of our own runs that normalize to nothing and are not scored."""
    empty_references: int
    """References that normalize to nothing, dropped or not."""
    scored_as_written: int
    """Rows whose normalization failed: they are scored as they are written."""
    letters_without_marks: int = 0
    """Letters of references and hypotheses whose marks, such as vowel signs, the rules drop."""
    typographic_apostrophes: int = 0
    """Apostrophes inside words that the rules do not take for one."""
    words: int | None
    errors: ErrorCounts | None
    wer: float | None
    characters: int | None
    character_errors: int | None
    cer: float | None
    draft_wer: float | None
    """Of what a drafting stage wrote, where the model has one."""
    wer_interval: Interval | None
    cer_interval: Interval | None
    unit: Literal["session", "utterance"]
    """What the interval takes as independent of each other."""
    warnings: tuple[str, ...]
    """Why the run looks broken, and what was not scored as it should be; mostly empty."""
    audio_seconds: float | None
    """Of the utterances, as the data states their durations."""
    speed: Speed
    metrics: dict[str, MetricValue] = field(default_factory=dict)
    """Further metrics, by name, where they were asked for."""
    details: Details | None = None
    """Slices, confusions and flags, where they were asked for."""
    slices: tuple[SliceTable, ...] = ()
    """By each tag that was asked for."""

    @property
    def measured_as(self) -> str:
        """What run.json calls the benchmark that it was measured as, or as a part of."""
        return self.part_of or self.benchmark

    @property
    def rate(self) -> float | None:
        """The main error rate; None of translations, which have none."""
        return self.cer if self.metric == "cer" else self.wer

    @property
    def interval(self) -> Interval | None:
        """Of the main metric."""
        return self.cer_interval if self.metric == "cer" else self.wer_interval


class AverageSpeed(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Speed over all benchmarks of a model: total over total."""

    rtfx: float | None = field(default_factory=not_known)
    rtfx_end_to_end: float | None = field(default_factory=not_known)
    rtfx_leaderboard: float | None = None


class Average(Record, frozen=True, kw_only=True):
    """The plain mean over the benchmarks of a suite; null where the suite is incomplete."""

    wer: float | None = None
    wer_interval: Interval | None = None
    cer: float | None = None
    """In place of `wer` where every benchmark's main metric is the rate of characters."""
    cer_interval: Interval | None = None
    rounded: bool = False
    """Whether the mean is of rates that were rounded first, as the profile has it."""
    speed: AverageSpeed = AverageSpeed()

    @property
    def rate(self) -> float | None:
        """Of words, or of characters."""
        return self.cer if self.wer is None else self.wer

    @property
    def interval(self) -> Interval | None:
        """Of `rate`."""
        return self.cer_interval if self.wer is None else self.wer_interval


class Scores(Record, frozen=True, kw_only=True):
    """All benchmarks of one model."""

    format: int = FORMAT
    version: str | None = VERSION
    """Of the program that scored."""
    suite: str | None
    """Resolved name; null for predictions of others."""
    name: str | None = None
    """What the user called the run; null where it is called by its model."""
    model: str
    profile: ProfileRecord
    complete: bool
    benchmarks: tuple[BenchmarkScore, ...]
    average: Average
