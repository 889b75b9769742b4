"""What the plots show of each system. Averages share an axis and a frontier only over the same benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.records.scores import Average, Scores
from harness.reporting.drawing import Point
from harness.reporting.results import competing
from harness.scoring.average import averaging
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import average_interval
from harness.scoring.score import speeds_of, suite_speed

if TYPE_CHECKING:
    from harness.records.run import RunRecord
    from harness.records.statistics import Interval
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import Scored

LENGTHS = (0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0)
"""Where classes of utterance length begin, in seconds; the last has no end."""


@dataclass(frozen=True, slots=True)
class Points:
    """The systems of a report as plots show them."""

    averages: list[Point]
    """Of each system, in their order."""
    by_benchmark: dict[str, dict[str, Point]]
    """By benchmark and name."""
    benchmarks: tuple[str, ...]
    """What the comparable averages are over."""
    over: str
    """That in words; empty where it is all that the table has."""
    note: str
    """All that must be known before the averages are compared."""


def points_of(
    names: Sequence[str],
    scores: Sequence[Scores],
    runs: Sequence[RunRecord | None],
    scored: Sequence[Sequence[Scored]],
    profile: Profile,
) -> Points:
    """The points of some systems, called by `names`; `scored` are the benchmarks of each, counted."""
    able = competing(scores, runs)
    every = list(dict.fromkeys(entry.benchmark for score in scores for entry in score.benchmarks))
    words = {entry.benchmark for score in scores for entry in score.benchmarks if entry.wer is not None}
    common = _common([each & words for each in able], every)
    same = [bool(common) and set(common) <= each for each in able]
    at_once = [run.served if run else None for run in runs]
    local = [one and not many for one, many in zip(same, at_once, strict=True)]
    machines = {run.hardware if run else None for run, one in zip(runs, local, strict=True) if one}
    averages = []
    for name, score, held, one, many in zip(names, scores, scored, same, at_once, strict=True):
        found = _over(common, score, held, profile) if one else score.average
        ends, alike = _ends(found.wer_interval), one and not many and len(machines) == 1
        point = Point(name, found.wer, found.speed.rtfx, *ends, comparable=one, frontier=alike, served=many)
        averages.append(point)
    by_benchmark: dict[str, dict[str, Point]] = {}
    for name, score, each in zip(names, scores, able, strict=True):
        entries = {entry.benchmark: entry for entry in score.benchmarks}
        for benchmark in every:
            entry, row = entries.get(benchmark), by_benchmark.setdefault(benchmark, {})
            rate, ends = (entry.rate, _ends(entry.interval)) if entry else (None, (None, None))
            row[name] = Point(name, rate, None, *ends, comparable=benchmark in each)
    hollow = [point.model for point in averages if not point.comparable and point.wer is not None]
    over = ""
    if common and not (
        all(same) and set(common) == set(every) and all(score.average.wer is not None for score in scores)
    ):
        said = "the one benchmark" if len(common) == 1 else f"the {len(common)} benchmarks"
        over = f"Over {said} that all {'but the hollow ones ' if hollow else ''}have: {', '.join(common)}."
    notes = [
        over,
        f"Hollow, over other benchmarks and off the frontier: {', '.join(hollow)}." if hollow else "",
        "No frontier: RTFx are of different hardware." if len(machines) > 1 else "",
        "Squares, off the frontier: throughput of servers at so many requests at a time." if any(at_once) else "",
    ]
    return Points(averages, by_benchmark, common, over, " ".join(filter(None, notes)))


def _common(able: Sequence[frozenset[str]], every: Sequence[str]) -> tuple[str, ...]:
    """The benchmarks to average over: those that all systems have, else all that have the one that most have."""
    known = [each for each in able if each]
    if not known:
        return ()
    shared = frozenset.intersection(*known)
    if not shared:
        most = max(every, key=lambda name: sum(name in each for each in known))
        shared = frozenset.intersection(*(each for each in known if most in each))
    return tuple(name for name in every if name in shared)


def _over(common: Sequence[str], score: Scores, scored: Sequence[Scored], profile: Profile) -> Average:
    """The average of one system over some of its benchmarks."""
    if score.average.wer is not None and len(common) == len(score.benchmarks):
        return score.average
    held = [(entry, one) for entry, one in zip(score.benchmarks, scored, strict=True) if entry.benchmark in common]
    names = [entry.benchmark for entry, _ in held]
    over = averaging([score.suite], rounded=profile.round_before_average).among(names)
    columns = [
        ([count.errors for count in kept], [count.words for count in kept], [row.session for row in one.units.rows])
        for kept, one in ((one.kept(), one) for _, one in held)
    ]
    return Average(
        wer=over.rate({entry.benchmark: entry.wer for entry, _ in held}),
        wer_interval=average_interval(columns, weights=over.weights(names)),
        rounded=over.rounded,
        speed=suite_speed(speeds_of(entry for entry, _ in held), over.seconds),
    )


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def by_length(
    names: Sequence[str], scored: Sequence[Sequence[Scored]], points: Points
) -> dict[str, list[tuple[str, float | None, int]]]:
    """WER by class of utterance length of the systems that can be compared, over the benchmarks that they all have.

    Classes without any utterance are left out.

    Returns:
        For each system name of the class, WER and number of utterances.
    """
    sums: dict[str, list[tuple[ErrorCounts, int]]] = {}
    for name, held, point in zip(names, scored, points.averages, strict=True):
        if not point.comparable:
            continue
        row = sums[name] = [(ErrorCounts(), 0)] * len(LENGTHS)
        for one in (one for one in held if one.units.benchmark in points.benchmarks):
            for line, counts in zip(one.units.rows, one.kept(), strict=True):
                if line.duration is not None:
                    place = max(at for at, start in enumerate(LENGTHS) if line.duration >= start)
                    row[place] = (row[place][0] + counts, row[place][1] + 1)
    used = [at for at in range(len(LENGTHS)) if any(row[at][1] for row in sums.values())]
    titles = [f"{a:g}–{b:g}" for a, b in pairwise(LENGTHS)] + [f"{LENGTHS[-1]:g} and more"]
    if not used:
        return {}
    return {name: [(titles[at], row[at][0].rate, row[at][1]) for at in used] for name, row in sums.items()}
