"""Whether a run that goes on still is certain to FAIL: look as often as you like, false alarms stay at alpha.

What is asked is not of the world but of this run: by how much would its error rate exceed the baseline's, if it went on
to its end? The utterances are taken in an order that was drawn before any was heard, so that what was heard so far is a
sample without replacement of a finite set, whatever the data is: sessions that go together, utterances sorted by
length. The errors of the baseline are known for all of them, and no utterance has fewer than none.

The bound is Waudby-Smith and Ramdas's betting confidence sequence for sampling without replacement (Estimating means
of bounded random variables by betting, JRSS B 86(1), 2024, section 5; Confidence sequences for sampling without
replacement, NeurIPS 2020). With z the errors of the run less those of the baseline (of these at most `CAP`, so that z
is never under -CAP), N utterances, and Z the sum of z over all of them,

    K(Z) = product over t of 1 + bet_t (z_t - m_t),    m_t = (Z - z_1 - ... - z_{t-1}) / (N - t + 1)

is a martingale that is never negative, as long as each bet is placed before z_t is seen and is at most 1 / (CAP + m_t).
By Ville's inequality it exceeds 1 / alpha at any time with probability alpha at most. It falls as Z grows, so that a
claim "the sum is above Z" is wrong with probability alpha at most, whichever Z is looked at, and whenever.

A FAIL says more of a complete run than that its difference is above the margin: the whole interval over sessions is. So
the sum must be above the margin and half of the interval's width as the utterances so far give it, which is no narrower
than that of all. Half of alpha is spent on the sequence, half on the interval, as the complete run's verdict does.

Nothing is ever certain to PASS: an utterance that was not heard yet may hold any number of insertions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.scoring.significance import Counts, difference, difference_of_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.statistics import Difference

    Column = NDArray[np.int64] | NDArray[np.float64]

CAP = 3.0
"""Errors of the baseline in one utterance that are taken off the run's: more would only make the bets smaller."""
BOLD = 0.9
"""Of the largest bet that could not lose all, the share that is placed at most."""
FIRST = 32
"""Utterances before the first look of a run."""
_PRIOR = 10.0
"""Utterances that what is assumed beforehand counts for."""
_EXPECTED = 0.02
"""How much worse a regression is taken to be beforehand, as a rate; it decides how fast it is found, never whether."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the baseline says of a benchmark, in the order in which its utterances are looked at."""

    errors: Column
    """Of the baseline, shape ``[utterances]``."""
    words: Column
    """Of the references."""
    sessions: Sequence[Hashable]
    margin: float
    """By how much the rate may rise, as a fraction."""
    alpha: float
    """The chance of a false alarm, at most."""


@dataclass(frozen=True, slots=True)
class Certain:
    """Why a run is certain to FAIL."""

    utterances: int
    """So many were looked at."""
    difference: float
    """How much worse the run was on them, as a fraction."""
    least: float
    """How much worse the complete run would be at least."""
    half_width: float
    """Of the interval over sessions, by the utterances so far."""


def drawn_order(ids: Iterable[str], benchmark: str, seed: int) -> list[str]:
    """Ids in an order that a seed decides, and nothing of what is known of the utterances."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{seed}/{benchmark}/{one}".encode("utf-8", "replace")).digest())


def looks(utterances: int) -> list[int]:
    """After how many utterances a run is looked at: each time half as many more, at last all."""
    found, at = [], FIRST
    while at < utterances:
        found.append(at)
        at += at // 2
    return [*found, utterances]


def certain(expected: Expected, errors: Column) -> Certain | None:
    """Whether the run is certain to FAIL by the utterances so far.

    Args:
        expected: of the whole benchmark.
        errors: of the run, on the first of its utterances in their order, shape ``[so far]``.
    """
    so_far = len(errors)
    sides = Counts(errors, expected.words[:so_far]), Counts(expected.errors[:so_far], expected.words[:so_far])
    return _claimed(expected, errors, difference(*sides, expected.sessions[:so_far], 1 - expected.alpha))


def first_certain(expected: Expected, errors: Column) -> Certain | None:
    """The first moment at which a complete run was certain to FAIL, looked at after each utterance."""
    # What is not above the margin is not above the margin and the interval's half width either.
    worth_a_look = set(np.flatnonzero(log_wealth(expected, errors, 0.0) >= _enough(expected)).tolist())
    places: dict[Hashable, int] = {}
    codes = [places.setdefault((at,) if one is None else one, len(places)) for at, one in enumerate(expected.sessions)]
    sums = np.zeros((4, len(places)))
    columns = np.array([errors, expected.words, expected.errors, expected.words], dtype=np.float64)
    for at, code in enumerate(codes):
        sums[:, code] += columns[:, at]
        if at in worth_a_look:
            change = difference_of_sums(sums, 1 - expected.alpha)
            claim = _claimed(expected, errors[: at + 1], change)
            if claim is not None:
                return claim
    return None


def _enough(expected: Expected) -> float:
    return math.log(2 / expected.alpha)


def _claimed(expected: Expected, errors: Column, change: Difference | None) -> Certain | None:
    """The claim that the complete run is above the margin by more than half its interval, if that is certain."""
    if change is None or change.low <= expected.margin:
        return None
    half_width = change.value - change.low
    if log_wealth(expected, errors, half_width)[-1] < _enough(expected):
        return None
    return Certain(len(errors), change.value, expected.margin + half_width, half_width)


def log_wealth(expected: Expected, errors: Column, above: float) -> NDArray[np.float64]:
    """What bets against "the run is worse by no more than the margin and `above`" have made of 1, as logarithms.

    Args:
        expected: of the whole benchmark.
        errors: of the run so far.
        above: added to the margin, as a fraction.

    Returns:
        Shape ``[so far]``; it falls as `above` grows.
    """
    taken = np.minimum(expected.errors, CAP)
    z = errors.astype(np.float64) - taken[: len(errors)]
    words, count = float(expected.words.sum()), len(expected.errors)
    surplus = float(expected.errors.sum() - taken.sum())
    left = count - np.arange(len(z))
    before = np.cumsum(z) - z
    allowed = ((expected.margin + above) * words + surplus - before) / left
    bets = _bets(z, before, (expected.margin * words + surplus - before) / left, _EXPECTED * words / count)
    room = CAP + allowed
    bets = np.minimum(bets, np.divide(BOLD, room, out=np.full(len(z), np.inf), where=room > 0))
    return np.cumsum(np.log1p(bets * (z - allowed)))


def _bets(
    z: NDArray[np.float64], before: NDArray[np.float64], allowed: NDArray[np.float64], worse: float
) -> NDArray[np.float64]:
    """What would have grown fastest by what was seen before each utterance (Kelly), of half the gain that was seen.

    Half, since the other half is what the interval over sessions asks for.
    """
    seen = np.arange(len(z)) + _PRIOR
    center = float(allowed[0]) if len(z) else 0.0
    mean = (before + _PRIOR * (center + worse)) / seen
    squares = np.cumsum(z**2) - z**2
    variance = (squares + _PRIOR * (1 + center + (center + worse) ** 2)) / seen - mean**2
    gain = np.maximum(0.0, mean - allowed)
    found: NDArray[np.float64] = 0.5 * gain / (np.maximum(variance, 0.05) + gain**2)
    return found
