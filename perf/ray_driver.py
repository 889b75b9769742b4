"""The driver's own time in `--engine ray`: for messages, for a plan, and for what is sent while data is listed.

What `perf/ray_engine.py` prints and `perf/scaling.py` takes: processor time of the thread that does it.
"""

from __future__ import annotations

import math
import pickle
import tempfile
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.ray_ahead import Ahead
from harness.runner.ray_cluster import Answer, Cluster, Handle
from harness.runner.ray_connect import library
from harness.runner.ray_engine import RayLoop
from harness.runner.ray_held import Chunk, Order
from harness.runner.ray_worker import Piece, Worker
from harness.runner.stages import State, Stop
from harness.runner.threads import Threads
from perf.runner import Occupied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dataset import Utterance
    from harness.models.base import Model

BATCH_SECONDS = 300.0
MESSAGES = 100
MANY_CLIPS = 1_200
"""Clips in a large message: as many as are for a group of 32 workers where 1,024 share 100 hours."""
PREPARED = (39_341, 1_024)
"""Clips and workers for which a plan is made: those of 100 hours on as many devices as are asked for."""


@dataclass(frozen=True)
class Driver:
    """What the driver does, in seconds of one thread."""

    out: float
    """To hand a batch out, or what is first."""
    out_clip: float
    """And for each of its clips."""
    back: float
    """To take what was written of a batch, and to journal it."""
    back_clip: float
    """And for each of its clips."""
    plan_clip: float = 0.0
    """From the last utterance read to the first message, for each clip of the window, where nothing was sent ahead."""
    ahead_clip: float = 0.0
    """To send a clip ahead, while the data is listed."""
    ready: float = 0.0
    """From the last utterance read to the first message where all was sent ahead, however many there are."""
    begin: float = 0.0
    """To tell one of a group to begin."""
    lead_clip: float = 0.0
    """For that one to plan and pack what it holds, for each clip of it."""
    note_clip: float = 0.0
    """To keep who has what, for each clip of the window, behind the first messages."""


def full(ahead: Ahead) -> list[bytes]:
    """The messages that can be sent."""
    ahead.full.put(None)
    return [chunk for _, chunk in iter(ahead.full.get, None)]


def sending(cluster: Cluster, utterances: Sequence[Utterance]) -> dict[str, float]:
    """Seconds for a message, for each clip in it, to get somewhere, and to unpack a clip there; bytes of a clip.

    And for a message by which a group begins, and to send a clip ahead.
    """
    packed = [pickle.dumps(one) for one in islice(cycle(utterances), MANY_CLIPS)]
    worker, mark = cluster.ready[0], Path("nowhere")
    pieces = [
        Piece(number=0, utterances=b"".join(some), seconds=[1.0] * len(some), budget=Budget(), mark=mark)
        for some in (packed[:1], packed)
    ]
    rest = Chunk(mark, 0, packed[:1], [1.0])
    order = Order(rest=rest, members=[worker.number], group=0, groups=1, budget=Budget(), benchmark="")
    times: list[list[float]] = [[], []]
    trips, begun, ahead = [], [], []
    for _ in range(MESSAGES):
        begin = time.thread_time()
        cluster.begin([worker], order)
        begun.append(time.thread_time() - begin)
        for piece, found in zip(pieces, times, strict=True):
            begin = time.thread_time()
            cluster.give(worker, [piece])
            found.append(time.thread_time() - begin)
        begin = time.perf_counter()
        library().get(worker.actor.met.remote())
        trips.append(time.perf_counter() - begin)
    for _ in range(5):
        dealt = Ahead([[worker]], mark, MANY_CLIPS, math.inf)
        begin = time.thread_time()
        for each in packed:
            dealt.add(each, 1.0)
        for chunk in full(dealt):
            cluster.hold(worker, chunk)
        ahead.append((time.thread_time() - begin) / MANY_CLIPS)
    one, many = (median(found) for found in times)
    clip = max(0.0, (many - one) / (MANY_CLIPS - 1))
    begin = time.thread_time()
    for each in packed:
        pickle.loads(each)  # noqa: S301 - our own
    unpacked = (time.thread_time() - begin) / MANY_CLIPS
    return {
        "out": one - clip,
        "out_clip": clip,
        "hop": sorted(trips)[MESSAGES // 10] / 2,
        "unpack_clip": unpacked,
        "begin": median(begun),
        "ahead_clip": median(ahead),
        "bytes": sum(map(len, packed)) / MANY_CLIPS,
    }


class Nobody:
    """As many workers as are wanted, to whom nothing is sent: what is done before that, and behind it, is timed."""

    def __init__(self, workers: int, *, ahead: bool) -> None:
        self.card, self.size, self._ahead = Occupied(0.0).card, workers, ahead
        self.ready = [Handle(None, None, "ready") for _ in range(workers)]
        self.first = self.last = 0.0

    def groups(self) -> list[list[Handle]]:
        """As they are in a cluster; none where nothing is to be sent ahead."""
        return grouped(self.ready) if self._ahead else []

    def share(self, given: object) -> None:
        """The first messages could leave."""
        if not self.first:
            self.first = self.last = time.thread_time()

    def begin(self, group: object, order: object) -> None:
        """So could this one."""
        self.share(group)
        self.last = time.thread_time()

    def wait(self, timeout: float) -> list[Answer]:
        """That is all that is timed."""
        raise InterruptedError

    def listen(self, worker: Handle) -> None:
        """Nobody answers."""


def grouped(workers: Sequence[Handle]) -> list[list[Handle]]:
    """Workers as many are grouped in a cluster, the first of each leading the others."""
    size = math.isqrt(len(workers))
    return [list(workers[first : first + size]) for first in range(0, len(workers), size)]


def preparing(utterances: Sequence[Utterance], *, ahead: bool) -> tuple[float, float]:
    """Seconds of the driver from the last utterance read to the first message, and for a clip behind the first ones."""
    clips, workers = PREPARED
    window = [replace(one, id=f"u{number}") for number, one in enumerate(islice(cycle(utterances), clips))]
    lengths = [one.duration or 0.0 for one in window]
    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "journal.jsonl") as journal:
            nobody = Nobody(workers, ahead=ahead)
            budget = Budget(seconds=2 * sum(lengths) / workers, packs=True)
            state = State(model=cast("Model", nobody), budget=budget, clock=Clock(), stop=Stop())
            loop = RayLoop(state=state, benchmark="perf", journal=journal, listener=Silent())
            loop._ahead = loop._sent_ahead()
            read: Future[tuple[list[Utterance], list[float], bool] | None] = Future()
            read.set_result(([one for one, _ in loop._listed(window)], lengths, False))
            if loop._ahead is not None:
                full(loop._ahead)  # was sent while the data was listed
            with Threads(Occupied(0.0), 1) as threads, suppress(InterruptedError):
                begin = time.thread_time()
                listed, seconds, more = loop._result(read) or ([], [], False)
                loop._window(listed, seconds, set(), threads, more=more)
            times.append((nobody.first - begin, (time.thread_time() - nobody.last) / clips))
    first, behind = zip(*times, strict=True)
    return median(first), median(behind)


