"""What a metric is: parts counted utterance by utterance, that add up, and a value that follows from the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from harness.records.statistics import Interval, MetricValue

if TYPE_CHECKING:
    from harness.scoring.facts import Facts
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import Scored, ScoredUtterance

Parts = tuple[float, ...]
"""What one utterance adds to a metric: what is counted, what it is a share of, and further sums if a value has any."""

NOTHING = "no utterance has a transcript that is scored"
"""Why there is no value where nothing is to be counted, whatever else a metric lacks."""

Utterances = Sequence["ScoredUtterance"]
"""Those of one benchmark that are scored."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A benchmark that cannot have a metric, and why, for people: a dash with a reason."""

    reason: str
    """Completes "not scored: ..."."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Parts, and what is to be known of what follows from them."""

    parts: Sequence[Parts | None]
    note: str
    """A sentence without its period."""


Count = Callable[[Utterances, "Profile", str], "Sequence[Parts | None] | Noted | Absent | None"]
"""The parts of each utterance of a benchmark, given the rules and the language. None for an utterance that does not
count; for all, None where the benchmark has nothing of the kind, `Absent` where it says why."""


def ratio(sums: Parts) -> float | None:
    """What is counted over what it is a share of; None where that is nothing."""
    return sums[0] / sums[1] if sums[1] else None


def untold(_sums: Parts) -> None:
    """The value of a metric that sums do not tell."""
    return


def f1(right: float, said: float, written: float) -> Parts:
    """What an utterance adds to an F1, the harmonic mean of precision and recall, which is a ratio of sums.

    Args:
        right: what both sides have.
        said: what the reference has.
        written: what the hypothesis has.
    """
    return right, (said + written) / 2


def halves(one: str, several: str) -> tuple[str, str]:
    """What one utterance has more of where an `f1` fell, which counts half of what was missed and half of the rest."""
    return f"{one} missed or too many, each counted half", f"{several} missed or too many, each counted half"


def _never(_facts: Facts) -> bool:
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
    """The value that follows from the sums over all utterances. A `ratio` has intervals, and what is `resampled`."""
    pooled: Callable[[Sequence[Parts]], float | None] | None = None
    """The value from what each utterance adds, where sums do not tell it (a median); `value` is `untold` then. The
    second part of each is summed, those after it may be as many as an utterance has."""
    at: Callable[[float], Metric] | None = None
    """The same metric with a parameter of another value, asked for as ``NAME@VALUE``."""
    counted: tuple[str, str] = ("error", "errors")
    """What an utterance has more of where it got worse, one and several: what is counted, or, where a higher value is
    better, what it lacks of what it is a share of."""
    unit: str = "percent"
    """Of the value as people read it."""
    format: str = ".2f"
    """Python's format specification for that."""
    better: Literal["lower", "higher"] = "lower"
    """Which values are better."""
    marked: bool = True
    """Whether the best of a column is marked; not of values of which those near to zero are good."""
    gate: Literal["judge", "show"] = "judge"
    """Whether a policy may hold runs to it, by paired differences; `show` is for what has no interval."""
    classes: bool = False
    """Whether a report with it also has the table of classes (marks, capitals, numbers, keywords)."""
    takes: Literal["--keywords", "--corrected"] | None = None
    """The flag that says what it looks for, or against what."""
    dropped: bool = False
    """Whether it is also of the utterances that the profile does not score: references that come to nothing."""
    column: bool = False
    """Whether tables have a column of it unasked, where scores.json has it."""
    part: bool = False
    """Whether what is counted is a part of what it is a share of, so that no rate is more than all."""
    resampled: bool = False
    """Whether a value that is no `ratio` has its intervals by drawing sessions anew, so that it can be compared."""
    signature: Callable[[str], str] | None = None
    """Of a value in a language: what others must have done for theirs to be comparable."""
    always: Callable[[Facts], bool] = _never
    """Whether scores.json has it of such rows without being asked for. Looked at before anything is normalized."""

    @property
    def scale(self) -> float:
        """By what the value is multiplied where people read it."""
        return 100 if self.unit == "percent" else 1


def measure_all(chosen: Iterable[Metric], scored: Scored, utterances: Utterances) -> dict[str, MetricValue]:
    """Metrics by name, as far as the benchmark has them; the utterances are those of `scored`."""
    found = {
        one.name: measure(
            one, scored.utterances(dropped=True) if one.dropped else utterances, scored.profile, scored.language
        )
        for one in chosen
    }
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
    if counted is None or isinstance(counted, Absent):
        return None if counted is None else MetricValue(value=None, reason=counted.reason if utterances else NOTHING)
    sessions = [one.row.session for one in utterances]
    if isinstance(counted, Noted):
        return replace(summed(metric, counted.parts, sessions), note=counted.note)
    found = summed(metric, counted, sessions)
    target = next((one.row.target for one in utterances if one.row.target), language)
    return replace(found, signature=metric.signature(target)) if metric.signature else found


def summed(metric: Metric, counted: Sequence[Parts | None], sessions: Sequence[str | None]) -> MetricValue:
    """A metric from the parts of each utterance, with its interval over sessions where it is a `ratio`.

    Of a share of which more is better the interval is that of what is missing to the whole, turned round: what goes
    wrong is what sessions differ in, and nothing is more than all.
    """
    known = [(parts, session) for parts, session in zip(counted, sessions, strict=True) if parts is not None]
    if metric.pooled is not None:
        of = sum(parts[1] for parts, _ in known)
        return MetricValue(value=metric.pooled([parts for parts, _ in known]), of=of)
    sums = tuple(map(sum, zip(*(parts for parts, _ in known), strict=True))) or (0.0, 0.0)
    interval = None
    if metric.resampled:
        from harness.scoring import resampling

        interval = resampling.interval([parts for parts, _ in known], [session for _, session in known], metric.value)
        return MetricValue(value=metric.value(sums), interval=interval)
    if metric.value is ratio:
        from harness.scoring.intervals import wer_interval

        share = metric.better == "higher" and metric.unit == "percent"
        interval = wer_interval(
            [parts[1] - parts[0] if share else parts[0] for parts, _ in known],
            [parts[1] for parts, _ in known],
            [session for _, session in known],
        )
        interval = bounded(metric, interval and turned_round(interval) if share else interval)
    return MetricValue(value=metric.value(sums), count=sums[0], of=sums[1], interval=interval)


def turned_round(interval: Interval) -> Interval:
    """The interval of a share from that of what is missing to the whole."""
    return replace(interval, low=max(0.0, 1 - interval.high), high=1 - interval.low)


def bounded(metric: Metric, interval: Interval | None) -> Interval | None:
    """The interval of a rate, which ends at 100 % where what is counted is a part of what it is a share of."""
    return replace(interval, high=min(1.0, interval.high)) if interval and metric.part else interval


def parts_of(
    scored: Scored, metric: Metric, utterances: Sequence[ScoredUtterance]
) -> tuple[list[Parts | None], str | None]:
    """What each row adds to a metric, None where it does not count; and why the benchmark cannot have it."""
    if metric.dropped:
        utterances = scored.utterances(dropped=True)
    counted = metric.count(utterances, scored.profile, scored.language)
    reason = counted.reason if isinstance(counted, Absent) else None
    counted = counted.parts if isinstance(counted, Noted) else counted
    each = iter([None] * len(utterances) if counted is None or isinstance(counted, Absent) else counted)
    rows = [
        None if found is None or (scored.drops(index) and not metric.dropped) else next(each)
        for index, found in enumerate(scored.counted)
    ]
    return rows, reason
