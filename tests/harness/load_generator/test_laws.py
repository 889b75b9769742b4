"""The load mode before servers of known law, in virtual time: mean and p95 within 5 % at 10^4 requests.

What is measured by schedule, open loop and statistics together is compared with queueing theory: Pollaczek and
Khinchine's mean of M/D/1, Erlang's C of M/M/c, and the closed forms of their tails. A seed decides all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.load_generator.measure import Conditions, measure
from harness.load_generator.offer import offer
from harness.load_generator.schedule import poisson
from tests.harness.load_generator.virtual import (
    Queue,
    Service,
    exponential,
    lindley,
    md1_tail,
    mmc_mean,
    mmc_tail,
    pollaczek_khinchine,
    solved,
)

if TYPE_CHECKING:
    from harness.records.load import Rate

REQUESTS = 10_000


@dataclass(frozen=True)
class Law:
    """A server whose latencies are known; mean service 1 s."""

    rate: float
    servers: int
    mean: float
    p95: float
    random: bool = True

    def service(self, seed: int) -> Service:
        return exponential(1.0, seed) if self.random else lambda: 1.0


LAWS = {
    "M/M/1 at 50 %": Law(0.5, 1, mean=1 / (1 - 0.5), p95=solved(lambda t: mmc_tail(t, 0.5, 1, 1), 0.95)),
    "M/M/1 at 70 %": Law(0.7, 1, mean=1 / (1 - 0.7), p95=solved(lambda t: mmc_tail(t, 0.7, 1, 1), 0.95)),
    "M/D/1 at 60 %": Law(
        0.6, 1, mean=pollaczek_khinchine(0.6, 1, 1), p95=solved(lambda t: md1_tail(t, 0.6, 1), 0.95), random=False
    ),
    "M/M/4 at 70 %": Law(2.8, 4, mean=mmc_mean(2.8, 1, 4), p95=solved(lambda t: mmc_tail(t, 2.8, 1, 4), 0.95)),
}


def measured(law: Law, seed: int, requests: int = REQUESTS) -> Rate:
    """The law's rate, without a warm-up but for a hundredth of the time."""
    duration = requests / law.rate
    arrivals = poisson(law.rate, duration, 12, seed)
    found = offer(arrivals, Queue(law.service(seed), law.servers), cap=10**6, patience=1e9)
    conditions = Conditions(duration=duration, warmup=duration / 100, slo=None, audio=[2.0] * 12)
    return measure(law.rate, found, conditions, [False] * len(arrivals))


def test_the_laws_agree_with_each_other_and_with_tables() -> None:
    assert mmc_mean(0.5, 1, 1) == pytest.approx(2.0)
    assert pollaczek_khinchine(0.5, 1, 2) == pytest.approx(2.0)  # exponential: second moment 2
    assert pollaczek_khinchine(0.6, 1, 1) == pytest.approx(1.75)
    assert solved(lambda t: mmc_tail(t, 0.5, 1, 1), 0.95) == pytest.approx(5.991, abs=1e-3)  # ln(20) / 0.5
    # Erlang C of 4 servers at 2.8 erlang is 0.4287 (Kleinrock's and others' tables)
    assert mmc_mean(2.8, 1, 4) == pytest.approx(1 + 0.4287 / 1.2, abs=1e-4)
    area = sum(0.01 * md1_tail((k + 0.5) * 0.01, 0.6, 1) for k in range(4000))
    assert area == pytest.approx(1.75, rel=1e-3)


@pytest.mark.parametrize("name", LAWS)
def test_ten_thousand_requests_are_within_five_percent_of_the_law(name: str) -> None:
    law = LAWS[name]
    found = measured(law, seed=1)
    assert found.latency is not None
    assert found.latency.mean.value == pytest.approx(law.mean, rel=0.05)
    assert found.latency.p95.value == pytest.approx(law.p95, rel=0.05)
    assert (found.latency.mean.low or 0) <= law.mean <= (found.latency.mean.high or 0)
    assert (found.latency.p95.low or 0) <= law.p95 <= (found.latency.p95.high or 0)
    assert found.concurrency_mean == pytest.approx(found.offered * found.latency.mean.value, rel=0.01)  # Little
    assert found.achieved == pytest.approx(found.offered, rel=0.005)
    assert found.rtfx_achieved == pytest.approx(2 * found.achieved)
    assert found.lateness.max < 1e-9
    assert found.sustained


@pytest.mark.parametrize("name", LAWS)
def test_many_seeds_are_around_the_law_and_not_to_one_side_of_it(name: str) -> None:
    law = LAWS[name]
    means = [one.latency.mean.value for seed in range(5) if (one := measured(law, seed)).latency is not None]
    assert sum(means) / len(means) == pytest.approx(law.mean, rel=0.03)


def test_every_latency_is_that_of_the_recursion() -> None:
    """The queue of these tests is right: Lindley's recursion is its slow twin."""
    arrivals = poisson(0.8, 500, 3, 5)
    source = exponential(1.0, 9)
    services = [source() for _ in arrivals]
    found = offer(arrivals, Queue(iter(services).__next__), cap=10**6, patience=1e9)
    expected = lindley([one.at for one in arrivals], services)
    waits = [one.answer.ended - one.arrival.at for one in found.exchanges if one.answer]
    assert waits == pytest.approx(expected)


def test_a_closed_loop_would_have_seen_much_less() -> None:
    """What the load mode is for: who waits for an answer before asking again hardly sees the queue."""
    law = LAWS["M/M/1 at 70 %"]
    service = law.service(1)
    closed = [service() for _ in range(REQUESTS)]  # each is alone
    assert sum(closed) / REQUESTS == pytest.approx(1.0, rel=0.05)
    assert law.mean > 3 * 1.0
