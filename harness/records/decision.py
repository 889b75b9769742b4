"""What the gate answers: a decision that follows from findings. `gate --json` prints it."""

from enum import Enum

from harness.errors import ExitStatus
from harness.records.codec import FORMAT, Record
from harness.records.policy import Tier
from harness.records.statistics import Difference
from harness.version import VERSION


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
    OTHER_REFERENCES = "other references"
    OTHER_TAGS = "other tags"
    OTHER_REVISION = "other data revision"
    OTHER_PROFILE = "other profile"
    OTHER_HARDWARE = "other hardware"
    NO_BASELINE = "no baseline"
    NOTHING_COMPARED = "nothing compared"
    FEW_SESSIONS = "too few sessions"
    FEW_REPEATS = "too few repeats"
    NO_WORDS = "no reference words"
    NOT_MEASURED = "not measured"


_COMPARABLE = {Reason.COMPARED, Reason.UNCHANGED, Reason.FEW_SESSIONS, Reason.FEW_REPEATS}
_COMPARABLE |= {Reason.OTHER_HARDWARE, Reason.OTHER_TAGS, Reason.NOT_MEASURED}
STRUCTURAL = frozenset(Reason) - _COMPARABLE
"""Reasons for which nothing could be compared at all. They are INCONCLUSIVE in every tier and under every policy."""


class Blame(Record, frozen=True, kw_only=True):
    """An utterance that got worse."""

    id: str
    more_errors: int | float
    """By how much more of what is counted there is."""
    contribution: float
    """Its part of the difference of the benchmark's rate, as a fraction."""
    reference: str
    before: str
    """The baseline's transcript."""
    after: str
    """The run's transcript."""


class Finding(Record, frozen=True, kw_only=True):
    """One line of the gate's answer."""

    subject: str
    """A benchmark, a benchmark and a metric, ``average``, ``speed`` or ``run``."""
    metric: str | None = None
    """Name of what was compared: a metric, or RTFx; null where nothing was."""
    verdict: Verdict
    reason: Reason
    message: str
    """What was found, and how to go on where it did not pass."""
    tier: Tier = Tier.MUST
    margin: float | None = None
    before: float | None = None
    """The baseline's error rate, metric or RTFx."""
    after: float | None = None
    """The run's."""
    change: Difference | None = None
    """The run minus the baseline, with its interval."""
    utterances: int = 0
    changed: int = 0
    """Utterances whose counts differ."""
    rewritten: int = 0
    """Utterances whose counts agree, but whose raw transcripts do not."""
    letters_without_marks: int = 0
    """Letters of the two sides' transcripts whose marks, such as vowel signs, the profile drops."""
    typographic_apostrophes: int = 0
    """Apostrophes inside words of the two sides' transcripts that the profile does not take for one."""
    left_out: tuple[str, ...] = ()
    """Ids of utterances that were not compared, since their references are not the baseline's."""
    alone: tuple[str, ...] = ()
    """Ids of utterances of which each by itself moves the rate by more than the margin, those that move it most first;
    named where the whole is no FAIL."""
    worse: bool | None = None
    """Whether the run is worse at all: a one-sided test, Holm's correction over all that is compared. Without an
    interval, whether its value is. Null where nothing is compared."""
    enough: int | None = None
    """For INCONCLUSIVE: about how many utterances would decide, if the difference stays."""
    blame: tuple[Blame, ...] = ()
    """Utterances that got worse, those that contribute most first."""


class Compared(Record, frozen=True, kw_only=True):
    """One of the two sides."""

    name: str
    """The run's path, or the baseline's."""
    called: str | None = None
    """What the user called the run; null where it is called by its model."""
    model: str
    suite: str | None
    repeats: tuple[str, ...] = ()
    """Further runs of the same model, which were read for their speed alone."""

    @property
    def title(self) -> str:
        """What the run is called."""
        return self.called or self.model


class Decision(Record, frozen=True, kw_only=True):
    """The gate's answer."""

    format: int = FORMAT
    version: str | None = VERSION
    """Of the program that decided."""
    verdict: Verdict
    """The answer in one word."""
    exit_status: ExitStatus
    run: Compared
    baseline: Compared | None
    """Null where there is none, and for published figures."""
    profile: str
    """The rules that the run was scored under."""
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """What to know of the two sides whatever the verdict is: a sample, another model, other settings, the very run."""
    advice: tuple[str, ...] = ()
    """What to do now, one sentence each."""


class Decisions(Record, frozen=True, kw_only=True):
    """The gate's answer on several models, each against its own baseline."""

    format: int = FORMAT
    version: str | None = VERSION
    verdict: Verdict
    """The worst of them."""
    exit_status: ExitStatus
    decisions: tuple[Decision, ...]
