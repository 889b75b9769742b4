"""Quantiles and means of latencies, with intervals that know that neighbors in a queue wait together.

Latencies in a queue are not independent: who comes behind a slow request is slow too. The textbook interval between
two order statistics (David and Nagaraja, Order Statistics, 2003, section 7.1), which needs no assumption on the
distribution, is therefore taken at the *effective* number of requests, n / tau. tau is the integrated autocorrelation
time (of the latencies for a mean, of the indicator "at most the quantile" for a quantile) by Geyer's initial positive
sequence (Practical Markov Chain Monte Carlo, 1992). Its tests simulate the coverage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.scoring.student_t import quantile as student_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
FEWEST = 5
"""Effective values under which their spread is hardly known."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval. An end that these data cannot give is None."""

    value: float
    low: float | None
    high: float | None


def quantile(values: ArrayLike, share: float, level: float = LEVEL) -> Estimate:
    """The smallest value that at least this share of the values do not pass.

    Args:
        values: in the order of time, shape ``[requests]``, at least one.
        share: 0.95 for p95.
        level: probability that such intervals hold the true quantile.
    """
    found = np.asarray(values, dtype=np.float64)
    ordered, count = np.sort(found), len(found)
    value = float(ordered[max(1, math.ceil(share * count - 1e-9)) - 1])
    effective = max(1, math.floor(count / correlation_time(found <= value)))
    low, high = _ranks(effective, share, (1 - level) / 2)
    below = None if low is None else max(1, math.floor(low * count / effective))
    above = None if high is None else math.ceil(high * count / effective)
    return Estimate(
        value,
        None if below is None else float(ordered[below - 1]),
        None if above is None else float(ordered[above - 1]),
    )


def mean(values: ArrayLike, level: float = LEVEL) -> Estimate:
    """The mean, with Student's t at the effective number of values; no interval where that is under `FEWEST`."""
    found = np.asarray(values, dtype=np.float64)
    value = float(found.mean())
    effective = len(found) / correlation_time(found)
    if effective < FEWEST:
        return Estimate(value, None, None)
    half = student_quantile((1 + level) / 2, effective - 1) * float(found.std(ddof=1)) / math.sqrt(effective)
    return Estimate(value, value - half, value + half)


def correlation_time(values: ArrayLike) -> float:
    """How many values are worth one independent one: 1 + 2 * the sum of the autocorrelations, at least 1."""
    found = np.asarray(values, dtype=np.float64)
    correlations = _autocorrelations(found - found.mean())
    if correlations is None:
        return 1.0
    pairs = correlations[0::2][: len(correlations) // 2] + correlations[1::2]
    ends = np.flatnonzero(pairs <= 0)  # a sum of two neighbors that is not positive is noise, and so is what follows
    return max(1.0, 2 * float(pairs[: ends[0] if len(ends) else len(pairs)].sum()) - 1)


def _autocorrelations(centered: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Of lags 0, 1, 2, ..., shape ``[values]``; None where all values are the same."""
    count = len(centered)
    spectrum = np.fft.rfft(centered, 2 * count)
    products = np.fft.irfft(spectrum * spectrum.conjugate())[:count]
    if products[0] <= 1e-12 * count:
        return None
    correlations: NDArray[np.float64] = products / products[0]
    return correlations


def _ranks(count: int, share: float, tail: float) -> tuple[int | None, int | None]:
    """The ranks, from 1, between which the quantile lies but for this probability at each end.

    The number of values at most the quantile is binomial: it lies above the value of rank r where fewer than r are.
    """
    below = np.cumsum(_binomial(count, share))
    low = int(np.searchsorted(below, tail, side="right"))  # the largest r with P(fewer than r) <= tail
    high = int(np.searchsorted(below, 1 - tail, side="left")) + 1  # the smallest r with P(fewer than r) >= 1 - tail
    return low or None, high if high <= count else None


def _binomial(count: int, share: float) -> NDArray[np.float64]:
    """The probabilities of 0, 1, ..., `count`, shape ``[count + 1]``."""
    k = np.arange(count + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])
    chances = factorials[count] - factorials - factorials[::-1] + k * math.log(share) + (count - k) * math.log1p(-share)
    found: NDArray[np.float64] = np.exp(chances)
    return found
