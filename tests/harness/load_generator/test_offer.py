"""The open loop: requests go at their times whatever the answers do, and what could not be sent is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.load_generator.offer import HEAD_START, Answer, offer
from harness.load_generator.schedule import Arrival
from tests.harness.load_generator.virtual import Queue

EVERY_SECOND = [Arrival(float(at), at % 3) for at in range(20)]


def constant(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def test_a_stall_is_in_the_latency_of_all_who_had_to_wait_for_it() -> None:
    """One answer takes 10.5 s. A loop that waited for it would have seen one slow answer."""
    services = iter([0.5, 0.5, 10.5, *[0.1] * 17])
    found = offer(EVERY_SECOND, Queue(services.__next__), cap=100, patience=100)
    sent = [one.answer.sent for one in found.exchanges if one.answer]
    waits = [one.answer.ended - one.arrival.at for one in found.exchanges if one.answer]
    assert sent == pytest.approx([float(at) for at in range(20)])
    assert waits[:3] == pytest.approx([0.5, 0.5, 10.5])
    assert waits[3:14] == pytest.approx([9.6, 8.7, 7.8, 6.9, 6.0, 5.1, 4.2, 3.3, 2.4, 1.5, 0.6])
    assert waits[14:] == pytest.approx([0.1] * 6)
    assert found.stopped is None


def test_at_the_cap_the_rate_is_stopped_and_what_was_sent_is_kept() -> None:
    found = offer(EVERY_SECOND, Queue(constant(3.5)), cap=5, patience=1000)
    # At 6 s, 6 were sent and the first is answered: one more would be the sixth under way.
    assert found.stopped == 6.0
    assert len(found.exchanges) == 6
    assert all(one.answer is not None for one in found.exchanges)
    assert found.waited == pytest.approx(6 * 3.5)


def test_what_is_not_answered_in_time_is_said_to_be_under_way() -> None:
    found = offer(EVERY_SECOND[:4], Queue(constant(2.0)), cap=100, patience=2.5)
    assert [one.answer is not None for one in found.exchanges] == [True, True, False, False]
    assert found.waited == pytest.approx(3 + 2.5)


def test_times_are_those_after_the_start() -> None:
    queue = Queue(constant(0.25))
    begin = queue.now()
    (only,) = offer([Arrival(2.0, 1)], queue, cap=1, patience=5).exchanges
    assert only.answer is not None
    assert [only.answer.sent, only.answer.ended] == pytest.approx([2.0, 2.25])
    assert only.answer.text == "1"
    assert queue.now() == pytest.approx(begin + HEAD_START + 2.25)


class Slow(Queue):
    """A sender that needs half a second for every request."""

    def send(self, clip: int, done: Callable[[Answer], None]) -> None:
        super().send(clip, done)
        self.wait(self.clock + 1.5)


def test_a_sender_that_is_too_slow_sends_late_and_shows_it() -> None:
    found = offer(EVERY_SECOND[:5], Slow(constant(0.1)), cap=9, patience=9)
    late = [one.answer.sent - one.arrival.at for one in found.exchanges if one.answer]
    assert late == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])


def test_an_answer_that_comes_after_the_waiting_changes_nothing() -> None:
    queue = Queue(constant(2.0))
    found = offer(EVERY_SECOND[:2], queue, cap=9, patience=0.5)
    queue.wait(queue.now() + 100)
    assert [one.answer for one in found.exchanges] == [None, None]
