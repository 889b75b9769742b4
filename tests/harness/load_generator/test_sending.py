"""The real edge: threads and the clock. What is asserted are orders and counts, and waits that were forced."""

from __future__ import annotations

import threading
import time

from harness.errors import ModelError
from harness.load_generator.offer import offer
from harness.load_generator.schedule import Arrival
from harness.load_generator.sending import GaveUpError, Reply, Threads


def test_requests_go_out_though_none_is_answered() -> None:
    """The answers are held back until all have been sent: a closed loop would wait for ever."""
    count, started, release = 20, threading.Semaphore(0), threading.Event()

    def ask(clip: int) -> Reply:
        started.release()
        release.wait(30)
        return Reply(f"clip {clip}", first=0.0)

    def let_go() -> None:
        for _ in range(count):
            assert started.acquire(timeout=30)
        release.set()

    threading.Thread(target=let_go, daemon=True).start()
    arrivals = [Arrival(0.002 * n, n) for n in range(count)]
    found = offer(arrivals, Threads(ask), cap=count, patience=60)
    assert [one.answer.text if one.answer else None for one in found.exchanges] == [f"clip {n}" for n in range(count)]
    for one in found.exchanges:
        assert one.answer is not None
        assert one.arrival.at <= one.answer.sent <= one.answer.ended  # none is early
        assert one.answer.first == one.answer.sent


def test_the_requests_of_a_stall_count_it() -> None:
    """The server stands still for 1 s from its second request on: who was to be sent meanwhile waited for its end."""
    gate = threading.Lock()
    stalled: list[float] = []

    def ask(clip: int) -> Reply:
        with gate:
            if clip == 1:
                time.sleep(1.0)
                stalled.append(time.perf_counter())
        return Reply("")

    wire = Threads(ask)
    arrivals = [Arrival(0.1 * n, n) for n in range(8)]
    found = offer(arrivals, wire, cap=50, patience=60)
    ended = [one.answer.ended for one in found.exchanges if one.answer]
    waits = [end - one.arrival.at for end, one in zip(ended, found.exchanges, strict=True)]
    # Those of 0.2 to 0.7 s could not end before the stall did, at 1.1 s at the earliest.
    for number in range(1, 8):
        assert ended[number] >= 1.1
        assert waits[number] >= 1.1 - 0.1 * number - 1e-6


def test_what_goes_wrong_is_of_its_request_alone() -> None:
    def ask(clip: int) -> Reply:
        if clip == 1:
            raise GaveUpError("no answer after 5 s")
        if clip == 2:
            raise ModelError("the server answered 500")
        if clip == 3:
            raise ValueError("a fault of ours")
        return Reply("fine")

    found = offer([Arrival(0.0, n) for n in range(4)], Threads(ask), cap=9, patience=60)
    answers = [one.answer for one in found.exchanges]
    assert [(one.text, one.error, one.timed_out) for one in answers if one] == [
        ("fine", None, False),
        ("", "no answer after 5 s", True),
        ("", "the server answered 500", False),
        ("", "ValueError: a fault of ours", False),
    ]


def test_idle_threads_are_used_again() -> None:
    names = set()

    def ask(clip: int) -> Reply:
        names.add(threading.get_ident())
        return Reply("")

    wire = Threads(ask)
    for _ in range(10):
        wire.send(0, lambda _answer: None)
        wire.settle(wire.now() + 30)
    assert len(names) == 1


def test_settling_ends_with_its_time() -> None:
    release = threading.Event()

    def ask(clip: int) -> Reply:
        release.wait(30)
        return Reply("")

    found = offer([Arrival(0.0, 0)], Threads(ask), cap=1, patience=0.05)
    release.set()
    assert found.exchanges[0].answer is None
