"""The figures of one rate, by hand."""

from __future__ import annotations

import pytest

from harness.load_generator.measure import Conditions, measure
from harness.load_generator.offer import Answer, Exchange, Offered
from harness.load_generator.schedule import Arrival
from harness.records.load import Rate

CONDITIONS = Conditions(duration=10.0, warmup=2.0, slo=None, audio=[1.0, 4.0])


def exchange(
    at: float, seconds: float | None, *, late: float = 0.0, clip: int = 0, error: str | None = None, up: bool = False
) -> Exchange:
    if seconds is None:
        return Exchange(Arrival(at, clip), None)
    first = None if error else at + late + seconds / 2
    return Exchange(
        Arrival(at, clip), Answer(sent=at + late, ended=at + seconds, first=first, error=error, timed_out=up)
    )


def rate(*exchanges: Exchange, stopped: float | None = None, waited: float = 30.0, slo: float | None = None) -> Rate:
    conditions = Conditions(duration=10.0, warmup=2.0, slo=slo, audio=CONDITIONS.audio)
    return measure(1.0, Offered(exchanges, stopped, waited), conditions, [False] * len(exchanges))


def test_the_window_counts_what_was_to_be_sent_in_it_and_what_came_in_it() -> None:
    found = rate(
        exchange(0.5, 1.0),  # begun and ended in the warm-up
        exchange(1.0, 2.0, clip=1),  # ended in the window: throughput, no latency
        exchange(2.0, 1.0),
        exchange(5.0, 2.0, clip=1),
        exchange(9.5, 1.0, clip=1),  # ended after it: latency, no throughput
    )
    assert (found.sent, found.counted, found.answered, found.seconds) == (5, 3, 3, 8.0)
    assert (found.offered, found.achieved) == (3 / 8, 3 / 8)
    assert (found.rtfx_offered, found.rtfx_achieved) == (9 / 8, 9 / 8)
    assert found.latency is not None
    assert found.latency.mean.value == pytest.approx(4 / 3)
    assert (found.latency.p50.value, found.latency.p95.value, found.latency.max) == (1.0, 2.0, 2.0)
    assert found.first_token is not None
    assert found.first_token.p50.value == pytest.approx(0.5)
    assert found.concurrency_mean == pytest.approx((1 + 1 + 2 + 0.5) / 8)
    assert found.concurrency_max == 2
    assert found.sustained
    assert not found.why


def test_latency_counts_from_when_it_was_to_be_sent_and_lateness_is_shown() -> None:
    found = rate(*(exchange(2.0 + n, 0.9, late=0.1) for n in range(8)))
    assert found.latency is not None
    assert found.latency.mean.value == pytest.approx(0.9)
    assert found.lateness.mean == pytest.approx(0.1)
    assert found.lateness.max == pytest.approx(0.1)
    assert found.late
    assert found.sustained is None
    assert found.why == ("this program sent 0.1 s late on average: the figures are of this machine, not of the server",)
    just = rate(*(exchange(2.0 + n, 0.9, late=0.04) for n in range(8)))
    assert not just.late
    assert just.sustained


def test_errors_are_no_quick_answers() -> None:
    fast = [exchange(2.0 + n / 10, 0.01, error="the server answered 503") for n in range(3)]
    found = rate(*fast, *(exchange(4.0 + n, 1.0) for n in range(5)))
    assert found.errors == {"the server answered 503": 3}
    assert (found.counted, found.answered, found.given_up) == (8, 5, 0)
    assert found.latency is not None
    assert found.latency.p50.value == pytest.approx(1.0)
    assert "3 of 8 requests failed or were given up" in found.why
    assert found.why[0] == "achieved 62 % of what was offered"


def test_what_was_given_up_took_at_least_as_long_as_it_was_waited_for() -> None:
    up = exchange(5.0, 6.0, error="no answer", up=True)
    found = rate(*(exchange(2.0 + n / 100, 1.0) for n in range(97)), up, exchange(6.0, None), exchange(7.0, None))
    assert (found.counted, found.answered, found.given_up, found.errors) == (100, 97, 3, {})
    assert found.latency is not None
    p50 = found.latency.p50
    assert p50.value == pytest.approx(1.0)
    assert p50.low == p50.high == pytest.approx(1.0)
    assert not p50.at_least
    assert found.latency.p99.at_least
    assert found.latency.p99.value == pytest.approx(24.0)  # waited until 30, was to be sent at 6
    assert found.latency.mean.value == pytest.approx((97 * 1 + 6 + 24 + 23) / 100)
    assert found.latency.mean.at_least


def test_a_stopped_rate_ends_where_it_was_stopped() -> None:
    found = rate(*(exchange(0.5 * n, 3.0) for n in range(12)), stopped=6.0)
    assert (found.seconds, found.counted) == (4.0, 8)
    assert found.achieved == pytest.approx(6 / 4)  # those of 0 to 2.5 ended within 6 s, from 3.0 on
    assert found.why[0] == "stopped after 6.0 s with 6 requests under way"
    assert not found.sustained


def test_where_a_queue_only_grows_there_is_no_interval() -> None:
    growing = [exchange(2.0 + n / 50, 1.0 + n / 50, late=0.0) for n in range(400)]
    found = rate(*growing)
    assert found.stopped is None
    assert found.why == (f"achieved {100 * found.achieved / found.offered:.0f} % of what was offered",)
    for times in (found.latency, found.first_token):
        assert times is not None
        assert {(one.low, one.high) for _, one in times.figures()} == {(None, None)}
        assert times.max > times.p50.value > 1.0 / 2
    steady = rate(*(exchange(2.0 + n / 50, 0.1 + (n * 37 % 101) / 1000) for n in range(400)))
    assert steady.latency is not None
    assert None not in {steady.latency.mean.low, steady.latency.p50.low, steady.latency.p50.high}


def test_the_bound_on_p95() -> None:
    held = [exchange(2.0 + n, 1.5) for n in range(6)]
    assert rate(*held, slo=1.5).sustained
    assert rate(*held, slo=1.4).why == ("p95 is over 1.4 s",)


def test_nothing_at_all() -> None:
    found = rate(exchange(1.0, 1.0))
    assert (found.counted, found.latency, found.first_token, found.offered) == (0, None, None, 0.0)
    assert found.why == ("no request fell after the warm-up",)
    dead = rate(exchange(3.0, None), exchange(4.0, None))
    assert dead.latency is None
    assert dead.given_up == 2
