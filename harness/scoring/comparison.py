"""Several systems on the same utterances: rates, differences, tests, ties, ranks. What `compare` prints.

Ties are decided by the paired interval over sessions, corrected after Holm for the number of pairs of systems (within a
benchmark). NIST's matched pairs are told beside it: they take every stretch of errors as independent of the others, so
they find differences that belong to one or two speakers only.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.scoring.counting import available_workers, count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import Interval, average_interval, resampled_rates, wer_interval
from harness.scoring.pairing import labels, pair_benchmarks
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.significance import (
    ALPHA,
    Counts,
    Difference,
    MatchedPairs,
    average_difference,
    difference,
    holm,
    mark_words,
    matched_pairs,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from harness.scoring.pairing import PairedBenchmark
    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

RESAMPLES = 2000
"""Draws behind a rank's range: its ends are known to one rank with far fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two systems on one benchmark, or on average."""

    first: int
    second: int
    """Indices into the systems of the comparison."""
    difference: Difference | None
    """First minus second; None under five sessions."""
    p_holm: float | None
    """Of the difference, corrected for the number of pairs of systems."""
    matched: MatchedPairs | None = None
    """NIST's matched pairs; None for an average."""
    matched_p_holm: float | None = None

    @property
    def significant(self) -> bool | None:
        """Whether the two differ; None where it cannot be told."""
        return None if self.p_holm is None else self.p_holm < ALPHA


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One system on one benchmark, or on average."""

    system: int
    rate: float | None
    interval: Interval | None
    tied_with_best: bool | None
    """Not significantly worse than the best system, or it is the best; None where it cannot be told."""
    rank: tuple[int, int] | None
    """Its rank is from here to there in 95 % of draws of the sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One benchmark, or the average over benchmarks."""

    name: str
    metric: str
    """``wer``, or ``cer`` for a language written without spaces."""
    utterances: int
    left_out: int
    """Utterances that one of the systems failed on: compared is what all of them transcribed."""
    sessions: int
    sessions_known: bool
    """False: the utterance had to stand for the session."""
    standings: list[Standing]
    """Best first; systems without a rate last."""
    pairs: list[Pair]

    def pair(self, first: int, second: int) -> Pair | None:
        """The pair of two systems in either order."""
        return next((pair for pair in self.pairs if {pair.first, pair.second} == {first, second}), None)

    def smallest_difference(self) -> float | None:
        """The smallest difference that this data resolves between every pair of these systems; None is not known."""
        known = [pair.difference.smallest_difference() for pair in self.pairs if pair.difference is not None]
        return max(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that `compare` says."""

    systems: list[str]
    benchmarks: list[Block]
    average: Block | None
    """Plain mean of unrounded word error rates over the benchmarks that all of them completed, if two or more."""
    notes: list[str]
    """What was left out, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """The counts of one benchmark, ready for statistics."""

    paired: PairedBenchmark
    counts: list[Counts]
    sessions: list[str | None]
    left_out: int


def compare_systems(systems: Sequence[System], profile: Profile) -> Comparison:
    """Compare on every benchmark that two or more systems have, and on average.

    Raises:
        UsageError: no benchmark is in two systems, or two do not hold the same utterances and references.
        DataError: the chunks of a session are incomplete.
    """
    columns: list[_Columns] = []
    blocks: list[Block] = []
    for paired in pair_benchmarks(systems):
        kept = _transcribed_by_all(paired)
        one = _count(paired, kept, profile)
        columns.append(one)
        blocks.append(_benchmark_block(one, _matched_pairs(paired, kept, profile)))
    names = labels(systems)
    compared = sorted({index for one in columns for index in one.paired.systems})
    notes = [f"{names[i]} shares no benchmark with the others" for i in range(len(systems)) if i not in compared]
    notes += [
        f"{one.paired.benchmark}: {one.left_out} utterances left out, which not every system transcribed"
        for one in columns
        if one.left_out
    ]
    common = [
        one
        for one in columns
        if one.paired.systems == compared and not one.left_out and one.paired.language not in LANGUAGES_WITHOUT_SPACES
    ]
    average = _average_block(common, compared) if len(common) > 1 else None
    if average is not None and len(common) < len(columns):
        notes.append(f"average over what all have complete: {', '.join(one.paired.benchmark for one in common)}")
    return Comparison(systems=names, benchmarks=blocks, average=average, notes=notes)


def _transcribed_by_all(paired: PairedBenchmark) -> list[int]:
    return [
        index
        for index, rows in enumerate(zip(*paired.rows, strict=True))
        if all(row.hypothesis is not None for row in rows)
    ]


def _count(paired: PairedBenchmark, kept: Sequence[int], profile: Profile) -> _Columns:
    pairs = [(rows[i].reference, rows[i].hypothesis or "", paired.language) for rows in paired.rows for i in kept]
    together = count_pairs(pairs, profile, available_workers())  # in one call: each reference is normalized once
    counted = [together[start : start + len(kept)] for start in range(0, len(together), max(1, len(kept)))]
    # What one system's run does not score (a reference that normalizes to nothing), no system is scored on.
    dropped = [
        any(ours and one.dropped for ours, one in zip(paired.ours, found, strict=True))
        for found in zip(*counted, strict=True)
    ]
    columns = []
    for found in counted:
        kept_counts = [ErrorCounts() if drop else one.counts for one, drop in zip(found, dropped, strict=True)]
        columns.append(Counts([one.errors for one in kept_counts], [one.words for one in kept_counts]))
    sessions = paired.sessions()
    return _Columns(
        paired=paired,
        counts=columns,
        sessions=[sessions[i] for i in kept],
        left_out=len(sessions) - len(kept),
    )


def _matched_pairs(
    paired: PairedBenchmark, kept: Sequence[int], profile: Profile
) -> dict[tuple[int, int], MatchedPairs]:
    """NIST's test of each pair, on normalized words, compounds as they are written."""
    words = functools.cache(functools.partial(_words, profile=profile, language=paired.language))
    marks = [
        [mark_words(words(rows[i].reference), words(rows[i].hypothesis or "")) for i in kept] for rows in paired.rows
    ]
    return {
        (first, second): matched_pairs(zip(marks[first], marks[second], strict=True))
        for first, second in combinations(range(len(marks)), 2)
    }


