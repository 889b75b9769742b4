"""Several systems on the same utterances: rates, differences, tests, ties, ranks. What `compare` prints.

Ties are decided by the paired interval over sessions, corrected after Holm for the number of pairs of systems (within a
benchmark). NIST's matched pairs are told beside it: they take every stretch of errors as independent of the others, so
they find differences that belong to one or two speakers only.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from harness.amounts import amount
from harness.perturb.names import clean_among
from harness.processes import available_workers, in_shares, shares_for
from harness.records.comparison import Block, Comparison, Pair, Standing
from harness.records.stored import Stored, taken
from harness.scoring.align import align_nist
from harness.scoring.average import Averaging, averaging
from harness.scoring.columns import Columns
from harness.scoring.intervals import average_interval, resampled_rates
from harness.scoring.labels import labels
from harness.scoring.metrics import get_metric
from harness.scoring.metrics.base import bounded, parts_of, turned_round
from harness.scoring.pairing import PairedBenchmark, as_counts, pair_benchmarks
from harness.scoring.resampled import resampled_block
from harness.scoring.scored import count_systems
from harness.scoring.significance import (
    ALPHA,
    Counts,
    WordMarks,
    average_difference,
    holm,
    mark_words,
    of_segments,
    segments,
    turned,
)
from harness.scoring.sliced_comparison import compare_slices
from harness.scoring.ties import tied_with_best

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.journal import Line
    from harness.records.statistics import Interval, MatchedPairs
    from harness.scoring.metrics import Metric
    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance

TRANSLATIONS = ("bleu", "chrf", "ter")
"""What translations are compared by."""

RESAMPLES = 2000
"""Draws behind a rank's range: its ends are known to one rank with far fewer."""


def compare_systems(
    systems: Sequence[System], profile: Profile, metrics: Sequence[Metric] = (), slices: Sequence[str] = ()
) -> Comparison:
    """Compare on every benchmark that two or more systems have, and on average; by further metrics, and by tags.

    Raises:
        UsageError: no benchmark is in two systems, or two do not hold the same utterances and references.
        DataError: the chunks of a session are incomplete.
    """
    names = labels(systems)
    scored = count_systems(systems, [profile] * len(systems), workers=available_workers())
    columns = [_columns(paired) for paired in pair_benchmarks(scored, names)]
    further, lacking = _metric_blocks(columns, names, metrics)
    by_tag, untagged = compare_slices(columns, names, slices, _block)
    lacking += untagged
    compared = sorted({index for one in columns for index in one.paired.systems})
    notes = [f"{names[i]} shares no benchmark with the others" for i in range(len(systems)) if i not in compared]
    notes += [
        f"{one.paired.benchmark}: {amount(one.left_out, 'utterance')} left out, which not every system transcribed"
        for one in columns
        if one.left_out
    ]
    notes += [
        f"{name} on {one.units.benchmark}: {one.predictions.left_out}"
        for name, held in zip(names, scored, strict=True)
        for one in held
        if one.predictions.left_out
    ]
    notes += [
        f"{name} on {one.units.benchmark}: {message}"
        for name, held in zip(names, scored, strict=True)
        for one in held
        if one.target is None  # translations are scored as they are written
        for message in one.losses.messages(profile.name)
    ]
    notes += lacking
    complete = [one for one in columns if one.paired.systems == compared and not (one.left_out or one.translated)]
    words = [one for one in complete if not one.by_character]
    clean = clean_among(one.paired.benchmark for one in columns)
    common = [one for one in words or complete if one.paired.benchmark in clean]  # words and characters do not average
    over = averaging([system.suite for system in systems], rounded=profile.round_before_average)
    every, over = over, over.among([one.paired.benchmark for one in common])
    average = _average_block(common, names, over) if len(common) > 1 else None
    lacking = [name for name in every.groups if name not in over.groups]
    if average is not None and lacking:
        notes.append(f"average over {', '.join(over.groups)}: not every system has {', '.join(lacking)}")
    if average is not None and len(clean) < len(columns):
        notes.append("average over clean benchmarks: those under conditions are compared, not averaged")
    if average is not None and len(common) < len(clean):
        notes.append(f"average over what all have complete: {', '.join(one.paired.benchmark for one in common)}")
    return Comparison(
        profile=profile.record(),
        alpha=ALPHA,
        systems=tuple(names),
        benchmarks=tuple(_benchmark_block(one, names, profile) for one in columns if not one.translated),
        average=average,
        metrics=further,
        slices=tuple(by_tag),
        notes=tuple(notes),
    )


def _columns(paired: PairedBenchmark) -> Columns:
    kept = paired.transcribed()
    sessions = paired.sessions()
    counts = [as_counts(each) for each in paired.counts(kept)]
    return Columns(paired, kept, counts, [sessions[at] for at in kept.tolist()])


