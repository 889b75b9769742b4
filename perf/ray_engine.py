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
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.audio import load_clip
from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget, for_devices, plan
from harness.runner.ray_cluster import Cluster
from harness.runner.ray_connect import Share, connect, library
from harness.runner.ray_engine import RayLoop, Task
from harness.runner.stages import State, Stop
from perf.runner import Occupied, speech

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dataset import Utterance

SMALL_BATCHES = 2_000
BATCH_SECONDS = 300.0
SYNCS = 50
MESSAGES, CLIPS = 200, 200


@dataclass(frozen=True)
class Driver:
    """What the driver does for a batch, in seconds of one thread."""

    out: float
    """To hand a batch out."""
    out_clip: float
    """And for each of its clips."""
    back: float
    """To take what was written of a batch, and to journal it."""
    back_clip: float
    """And for each of its clips."""


@dataclass(frozen=True)
class Measured:
    """One run."""

    batches: int
    clips: int
    wall: float
    model: float
    """Seconds of all devices."""
    out: float
    """Seconds of the driver's thread to hand out."""
    back: float
    """For all else."""
    driver_seconds: float
    """Of all its threads."""
    efficiency: float


class Timed(RayLoop):
    """Tells the time of handing out from the rest."""

    def _hand_out(self) -> None:
        begin = time.thread_time()
        super()._hand_out()
        TIMES.append(time.thread_time() - begin)


TIMES: list[float] = []


def run(utterances: list[Utterance], seconds: float, budget: Budget, workers: int) -> Measured:
    """One run on so many workers, all of them loaded and warm before it begins."""
    clock = Clock()
    TIMES.clear()
    cluster = Cluster(partial(Occupied, seconds), Share(workers=workers), decoders=1)
    try:
        while len(cluster.ready) < workers:
            cluster.wait(0.1)
        with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "journal.jsonl") as journal:
            for place in ("warm", "perf"):  # the first calls of all workers are made beforehand
                state = State(model=cluster, budget=budget, clock=clock, stop=Stop())
                if place == "warm":
                    with JournalFile(Path(folder) / "warm.jsonl") as other:
                        warm = RayLoop(state=state, benchmark=place, journal=other, listener=Silent())
                        warm.run(utterances[: 4 * workers])
                    clock = Clock()
                    continue
                loop = Timed(state=state, benchmark=place, journal=journal, listener=Silent())
                begin, cpu, own = time.perf_counter(), time.process_time(), time.thread_time()
                loop.run(utterances)
                wall, cpu, own = time.perf_counter() - begin, time.process_time() - cpu, time.thread_time() - own
    finally:
        cluster.close()
    model, out = clock.phases["model"], sum(TIMES)
    return Measured(clock.batches, len(utterances), wall, model, out, own - out, cpu, model / workers / wall)


def sending(utterances: Sequence[Utterance]) -> tuple[float, float]:
    """Seconds to hand a message out, and for each clip in it, many at once as a first share is."""
    cluster = Cluster(partial(Occupied, 0.0), Share(workers=1), decoders=1)
    try:
        with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "journal.jsonl") as journal:
            state = State(model=cluster, budget=Budget(), clock=Clock(), stop=Stop())
            loop = RayLoop(state=state, benchmark="perf", journal=journal, listener=Silent())
            named = {one.id: one for one in loop._pickled(utterances)}
            tasks = [
                Task(chosen, dict.fromkeys(chosen, 1.0))
                for size in (1, CLIPS)
                for chosen in (dict(islice(named.items(), size)),)
            ]
            times: list[list[float]] = [[], []]
            for _ in range(MESSAGES):
                for task, found in zip(tasks, times, strict=True):
                    begin = time.thread_time()
                    cluster.give(cluster.ready[0], [loop._piece(task)])
                    found.append(time.thread_time() - begin)
    finally:
        cluster.close()
    one, many = (median(found) for found in times)
    clip = max(0.0, (many - one) / (CLIPS - 1))
    return one - clip, clip


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


def calibrated(workers: int, clips: int, milliseconds: float) -> dict[str, Any]:
    """All that `perf/scaling.py` takes from this machine, and the run that it is compared with."""
    with tempfile.TemporaryDirectory() as name:
        utterances = list(speech(max(clips, SMALL_BATCHES), Path(name)))
        short = sorted(utterances, key=lambda utterance: utterance.duration or 0.0)[:SMALL_BATCHES]
        small = run(short, 0.0, Budget(clips=1), workers)
        large = run(utterances, 0.0, Budget(seconds=BATCH_SECONDS), workers)
        long = run(utterances[:clips], milliseconds / 1000, Budget(seconds=BATCH_SECONDS), workers)
        return {
            "workers": workers,
            "milliseconds": milliseconds,
            "driver": asdict(Driver(*sending(utterances), *taking(small, large))),
            "one_clip": asdict(small),
            "no_device": asdict(large),
            "many_clips": asdict(long),
            "decode_rtfx": decoding(utterances[:200]),
            "sync": syncing(Path(name)),
        }


def told(driver: Driver) -> str:
    """In words."""
    return (
        f"the driver takes {1000 * driver.out:.2f} ms and {1e6 * driver.out_clip:.0f} us a clip to hand a batch out, "
        f"{1000 * driver.back:.2f} ms and {1e6 * driver.back_clip:.0f} us a clip to take and journal it"
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
        found = calibrated(args.workers, args.clips, args.milliseconds)
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
