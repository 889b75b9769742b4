"""Does any slice of a benchmark differ from the rest of it? Sums by session in, tests out. docs/scoring.md has more.

What is independent is the session. Two cases:

- *Between sessions*: each session has one value of the tag, such as the accent of a speaker. How much sessions of one
  length spread is learnt from all slices together (as in an analysis of variance), so that an accent of few speakers
  can be tested too: Var(errors of a session) = phi * words + tau^2 * words^2, fitted by moments to the deviations of
  sessions from the rate of their slice, for the interval, and from the rate of all, for the test. That is a permutation
  test: deviations in units of their standard deviation change places among the sessions. Errors are skewed, and
  Student's t names too many accents of few speakers; it is used from `MANY` sessions on both sides on.
- *Within sessions*: a session has several values, such as noise of several levels on the same speaker. Then the
  difference is jackknifed over sessions, which keeps what its utterances have in common.

A standard error is never less than that of words which are wrong independently of each other.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.records.statistics import Difference
from harness.scoring.intervals import LEVEL, MIN_SESSIONS, detectable, effective_degrees
from harness.scoring.significance import ALPHA, holm
from harness.scoring.student_t import quantile, upper_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sums = NDArray[np.float64]
    """Errors or words, summed: shape ``[sessions, slices]``."""

BETWEEN = "slice minus rest, sessions permuted"
WITHIN = "slice minus rest, session jackknife"
MANY = 200
"""Sessions on both sides from which on a sum is as good as normal."""
PERMUTATIONS = 9_999
_MOST = 2_000
"""Sessions that are all permuted; of more, those of a small slice are drawn from all."""
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class SliceTest:
    """One slice against the rest."""

    difference: Difference | None
    """None where it cannot be told."""
    p_holm: float | None
    resolves: float | None
    """The true difference that is found in four of five cases, the correction included."""


@dataclass(frozen=True, slots=True)
class Tested:
    """All slices."""

    tests: list[SliceTest]
    within: bool
    """Whether sessions have several values of the tag."""
    by_utterance: bool
    """Whether utterances were taken as independent: each slice is one session."""
    sessions: list[int]
    """Independent units in each slice."""


def slice_differences(
    slices: Sequence[int], errors: Sequence[int], words: Sequence[int], sessions: Sequence[Hashable]
) -> Tested:
    """Holds each slice against all other utterances.

    Args:
        slices: which slice each utterance is in, numbered from 0, shape ``[utterances]``.
        errors: of each utterance.
        words: of the reference of each.
        sessions: what each belongs to; one whose session is None is its own.
    """
    count = max(slices, default=-1) + 1
    summed = _sums(slices, errors, words, sessions, count)
    held = (summed[1] > 0).sum(axis=0)
    within = bool(((summed[1] > 0).sum(axis=1) > 1).any())
    alone = not within and bool((held == 1).all()) and len(sessions) > count
    if alone:
        summed = _sums(slices, errors, words, [None] * len(sessions), count)
        held = (summed[1] > 0).sum(axis=0)
    found = _within(*summed) if within else _between(*summed)
    distinct = 1 if count == 2 else sum(one is not None for one in found)  # of two slices each is the rest of the other
    adjusted = holm([None if one is None else one.p for one in found])
    if count == 2:
        adjusted = [None if one is None else one.p for one in found]
    level = 1 - ALPHA / max(1, distinct)
    resolves = [None if one is None else detectable(one.standard_error, one.degrees, level) for one in found]
    tests = [SliceTest(*each) for each in zip(found, adjusted, resolves, strict=True)]
    return Tested(tests, within, alone, held.tolist())


def _sums(
    slices: Sequence[int], errors: Sequence[int], words: Sequence[int], sessions: Sequence[Hashable], count: int
) -> tuple[Sums, Sums]:
    """Errors and words by session and slice; sessions without words tell nothing and are left out."""
    places: dict[Hashable, int] = {}
    codes = [
        places.setdefault((at,) if session is None else (session, None), len(places))
        for at, session in enumerate(sessions)
    ]
    sums = np.zeros((2, len(places), count))
    np.add.at(sums[0], (codes, list(slices)), errors)
    np.add.at(sums[1], (codes, list(slices)), words)
    kept = sums[:, sums[1].sum(axis=1) > 0]
    return kept[0], kept[1]


def _between(errors: Sums, words: Sums) -> list[Difference | None]:
    """Where each session is in one slice."""
    totals, wrong = words.sum(axis=0), errors.sum(axis=0)
    rates = np.divide(wrong, totals, out=np.zeros_like(totals), where=totals > 0)
    size, slices = words.sum(axis=1), int((totals > 0).sum())
    degrees = len(size) - slices
    if slices < 2 or degrees < MIN_SESSIONS - 1:
        return [None] * len(totals)
    wrong_by_session = errors.sum(axis=1)
    variances = _variances(wrong_by_session - words @ rates, size, len(size) / degrees)
    p_values = _permuted(wrong_by_session, size, words > 0)
    spread = np.array([(variances * (words[:, at] > 0)).sum() for at in range(len(totals))])
    found: list[Difference | None] = []
    for at, here in enumerate(totals):
        rest = totals.sum() - here
        if not here or not rest:
            found.append(None)
            continue
        variance = float(spread[at] / here**2 + (spread.sum() - spread[at]) / rest**2)
        spread_of_this = _Spread(variance=variance, degrees=float(degrees), method=BETWEEN, p=p_values[at])
        found.append(_finish(at, errors, words, spread_of_this))
    return found


def _permuted(errors: NDArray[np.float64], words: NDArray[np.float64], member: NDArray[np.bool_]) -> list[float | None]:
    """The p of each slice under permutations of the sessions; None where there are so many that t is as good.

    Args:
        errors: of each session.
        words: of each session.
        member: whether each is in each slice, shape ``[sessions, slices]``.
    """
    count, inside = len(words), member.sum(axis=0)
    few = np.minimum(inside, count - inside) < MANY
    share = member.T @ words / words.sum()
    deviations = errors - words * errors.sum() / words.sum()
    scale = np.sqrt(_variances(deviations, words, 1.0))
    if not few.any() or not scale.any():
        return [1.0 if not scale.any() else None] * len(inside)
    seen = abs(member.T @ deviations)
    units = deviations / scale * math.sqrt(count / (count - 1))  # the rate was fitted to them
    generator = np.random.default_rng(0)
    at_least = np.zeros(len(inside))
    for start in range(0, PERMUTATIONS, _CHUNK):
        draws = min(_CHUNK, PERMUTATIONS - start)
        if count <= _MOST:
            moved = generator.permuted(np.tile(units, (draws, 1)), axis=1) * scale
            sums = moved @ member - moved.sum(axis=1, keepdims=True) * share
        else:
            sums = _drawn(units, scale, member[:, few], share[few], generator=generator, draws=draws)
        at_least[few] += (abs(sums if count > _MOST else sums[:, few]) >= seen[few] * (1 - 1e-12)).sum(axis=0)
    return [
        (1 + hits) / (1 + PERMUTATIONS) if test else None for hits, test in zip(at_least.tolist(), few, strict=True)
    ]


def _drawn(
    units: NDArray[np.float64],
    scale: NDArray[np.float64],
    member: NDArray[np.bool_],
    share: NDArray[np.float64],
    *,
    generator: np.random.Generator,
    draws: int,
) -> NDArray[np.float64]:
    """The same sums where the sessions are many: those of the smaller side are drawn, the others are as good as normal.

    Returns:
        Shape ``[draws, slices]``.
    """
    sums = np.empty((draws, member.shape[1]))
    for at, of_slice in enumerate(share):
        is_small = member[:, at].sum() < MANY
        small, part = (member[:, at], of_slice) if is_small else (~member[:, at], 1 - of_slice)
        drawn = units[generator.integers(len(units), size=(draws, int(small.sum())))] @ scale[small]
        others = generator.normal(size=draws) * math.sqrt(float((scale[~small] ** 2).sum()))
        sums[:, at] = (1 - part) * drawn - part * others
    return sums


def _variances(deviations: NDArray[np.float64], words: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """The variance of the errors of each session, phi * words + tau^2 * words^2 by moments; neither is negative."""
    squares = deviations**2 * scale
    mean, total, square = len(words), float(words.sum()), float((words**2).sum())
    first, second = float((squares / words).sum()), float(squares.sum())
    determinant = mean * square - total**2
    tau = (mean * second - total * first) / determinant if determinant > 1e-9 * total**2 else 0.0
    phi = (first - tau * total) / mean
    if tau < 0:
        tau, phi = 0.0, first / mean
    if phi < 0:
        phi, tau = 0.0, second / square
    fitted: NDArray[np.float64] = phi * words + tau * words**2
    return fitted


def _within(errors: Sums, words: Sums) -> list[Difference | None]:
    """Where sessions are in several slices."""
    found: list[Difference | None] = []
    whole_errors, whole_words = errors.sum(axis=1), words.sum(axis=1)
    for at in range(errors.shape[1]):
        here, rest = words[:, at], whole_words - words[:, at]
        if min((here > 0).sum(), (rest > 0).sum()) < MIN_SESSIONS:
            found.append(None)
            continue
        without = _rate_without(errors[:, at], here) - _rate_without(whole_errors - errors[:, at], rest)
        value = errors[:, at].sum() / here.sum() - (whole_errors - errors[:, at]).sum() / rest.sum()
        sessions = len(without)
        variance = float(((without - value) ** 2).sum()) * (sessions - 1) / sessions
        degrees = min(effective_degrees(here[here > 0]), effective_degrees(rest[rest > 0]))
        found.append(_finish(at, errors, words, _Spread(variance=variance, degrees=degrees, method=WITHIN)))
    return found


def _rate_without(errors: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (errors.sum() - errors) / (words.sum() - words)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """How sure the difference of a slice is."""

    variance: float
    """Of the difference."""
    degrees: float
    method: str
    p: float | None = None
    """Of a test that is better than Student's t; None takes that."""


def _finish(at: int, errors: Sums, words: Sums, spread: _Spread) -> Difference | None:
    """The difference of a slice from the rest."""
    degrees = spread.degrees
    here, others = float(words[:, at].sum()), float(words.sum() - words[:, at].sum())
    if not here or not others:
        return None
    wrong, wrong_rest = float(errors[:, at].sum()), float(errors.sum() - errors[:, at].sum())
    value = wrong / here - wrong_rest / others
    rate = min(1.0, (wrong + wrong_rest + 1) / (here + others + 2))
    least = rate * (1 - rate) * (1 / here + 1 / others)
    error = math.sqrt(max(spread.variance, least))
    margin = quantile((1 + LEVEL) / 2, degrees) * error
    p = 2 * upper_tail(abs(value) / error, degrees) if error else 1.0
    if spread.p is not None:
        p = spread.p
    return Difference(
        value=value,
        low=value - margin,
        high=value + margin,
        p=p,
        standard_error=error,
        degrees=degrees,
        sessions=int((words.sum(axis=1) > 0).sum()),
        level=LEVEL,
        method=spread.method,
        smallest_difference=detectable(error, degrees),
    )
