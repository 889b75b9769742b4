"""The cluster as the driver sees it, with actors that only note what they are asked for: Ray itself is not needed."""

import pickle
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import RunError, UsageError
from harness.runner import ray_actor, ray_cluster
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Answer, Cluster, Handle, Place, without_calls
from harness.runner.ray_connect import Share
from harness.runner.ray_held import Chunk, Order
from tests.harness.runner.stub_run import Slow


def test_without_ray_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"--engine ray needs ray, not installed here; .* '\.\[ray\]'$"):
        Cluster(lambda: Slow(0.0), Share(), decoders=1)


def test_nodes_with_other_packages_are_refused() -> None:
    def handle(node: str, state: str, numpy: str) -> Handle:
        return Handle(None, None, state, Place(node=node, device="cpu", packages={"numpy": numpy, "torch": "2"}))

    cluster = Cluster.__new__(Cluster)
    late = handle("10.0.0.2", "loading", "2.1")
    cluster._workers = [handle("10.0.0.1", "ready", "2.0"), late]
    with pytest.raises(
        RunError, match=r"^numpy is 2\.0 on 10\.0\.0\.1 and 2\.1 on 10\.0\.0\.2; install the same on all"
    ):
        cluster._loaded(late, Slow(0.0).card)
    same = handle("10.0.0.3", "loading", "2.0")
    cluster._loaded(same, Slow(0.0).card)
    assert same.state == "ready"
    assert cluster.card == Slow(0.0).card


def test_a_worker_is_silent_since_it_was_given_work() -> None:
    cluster = Cluster.__new__(Cluster)
    cluster._patience = 600.0
    written = SimpleNamespace(remote=lambda: "asked")
    idle = Handle(SimpleNamespace(written=written), None, "ready", since=time.monotonic() - 1_000)
    cluster._workers = [idle]
    cluster.listen(idle)
    assert cluster._silent() == []
    idle.since -= 601
    assert cluster._silent() == [idle]


class Calls:
    """An actor that notes what it is asked for. Whoever is lost answers nothing more."""

    def __init__(self, name: int, said: list[tuple[Any, ...]]) -> None:
        self.name, self.said = name, said

    def __getattr__(self, method: str) -> Any:
        def remote(*given: Any) -> str:
            self.said.append((self.name, method, *given))
            return str(self.name)

        return SimpleNamespace(remote=remote)


def packed(*work: str) -> bytes:
    return pickle.dumps(list(work))


class RayError(Exception):
    pass


def many(monkeypatch: pytest.MonkeyPatch, size: int, lost: Sequence[str] = ()) -> tuple[Cluster, list[Any]]:
    """A cluster of so many workers, all of them ready, where many are 9 and more; calls are noted."""

    def get(ref: str, timeout: float) -> None:
        if ref in lost:
            raise RayError

    said: list[Any] = []
    monkeypatch.setattr(Cluster, "many", 9)
    cluster = Cluster.__new__(Cluster)
    cluster.size, cluster._workers, cluster._passed, cluster._deaths = size, [], {}, 0
    errors = SimpleNamespace(RayError=RayError)
    cluster._ray = SimpleNamespace(get=get, exceptions=errors, kill=lambda _actor: None)
    cluster._actor = lambda: Calls(99, said)
    place = Place(node="10.0.0.1", device="cpu", packages={})
    for number in range(size):
        worker = Handle(Calls(number, said), None, "loading", place, number=number)
        cluster._workers.append(worker)
        cluster._loaded(worker, Slow(0.0).card)
    return cluster, said


def test_of_many_workers_some_hand_on_what_others_are_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, said = many(monkeypatch, 10)
    leaders = {worker.number: worker.leader and worker.leader.number for worker in cluster.ready}
    assert leaders == {0: None, 1: 0, 2: 0, 3: None, 4: 3, 5: 3, 6: None, 7: 6, 8: 6, 9: None}
    assert [call[:3] for call in said] == [(0, "meet", 1), (0, "meet", 2), *((3, "meet", n) for n in (4, 5)),
                                           (6, "meet", 7), (6, "meet", 8)]  # fmt: skip
    assert all(call[3].name == call[2] for call in said)
    said.clear()
    work: dict[Handle, Any] = {worker: [f"work {worker.number}"] for worker in cluster.ready}
    cluster.share(work)
    assert said == [
        (0, "pass_on", {1: packed("work 1"), 2: packed("work 2")}, packed("work 0")),
        (3, "pass_on", {4: packed("work 4"), 5: packed("work 5")}, packed("work 3")),
        (6, "pass_on", {7: packed("work 7"), 8: packed("work 8")}, packed("work 6")),
        (9, "add", packed("work 9")),
    ]
    said.clear()
    cluster.share({worker: work[worker] for worker in cluster.ready[1:9]})  # few have theirs at first hand
    assert said == [(number, "add", packed(f"work {number}")) for number in range(1, 9)]
    said.clear()
    without = {worker: work[worker] for worker in cluster.ready if worker.number != 3}
    cluster.share(without)
    assert said[1] == (3, "pass_on", {4: packed("work 4"), 5: packed("work 5")}, pickle.dumps(()))


def test_few_workers_have_their_work_at_first_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, said = many(monkeypatch, 8)
    assert said == []
    work: dict[Handle, Any] = {worker: [] for worker in cluster.ready}
    cluster.share(work)
    assert said == [(number, "add", packed()) for number in range(8)]
    assert cluster.groups() == []


