"""What `data check` found: findings ranked by how bad and how certain they are, and what each kind means."""

from typing import Literal

from msgspec import field

from harness.records.codec import FORMAT, Record

Severity = Literal["high", "medium", "low", "info"]
"""High: figures made with it are wrong. Medium: probably. Low: worth a look. Info: nothing is wrong with it."""


class HealthFinding(Record, frozen=True, kw_only=True):
    """One thing to look at."""

    kind: str
    """What it is, by the name that `kinds` explains and ``--fail-on`` takes."""
    severity: Severity
    confidence: float
    """0 to 1; findings of one severity are ranked by it."""
    benchmark: str
    utterance: str | None = None
    """Its id; null where it is about the set as a whole."""
    others: tuple[str, ...] = ()
    """Ids of what it has to do with: the other copies of a duplicate, the first of what a finding of the set shows."""
    where: str | None = None
    """Place in the audio (``1.20 to 3.40 s``) or in the reference (``characters 10 to 14``); null is all of it."""
    value: float | None = None
    """What was measured."""
    threshold: float | None = None
    """From where on it is a finding."""
    unit: str = ""
    """Of both: ``dB``, ``s``, ``characters/s``."""
    message: str
    """What was seen, in one sentence."""


class HealthKind(Record, frozen=True, kw_only=True):
    """A kind of finding that was made."""

    kind: str
    title: str
    count: int
    meaning: str
    """What it does to a score."""
    advice: str
    """What to do about it."""


class Health(Record, frozen=True, kw_only=True):
    """All that was found in one set, or in the sets of one suite."""

    format: int = FORMAT
    """Of this file; readers of an older one refuse a newer one."""
    name: str
    """What was checked: a path, a benchmark, a suite."""
    benchmarks: tuple[str, ...]
    utterances: int
    """How many were checked."""
    of: int | None
    """How many there are, where ``--limit`` left some out; else null."""
    seconds: float
    """Of audio that could be decoded."""
    flagged: int
    """Utterances with a finding that is more than information."""
    languages: dict[str, int]
    """Utterances by language."""
    sessions: int
    """How many there are; 0 where none is stated."""
    systems: tuple[str, ...] = ()
    """Whose transcripts were compared with the references."""
    kinds: tuple[HealthKind, ...] = field(default_factory=tuple)
    """In the order of their worst findings."""
    findings: tuple[HealthFinding, ...] = field(default_factory=tuple)
    """The worst first."""
