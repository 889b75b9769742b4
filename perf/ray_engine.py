"""What `--engine ray` costs: the driver's time for a message and a clip, and how busy its devices are.

    python perf/ray_engine.py [--workers 4] [--clips 2000] [--milliseconds 20] [--ray-data]

Starts a Ray cluster of its own on this machine. The model is a stub that occupies its device for a fixed time a clip,
so there may be more workers than cores. Audio is as in `perf/runner.py`, and decoded by the workers. The driver's time
is the processor time of the thread that hands out and journals, one batch after the other; Ray's own threads are beside
it in `driver_seconds`. `--ray-data` runs the same by `ray.data` instead, which gives texts back and knows neither
batches by seconds nor a journal. Prints one JSON line last.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.audio import load_clip
from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget, for_devices, plan
from harness.runner.ray_cluster import Answer, Cluster, Handle
from harness.runner.ray_connect import Share, connect, library
from harness.runner.ray_engine import RayLoop
from harness.runner.ray_worker import Piece
from harness.runner.stages import State, Stop
from harness.runner.threads import Threads
from perf.runner import Occupied, speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.dataset import Utterance
    from harness.models.base import Model
    from harness.runner.ray_engine import Task

SMALL_BATCHES = 2_000
BATCH_SECONDS = 300.0
SYNCS = 50
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
    """From the last utterance read to the first message, for each clip of the window."""


@dataclass(frozen=True)
class Measured:
    """One run."""

    batches: int
    clips: int
    wall: float
    model: float
    """Seconds of all devices."""
    waited: float
    """Seconds that a device waited for decoded audio, on average: more where other programs are at work."""
    out: float
    """Seconds of the driver's thread to hand out."""
    back: float
    """For all else."""
    driver_seconds: float
    """Of all its threads."""
    efficiency: float


class Timed(RayLoop):
    """Tells the time of handing out from the rest."""

    def _hand_out(self, piece: Callable[[Task], Piece] | None = None) -> None:
        begin = time.thread_time()
        super()._hand_out(piece)
        TIMES.append(time.thread_time() - begin)


TIMES: list[float] = []


@contextmanager
def cluster_of(workers: int, seconds: float) -> Iterator[Cluster]:
    """So many workers, all of them loaded, with a stub that takes so long a clip."""
    cluster = Cluster(partial(Occupied, seconds), Share(workers=workers), decoders=1)
    try:
        while len(cluster.ready) < workers:
            cluster.wait(0.1)
        yield cluster
    finally:
        cluster.close()


def run(cluster: Cluster, utterances: list[Utterance], budget: Budget) -> Measured:
    """One run on workers that have made their first calls beforehand."""
    workers = cluster.size
    with tempfile.TemporaryDirectory() as folder:
        with JournalFile(Path(folder) / "warm.jsonl") as journal:
            state = State(model=cluster, budget=budget, clock=Clock(), stop=Stop())
            RayLoop(state=state, benchmark="warm", journal=journal, listener=Silent()).run(utterances[: 4 * workers])
        with JournalFile(Path(folder) / "perf.jsonl") as journal:
            clock = Clock()
            state = State(model=cluster, budget=budget, clock=clock, stop=Stop())
            loop = Timed(state=state, benchmark="perf", journal=journal, listener=Silent())
            TIMES.clear()
            begin, cpu, own = time.perf_counter(), time.process_time(), time.thread_time()
            loop.run(utterances)
            wall, cpu, own = time.perf_counter() - begin, time.process_time() - cpu, time.thread_time() - own
    model, out, waited = clock.phases["model"], sum(TIMES), clock.waited / workers
    return Measured(clock.batches, len(utterances), wall, model, waited, out, own - out, cpu, model / workers / wall)


