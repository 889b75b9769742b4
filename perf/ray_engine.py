"""What `--engine ray` costs: the driver's time for a batch, and how busy its devices are. Prints one JSON line last.

    python perf/ray_engine.py [--workers 4] [--clips 2000] [--milliseconds 20]

Starts a Ray cluster of its own on this machine. The model is a stub that occupies its device for a fixed time a clip,
so there may be more workers than cores. Audio is as in `perf/runner.py`, and decoded by the workers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.ray_cluster import Cluster
from harness.runner.ray_connect import Share
from harness.runner.ray_engine import RayLoop
from harness.runner.stages import State, Stop
from perf.runner import Occupied, speech

if TYPE_CHECKING:
    from benchmarks.dataset import Utterance

SMALL_BATCHES = 2_000


def run(utterances: list[Utterance], seconds: float, budget: Budget, workers: int) -> dict[str, Any]:
    """One run on so many workers, all of them loaded and warm before it begins."""
    clock = Clock()
    cluster = Cluster(partial(Occupied, seconds), Share(workers=workers), decoders=1)
    try:
        while len(cluster.ready) < workers:
            cluster.wait(0.1)
        with tempfile.TemporaryDirectory() as folder, JournalFile(Path(folder) / "journal.jsonl") as journal:
            state = State(model=cluster, budget=budget, clock=clock, stop=Stop())
            loop = RayLoop(state=state, benchmark="perf", journal=journal, listener=Silent())
            begin, cpu = time.perf_counter(), time.process_time()
            loop.run(utterances)
            wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    finally:
        cluster.close()
    model = clock.phases["model"]
    return {
        "batches": clock.batches,
        "wall": wall,
        "model": model,
        "driver_ms_per_batch": 1000 * cpu / clock.batches,
        "efficiency": model / workers / wall,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--clips", type=int, default=2_000)
    parser.add_argument("--milliseconds", type=float, default=20.0, help="what the stub takes a clip")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        utterances = list(speech(max(args.clips, SMALL_BATCHES), Path(name)))
        short = sorted(utterances, key=lambda utterance: utterance.duration or 0.0)[:SMALL_BATCHES]
        small = run(short, 0.0, Budget(clips=1), args.workers)
        print(f"batches of one clip: {small['driver_ms_per_batch']:.2f} ms of the driver's processor time each")
        long = run(utterances[: args.clips], args.milliseconds / 1000, Budget(seconds=300.0), args.workers)
        print(
            f"{long['batches']} batches on {args.workers} workers: {long['wall']:.2f} s, the devices were busy "
            f"{long['efficiency']:.1%} of it; {long['driver_ms_per_batch']:.2f} ms of the driver's processor time each"
        )
    print(json.dumps({"benchmark": "ray_engine", "workers": args.workers, "one_clip": small, "many_clips": long}))


if __name__ == "__main__":
    main()
