"""What `fitting` finds: how often systems have the errors of a reference. Rates are fractions."""

from harness.records.codec import FORMAT, Record
from harness.records.scores import ProfileRecord
from harness.records.statistics import Interval
from harness.version import VERSION


class Fitting(Record, frozen=True, kw_only=True):
    """What is found of a system at the places where reference and correction differ."""

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


class SystemFitting(Fitting, frozen=True, kw_only=True):
    """The same, with which system it is, and on what."""

    system: str
    benchmark: str


class Fittings(Record, frozen=True, kw_only=True):
    """All systems."""

    format: int = FORMAT
    version: str | None = VERSION
    profile: ProfileRecord
    corrected: str
    """What the correction was read from."""
    systems: tuple[SystemFitting, ...]
