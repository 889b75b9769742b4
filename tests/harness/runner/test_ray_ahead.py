"""First shares that are sent while the data is listed: who is sent what, and makes what of it."""

import pickle
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from harness.errors import RunError
from harness.runner import ray_ahead
from harness.runner.plan import Budget
from harness.runner.ray_ahead import Ahead
from harness.runner.ray_cluster import Handle
from harness.runner.ray_held import Chunk, Held, Order
from harness.runner.ray_worker import Piece, Worker
from tests.harness.runner.ray_threads import Packing

MARK = Path("m")
BUDGET = Budget(seconds=0.8, packs=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of four utterances."""
    monkeypatch.setattr(ray_ahead, "CHUNK", 4)


def order(rest: Chunk, members: int = 2, group: int = 0, groups: int = 1) -> Order:
    budget = Budget(seconds=3.0, packs=True)
    return Order(rest=rest, members=range(members), group=group, groups=groups, budget=budget, benchmark="b")


def test_groups_get_as_much_as_they_are_many_and_no_message_is_larger_than_it_may_be() -> None:
    workers = [Handle(None, None, number=number) for number in range(3)]
    ahead = Ahead([workers[:2], workers[2:]], MARK, items=100, seconds=15.0)
    for number in range(14):
        ahead.add(b"%d" % number, 1.0)
    ahead.add(b"14", 0.5)
    ahead.add(b"", 0.0)
    ahead.add(b"15", 0.5)  # after one that is not sent ahead none is
    ahead.full.put(None)
    sent = [(leader.number, Chunk(*pickle.loads(chunk))) for leader, chunk in iter(ahead.full.get, None)]
    assert [(leader, chunk.number, chunk.utterances) for leader, chunk in sent] == [
        (0, 0, [b"0", b"2", b"4", b"5"]),
        (2, 0, [b"1", b"3", b"6", b"9"]),
        (0, 1, [b"7", b"8", b"10", b"11"]),
    ]
    assert all((chunk.mark, chunk.seconds) == (MARK, [1.0] * 4) for _, chunk in sent)
    one, two = ahead.orders(BUDGET, "b")
    assert one[:2] == (workers[:2], [0, 2, 4, 5, 7, 8, 10, 11, 13, 14])
    assert two[:2] == (workers[2:], [1, 3, 6, 9, 12])
    assert one[2].rest == Chunk(MARK, 2, [b"13", b"14"], [1.0, 0.5])
    assert two[2].rest == Chunk(MARK, 1, [b"12"], [1.0])
    assert (one[2].members, one[2].group, one[2].groups) == ([0, 1], 0, 2)
    assert (two[2].members, two[2].group, two[2].budget, two[2].benchmark) == ([2], 1, BUDGET, "b")


@pytest.mark.parametrize(("items", "seconds"), [(3, 100.0), (100, 2.5)])
def test_no_more_is_sent_ahead_than_a_window_or_first_shares_have(items: int, seconds: float) -> None:
    ahead = Ahead([[Handle(None, None)]], MARK, items, seconds)
    for _ in range(9):
        ahead.add(b"u", 1.0)
    ((_, indices, _),) = ahead.orders(BUDGET, "b")
    assert indices == [0, 1, 2]


def test_clips_of_unknown_length_are_for_all() -> None:
    ahead = Ahead([[Handle(None, None)] for _ in range(3)], MARK, 100, 100.0)
    for _ in range(7):
        ahead.add(b"u", 0.0)
    assert [indices for _, indices, _ in ahead.orders(BUDGET, "b")] == [[0, 3, 6], [1, 4], [2, 5]]
    none = Ahead([[Handle(None, None)]], MARK, 100, 100.0)
    assert list(none.orders(BUDGET, "b")) == []


def test_the_plan_of_a_group_is_dealt_to_its_members_and_its_numbers_are_nobody_elses() -> None:
    """Six clips in four batches of 3 s at most, for two: longest first, and the second round backwards."""
    told = [
        replace(order(Chunk(MARK, 0, [], []), group=group, groups=3), budget=Budget(seconds=3.0, packs=True))
        for group in range(3)
    ]
    assert told[1].shares([2.0, 1.0, 1.0, 2.0, 2.0, 1.0]) == [
        [(-2, [0]), (-8, [4, 5])],
        [(-5, [3]), (-11, [1, 2])],
    ]
    numbers = [number for one in told for share in one.shares([2.0] * 9) for number, _ in share]
    assert len(set(numbers)) == len(numbers) > 12
    assert max(numbers) < 0


def test_a_chunk_that_comes_twice_or_late_is_held_once() -> None:
    held = Held()
    chunks = [Chunk(MARK, number, [b"%d" % number] * 2, [2.0, 1.0]) for number in range(3)]
    other = Chunk(Path("before"), 7, [b"old"], [1.0])
    for chunk in (other, chunks[1], chunks[1]):
        held.add(pickle.dumps(chunk))
    found: list[object] = []
    asking = Thread(target=lambda: found.append(held.shares(order(chunks[2]))), daemon=True)
    asking.start()
    asking.join(0.01)
    assert asking.is_alive(), "it waits for the first"
    held.add(pickle.dumps(chunks[0]))
    asking.join(10)
    assert not asking.is_alive()
    two_seconds, one_second = [b"0", b"1", b"2"], [b"0", b"1", b"2"]  # of each chunk the first, and the other
    batches = [
        (-1, two_seconds[0], [2.0]),
        (-2, two_seconds[1], [2.0]),
        (-3, two_seconds[2] + one_second[2], [2.0, 1.0]),
        (-4, one_second[0] + one_second[1], [1.0, 1.0]),
    ]
    assert found == [[batches[::2], batches[1::2]]] == [held.shares(order(chunks[2]))]


def test_what_was_held_for_a_run_that_is_over_is_not_waited_for() -> None:
    held = Held()
    held.add(pickle.dumps(Chunk(MARK, 0, [b"a"], [1.0])))
    asking = Thread(target=lambda: held.shares(order(Chunk(MARK, 5, [b"b"], [1.0]))), daemon=True)
    asking.start()
    held.add(pickle.dumps(Chunk(Path("next"), 0, [b"c"], [1.0])))
    asking.join(10)
    assert not asking.is_alive()


def test_what_a_worker_gives_its_group_are_pieces_as_the_driver_would_send_them() -> None:
    worker = Worker(Packing, folder=".", workers=1, gpus=0.0, batch_timeout=None)
    worker.hold(pickle.dumps(Chunk(MARK, 0, [b"a", b"b"], [2.0, 3.0])))
    told = replace(order(Chunk(MARK, 1, [b"c"], [1.0])), members=[7, 5], budget=BUDGET, benchmark="d")
    found = worker.first_shares(pickle.dumps(told))
    common: dict[str, Any] = {"budget": BUDGET, "benchmark": "d", "mark": MARK}
    assert [(member, pickle.loads(pieces)) for member, pieces in found.items()] == [
        (7, [Piece(number=-1, utterances=b"b", seconds=[3.0], **common),
             Piece(number=-3, utterances=b"c", seconds=[1.0], **common)]),
        (5, [Piece(number=-2, utterances=b"a", seconds=[2.0], **common)]),
    ]  # fmt: skip
    with pytest.raises(pickle.UnpicklingError):
        worker.first_shares(b"rubbish")
    said = worker.written()
    assert isinstance(said, RunError)
    assert str(said).startswith("what was sent ahead could not be handed on: ")
