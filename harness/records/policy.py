"""A gate's policy: a TOML file of at most twenty lines. docs/gate.md explains every key."""

from enum import Enum
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, field

from harness.records.codec import Record

Points = Annotated[float, Meta(ge=0, lt=100)]
Share = Annotated[float, Meta(ge=0, lt=1)]

Measure = Literal["rtfx", "rtfx_end_to_end"]


class Tier(Enum):
    """How much depends on a comparison."""

    MUST = "must"
    """FAIL ends with exit status 1, INCONCLUSIVE as the policy says."""
    SHOULD = "should"
    """FAIL ends with exit status 3: somebody has to look. INCONCLUSIVE changes nothing."""
    INFORMATIVE = "informative"
    """Shown only."""


class Rule(NamedTuple):
    """What one comparison is held to."""

    margin: float
    """By how much it may get worse, in the unit that is stored: a fraction for what people read in percent."""
    tier: Tier = Tier.MUST


class Table(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table that takes from ``[wer]`` what it does not say."""

    margin: Points | None = None
    """By how many points the rate may rise."""
    tier: Tier | None = None


class WerTable(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[wer]``: the error rate of each benchmark."""

    margin: Points = 0.1
    """By how many points (percent of the reference words) it may rise."""
    tier: Tier = Tier.MUST
    benchmarks: dict[str, Table] = field(default_factory=dict)
    """Benchmarks with rules of their own."""


class SpeedTable(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[speed]``: RTFx over the whole run."""

    margin: Share = 0.1
    """By which share of the baseline's it may fall."""
    tier: Tier | None = None
    """Stated, it holds in any case: what cannot be judged is INCONCLUSIVE. Else `must`, where speed can be judged."""
    measure: Measure = "rtfx"


class SessionTable(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[sessions]``: single sessions (a speaker, a call) that got worse while the whole did not."""

    margin: Points = 1.0
    """By how many points the rate of one may rise."""
    tier: Tier = Tier.SHOULD
    alpha: Annotated[float, Meta(ge=1e-6, lt=0.5)] = 0.05
    """The chance, at most, that any session is named where none got worse; Holm's correction over all of them."""


class SliceTable(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[slices.TAG]``: no slice of each benchmark may get worse by more than the margin."""

    margin: Points = 1.0
    """By how many points the rate of one slice may rise."""
    tier: Tier = Tier.MUST


class MetricTable(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[metrics.NAME]``: a further metric, on each benchmark that has it."""

    margin: Annotated[float, Meta(ge=0, lt=1e6)]
    """By how much it may get worse: in points where the metric is in percent, else in its own unit."""
    tier: Tier = Tier.MUST


class Policy(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the gate asks."""

    alpha: Annotated[float, Meta(ge=1e-6, lt=0.5)] = 0.05
    """Intervals hold the true difference with probability 1 - alpha."""
    inconclusive: Literal["unless worse", "inconclusive", "pass", "fail"] = "unless worse"
    """What an INCONCLUSIVE comparison of a `must` does to the exit status: nothing unless the run is worse than its
    baseline (then 3), always 3, nothing, or 1."""
    changed_references: Share = 0.05
    """Which share of a benchmark's utterances may have other references than the baseline's: they are left out, and the
    rest is judged. With more of them the benchmark is INCONCLUSIVE."""
    wer: WerTable = WerTable()
    average: Table = Table()
    """The plain mean over the benchmarks."""
    speed: SpeedTable = SpeedTable()
    sessions: SessionTable = SessionTable()
    metrics: dict[str, MetricTable] = field(default_factory=dict)
    slices: dict[str, SliceTable] = field(default_factory=dict)
    """By tag: accent, noise, speaker, snr, length, ..."""

    def rule(self, benchmark: str) -> Rule:
        """What the error rate of a benchmark is held to."""
        return self._over_wer(self.wer.benchmarks.get(benchmark, Table()))

    @property
    def average_rule(self) -> Rule:
        """What the mean over the benchmarks is held to."""
        return self._over_wer(self.average)

    def _over_wer(self, own: Table) -> Rule:
        return Rule((self.wer.margin if own.margin is None else own.margin) / 100, own.tier or self.wer.tier)