def _matched_pairs(one: Columns, profile: Profile) -> list[MatchedPairs]:
    """NIST's test of each pair, on normalized words, compounds as they are written."""
    rows = [taken(one.paired.rows(at), one.kept) for at in range(len(one.counts))]
    couples = len(rows) * (len(rows) - 1) // 2
    shares = shares_for(available_workers()) if isinstance(rows[0], Stored) else 1
    found = list(in_shares(lambda share: _segments(rows, profile, one.paired.language, share, shares), shares))
    tables = [np.concatenate([np.asarray(each[at]).reshape(-1, 3) for each in found]) for at in range(couples)]
    # As the utterances stand, whoever looked at them: so sums do not depend on how many processes there were.
    return [of_segments(each[np.argsort(each[:, 0], kind="stable"), 1:].astype(np.float64)) for each in tables]


def _segments(
    rows: Sequence[Sequence[Line]], profile: Profile, language: str, share: int, shares: int
) -> list[array[int]]:
    """Of each pair of systems the segments in the utterances of a share: place of the utterance, errors of both."""
    texts = profile.texts(language)
    couples = list(combinations(range(len(rows)), 2))
    found = [array("q") for _ in couples]
    for at, same in enumerate(zip(*rows, strict=True)):
        if hash(same[0].reference) % shares != share:
            continue
        known: dict[tuple[str, str], WordMarks] = {}
        for (first, second), held in zip(couples, found, strict=True):
            raw = same[first].reference, same[first].hypothesis or "", same[second].hypothesis or ""
            (reference, *hypotheses), _ = texts.together(*raw)
            if reference == hypotheses[0] == hypotheses[1]:
                continue
            for text in hypotheses:
                if (reference, text) not in known:
                    known[reference, text] = mark_words(align_nist(texts.units(reference), texts.units(text)))
            for errors in segments(*(known[reference, text] for text in hypotheses)):
                held.extend((at, *errors))
    return found


def _benchmark_block(one: Columns, names: Sequence[str], profile: Profile) -> Block:
    rates = [counts.rate for counts in one.counts]
    return _block(one.paired.benchmark, [one], names, rates, draws=_draws(one), matched=_matched_pairs(one, profile))


def _average_block(common: Sequence[Columns], names: Sequence[str], over: Averaging) -> Block:
    held = zip(*(one.counts for one in common), strict=True)
    titles = [one.paired.benchmark for one in common]
    rates = [over.rate(dict(zip(titles, (each.rate for each in counts), strict=True))) for counts in held]
    weights = over.weights(titles)
    return _block("average", common, names, rates, draws=_average_draws(common, weights), weights=weights)


def _block(
    title: str,
    columns: Sequence[Columns],
    names: Sequence[str],
    found: Sequence[float | None],
    *,
    draws: NDArray[np.float64],
    matched: Sequence[MatchedPairs] | None = None,
    weights: Sequence[float] = (),
) -> Block:
    """One benchmark, or several of the same systems, which are averaged."""
    systems, sessions = columns[0].paired.systems, [one.sessions for one in columns]
    counts = {index: [one.counts[at] for one in columns] for at, index in enumerate(systems)}
    rates = dict(zip(systems, found, strict=True))
    pairs = _pairs(counts, sessions, names, matched, weights)
    intervals = [
        average_interval(
            [(each.errors, each.words, units) for each, units in zip(held, sessions, strict=True)], weights=weights
        )
        for held in counts.values()
    ]
    known = all(any(session is not None for session in units) for units in sessions)
    return Block(
        benchmark=title,
        metric=columns[0].metric or ("cer" if columns[0].by_character else "wer"),
        utterances=sum(map(len, sessions)),
        left_out=sum(one.left_out for one in columns),
        sessions=sum(map(_number_of_sessions, sessions)),
        unit="session" if known else "utterance",
        smallest_difference=max((one.difference.smallest_difference for one in pairs if one.difference), default=None),
        systems=_standings(names, rates, intervals, tied_with_best(rates, counts, sessions, weights), draws),
        pairs=pairs,
    )


def _metric_blocks(
    columns: Sequence[Columns], names: Sequence[str], metrics: Sequence[Metric]
) -> tuple[tuple[Block, ...], list[str]]:
    """Further metrics on each benchmark, and why some have none."""
    blocks, notes = [], []
    for one in columns:
        chosen = list(dict.fromkeys([*(map(get_metric, TRANSLATIONS) if one.translated else ()), *metrics]))
        if not chosen:
            continue
        utterances = [scored.utterances() for scored in one.paired.scored]
        for metric in chosen:
            if metric.resampled:
                held = resampled_block(one.paired, metric, utterances, names)
                if isinstance(held, str):
                    notes.append(f"{one.paired.benchmark} has no {metric.title}: {held}")
                else:
                    blocks.append(held)
                continue
            found, reason = _metric_columns(one.paired, metric, utterances)
            if found is None:
                why = f": {reason}" if reason else ""
                notes.append(f"{one.paired.benchmark} has no {metric.title}{why}")
                continue
            block = _block(
                one.paired.benchmark, [found], names, [each.rate for each in found.counts], draws=_draws(found)
            )
            blocks.append(_turned(block) if metric.better == "higher" else _bounded(block, metric))
    return tuple(blocks), notes


