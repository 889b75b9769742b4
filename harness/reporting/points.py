"""What the plots show of each system. Averages share an axis and a frontier only over the same benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.perturb.names import clean_among
from harness.records.scores import Average, Scores
from harness.reporting.drawing import Point
from harness.reporting.results import competing
from harness.scoring.average import Averaging, averaging
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import average_interval
from harness.scoring.large import total_of
from harness.scoring.pairing import other_utterances
from harness.scoring.score import columns_of, speeds_of, suite_speed

if TYPE_CHECKING:
    from harness.records.run import RunRecord
    from harness.records.scores import BenchmarkScore
    from harness.records.statistics import Interval
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import Scored

Metric = Literal["wer", "cer"]
"""What is counted: words or characters."""

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

    def sorted(self, order: Sequence[int]) -> Points:
        """The same with the systems in another order: which of them stands at each place."""
        averages = [self.averages[at] for at in order]
        rows = {name: {point.model: row[point.model] for point in averages} for name, row in self.by_benchmark.items()}
        return replace(self, averages=averages, by_benchmark=rows)


def points_of(
    names: Sequence[str],
    scores: Sequence[Scores],
    runs: Sequence[RunRecord | None],
    scored: Sequence[Sequence[Scored]],
    profile: Profile,
    *,
    metric: Metric = "wer",
) -> Points:
    """The points of some systems, called by `names`; `scored` are the benchmarks of each, counted.

    Words and characters are never averaged: `metric` says which benchmarks these points are over.
    """
    of = [{entry.benchmark: entry for entry in score.benchmarks if entry.metric == metric} for score in scores]
    able = competing(scores, runs, other_utterances(scored))
    every = list(dict.fromkeys(name for known in of for name in known))
    common = tuple(clean_among(_common(able, every)))
    same = [bool(common) and set(common) <= each for each in able]
    at_once = [run.served if run else None for run in runs]
    looked_up = [run is not None and run.looked_up for run in runs]
    local = [one and not many and not old for one, many, old in zip(same, at_once, looked_up, strict=True)]
    hardware = [run.hardware if run else None for run in runs]
    machines = [machine for machine, one in zip(hardware, local, strict=True) if one]
    usual = _usual(machines)
    suites = {score.suite for score in scores}
    over = averaging(suites, rounded=profile.round_before_average)
    averages = []
    for at, (name, score, many) in enumerate(zip(names, scores, at_once, strict=True)):
        held = list(zip(score.benchmarks, scored[at], strict=True)) if scored[at] else []
        found = _over(common, score, held, over) if same[at] else _own(score, held, metric, profile)
        elsewhere = local[at] and len(set(machines)) > 1 and (usual is None or hardware[at] != usual[0])
        point = Point(
            name,
            found.rate,
            None if looked_up[at] else found.speed.rtfx,
            *_ends(found.interval),
            comparable=same[at],
            frontier=local[at] and (usual is not None and hardware[at] == usual[0]),
            served=many,
            elsewhere=elsewhere,
        )
        averages.append(point)
    by_benchmark: dict[str, dict[str, Point]] = {}
    for name, known, each in zip(names, of, able, strict=True):
        for benchmark in every:
            entry, row = known.get(benchmark), by_benchmark.setdefault(benchmark, {})
            rate, ends = (entry.rate, _ends(entry.interval)) if entry else (None, (None, None))
            row[name] = Point(name, rate, None, *ends, comparable=benchmark in each)
    alike = all(averaging([suite], rounded=profile.round_before_average) == over for suite in suites)
    whole = (
        all(same) and set(common) == set(clean_among(every)) and all(score.average.rate is not None for score in scores)
    )
    hollow = [point.model for point in averages if not point.comparable and point.wer is not None]
    having = {name for name, known in zip(names, of, strict=True) if common and set(common) <= known.keys()}
    apart = [name for name in hollow if name in having]
    strangers = [name for name in hollow if name not in apart]
    shared = sum(same) > 1 or same == [True]  # what one of several has is common to none
    said = _over_what(common, hollow=bool(hollow)) if shared and not (whole and alike) else ""
    said += " Plain means: their suites average in different ways." if said and not alike else ""
    notes = [
        said,
        f"Hollow, over other benchmarks and off the frontier: {', '.join(strangers)}." if strangers else "",
        f"Hollow, of other data or incomplete, and off the frontier: {', '.join(apart)}." if apart else "",
        _of_hardware(averages, usual, machines),
        "Squares, off the frontier: throughput of servers at so many requests at a time." if any(at_once) else "",
    ]
    return Points(averages, by_benchmark, common, said, " ".join(filter(None, notes)))


def _usual(machines: Sequence[str | None]) -> tuple[str | None] | None:
    """The machine that most of the systems were timed on; None where there is none, or no more than half were."""
    if not machines:
        return None
    most = max(machines, key=machines.count)
    return (most,) if 2 * machines.count(most) > len(machines) else None


def _of_hardware(averages: Sequence[Point], usual: tuple[str | None] | None, machines: Sequence[str | None]) -> str:
    """What is to be said where speeds are of different hardware."""
    if len(set(machines)) < 2:
        return ""
    if usual is None:
        return "No frontier: RTFx are of different hardware."
    others = [point.model for point in averages if point.elsewhere]
    return f"Hollow beside speed and off the frontier, RTFx of other hardware: {', '.join(others)}."


def _over_what(common: Sequence[str], *, hollow: bool) -> str:
    said = "the one benchmark" if len(common) == 1 else f"the {len(common)} benchmarks"
    return f"Over {said} that all {'but the hollow ones ' if hollow else ''}have: {', '.join(common)}."


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


def _over(
    common: Sequence[str], score: Scores, held: Sequence[tuple[BenchmarkScore, Scored]], over: Averaging
) -> Average:
    """The average of one system over some of its benchmarks.

    The system's own stands where it is of the same ones, and its suite does not average in another way.
    """
    own = averaging([score.suite], rounded=over.rounded)
    if score.average.rate is not None and len(common) == len(score.benchmarks) and own == over:
        return score.average
    chosen = [(entry, one) for entry, one in held if entry.benchmark in common]
    names = [entry.benchmark for entry, _ in chosen]
    over = over.among(names)
    rate = over.rate({entry.benchmark: entry.rate for entry, _ in chosen})
    interval = average_interval([columns_of(one) for _, one in chosen], weights=over.weights(names))
    speed = suite_speed(speeds_of(entry for entry, _ in chosen), over.seconds)
    if chosen and chosen[0][0].metric == "cer":
        return Average(cer=rate, cer_interval=interval, rounded=over.rounded, speed=speed)
    return Average(wer=rate, wer_interval=interval, rounded=over.rounded, speed=speed)


def _own(score: Scores, held: Sequence[tuple[BenchmarkScore, Scored]], metric: Metric, profile: Profile) -> Average:
    """The average of a system that stands beside no other: its own, or over its benchmarks of the metric."""
    kinds = {entry.metric for entry in score.benchmarks}
    if kinds == {metric}:
        return score.average
    mine = [entry.benchmark for entry, _ in held if entry.metric == metric]
    if not mine or not score.complete:
        return Average()
    return _over(mine, score, held, averaging([score.suite], rounded=profile.round_before_average))


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval and not interval.says_nothing else (None, None)


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
            kept = one.table.kept(ours=one.units.ours)
            places = np.searchsorted(LENGTHS, np.asarray(one.facts.durations), side="right") - 1
            for place in range(len(LENGTHS)):
                counts = kept.at(places == place)
                row[place] = (row[place][0] + total_of(counts), row[place][1] + len(counts))
    used = [at for at in range(len(LENGTHS)) if any(row[at][1] for row in sums.values())]
    titles = [f"{a:g}–{b:g}" for a, b in pairwise(LENGTHS)] + [f"{LENGTHS[-1]:g} and more"]
    if not used:
        return {}
    return {name: [(titles[at], row[at][0].rate, row[at][1]) for at in used] for name, row in sums.items()}
