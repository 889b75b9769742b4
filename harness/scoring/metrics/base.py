"""What a metric is: parts counted utterance by utterance, that add up, and a value that follows from the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.records.statistics import MetricValue

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import Scored, ScoredUtterance

Parts = tuple[float, ...]
"""What one utterance adds to a metric: what is counted, what it is a share of, and further sums if a value has any."""

Utterances = Sequence["ScoredUtterance"]
"""Those of one benchmark that are scored."""

Count = Callable[[Utterances, "Profile", str], "Sequence[Parts | None] | None"]
"""The parts of each utterance of a benchmark, given the rules and the language. None for an utterance that does not
count, None for all where the benchmark has no such metric."""


def ratio(sums: Parts) -> float | None:
    """What is counted over what it is a share of; None where that is nothing."""
    return sums[0] / sums[1] if sums[1] else None


def _never(_rows: Sequence[Line]) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    """In scores.json, CSV, policies and on the command line."""
    title: str
    """Heading in tables."""
    meaning: str
    """One line for people: what it counts, of what."""
    count: Count
    """What to count."""
    value: Callable[[Parts], float | None] = ratio
    """The value that follows from the sums over all utterances. Only a `ratio` has intervals."""
    unit: str = "percent"
    """Of the value as people read it."""
    format: str = ".2f"
    """Python's format specification for that."""
    better: Literal["lower", "higher"] = "lower"
    """Which values are better."""
    gate: Literal["judge", "show"] = "judge"
    """Whether a policy may hold runs to it, by paired differences; `show` is for what has no interval."""
    always: Callable[[Sequence[Line]], bool] = _never
    """Whether scores.json has it of such rows without being asked for. Looked at before anything is normalized."""

    @property
    def scale(self) -> float:
        """By what the value is multiplied where people read it."""
        return 100 if self.unit == "percent" else 1


def measure_all(chosen: Iterable[Metric], scored: Scored, utterances: Utterances) -> dict[str, MetricValue]:
    """Metrics by name, as far as the benchmark has them; the utterances are those of `scored`."""
    found = {one.name: measure(one, utterances, scored.profile, scored.language) for one in chosen}
    return {name: value for name, value in found.items() if value is not None}


def measure(metric: Metric, utterances: Utterances, profile: Profile, language: str) -> MetricValue | None:
    """A metric of one benchmark of one model; None where the benchmark has no such metric.

    Args:
        metric: which.
        utterances: those that are scored.
        profile: the rules that they were scored under.
        language: of the benchmark.
    """
    counted = metric.count(utterances, profile, language)
    if counted is None:
        return None
    known = [(parts, one.row.session) for parts, one in zip(counted, utterances, strict=True) if parts is not None]
    sums = tuple(map(sum, zip(*(parts for parts, _ in known), strict=True))) or (0.0, 0.0)
    interval = None
    if metric.value is ratio and known:
        from harness.scoring.intervals import wer_interval

        interval = wer_interval(
            [parts[0] for parts, _ in known], [parts[1] for parts, _ in known], [session for _, session in known]
        )
    return MetricValue(value=metric.value(sums), count=sums[0], of=sums[1], interval=interval)
