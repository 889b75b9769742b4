"""What `compare` finds: systems on the same utterances, with intervals, tests and ties. Rates are fractions."""

from typing import Literal

from harness.records.codec import FORMAT, Record
from harness.records.scores import ProfileRecord
from harness.records.statistics import Difference, Interval, MatchedPairs
from harness.version import VERSION


class Standing(Record, frozen=True, kw_only=True):
    """One system on one benchmark, or on average."""

    system: str
    rate: float | None
    interval: Interval | None
    tied_with_best: bool | None
    """It is the best system or not told apart from it; null where that cannot be told."""
    rank: tuple[int, int] | None
    """Its rank is from here to there in 95 % of draws of the sessions."""


class Pair(Record, frozen=True, kw_only=True):
    """Two systems on one benchmark, or on average."""

    first: str
    second: str
    difference: Difference | None
    """First minus second; null under five sessions."""
    p_holm: float | None
    """Of the difference, corrected for the number of pairs of systems."""
    significant: bool | None
    """Whether the two differ; null where it cannot be told."""
    mapsswe: MatchedPairs | None = None
    """NIST's matched pairs; null for an average."""
    mapsswe_p_holm: float | None = None


class Block(Record, frozen=True, kw_only=True):
    """One benchmark, or the average over benchmarks."""

    benchmark: str
    metric: str
    """``wer``, ``cer``, or the further metric that was asked for."""
    utterances: int
    left_out: int
    """Utterances that one of the systems failed on: compared is what all of them transcribed."""
    sessions: int
    unit: Literal["session", "utterance"]
    """`utterance` where no session is known and the utterance had to stand for it."""
    smallest_difference: float | None
    """The smallest that this data resolves between every pair of these systems; null is not known."""
    systems: tuple[Standing, ...]
    """Best first; systems without a rate last."""
    pairs: tuple[Pair, ...]
    signature: str | None = None
    """Of a score of translations: what others must have done for theirs to be comparable."""

    def pair(self, first: str, second: str) -> Pair | None:
        """The pair of two systems in either order."""
        return next((pair for pair in self.pairs if {pair.first, pair.second} == {first, second}), None)


class SlicedBlock(Record, frozen=True, kw_only=True):
    """One benchmark by a tag: the same systems on the utterances with each value."""

    tag: str
    benchmark: str
    binned: str
    """How numbers were put into bins; empty where the values are the tag's own."""
    untagged: int
    """Utterances without the tag."""
    values: tuple[Block, ...]
    """Each called by its value, its p corrected for all values and pairs; the smallest p first."""


class Comparison(Record, frozen=True, kw_only=True):
    """Everything that `compare` says."""

    format: int = FORMAT
    version: str | None = VERSION
    profile: ProfileRecord
    alpha: float
    """A corrected p below it tells two systems apart."""
    systems: tuple[str, ...]
    """Names, no two alike."""
    benchmarks: tuple[Block, ...]
    average: Block | None
    """Over the benchmarks that all systems completed, if two or more."""
    metrics: tuple[Block, ...] = ()
    """Further metrics that were asked for, each on each benchmark that has it."""
    slices: tuple[SlicedBlock, ...] = ()
    """Each benchmark by each tag that was asked for."""
    notes: tuple[str, ...]
    """What was left out, and why."""