def _words(text: str, profile: Profile, language: str) -> list[str]:
    """What is compared: words, or characters where the language has no spaces; a text that no rule digests as it is."""
    with contextlib.suppress(ValueError):
        text = profile.normalize(text, language)
    return list(text.strip()) if language in LANGUAGES_WITHOUT_SPACES else text.split()


def _benchmark_block(columns: _Columns, matched: dict[tuple[int, int], MatchedPairs]) -> Block:
    counts, sessions, systems = columns.counts, columns.sessions, columns.paired.systems
    places = list(combinations(range(len(systems)), 2))
    differences = [difference(counts[first], counts[second], sessions) for first, second in places]
    adjusted = holm([None if found is None else found.p for found in differences])
    matched_adjusted = holm([matched[place].p for place in places])
    pairs = [
        Pair(
            first=systems[first],
            second=systems[second],
            difference=differences[at],
            p_holm=adjusted[at],
            matched=matched[first, second],
            matched_p_holm=matched_adjusted[at],
        )
        for at, (first, second) in enumerate(places)
    ]
    rates = [_rate(one) for one in counts]
    intervals = [wer_interval(one.errors, one.words, sessions) for one in counts]
    return Block(
        name=columns.paired.benchmark,
        metric="cer" if columns.paired.language in LANGUAGES_WITHOUT_SPACES else "wer",
        utterances=len(sessions),
        left_out=columns.left_out,
        sessions=_number_of_sessions(sessions),
        sessions_known=any(session is not None for session in sessions),
        standings=_standings(systems, rates, intervals, pairs, _draws(columns)),
        pairs=pairs,
    )


def _average_block(common: Sequence[_Columns], systems: Sequence[int]) -> Block:
    places = list(combinations(range(len(systems)), 2))
    differences = [
        average_difference([(one.counts[first], one.counts[second], one.sessions) for one in common])
        for first, second in places
    ]
    adjusted = holm([None if found is None else found.p for found in differences])
    pairs = [
        Pair(first=systems[first], second=systems[second], difference=differences[at], p_holm=adjusted[at])
        for at, (first, second) in enumerate(places)
    ]
    rates, intervals = [], []
    for at in range(len(systems)):
        each = [_rate(one.counts[at]) for one in common]
        known = [rate for rate in each if rate is not None]
        rates.append(sum(known) / len(known) if len(known) == len(each) else None)
        intervals.append(
            average_interval([(one.counts[at].errors, one.counts[at].words, one.sessions) for one in common])
        )
    return Block(
        name="average",
        metric="wer",
        utterances=sum(len(one.sessions) for one in common),
        left_out=0,
        sessions=sum(_number_of_sessions(one.sessions) for one in common),
        sessions_known=all(any(session is not None for session in one.sessions) for one in common),
        standings=_standings(systems, rates, intervals, pairs, _average_draws(common)),
        pairs=pairs,
    )


