"""What conditions cost: the rate under each beside the clean one, paired, and the SNR at which the rate doubles."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.perturb.names import named
from harness.scoring.intervals import MIN_SESSIONS, average_interval
from harness.scoring.matching import match
from harness.scoring.pairing import PairedBenchmark, as_counts
from harness.scoring.significance import Counts, average_difference, holm

if TYPE_CHECKING:
    from harness.perturb.names import Named
    from harness.records.statistics import Difference, Interval
    from harness.scoring.scored import Scored

AVERAGE = "average"
"""What the mean over the benchmarks is called."""

TIMES = 2.0
"""The multiple of the clean rate whose SNR is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One condition of one benchmark of one system, beside the clean one. Rates are fractions."""

    benchmark: str
    """The clean one's name, or `AVERAGE`."""
    condition: str
    """``noise@10dB``; empty for the clean one itself."""
    series: str = ""
    """Conditions that differ in a value only."""
    snr: float | None = None
    """Decibels, where the condition is a signal-to-noise ratio."""
    rate: float | None
    interval: Interval | None
    """Of the rate."""
    clean: float | None
    """The clean rate on the same utterances."""
    difference: Difference | None = None
    """Rate minus clean rate, paired."""
    p_holm: float | None = None
    """Of the difference, corrected for the conditions of the benchmark."""
    unit: Literal["session", "utterance"]
    """What intervals take as independent: utterances where there are under five sessions."""
    utterances: int
    sessions: int
    left_out: int = 0
    """Utterances that were not transcribed both times."""

    @property
    def times(self) -> float | None:
        """The rate as a multiple of the clean one."""
        return self.rate / self.clean if self.clean and self.rate is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubling:
    """Where the rate of a system is twice the clean one as noise grows."""

    benchmark: str
    series: str
    snr: float | None
    """Decibels, between the two ratios that were measured on either side of it; None where that is not known."""
    why: str = ""
    """Then: in words, why not."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """A benchmark clean and under a condition, utterance by utterance."""

    clean: Counts
    noisy: Counts
    units: list[str | None]
    unit: Literal["session", "utterance"]
    sessions: int
    left_out: int


def gaps(scored: Sequence[Scored]) -> list[Gap]:
    """What each condition of each benchmark costs one system; the clean one first, and the average last.

    Benchmarks whose clean one is not there, or is of other utterances, have no gap, nor have translations, which have
    no error rate.
    """
    scored = [one for one in scored if one.target is None]
    clean = {one.units.benchmark: one for one in scored if named(one.units.benchmark) is None}
    held: dict[str, list[tuple[Named, _Columns]]] = {}
    for one in scored:
        name = named(one.units.benchmark)
        columns = _columns(clean[name.clean], one) if name is not None and name.clean in clean else None
        if name is not None and columns is not None:
            held.setdefault(name.clean, []).append((name, columns))
    found: list[Gap] = []
    for benchmark, conditions in held.items():
        found += [_alone(clean[benchmark]), *_corrected([_gap(benchmark, *one) for one in conditions])]
    return [*found, *_averages(held, [_alone(clean[benchmark]) for benchmark in held])]


def doublings(found: Sequence[Gap]) -> list[Doubling]:
    """The SNR at which the rate is twice the clean one, for each benchmark and kind of noise, where there are any.

    Rates are taken as straight lines between the ratios that were measured, in decibels, from the highest on down; of
    several crossings it is the first.
    """
    series: dict[tuple[str, str], list[Gap]] = {}
    for one in found:
        if one.snr is not None:
            series.setdefault((one.benchmark, one.series), []).append(one)
    return [_doubling(benchmark, name, each) for (benchmark, name), each in series.items()]


def _doubling(benchmark: str, series: str, found: Sequence[Gap]) -> Doubling:
    points = sorted(
        ((one.snr, one.times) for one in found if one.snr is not None and one.times is not None), reverse=True
    )
    if not points:
        why = "the clean rate is 0 or not known"
        return Doubling(benchmark=benchmark, series=series, snr=None, why=why)
    if points[0][1] >= TIMES:
        why = f"above {points[0][0]:g} dB, the highest that was measured"
        return Doubling(benchmark=benchmark, series=series, snr=None, why=why)
    for (high, before), (low, after) in pairwise(points):
        if before < TIMES <= after:
            snr = high + (low - high) * (TIMES - before) / (after - before)
            return Doubling(benchmark=benchmark, series=series, snr=snr)
    return Doubling(benchmark=benchmark, series=series, snr=None, why=f"not reached down to {points[-1][0]:g} dB")


def _columns(clean: Scored, noisy: Scored) -> _Columns | None:
    """The two, paired; None where they are not of the same utterances."""
    found = match(clean.units.rows, noisy.units.rows)
    if not found.whole:
        return None
    paired = PairedBenchmark([0, 1], [clean, noisy], [np.arange(len(found.places)), found.places])
    kept = paired.transcribed()
    before, after = map(as_counts, paired.counts(kept))
    every = paired.sessions()
    sessions = [every[at] for at in kept.tolist()]
    counted = [at for at in range(len(kept)) if before.words[at] or after.words[at]]
    independent = _number([sessions[at] for at in counted])
    enough = independent >= MIN_SESSIONS and any(session is not None for session in sessions)
    units: list[str | None] = sessions if enough else [None] * len(sessions)
    left = len(paired) - len(kept)
    return _Columns(before, after, units, "session" if enough else "utterance", independent, left)


def _number(sessions: Sequence[Hashable]) -> int:
    return sessions.count(None) + len({*sessions} - {None})


def _gap(benchmark: str, name: Named, one: _Columns) -> Gap:
    return Gap(
        benchmark=benchmark,
        condition=name.condition,
        series=name.series,
        snr=name.snr,
        rate=one.noisy.rate,
        interval=average_interval([(one.noisy.errors, one.noisy.words, one.units)]),
        clean=one.clean.rate,
        difference=average_difference([(one.noisy, one.clean, one.units)]),
        unit=one.unit,
        utterances=len(one.units),
        sessions=one.sessions,
        left_out=one.left_out,
    )


def _alone(clean: Scored) -> Gap:
    """The clean one: its own rate over all that was transcribed."""
    kept = as_counts(clean.kept())
    sessions = [row.session for row in clean.units.rows]
    known = [session for session, words in zip(sessions, kept.words, strict=True) if words]
    enough = _number(known) >= MIN_SESSIONS and any(session is not None for session in known)
    units: list[str | None] = sessions if enough else [None] * len(sessions)
    return Gap(
        benchmark=clean.units.benchmark,
        condition="",
        rate=kept.rate,
        interval=average_interval([(kept.errors, kept.words, units)]),
        clean=kept.rate,
        unit="session" if enough else "utterance",
        utterances=len(sessions),
        sessions=_number(known),
        left_out=sum(row.hypothesis is None for row in clean.units.rows),
    )


def _averages(held: dict[str, list[tuple[Named, _Columns]]], clean: Sequence[Gap]) -> Iterator[Gap]:
    """The plain mean over the benchmarks of each condition that all of them have; nothing for a single benchmark."""
    if len(held) < 2 or any(one.rate is None for one in clean):
        return
    rates = [one.rate for one in clean if one.rate is not None]
    unit: Literal["session", "utterance"] = "utterance" if any(one.unit == "utterance" for one in clean) else "session"
    mean = sum(rates) / len(rates)
    yield Gap(
        benchmark=AVERAGE,
        condition="",
        rate=mean,
        interval=None,
        clean=mean,
        unit=unit,
        utterances=sum(one.utterances for one in clean),
        sessions=sum(one.sessions for one in clean),
    )
    found: list[Gap] = []
    for name, _ in next(iter(held.values())):
        each = [one for many in held.values() for other, one in many if other.condition == name.condition]
        if len(each) < len(held) or any(one.noisy.rate is None or one.clean.rate is None for one in each):
            continue
        found.append(
            Gap(
                benchmark=AVERAGE,
                condition=name.condition,
                series=name.series,
                snr=name.snr,
                rate=sum(one.noisy.rate or 0.0 for one in each) / len(each),
                interval=average_interval([(one.noisy.errors, one.noisy.words, one.units) for one in each]),
                clean=sum(one.clean.rate or 0.0 for one in each) / len(each),
                difference=average_difference([(one.noisy, one.clean, one.units) for one in each]),
                unit="utterance" if any(one.unit == "utterance" for one in each) else "session",
                utterances=sum(len(one.units) for one in each),
                sessions=sum(one.sessions for one in each),
                left_out=sum(one.left_out for one in each),
            )
        )
    yield from _corrected(found)


def _corrected(found: Sequence[Gap]) -> list[Gap]:
    """The gaps of one benchmark, with p corrected for their number."""
    adjusted = holm([None if one.difference is None else one.difference.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True)]
