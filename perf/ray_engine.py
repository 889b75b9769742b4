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
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.audio import load_clip
from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget, for_devices, plan
from harness.runner.ray_cluster import Cluster
from harness.runner.ray_connect import Share, connect, library
from harness.runner.ray_engine import RayLoop
from harness.runner.stages import State, Stop
from perf.ray_driver import BATCH_SECONDS, Driver, driver_of, sending, told
from perf.runner import Occupied, speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.dataset import Utterance
    from harness.runner.ray_engine import Task
    from harness.runner.ray_worker import Piece

SMALL_BATCHES = 2_000
SYNCS = 50


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


class Grouped(Cluster):
    """One in which few are many: first shares are sent ahead, and handed on."""

    many = 2


@contextmanager
def cluster_of(workers: int, seconds: float, kind: type[Cluster] = Cluster) -> Iterator[Cluster]:
    """So many workers, all of them loaded, with a stub that takes so long a clip."""
    cluster = kind(partial(Occupied, seconds), Share(workers=workers), decoders=1)
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
        with cluster_of(max(workers), milliseconds / 1000, Grouped) as cluster:
            ahead = run(cluster, utterances[:clips], Budget(seconds=BATCH_SECONDS, packs=True))
        back, back_clip = taking(small, large)
        driver = driver_of(utterances, sent, back, back_clip)
        return {
            "milliseconds": milliseconds,
            "driver": asdict(driver),
            "sent": sent,
            "one_clip": asdict(small),
            "no_device": asdict(large),
            "runs": runs,
            "sent_ahead": asdict(ahead),
            "many_clips": runs[str(max(workers))],
            "decode_rtfx": decoding(utterances[:200]),
            "sync": syncing(Path(name)),
        }


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