def leading(utterances: Sequence[Utterance]) -> float:
    """Seconds for a clip that the first of a group takes to plan and pack what it holds."""
    clips, workers = PREPARED
    group = grouped([Handle(None, None) for _ in range(workers)])[0]
    window = list(islice(cycle(utterances), clips * len(group) // workers))
    ahead = Ahead([group], Path("nowhere"), len(window), math.inf)
    for one in window:
        ahead.add(pickle.dumps(one), one.duration or 0.0)
    worker = Worker(partial(Occupied, 0.0), folder=".", workers=1, gpus=0.0, batch_timeout=None)
    for chunk in full(ahead):
        worker.hold(chunk)
    ((_, _, order),) = ahead.orders(Budget(seconds=BATCH_SECONDS, packs=True), "perf")
    told, times = pickle.dumps(order), []
    for _ in range(20):
        begin = time.thread_time()
        worker.first_shares(told)
        times.append((time.thread_time() - begin) / len(window))
    return median(times)


def driver_of(utterances: Sequence[Utterance], sent: dict[str, float], back: float, back_clip: float) -> Driver:
    """All that it does, by what messages take and what it takes to take batches back."""
    planned, _ = preparing(utterances, ahead=False)
    ready, note_clip = preparing(utterances, ahead=True)
    return Driver(
        out=sent["out"],
        out_clip=sent["out_clip"],
        back=back,
        back_clip=back_clip,
        plan_clip=planned / PREPARED[0],
        ahead_clip=sent["ahead_clip"],
        ready=ready,
        begin=sent["begin"],
        lead_clip=leading(utterances),
        note_clip=note_clip,
    )


def told(driver: Driver) -> str:
    """In words."""
    return (
        f"the driver takes {1e6 * driver.plan_clip:.2f} us a clip until it can hand out, {1000 * driver.out:.2f} ms "
        f"and {1e6 * driver.out_clip:.2f} us a clip for a message, {1000 * driver.back:.2f} ms and "
        f"{1e6 * driver.back_clip:.0f} us a clip to take and journal a batch; to send ahead "
        f"{1e6 * driver.ahead_clip:.1f} us a clip while it is listed, then {1000 * driver.ready:.2f} ms until it can "
        f"tell the first group to begin, {1000 * driver.begin:.2f} ms for each, of which one takes "
        f"{1e6 * driver.lead_clip:.2f} us a clip to plan and pack, and {1e6 * driver.note_clip:.1f} us a clip to keep "
        "who has what"
    )
