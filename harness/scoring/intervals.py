"""How sure a word error rate is: its interval over sessions, and that of the plain average over benchmarks.

A rate is a ratio of sums (all errors over all words), and what is independent is a session (speaker, meeting, call),
not an utterance. The method, in full in docs/scoring.md:

1. Delete-one-session jackknife of the rate gives its variance, V = (G-1)/G * sum_g (R without g - R)^2.
2. Sessions are unequal, so V is worth fewer than G-1 degrees of freedom: Satterthwaite's approximation, as Bell and
   McCaffrey (2002) use it for clusters, with session errors that spread in proportion to session size.
3. The interval is Student's t on log R, since rates are positive and skewed to the right: R * exp(+-t * sqrt(V) / R).

It needs no random numbers. tests/harness/scoring/test_interval_coverage.py simulates its coverage, beside that of a
percentile bootstrap of utterances. Resampling is here too, for what has no formula: ranks.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.records.statistics import Interval
from harness.scoring.student_t import quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MIN_SESSIONS = 5
"""Under so many sessions there is no interval: with four, the variance itself is hardly known."""
LEVEL = 0.95
POWER = 0.8
METHOD = "t on log rate, session jackknife"
METHOD_NO_ERRORS = "no errors: exact Poisson limit"
_CHUNK_BYTES = 32 * 2**20

PerBenchmark = tuple["ArrayLike", "ArrayLike", "Sequence[Hashable]"]
"""Errors, words and session of each utterance of one benchmark."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A quantity with the standard error and effective degrees of freedom that the jackknife over sessions gives it."""

    value: float
    standard_error: float
    degrees: float
    sessions: int

    def margin(self, level: float = LEVEL) -> float:
        """Half the width of the symmetric t interval around the value."""
        return quantile((1 + level) / 2, self.degrees) * self.standard_error


def wer_interval(
    errors: ArrayLike, words: ArrayLike, sessions: Sequence[Hashable], level: float = LEVEL
) -> Interval | None:
    """Interval of sum(errors) / sum(words) over sessions; None under five sessions or without words.

    Args:
        errors: errors of each utterance, shape ``[utterances]``.
        words: reference words of each utterance, shape ``[utterances]``.
        sessions: what each utterance belongs to, shape ``[utterances]``; an utterance whose session is None is its own.
        level: probability that such intervals hold the true rate.

    Raises:
        ValueError: the three differ in length, or a count is negative.
    """
    return average_interval([(errors, words, sessions)], level)


def average_interval(
    benchmarks: Sequence[PerBenchmark], level: float = LEVEL, weights: Sequence[float] = ()
) -> Interval | None:
    """Interval of the mean of the benchmarks' rates, which are taken as independent of each other.

    Args:
        benchmarks: errors, words and sessions of each.
        level: probability that such intervals hold the true mean.
        weights: of each benchmark in a mean that is not the plain one; they sum to 1, and 0 leaves one out.

    Returns:
        None where there is no benchmark, or one of them has no interval of its own.
    """
    if weights:
        benchmarks = [one for one, weight in zip(benchmarks, weights, strict=True) if weight]
        weights = [weight for weight in weights if weight]
    sums = [sum_by_session(sessions, errors, words) for errors, words, sessions in benchmarks]
    estimates = [rate_estimate(by_session[0], by_session[1]) for by_session in sums]
    known = [estimate for estimate in estimates if estimate is not None]
    if not known or len(known) < len(estimates):
        return None
    shares = weights or [1 / len(known)] * len(known)
    unseen = max(share / float(by_session[1].sum()) for share, by_session in zip(shares, sums, strict=True))
    return _rate_interval(mean_estimate(known, weights), unseen=unseen, level=level)


def detectable(standard_error: float, degrees: float, level: float = LEVEL, power: float = POWER) -> float:
    """The true difference that a two-sided test at ``1 - level`` finds with probability ``power``."""
    return (quantile((1 + level) / 2, degrees) + quantile(power, degrees)) * standard_error


