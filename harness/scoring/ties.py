"""The one rule of ties: a system is tied with the best where their paired difference over sessions is not significant.

The p values of all systems against the best one are corrected after Holm for their number (within a benchmark, or for
the average); a corrected p of 0.05 or more is a tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.scoring.average import averaging
from harness.scoring.pairing import as_counts, comparable
from harness.scoring.significance import ALPHA, Counts, average_difference, holm

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import Scored


def tied_with_best(
    rates: Mapping[int, float | None],
    counts: Mapping[int, Sequence[Counts]],
    sessions: Sequence[Sequence[str | None]],
    weights: Sequence[float] = (),
) -> dict[int, bool | None]:
    """For each system, whether it is the best one or tied with it; None where that cannot be told.

    Args:
        rates: of each system; the lowest is the best, the first of equal ones.
        counts: of each system on each benchmark (several for an average), paired.
        sessions: of the utterances of each benchmark.
        weights: of each benchmark in a mean that is not the plain one.
    """
    told: dict[int, bool | None] = dict.fromkeys(rates)
    known = [(rate, index) for index, rate in rates.items() if rate is not None]
    if not known:
        return told
    best = min(known)[1]
    others = [index for _, index in known if index != best]
    found = [
        average_difference(list(zip(counts[index], counts[best], sessions, strict=True)), weights=weights)
        for index in others
    ]
    adjusted = holm([None if one is None else one.p for one in found])
    tied = {index: None if p is None else p >= ALPHA for index, p in zip(others, adjusted, strict=True)}
    return told | tied | {best: True}


def ties(
    scored: Sequence[Sequence[Scored]], profile: Profile, suites: Iterable[str | None] = ()
) -> dict[str, set[int]]:
    """For each benchmark, and for ``average``, the systems of a table that are as good as the best, itself included.

    Only systems over the same utterances, complete and with the same references, are compared; where that leaves fewer
    than two, or sessions are under five, the benchmark is left out.

    Args:
        scored: for each system its benchmarks, counted.
        profile: the rules; they say how to average.
        suites: of the systems; one that all belong to may say more of that.

    Returns:
        Indices of the systems.
    """
    found: dict[str, set[int]] = {}
    paired = comparable(scored)
    counts: list[dict[int, Counts]] = []
    for one in paired:
        counts.append({index: as_counts(each) for index, each in zip(one.systems, one.counts(), strict=True)})
    rates = [{index: each.rate for index, each in columns.items()} for columns in counts]
    sessions = [one.sessions() for one in paired]
    for one, columns, known, units in zip(paired, counts, rates, sessions, strict=True):
        told = tied_with_best(known, {index: [each] for index, each in columns.items()}, [units])
        found |= _told(one.benchmark, told)
    if len(paired) > 1 and len(paired) == len({one.units.benchmark for system in scored for one in system}):
        everywhere = sorted(set.intersection(*(set(one.systems) for one in paired)))
        names, over = [one.benchmark for one in paired], averaging(suites, rounded=profile.round_before_average)
        means = {
            index: over.rate(dict(zip(names, (known[index] for known in rates), strict=True))) for index in everywhere
        }
        each = {index: [columns[index] for columns in counts] for index in everywhere}
        weights = over.weights(names)
        found |= _told("average", tied_with_best(means, each, sessions, weights))
    return found


def _told(name: str, told: Mapping[int, bool | None]) -> dict[str, set[int]]:
    """Nothing where no other system can be told from the best, or tied with it."""
    known = sum(one is not None for one in told.values())
    return {name: {index for index, one in told.items() if one}} if known > 1 else {}