def sending(cluster: Cluster, utterances: Sequence[Utterance]) -> dict[str, float]:
    """Seconds for a message, for each clip in it, to get somewhere, and to unpack a clip there; bytes of a clip."""
    packed = [pickle.dumps(one) for one in islice(cycle(utterances), MANY_CLIPS)]
    worker, mark = cluster.ready[0], Path("nowhere")
    pieces = [
        Piece(number=0, utterances=b"".join(some), seconds=[1.0] * len(some), budget=Budget(), mark=mark)
        for some in (packed[:1], packed)
    ]
    times: list[list[float]] = [[], []]
    trips = []
    for _ in range(MESSAGES):
        for piece, found in zip(pieces, times, strict=True):
            begin = time.thread_time()
            cluster.give(worker, [piece])
            found.append(time.thread_time() - begin)
        begin = time.perf_counter()
        library().get(worker.actor.met.remote())
        trips.append(time.perf_counter() - begin)
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
        "bytes": sum(map(len, packed)) / MANY_CLIPS,
    }


class Nobody:
    """As many workers as are wanted, to whom nothing is sent: what is done before that is timed."""

    def __init__(self, workers: int) -> None:
        self.card, self.size = Occupied(0.0).card, workers
        self.ready = [Handle(None, None, "ready") for _ in range(workers)]
        self.until = 0.0

    def share(self, given: object) -> None:
        """The first message could leave."""
        self.until = self.until or time.thread_time()

    def wait(self, timeout: float) -> list[Answer]:
        """That is all that is timed."""
        raise InterruptedError

    def listen(self, worker: Handle) -> None:
        """Nobody answers."""


def preparing(utterances: Sequence[Utterance]) -> float:
    """Seconds of the driver for a clip, from the last utterance read to the first message."""
    clips, workers = PREPARED
    window = [replace(one, id=f"u{number}") for number, one in enumerate(islice(cycle(utterances), clips))]
    lengths = [one.duration or 0.0 for one in window]
    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "journal.jsonl") as journal:
            nobody = Nobody(workers)
            budget = Budget(seconds=2 * sum(lengths) / workers, packs=True)
            state = State(model=cast("Model", nobody), budget=budget, clock=Clock(), stop=Stop())
            loop = RayLoop(state=state, benchmark="perf", journal=journal, listener=Silent())
            read = list(loop._pickled(window))
            with Threads(Occupied(0.0), 1) as threads, suppress(InterruptedError):
                begin = time.thread_time()
                loop._window(read, lengths, set(), threads)
            times.append((nobody.until - begin) / clips)
    return median(times)


def taking(small: Measured, large: Measured) -> tuple[float, float]:
    """Seconds to take a batch back, and for each of its clips, by two runs with batches of different size."""
    one, many = small.back / small.batches, large.back / large.batches
    clip = max(0.0, (many - one) / (large.clips / large.batches - 1))
    return max(0.0, one - clip), clip


def decoding(utterances: Sequence[Utterance]) -> float:
    """Seconds of audio that one thread decodes in a second of its processor time."""
    begin = time.thread_time()
    total = sum(load_clip(utterance).duration for utterance in utterances)
    return total / (time.thread_time() - begin)


