"""What `fitting` finds: how often systems have the errors of a reference. Rates are fractions."""

from harness.records.codec import FORMAT, Record
from harness.records.scores import ProfileRecord
from harness.records.statistics import Interval
from harness.version import VERSION


class SystemFitting(Record, frozen=True, kw_only=True):
    """One system on one benchmark, at the places where reference and correction differ."""

    system: str
    benchmark: str
    original: int
    """Places where it has the reference's words, which the correction says are wrong."""
    corrected: int
    """Places where it has the correction's."""
    neither: int
    """Places where it has other words."""
    unplaced: int
    """Places beside which its words are wrong, so that they say nothing."""
    rate: float | None
    """Of the places with one of both, those with the reference's words."""
    interval: Interval | None
    """Of the rate, over sessions."""
    habit: float | None
    """What the rate would be, made the same errors as elsewhere."""
    others: float | None
    """The rate of the other systems together; null where there are none."""
    alike: float | None
    """Of what is wrong by the correction, the share that is the reference's words."""
    fits: bool | None
    """Whether chance is ruled out; null where it cannot be told."""


class Fittings(Record, frozen=True, kw_only=True):
    """All systems."""

    format: int = FORMAT
    version: str | None = VERSION
    profile: ProfileRecord
    corrected: str
    """What the correction was read from."""
    systems: tuple[SystemFitting, ...]
