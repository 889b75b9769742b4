"""What the gate compares and what it says: two Sides in, a Decision of Findings out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from harness.errors import ExitStatus
from harness.gate.policy import Policy, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.scoring.error_counts import ErrorCounts
    from harness.scoring.significance import Difference


class Verdict(Enum):
    """The answer to one question."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class Reason(Enum):
    """Why a finding is what it is, for machines."""

    COMPARED = "compared"
    UNCHANGED = "unchanged"
    MISSING = "missing"
    EXTRA = "extra"
    INCOMPLETE = "incomplete"
    OTHER_DATA = "other data"
    OTHER_REVISION = "other data revision"
    OTHER_PROFILE = "other profile"
    OTHER_HARDWARE = "other hardware"
    NO_BASELINE = "no baseline"
    NOTHING_COMPARED = "nothing compared"
    FEW_SESSIONS = "too few sessions"
    NO_WORDS = "no reference words"
    NOT_MEASURED = "not measured"


STRUCTURAL = frozenset(Reason) - {
    Reason.COMPARED,
    Reason.UNCHANGED,
    Reason.FEW_SESSIONS,
    Reason.OTHER_HARDWARE,
    Reason.NOT_MEASURED,
}
"""Reasons for which nothing could be compared at all. They are INCONCLUSIVE in every tier and under every policy."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One utterance (or session of chunks) of one side, scored."""

    id: str
    reference: str
    """Raw."""
    hypothesis: str
    """Raw."""
    session: str | None
    counts: ErrorCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One benchmark of one side."""

    name: str
    units: Sequence[Unit]
    expected: int | None = None
    """Utterances that the data has; None is not known."""
    utterances: int = 0
    """Utterances in the journal."""
    failed: int = 0
    """Utterances without a transcript."""
    revision: str | None = None
    """Of the data."""
    drift: Sequence[str] = ()
    """In what the data differs from its lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two runs."""

    name: str
    """What to call it: the run's path or the baseline's."""
    model: str
    suite: str | None
    profile: str | None
    """The profile that the run was made for; None is not known."""
    complete: bool
    """Whether the run says that it went to its end."""
    benchmarks: Mapping[str, Benchmark]
    rtfx: Sequence[float] = ()
    """RTFx over all benchmarks, one for each repeat."""
    hardware: str | None = None


@dataclass(frozen=True, slots=True)
class Blame:
    """An utterance that got worse."""

    id: str
    more_errors: int
    contribution: float
    """Its part of the difference of the benchmark's WER, as a fraction."""
    reference: str
    before: str
    """The baseline's transcript."""
    after: str
    """The run's transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the gate's answer."""

    subject: str
    """A benchmark, ``average``, ``speed`` or ``run``."""
    verdict: Verdict
    reason: Reason
    message: str
    """What was found, and how to go on where it did not pass."""
    tier: Tier = Tier.MUST
    margin: float | None = None
    before: float | None = None
    """The baseline's WER or RTFx."""
    after: float | None = None
    """The run's WER or RTFx."""
    change: Difference | None = None
    """The run minus the baseline, with its interval."""
    utterances: int = 0
    changed: int = 0
    """Utterances whose counts differ."""
    enough: int | None = None
    """For INCONCLUSIVE: about how many utterances would decide, if the difference stays."""
    blame: Sequence[Blame] = ()
    """Utterances that got worse, those that contribute most first."""
    counts: bool = True
    """False where the finding cannot change the exit status whatever its tier is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer."""

    findings: Sequence[Finding]
    status: ExitStatus
    run: Side
    baseline: Side | None
    policy: Policy

    @property
    def verdict(self) -> Verdict:
        """The answer in one word."""
        if self.status is ExitStatus.REGRESSION:
            return Verdict.FAIL
        return Verdict.PASS if self.status is ExitStatus.GOOD else Verdict.INCONCLUSIVE