def _metric_columns(
    paired: PairedBenchmark, metric: Metric, utterances: Sequence[Sequence[ScoredUtterance]]
) -> tuple[Columns | None, str | None]:
    """What each system has, of a share of which more is better what it lacks; and why there is nothing of the kind."""
    read = [parts_of(one, metric, held) for one, held in zip(paired.scored, utterances, strict=True)]
    ordered = [[rows[at] for at in order.tolist()] for (rows, _), order in zip(read, paired.order, strict=True)]
    kept = np.array([at for at, parts in enumerate(zip(*ordered, strict=True)) if None not in parts], dtype=np.int64)
    counts = []
    for rows in ordered:
        pairs = np.array([(rows[at] or (0.0, 0.0))[:2] for at in kept.tolist()], dtype=np.float64).reshape(-1, 2)
        counted, of = pairs.T
        counts.append(Counts(of - counted if metric.better == "higher" else counted, of))
    if any(each.rate is None for each in counts):
        return None, next((reason for _, reason in read if reason), None)
    sessions = paired.sessions()
    return Columns(paired, kept, counts, [sessions[at] for at in kept.tolist()], metric.name), None


def _bounded(block: Block, metric: Metric) -> Block:
    """A block of rates of which none is more than all, where the metric has such."""
    return replace(block, systems=tuple(replace(one, interval=bounded(metric, one.interval)) for one in block.systems))


def _turned(block: Block) -> Block:
    """A block of what systems lack to a whole as one of what they have."""
    standings = [
        replace(
            one,
            rate=None if one.rate is None else 1 - one.rate,
            interval=one.interval and turned_round(one.interval),
        )
        for one in block.systems
    ]
    pairs = [replace(pair, difference=pair.difference and turned(pair.difference)) for pair in block.pairs]
    return replace(block, systems=tuple(standings), pairs=tuple(pairs))


def _pairs(
    counts: Mapping[int, Sequence[Counts]],
    sessions: Sequence[Sequence[str | None]],
    names: Sequence[str],
    matched: Sequence[MatchedPairs] | None,
    weights: Sequence[float] = (),
) -> tuple[Pair, ...]:
    """All pairs of systems with their tests, corrected for the number of pairs."""
    differences = [
        average_difference(list(zip(first, second, sessions, strict=True)), weights=weights)
        for first, second in combinations(counts.values(), 2)
    ]
    adjusted = holm([None if found is None else found.p for found in differences])
    matched_adjusted = holm([one.p for one in matched or ()])
    return tuple(
        Pair(
            first=names[first],
            second=names[second],
            difference=differences[at],
            p_holm=p,
            significant=None if p is None else p < ALPHA,
            mapsswe=matched[at] if matched is not None else None,
            mapsswe_p_holm=matched_adjusted[at] if matched is not None else None,
        )
        for at, ((first, second), p) in enumerate(zip(combinations(counts, 2), adjusted, strict=True))
    )


def _number_of_sessions(sessions: Sequence[str | None]) -> int:
    return sessions.count(None) + len({*sessions} - {None})


def _draws(columns: Columns, seed: int = 0) -> NDArray[np.float64]:
    """Rates of all systems under draws of the sessions, shape ``[draws, systems]``; empty where two have no ranks."""
    if len(columns.counts) < 3 or _number_of_sessions(columns.sessions) < 5:
        return np.empty((0, len(columns.counts)))
    errors, words = [one.errors for one in columns.counts], [one.words for one in columns.counts]
    return resampled_rates(errors, words, columns.sessions, RESAMPLES, seed)


def _average_draws(common: Sequence[Columns], weights: Sequence[float] = ()) -> NDArray[np.float64]:
    """Means over benchmarks, each drawn by itself; empty where one of them has no draws."""
    draws = [_draws(one, seed) for seed, one in enumerate(common)]
    if not all(len(one) for one in draws):
        return draws[0][:0]
    mean: NDArray[np.float64] = np.average(draws, axis=0, weights=weights) if weights else np.mean(draws, axis=0)
    return mean


def _standings(
    names: Sequence[str],
    rates: Mapping[int, float | None],
    intervals: Sequence[Interval | None],
    tied: Mapping[int, bool | None],
    draws: NDArray[np.float64],
) -> tuple[Standing, ...]:
    """Systems by rate, the best first."""
    ranks: Sequence[tuple[int, int] | None] = _ranks(draws) or [None] * len(rates)
    found = [
        Standing(system=names[index], rate=rate, interval=interval, tied_with_best=tied[index], rank=rank)
        for (index, rate), interval, rank in zip(rates.items(), intervals, ranks, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (one.rate is None, one.rate or 0.0)))


def _ranks(draws: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The range that holds a system's rank in 95 % of draws, for each system; equal rates share the better rank."""
    draws = draws[np.isfinite(draws).all(axis=1)]
    if not len(draws):
        return []
    ranks = 1 + (draws[:, :, None] > draws[:, None, :]).sum(axis=2)
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="inverted_cdf")
    return [(int(one), int(other)) for one, other in zip(low, high, strict=True)]