def sum_by_session(sessions: Sequence[Hashable], *columns: ArrayLike) -> NDArray[np.float64]:
    """Each column summed within sessions: shape ``[columns, sessions]``, sessions in order of appearance.

    Sessions in which every column is zero tell nothing and are left out. An utterance without a session stands alone.
    """
    values = np.array([np.asarray(column, dtype=np.float64) for column in columns])
    if values.shape != (len(columns), len(sessions)):
        raise ValueError(f"{len(sessions)} sessions for columns of shape {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("counts are finite and not negative")
    places: dict[Hashable, int] = {}
    codes = [
        places.setdefault((index,) if session is None else (session, None), len(places))
        for index, session in enumerate(sessions)
    ]
    sums = np.array([np.bincount(codes, weights=column, minlength=len(places)) for column in values])
    kept: NDArray[np.float64] = sums[:, (sums > 0).any(axis=0)]
    return kept


def rate_estimate(errors: NDArray[np.float64], words: NDArray[np.float64]) -> Estimate | None:
    """The rate of summed sessions, shapes ``[sessions]``; None where they are too few, or have no words."""
    if not can_estimate(words):
        return None
    total = float(errors.sum() / words.sum())
    estimate = jackknife(total, rates_without(errors, words), words)
    # Errors never spread less than independent words would; five sessions that agree by chance are no certainty.
    # Where all is wrong they would not spread at all: two words more of each outcome (Agresti and Coull, 1998).
    count = float(words.sum())
    likely = total if total < 1 else (count + 2) / (count + 4)
    floor = math.sqrt(likely * (1 - likely) / count)
    return Estimate(total, max(estimate.standard_error, floor), estimate.degrees, estimate.sessions)


def rates_without(errors: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rate without each session."""
    without: NDArray[np.float64] = (errors.sum() - errors) / (words.sum() - words)
    return without


def can_estimate(words: NDArray[np.float64]) -> bool:
    """Whether there are enough sessions, and words in more than one of them."""
    return len(words) >= MIN_SESSIONS and bool((words.sum() - words > 0).all())


def jackknife(value: float, without: NDArray[np.float64], sizes: NDArray[np.float64]) -> Estimate:
    """Estimate of any smooth statistic from its values without each session.

    Args:
        value: the statistic of all sessions.
        without: the statistic with one session left out, shape ``[sessions]``.
        sizes: words of each session, shape ``[sessions]``, which decide the degrees of freedom.
    """
    count = len(without)
    variance = float(((without - value) ** 2).sum()) * (count - 1) / count
    return Estimate(value, math.sqrt(variance), effective_degrees(sizes), count)


def effective_degrees(sizes: NDArray[np.float64]) -> float:
    """Satterthwaite's degrees of freedom of the jackknife variance of a ratio, 1 at least.

    The variance is a quadratic form e'Ae in the sessions' deviations e, with A = M' diag(d) M, M = I - u 1', u the
    share of the words and d = 1 / (W - w)^2. With var(e_g) = w_g^2 (errors of a session go together), the degrees are
    tr(AS)^2 / tr(ASAS), S = diag(w^2); written out, so that no matrix of sessions by sessions is made.
    """
    share = sizes / sizes.sum()  # scaled by the words, which cancels
    d = 1 / (1 - share) ** 2
    spread = share**2
    v = share * d
    c = float((d * share**2).sum())
    total = float(spread.sum())
    trace = float((d * spread).sum() - 2 * (v * spread).sum() + c * total)
    off_diagonal = (
        c**2 * total**2
        + 2 * total * float((spread * v**2).sum())
        + 2 * float((spread * v).sum()) ** 2
        - 4 * c * total * float((spread * v).sum())
    )
    diagonal = float((spread**2 * (2 * d * (c - 2 * v) + d**2)).sum())
    return max(1.0, trace**2 / (off_diagonal + diagonal))


def mean_estimate(estimates: Sequence[Estimate], weights: Sequence[float] = ()) -> Estimate:
    """The mean of independent estimates, plain without weights; degrees of freedom by Welch and Satterthwaite."""
    count = len(estimates)
    if count == 1:
        return estimates[0]  # to the last digit
    if weights:
        return _weighted(estimates, weights)
    total = sum(one.standard_error**2 for one in estimates)
    spread = sum((one.standard_error**2) ** 2 / one.degrees for one in estimates)
    degrees = total**2 / spread if spread > 0 else min(one.degrees for one in estimates)
    value = sum(estimate.value for estimate in estimates) / count
    return Estimate(value, math.sqrt(total) / count, degrees, sum(estimate.sessions for estimate in estimates))


def _weighted(estimates: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """The weighted sum of independent estimates."""
    variances = [(share * one.standard_error) ** 2 for share, one in zip(weights, estimates, strict=True)]
    spread = sum(variance**2 / one.degrees for variance, one in zip(variances, estimates, strict=True))
    total = sum(variances)
    degrees = total**2 / spread if spread > 0 else min(one.degrees for one in estimates)
    value = sum(share * one.value for share, one in zip(weights, estimates, strict=True))
    return Estimate(value, math.sqrt(total), degrees, sum(one.sessions for one in estimates))


def _rate_interval(estimate: Estimate, unseen: float, level: float) -> Interval:
    """The t interval on the log scale; where no error was seen, from 0 to the exact Poisson limit.

    Args:
        estimate: of a rate that is never negative.
        unseen: the rate that one error would have made, at most.
        level: probability that such intervals hold the true rate.
    """
    if estimate.value == 0:
        low, high, method, error = 0.0, -math.log((1 - level) / 2) * unseen, METHOD_NO_ERRORS, unseen
    else:
        factor = math.exp(min(estimate.margin(level) / estimate.value, 700.0))
        low, high = estimate.value / factor, estimate.value * factor
        method, error = METHOD, estimate.standard_error
    # To another system that is as uncertain, its errors unrelated: the worst case. A paired comparison resolves more.
    smallest = detectable(math.sqrt(2) * error, estimate.degrees)
    return Interval(
        low=low,
        high=high,
        method=method,
        sessions=estimate.sessions,
        standard_error=error,
        degrees=estimate.degrees,
        smallest_difference=smallest,
    )


def resampled_rates(
    errors: Sequence[ArrayLike],
    words: Sequence[ArrayLike],
    sessions: Sequence[Hashable],
    resamples: int = 10_000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Rates of several systems when whole sessions are drawn anew, the same ones for all systems.

    For what has no formula, such as the rank of a system; the interval of a rate is `wer_interval`.

    Args:
        errors: for each system, the errors of each utterance, shape ``[systems][utterances]``.
        words: for each system, the reference words of each utterance, shape ``[systems][utterances]``.
        sessions: what each utterance belongs to, shape ``[utterances]``.
        resamples: how many draws.
        seed: of the random numbers; the same seed gives the same rates.

    Returns:
        Shape ``[resamples, systems]``; NaN where a draw holds no words.
    """
    by_session = sum_by_session(sessions, *errors, *words)
    sums: NDArray[np.float64] = np.concatenate(
        list(_resampled_sums(by_session, resamples, np.random.default_rng(seed)))
    )
    total = sums[:, len(errors) :]
    rates: NDArray[np.float64] = np.divide(
        sums[:, : len(errors)], total, out=np.full_like(total, np.nan), where=total > 0
    )
    return rates


def _resampled_sums(
    by_session: NDArray[np.float64], resamples: int, generator: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Column sums of bootstrap draws of the sessions, in blocks of bounded memory, shape ``[draws, columns]`` each.

    Sessions with the same counts are interchangeable, so that a draw needs only how often each distinct row comes:
    exactly multinomial, and 40,000 utterances have some thousand distinct rows.
    """
    rows, counts = np.unique(by_session.T, axis=0, return_counts=True)
    sessions = int(counts.sum())
    block = max(1, _CHUNK_BYTES // (8 * max(1, len(rows))))
    for start in range(0, resamples, block):
        draws = generator.multinomial(sessions, counts / sessions, size=min(block, resamples - start))
        yield draws.astype(np.float64) @ rows