def syncing(folder: Path) -> float:
    """Seconds that a journal takes to reach the disk, the median of some."""
    times = []
    for number in range(SYNCS):
        with JournalFile(folder / f"{number}.jsonl") as journal:
            begin = time.perf_counter()
            journal.close()
            times.append(time.perf_counter() - begin)
    return sorted(times)[SYNCS // 2]


def calibrated(workers: Sequence[int], clips: int, milliseconds: float) -> dict[str, Any]:
    """All that `perf/scaling.py` takes from this machine, and the runs that it is compared with."""
    with tempfile.TemporaryDirectory() as name:
        utterances = list(speech(max(clips, SMALL_BATCHES), Path(name)))
        short = sorted(utterances, key=lambda utterance: utterance.duration or 0.0)[:SMALL_BATCHES]
        with cluster_of(max(workers), 0.0) as cluster:
            small = run(cluster, short, Budget(clips=1))
            large = run(cluster, utterances, Budget(seconds=BATCH_SECONDS))
            sent = sending(cluster, utterances)
        runs = {}
        for count in workers:
            with cluster_of(count, milliseconds / 1000) as cluster:
                runs[str(count)] = asdict(run(cluster, utterances[:clips], Budget(seconds=BATCH_SECONDS)))
        back, back_clip = taking(small, large)
        driver = Driver(sent["out"], sent["out_clip"], back, back_clip, preparing(utterances))
        return {
            "milliseconds": milliseconds,
            "driver": asdict(driver),
            "sent": sent,
            "one_clip": asdict(small),
            "no_device": asdict(large),
            "runs": runs,
            "many_clips": runs[str(max(workers))],
            "decode_rtfx": decoding(utterances[:200]),
            "sync": syncing(Path(name)),
        }


def told(driver: Driver) -> str:
    """In words."""
    return (
        f"the driver takes {1e6 * driver.plan_clip:.2f} us a clip until it can hand out, {1000 * driver.out:.2f} ms "
        f"and {1e6 * driver.out_clip:.2f} us a clip for a message, {1000 * driver.back:.2f} ms and "
        f"{1e6 * driver.back_clip:.0f} us a clip to take and journal a batch"
    )


class Texts:
    """What `ray.data` runs on a device: the stub's time for each batch, its audio decoded before."""

    def __init__(self, seconds: float) -> None:
        self._model = Occupied(seconds)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Texts of a batch."""
        clips = [load_clip(utterance) for utterance in batch["item"]]
        texts = self._model.text(self._model.infer(self._model.features(clips)))
        return {"id": [clip.id for clip in clips], "text": [text.text for text in texts]}


def by_ray_data(workers: int, clips: int, milliseconds: float) -> dict[str, Any]:
    """The same clips by `ray.data`, in batches of as many clips as the plan has on average."""
    import importlib

    connect(Share(workers=2 * workers))
    ray = library()
    data: Any = importlib.import_module("ray.data")
    data.DataContext.get_current().enable_progress_bars = False
    with tempfile.TemporaryDirectory() as name:
        utterances = list(speech(clips, Path(name)))
        lengths = [utterance.duration or 0.0 for utterance in utterances]
        size = round(clips / len(plan(lengths, for_devices(lengths, Budget(seconds=BATCH_SECONDS), workers))))
        begin, cpu = time.perf_counter(), time.process_time()
        rows = data.from_items(utterances, override_num_blocks=max(workers, clips // size)).map_batches(
            Texts, fn_constructor_args=(milliseconds / 1000,), batch_size=size, concurrency=workers
        )
        found = rows.take_all()
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    ray.shutdown()
    return {"clips": len(found), "batch_size": size, "wall": wall, "driver_seconds": cpu}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--clips", type=int, default=2_000)
    parser.add_argument("--milliseconds", type=float, default=20.0, help="what the stub takes a clip")
    parser.add_argument("--ray-data", action="store_true", help="the same clips by ray.data")
    args = parser.parse_args()
    if args.ray_data:
        found = by_ray_data(args.workers, args.clips, args.milliseconds)
        print(
            f"ray.data: {found['clips']:,} clips in batches of {found['batch_size']} on {args.workers} workers, "
            f"{found['wall']:.2f} s; {1e6 * found['driver_seconds'] / found['clips']:.0f} us of the driver a clip"
        )
    else:
        found = calibrated([args.workers], args.clips, args.milliseconds)
        driver, long = Driver(**found["driver"]), found["many_clips"]
        print(told(driver))
        print(
            f"{long['batches']} batches on {args.workers} workers: {long['wall']:.2f} s, the devices were busy "
            f"{long['efficiency']:.1%} of it; a thread decodes {found['decode_rtfx']:,.0f} times real time; "
            f"{1000 * found['sync']:.1f} ms for a journal to reach the disk"
        )
    print(json.dumps({"benchmark": "ray_engine", **found}))


if __name__ == "__main__":
    main()
