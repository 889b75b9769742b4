"""Quantiles and means of dependent values: definitions, textbook ranks, and the coverage of the intervals."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import stats

from harness.load_generator.quantiles import correlation_time, mean, quantile
from tests.harness.load_generator.virtual import lindley, mmc_tail, solved


def test_a_quantile_is_the_smallest_value_that_so_many_do_not_pass() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0, 10.0, 7.0, 9.0, 8.0, 6.0]
    assert [quantile(values, share).value for share in (0.1, 0.11, 0.5, 0.9, 0.95, 1 - 1e-12)] == [1, 2, 5, 9, 10, 10]
    assert quantile([3.0], 0.5).value == 3.0


@pytest.mark.parametrize("count", [60, 73, 500])
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_without_dependence_the_ends_are_the_textbook_s_order_statistics(count: int, share: float) -> None:
    values = np.arange(1, count + 1, dtype=float)
    random.Random(4).shuffle(values)  # type: ignore[arg-type]
    tau = correlation_time(values <= quantile(values, share).value)
    effective = max(1, math.floor(count / tau))
    found = quantile(values, share)
    ranks = range(1, effective + 1)
    low = max((r for r in ranks if stats.binom.cdf(r - 1, effective, share) <= 0.025), default=None)
    high = min((r for r in ranks if stats.binom.cdf(r - 1, effective, share) >= 0.975), default=None)
    assert found.low == (None if low is None else max(1, math.floor(low * count / effective)))
    assert found.high == (None if high is None else math.ceil(high * count / effective))


def test_an_end_that_the_data_cannot_give_is_none() -> None:
    """Of 60 values the largest is below p95 with probability 0.95**60 = 4.6 %, more than 2.5 %."""
    mixed = [(37 * n) % 61 for n in range(60)]
    assert quantile(mixed, 0.95).high is None
    assert quantile(mixed, 0.95).low is not None
    assert quantile(mixed, 0.5).high is not None
    assert quantile([1.0, 2.0, 3.0], 0.5).low is None
    assert mean([1.0]).low is None


def test_latencies_that_only_grow_are_worth_one() -> None:
    """A queue that fills tells nothing of the quantiles of one that does not."""
    found = quantile([*range(2000)], 0.5)
    assert (found.low, found.value, found.high) == (None, 999.0, None)


def test_values_that_are_all_the_same_depend_on_nothing() -> None:
    assert correlation_time([2.0] * 50) == 1.0
    assert correlation_time([1.0]) == 1.0
    found = mean([2.0] * 50)
    assert (found.low, found.value, found.high) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize("keeps", [0.0, 0.5, 0.8])
def test_the_correlation_time_of_an_autoregressive_series(keeps: float) -> None:
    """x = keeps * x + noise has 1 + 2 * sum(keeps**k) = (1 + keeps) / (1 - keeps)."""
    noise = np.random.default_rng(3).normal(size=40_000)
    series = np.empty_like(noise)
    last = 0.0
    for at, one in enumerate(noise):
        last = series[at] = keeps * last + one
    assert correlation_time(series) == pytest.approx((1 + keeps) / (1 - keeps), rel=0.1)


def test_intervals_of_a_queue_hold_the_law_as_often_as_they_say() -> None:
    """M/M/1 at 70 % load, 2000 requests, 300 times: taken as independent, intervals hold half the time."""
    rate, runs, count = 0.7, 300, 2000
    true = {"mean": 1 / (1 - rate), "p50": 0.0, "p95": 0.0}
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        true[name] = solved(lambda t: mmc_tail(t, rate, 1, 1), share)
    held = dict.fromkeys((*true, "independent"), 0)
    source = np.random.default_rng(11)
    for _ in range(runs):
        arrivals = np.cumsum(source.exponential(1 / rate, count + 500))
        waits = lindley(arrivals.tolist(), source.exponential(1, count + 500).tolist())[500:]
        found = {"mean": mean(waits), "p50": quantile(waits, 0.5), "p95": quantile(waits, 0.95)}
        for name, one in found.items():
            held[name] += (one.low or 0.0) <= true[name] <= (math.inf if one.high is None else one.high)
        half = 1.96 * float(np.std(waits)) / math.sqrt(count)
        held["independent"] += abs(found["mean"].value - true["mean"]) <= half
    shares = {name: times / runs for name, times in held.items()}
    assert shares["mean"] > 0.87
    assert shares["p50"] > 0.9
    assert shares["p95"] > 0.88
    assert shares["independent"] < 0.5