def _number_of_sessions(sessions: Sequence[Hashable]) -> int:
    return sum(session is None for session in sessions) + len({session for session in sessions if session is not None})


def _rate(counts: Counts) -> float | None:
    words = int(np.sum(counts.words))
    return int(np.sum(counts.errors)) / words if words else None


def _draws(columns: _Columns, seed: int = 0) -> NDArray[np.float64]:
    """Rates of all systems under draws of the sessions, shape ``[draws, systems]``; empty where two have no ranks."""
    if len(columns.counts) < 3 or _number_of_sessions(columns.sessions) < 5:
        return np.empty((0, len(columns.counts)))
    counts = columns.counts
    return resampled_rates(
        [one.errors for one in counts], [one.words for one in counts], columns.sessions, RESAMPLES, seed
    )


def _average_draws(common: Sequence[_Columns]) -> NDArray[np.float64]:
    """Means over benchmarks, each drawn by itself; empty where one of them has no draws."""
    draws = [_draws(one, seed) for seed, one in enumerate(common)]
    if not all(len(one) for one in draws):
        return draws[0][:0]
    mean: NDArray[np.float64] = np.mean(draws, axis=0)
    return mean


def _standings(
    systems: Sequence[int],
    rates: Sequence[float | None],
    intervals: Sequence[Interval | None],
    pairs: Sequence[Pair],
    draws: NDArray[np.float64],
) -> list[Standing]:
    order = sorted(range(len(systems)), key=lambda at: (rates[at] is None, rates[at] or 0.0))
    best = systems[order[0]]
    ranks = _ranks(draws)
    standings = []
    for at in order:
        against = next((pair for pair in pairs if {pair.first, pair.second} == {best, systems[at]}), None)
        significant = False if against is None else against.significant
        standings.append(
            Standing(
                system=systems[at],
                rate=rates[at],
                interval=intervals[at],
                tied_with_best=None if significant is None or rates[at] is None else not significant,
                rank=ranks[at] if ranks else None,
            )
        )
    return standings


def _ranks(draws: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The range that holds a system's rank in 95 % of draws, for each system; equal rates share the better rank."""
    draws = draws[np.isfinite(draws).all(axis=1)]
    if not len(draws):
        return []
    ranks = 1 + (draws[:, :, None] > draws[:, None, :]).sum(axis=2)
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="inverted_cdf")
    return [(int(one), int(other)) for one, other in zip(low, high, strict=True)]


def to_json(comparison: Comparison, profile: Profile) -> dict[str, Any]:
    """The comparison for machines; rates are fractions."""
    names = comparison.systems
    return {
        "profile": profile.as_dict(),
        "alpha": ALPHA,
        "systems": names,
        "benchmarks": [_block_json(block, names) for block in comparison.benchmarks],
        "average": None if comparison.average is None else _block_json(comparison.average, names),
        "notes": comparison.notes,
    }


def _block_json(block: Block, names: Sequence[str]) -> dict[str, Any]:
    return {
        "benchmark": block.name,
        "metric": block.metric,
        "utterances": block.utterances,
        "left_out": block.left_out,
        "sessions": block.sessions,
        "unit": "session" if block.sessions_known else "utterance",
        "smallest_difference": block.smallest_difference(),
        "systems": [
            {
                "system": names[one.system],
                "rate": one.rate,
                "interval": None if one.interval is None else one.interval.to_json(),
                "tied_with_best": one.tied_with_best,
                "rank": None if one.rank is None else list(one.rank),
            }
            for one in block.standings
        ],
        "pairs": [
            {
                "first": names[pair.first],
                "second": names[pair.second],
                "difference": None if pair.difference is None else pair.difference.to_json(),
                "p_holm": pair.p_holm,
                "significant": pair.significant,
                "mapsswe": None if pair.matched is None else pair.matched.to_json(),
                "mapsswe_p_holm": pair.matched_p_holm,
            }
            for pair in block.pairs
        ],
    }
