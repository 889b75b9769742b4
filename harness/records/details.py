"""All that `score --details` says of one benchmark of one model besides its score. Rates are fractions."""

from msgspec import field

from harness.records.codec import Record
from harness.records.statistics import Interval, MetricValue
from harness.scoring.error_counts import ErrorCounts


class Slice(Record, frozen=True, kw_only=True):
    """A part of a benchmark: utterances that have something in common."""

    kind: str
    """``length``, ``session``, or the name of a tag."""
    value: str
    utterances: int
    errors: ErrorCounts
    words: int
    rate: float | None
    interval: Interval | None
    """Over the sessions in the slice; null under five, and for a session."""


class Confusions(Record, frozen=True, kw_only=True):
    """What was taken for what, most frequent first."""

    substitutions: tuple[tuple[tuple[str, str], int], ...]
    """Reference word and what was written instead, and how often."""
    deletions: tuple[tuple[str, int], ...]
    insertions: tuple[tuple[str, int], ...]


class Finding(Record, frozen=True, kw_only=True):
    """Something that is wrong with a whole benchmark."""

    kind: str
    message: str
    """One line: what, how much, where it may come from."""
    utterances: tuple[str, ...] = ()
    """Ids of some utterances that show it."""


class Flagged(Record, frozen=True, kw_only=True):
    """Outputs with which the same thing looks wrong."""

    meaning: str
    utterances: int
    ids: tuple[str, ...]
    """Of the first of them."""


class ClassScore(Record, frozen=True, kw_only=True):
    """One punctuation mark, class of capitals or of keywords, or what became of numbers."""

    kind: str
    """``mark``, ``capitals``, ``numbers`` or ``keywords``."""
    name: str
    """The mark itself; ``Capitalized``, ``UPPER``, ``mixed``; ``as written``, ``spelled out``, ...; the class."""
    right: int
    """What both sides have."""
    reference: int
    """What the reference has; of numbers all of them."""
    written: int | None = None
    """What the hypothesis has."""
    precision: MetricValue | None = None
    recall: MetricValue
    """Of numbers the share of all."""
    f1: MetricValue | None = None


class Details(Record, frozen=True, kw_only=True):
    """One benchmark of one model."""

    benchmark: str
    language: str
    utterances: int
    metrics: dict[str, MetricValue] = field(default_factory=dict)
    """Every metric that the benchmark has, by name."""
    classes: tuple[ClassScore, ...] = ()
    """Punctuation marks, capitals, numbers and keywords by class, as far as the benchmark has them."""
    flags: dict[str, Flagged]
    findings: tuple[Finding, ...]
    confusions: Confusions
    by_length: tuple[Slice, ...]
    by_session: tuple[Slice, ...]
    by_tag: tuple[Slice, ...]
