"""What `explain` finds: from one profile to another, rule by rule. Rates and effects are fractions."""

from typing import Literal, Self

from harness.records.codec import FORMAT, Record
from harness.scoring.error_counts import ErrorCounts
from harness.version import VERSION


class Tally(Record, frozen=True, kw_only=True):
    """Counts under one set of rules."""

    errors: ErrorCounts
    words: int
    rate: float | None

    @classmethod
    def of(cls, counts: ErrorCounts) -> Self:
        """With what follows from the counts."""
        return cls(errors=counts, words=counts.words, rate=counts.rate)


class Move(Record, frozen=True, kw_only=True):
    """One utterance whose counts a step changes."""

    id: str
    errors_before: int
    errors_after: int
    words_before: int
    words_after: int
    contribution: float
    """Its share of the step's effect; the shares of all utterances add up to the effect."""
    changes: tuple[str, ...] = ()
    """What the step rewrites or merges in it, such as ``stephen -> steven``."""


class Example(Record, frozen=True, kw_only=True):
    """Something that a step rewrites or merges."""

    change: str
    times: int


class RuleStep(Record, frozen=True, kw_only=True):
    """One rule switched from the first profile's way to the second's."""

    rule: str
    before: str
    after: str
    meaning: str
    errors: ErrorCounts
    """Of all utterances, after this step and all before it."""
    words: int
    rate: float | None
    effect: float | None
    """Change of the error rate by this step on top of those before it."""
    alone: float | None
    """Change of the error rate by this rule alone, on top of the first profile (and the normalizer, if it is new)."""
    utterances_moved: int
    """Utterances whose counts this step changes."""
    moves: tuple[Move, ...]
    """Those that contribute most, largest first."""
    examples: tuple[Example, ...]
    """What the step rewrites most often in utterances whose counts it changes."""


class PublishedGap(Record, frozen=True, kw_only=True):
    """A published figure, and what it says beyond the rules."""

    value: float
    profile: str | None
    """The rules that it was made under; null is not known, and then it cannot be compared."""
    suite: str | None
    date: str | None
    hardware: str | None
    source: str | None
    ours: float | None
    """Rate of these predictions under the same rules."""
    unexplained: float | None
    """The figure minus that: no rule of scoring makes it."""


class Explanation(Record, frozen=True, kw_only=True):
    """The way from one profile to another on one benchmark."""

    benchmark: str
    language: str
    metric: Literal["wer", "cer"]
    utterances: int
    failed: int
    """Utterances without a transcript, which are left out."""
    start: Tally
    """Under the first profile."""
    steps: tuple[RuleStep, ...]
    end: Tally
    """Under the second profile."""
    total: float | None
    """Rate under the second profile minus rate under the first."""
    utterances_moved: int
    """Utterances whose counts differ under the two profiles."""
    interaction: float | None
    """What the rules alone do not explain of the total: they work on each other's results."""
    published: tuple[PublishedGap, ...] | None = None


class Explained(Record, frozen=True, kw_only=True, rename={"first": "from", "second": "to"}):
    """All benchmarks of one model."""

    format: int = FORMAT
    version: str | None = VERSION
    model: str
    first: str
    """Name of the profile to start from."""
    second: str
    """Name of the profile to arrive at."""
    benchmarks: tuple[Explanation, ...]


class VersionStep(Record, frozen=True, kw_only=True):
    """One version of the leaderboard's rules, on top of the one before it."""

    profile: str
    errors: ErrorCounts
    words: int
    rate: float | None
    effect: float | None
    """Change of the error rate from the version before; null for the first."""
    utterances_moved: int
    """Utterances whose counts the version changes."""
    steps: tuple[RuleStep, ...]
    """Its rules, one by one; their effects add up to that of the version."""


class BenchmarkTimeline(Record, frozen=True, kw_only=True):
    """One benchmark under every version of the rules, oldest first."""

    benchmark: str
    language: str
    metric: Literal["wer", "cer"]
    utterances: int
    versions: tuple[VersionStep, ...]
    total: float | None
    """Rate under the last version minus rate under the first."""


class VersionAverage(Record, frozen=True, kw_only=True):
    """The average that the leaderboard of a version would show."""

    profile: str
    suite: str | None
    """The suite of that version; null where none is known, so that the average is over all that there is."""
    missing: tuple[str, ...]
    """Benchmarks of the suite that are not among the predictions."""
    rate: float | None
    """Null where any is missing."""


class Timeline(Record, frozen=True, kw_only=True):
    """The same predictions of one model under every version of the leaderboard's rules."""

    format: int = FORMAT
    version: str | None = VERSION
    model: str
    benchmarks: tuple[BenchmarkTimeline, ...]
    averages: tuple[VersionAverage, ...]
