"""The knee, and the highest rate that is sustained: by hand, and for M/M/1, whose knee is known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from harness.load_generator.knee import knee, sustained
from harness.load_generator.measure import Conditions, measure
from harness.load_generator.offer import Offered, offer
from harness.load_generator.schedule import poisson
from harness.records.load import Figure, Knee, Rate
from tests.harness.load_generator.virtual import Queue, exponential


def rate(asked: float, mean: float, *, achieved: float | None = None, sustained: bool = True) -> Rate:
    empty = measure(asked, Offered([], None, 0.0), Conditions(duration=1, warmup=0, slo=None, audio=[1.0]), changed=[])
    figure = Figure(value=mean, low=None, high=None)
    from harness.records.load import Times

    times = Times(mean=figure, p50=figure, p95=figure, p99=figure, max=mean)
    return replace(empty, latency=times, achieved=achieved or asked, sustained=sustained)


def test_the_knee_is_the_rate_with_the_most_throughput_for_its_latency() -> None:
    rates = [rate(8, 8.0), rate(1, 1.0), rate(2, 1.1), rate(4, 2.5)]  # power 1, 1, 1.82, 1.6
    assert knee(rates) == Knee(rate=2, above=1, below=4)


@pytest.mark.parametrize(
    ("means", "expected"),
    [((1.0, 2.5, 8.0), Knee(rate=1, above=None, below=2)), ((1.0, 1.0, 1.0), Knee(rate=4, above=2, below=None))],
)
def test_a_knee_at_the_end_may_lie_beyond_it(means: tuple[float, float, float], expected: Knee) -> None:
    assert knee([rate(asked, mean) for asked, mean in zip((1, 2, 4), means, strict=True)]) == expected


def test_rates_that_tell_nothing_do_not_count() -> None:
    good = [rate(1, 1.0), rate(2, 1.1), rate(4, 2.5)]
    assert knee([*good, replace(rate(5, 0.1), late=True), replace(rate(6, 0.1), stopped=1.0)]) == knee(good)
    assert knee(good[:2]) is None
    assert knee([*good[:2], replace(good[2], latency=None)]) is None


def test_sustained_is_what_holds_with_all_that_is_below() -> None:
    assert sustained([rate(4, 1), rate(1, 1), rate(2, 1), rate(8, 9, sustained=False)]) == 4
    assert sustained([rate(1, 1), rate(2, 1, sustained=False), rate(4, 1)]) == 1
    assert sustained([rate(1, 1, sustained=False), rate(2, 1)]) is None
    assert sustained([rate(1, 1), replace(rate(2, 1), sustained=None), rate(4, 1)]) == 4
    assert sustained([rate(1, 1), replace(rate(2, 1), sustained=None)]) == 1


def test_the_knee_of_one_server_lies_at_half_of_what_it_can() -> None:
    """Power is throughput (1 / service - throughput), which is largest at half of 1 / service (Kleinrock 1979)."""
    rates = []
    for asked in (0.1, 0.3, 0.5, 0.7, 0.9):
        duration = 6000 / asked
        arrivals = poisson(asked, duration, 1, 2)
        conditions = Conditions(duration=duration, warmup=duration / 10, slo=None, audio=[1.0])
        found = offer(arrivals, Queue(exponential(1.0, 3)), cap=10**6, patience=1e9)
        rates.append(measure(asked, found, conditions, [False] * len(arrivals)))
    assert knee(rates) == Knee(rate=0.5, above=0.3, below=0.7)
    assert sustained(rates) == 0.9