@pytest.mark.parametrize(("lost", "unsure"), [([], []), (["3"], [4, 5])])
def test_who_may_not_have_got_what_a_lost_worker_was_to_hand_on(
    monkeypatch: pytest.MonkeyPatch, lost: list[str], unsure: list[int]
) -> None:
    cluster, said = many(monkeypatch, 9, lost)
    work: dict[Handle, Any] = {worker: [] for worker in cluster.ready}
    cluster.share(work)
    leader, other = cluster.ready[3], cluster.ready[4]
    answer = cluster.lose(leader, "shot")
    assert [worker.number for worker in answer.unsure] == unsure
    assert other.leader is None
    assert [one.leader.number for one in cluster.ready if one.leader] == [0, 0, 6, 6]
    assert cluster.lose(other, "shot").unsure == []
    said.clear()
    cluster.share({worker: [] for worker in cluster.ready})  # nobody hands on to one that has lost its leader
    assert all(5 not in call[2] for call in said if call[1] == "pass_on")


def test_what_was_to_be_handed_on_before_the_last_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ["3"]
    cluster, _ = many(monkeypatch, 10, lost)
    leader, both = cluster.ready[3], list[Handle](cluster.ready[4:6])
    cluster.share({worker: [] for worker in cluster.ready})
    cluster.share({worker: [] for worker in cluster.ready if worker is not both[1]})
    assert [others for _, others in cluster._passed[leader]] == [both, both[:1]]
    assert cluster.lose(leader, "shot").unsure == both
    assert leader not in cluster._passed
    other = cluster.ready[0]
    cluster.share({worker: [] for worker in cluster.ready})
    cluster.share({worker: [] for worker in cluster.ready})
    assert len(cluster._passed[other]) == 1, "it has said that the others have the first"


def test_who_hands_on_does_so_first_and_answers_when_all_have_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    waited = SimpleNamespace(wait=lambda refs, num_returns: said.append(("waits for", refs, num_returns)))
    monkeypatch.setitem(sys.modules, "ray", waited)
    actor = ray_actor.Actor(ray_cluster.own_program(), b"")
    shares = {3: packed("c"), 5: packed("b"), 4: packed("a")}
    actor._worker = SimpleNamespace(
        add=lambda pieces: said.append(("own", pieces)),
        hold=lambda chunk: said.append(("holds", chunk)),
        first_shares=lambda order: dict(shares) if order == b"begin" else None,
    )
    for number in (4, 5):
        actor.meet(number, Calls(number, said))
    assert said == [(4, "met"), (5, "met")]
    said.clear()
    handed_on = [(5, "add", packed("b")), (4, "add", packed("a")), ("own", ["c"]), ("waits for", ["5", "4"], 2)]
    actor.pass_on({5: packed("b"), 4: packed("a")}, packed("c"))
    assert said == handed_on
    said.clear()
    actor.hold(b"chunk")
    assert said == [("holds", b"chunk")]
    said.clear()
    actor.begin(b"begin")
    assert said == handed_on


def test_a_group_has_what_is_sent_ahead_from_its_first(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ["3"]
    cluster, said = many(monkeypatch, 10, lost)
    groups = cluster.groups()
    assert [[worker.number for worker in group] for group in groups] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    said.clear()
    chunk = Chunk(Path("m"), 0, [], [])
    order = Order(rest=chunk, members=[3, 4, 5], group=1, groups=4, budget=Budget(), benchmark="b")
    cluster.hold(groups[1][0], b"chunk")
    cluster.begin(groups[1], order)
    cluster.begin(groups[3], order)
    assert said == [(3, "hold", b"chunk"), *((number, "begin", pickle.dumps(order)) for number in (3, 9))]
    assert cluster.lose(groups[3][0], "shot").unsure == []
    assert cluster.groups() == [], "one is not ready"
    cluster.begin(groups[1][:2], order)  # that it is to hand on more is not forgotten
    assert [others for _, others in cluster._passed[groups[1][0]]] == [groups[1][1:], groups[1][1:2]]
    assert cluster.lose(groups[1][0], "shot").unsure == groups[1][1:]


def test_a_run_begins_with_the_first_worker_that_is_ready() -> None:
    class Slowly(Cluster):
        def __init__(self) -> None:
            self._workers = []
            self._share = Share(cpus=1)
            self._ray = SimpleNamespace(nodes=lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}])

        def _spawn(self) -> None:
            self._workers.append(Handle(None, None))

        def wait(self, timeout: float) -> list[Answer]:
            assert not self.ready, "it waits for the others"
            self._workers[1].state = "ready"
            return []

    cluster = Slowly()
    cluster._start()
    assert (cluster.size, len(cluster.ready)) == (2, 1)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "System error: no\n such key\ntraceback: Traceback (most recent call last):\n  File x",
            "System error: no such key",
        ),
        ("RaySystemError: gone Traceback (most recent call last): File", "RaySystemError: gone"),
        ("The actor died\nunexpectedly.", "The actor died unexpectedly."),
        ("Traceback (most recent call last): x", "it says no more"),
        ("x" * 600, "x" * 500),
    ],
)
def test_what_ray_says_is_one_line_without_its_calls(said: str, told: str) -> None:
    assert without_calls(said) == told
