"""What is said of the uncertainty of a rate, and of the difference of two. docs/scoring.md has the formulas."""

from harness.records.codec import Record

VAGUE = 100
"""By how often a rate the upper end of its interval is more than it where the interval says nothing."""


class Interval(Record, frozen=True, kw_only=True, rename={"degrees": "degrees_of_freedom"}):
    """A confidence interval of a rate (a fraction, not percent)."""

    low: float
    high: float
    method: str
    """How it was made; intervals of different methods are not to be mixed without saying so."""
    sessions: int
    """Independent units that it rests on; over several benchmarks, all of them together."""
    standard_error: float
    degrees: float
    """Effective degrees of freedom: at most sessions - 1, fewer where sessions are unequal."""
    smallest_difference: float
    """To another, equally uncertain and unrelated system, that such data resolves with probability 0.8."""

    @property
    def says_nothing(self) -> bool:
        """Whether it is from a hundredth of the rate to a hundred times as much, or wider: nobody learns from that."""
        return self.low > 0 and self.high > VAGUE**2 * self.low


class MetricValue(Record, frozen=True, kw_only=True):
    """A metric of one benchmark, or of the average."""

    value: float | None
    """In the metric's own unit; null where there is nothing to count."""
    count: float | None = None
    """What was counted (errors, missed words, ...), summed over the benchmark."""
    of: float | None = None
    """What it is a share of."""
    interval: Interval | None = None
    reason: str | None = None
    """Why a benchmark cannot have the metric; there is no value then."""
    note: str | None = None
    """What is to be known of the value."""
    signature: str | None = None
    """What another's value must have been made with to be comparable, where that is not all in the metric's name."""


class Difference(Record, frozen=True, kw_only=True, rename={"degrees": "degrees_of_freedom"}):
    """The rate of one system minus that of another on the same utterances, as a fraction, with its uncertainty."""

    value: float
    low: float
    high: float
    p: float
    """Probability of a difference this large if there were none, two-sided."""
    standard_error: float
    degrees: float
    sessions: int
    level: float
    """Probability that such intervals hold the true difference."""
    method: str
    smallest_difference: float
    """The true difference between two such systems that this data finds with probability 0.8."""


class MatchedPairs(Record, frozen=True, kw_only=True):
    """Result of NIST's matched pairs sentence-segment word error test."""

    segments: int
    first_errors: int
    second_errors: int
    mean: float
    """Errors of the first minus errors of the second, a segment."""
    standard_deviation: float
    z: float | None
    """Null where the difference is the same in each segment, and not 0: there is no spread to compare it with."""
    p: float | None
    """Two-sided, from the normal distribution; null where `z` is."""
