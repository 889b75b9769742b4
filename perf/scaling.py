"""What more devices bring: 1 to 1,000 of them on LibriSpeech test-clean and on 100 hours of SPGISpeech, simulated.

    python perf/scaling.py                                     batch times as given: see --rtfx and --batch-ms
    python perf/scaling.py --measured RUN/BENCHMARK.jsonl      batch times fitted to a run's journal

Three ways to share the work, all with the project's own planner:

- shards: utterances are dealt out beforehand, every Nth to one device, as distributed samplers do, and planned there;
- plan: one plan of all; a device that is idle takes its next batch;
- level: the same with batches just so much smaller that each device has as many: what `--engine ray` does where
  transcripts do not depend on their batch (`harness/runner/plan.py`).

Efficiency is the seconds that the work would take at one device's plan, spread without any loss over the same devices,
over the seconds it took. Idle is the time from the first device that finds no more work to the last that ends.
Devices differ in speed by --spread, as cards of one kind do. Loading of models is left out. Prints one JSON line last.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.records.journal import Line, read_journal
from harness.runner.plan import Budget, for_devices, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LENGTHS = Path(__file__).with_name("librispeech_test_clean_seconds.txt")
DEVICES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
CARD_RTFX = 1820.0
"""What the card of granite-speech-4.1-2b-nar states for one H100 at batches of 128."""
CARD_BATCH_SECONDS = 128 * 7.42
"""Seconds of audio in such a batch, at the mean length of LibriSpeech test-clean."""
SPGISPEECH = {"clips": 39_341, "seconds": 360_000.0, "shortest": 5.0, "longest": 15.0}
"""Published: the number of test utterances, their 100 hours, and that utterances last 5 to 15 s."""


def librispeech() -> list[float]:
    """Seconds of the 2,620 clips of test-clean, in an order that says nothing about them."""
    found = [float(line) for line in LENGTHS.read_text(encoding="utf-8").split()]
    random.Random(0).shuffle(found)
    return found


def spgispeech() -> list[float]:
    """Lengths that have the published count, sum and range, and are otherwise as spread out as can be.

    The lengths themselves are not published with the paper. Of all distributions over 5 to 15 s with that mean (9.15 s)
    the truncated exponential assumes least (it has the greatest entropy); its quantiles are taken.
    """
    clips, low, high = int(SPGISPEECH["clips"]), SPGISPEECH["shortest"], SPGISPEECH["longest"]
    mean = (SPGISPEECH["seconds"] / clips - low) / (high - low)
    below, above = -50.0, -1e-6  # the mean is under the middle, so the density falls
    for _ in range(200):
        rate = (below + above) / 2
        value = 1 / (1 - math.exp(-rate)) - 1 / rate
        below, above = (rate, above) if value < mean else (below, rate)
    places = (np.arange(clips) + 0.5) / clips
    found = low + (high - low) * np.log1p(places * math.expm1(rate)) / rate
    lengths: list[float] = found.tolist()
    random.Random(0).shuffle(lengths)
    return lengths


@dataclass(frozen=True)
class BatchTime:
    """Seconds that a device of speed 1 takes for a batch."""

    fixed: float
    """Seconds of a batch however small it is."""
    per_second: float
    """Seconds for each second that is processed, padding included."""
    source: str
    """Where the two come from."""

    def __call__(self, cost: float) -> float:
        """Seconds of a batch that makes the model process `cost` seconds."""
        return self.fixed + self.per_second * cost


def given(rtfx: float, batch_ms: float) -> BatchTime:
    """A device that reaches `rtfx` on batches as the card's, of which `batch_ms` do not depend on their size."""
    fixed = batch_ms / 1000
    per_second = 1 / rtfx - fixed / CARD_BATCH_SECONDS
    if per_second <= 0:
        sys.exit(f"error: {batch_ms:g} ms a batch leave no time for the audio at RTFx {rtfx:g}; lower one of the two")
    return BatchTime(fixed, per_second, f"given: RTFx {rtfx:g} on batches of 128, {batch_ms:g} ms of a batch fixed")


def measured(path: Path, *, packs: bool) -> BatchTime:
    """Fitted by least squares to the undisturbed batches of a journal: a fixed part and one for each second."""
    batches: dict[int, list[Line]] = defaultdict(list)
    for line in read_journal(path).lines:
        if line.undisturbed and line.time is not None and line.batch is not None:
            batches[line.batch].append(line)
    budget = Budget(packs=packs)
    points = [
        (budget.cost([line.audio_seconds or 0.0 for line in batch]), sum(line.time or 0.0 for line in batch))
        for batch in batches.values()
    ]
    costs, times = np.array(points).T if points else (np.zeros(0), np.zeros(0))
    if len(set(costs.tolist())) < 2:
        sys.exit(
            f"error: {path}: fewer than two undisturbed batches of different size; give the journal of a longer run"
        )
    per_second, fixed = np.polyfit(costs, times, 1)
    if per_second <= 0:
        sys.exit(f"error: {path}: larger batches took no longer there; give the journal of a quieter run")
    return BatchTime(max(0.0, float(fixed)), float(per_second), f"measured: {len(points)} batches of {path.name}")


@dataclass(frozen=True)
class Outcome:
    """How a simulated run went, in seconds."""

    seconds: float
    idle: float
    efficiency: float
    batches: int

    def as_dict(self) -> dict[str, Any]:
        """For the JSON line."""
        return {
            "seconds": round(self.seconds, 3),
            "efficiency": round(self.efficiency, 4),
            "idle_seconds": round(self.idle, 3),
            "batches": self.batches,
        }


class Simulation:
    """One corpus and one kind of device."""

    def __init__(self, durations: Sequence[float], budget: Budget, time: BatchTime, dispatch: float) -> None:
        self.durations, self.budget, self.time, self.dispatch = durations, budget, time, dispatch
        self.plan = plan(durations, budget)
        self.work = sum(time(self._cost(batch)) for batch in self.plan)

    def _cost(self, batch: Iterable[int]) -> float:
        return self.budget.cost([self.durations[index] for index in batch])

    def shards(self, speeds: Sequence[float]) -> Outcome:
        """Utterances dealt out beforehand; nobody helps anybody."""
        ends, batches = [], 0
        for number, speed in enumerate(speeds):
            own = self.durations[number :: len(speeds)]
            shard = plan(own, self.budget)
            batches += len(shard)
            costs = [self.budget.cost([own[index] for index in batch]) for batch in shard]
            ends.append(sum(self.dispatch + self.time(cost) / speed for cost in costs))
        return self._outcome(ends, speeds, batches)

    def taken(self, speeds: Sequence[float], *, level: bool) -> Outcome:
        """Each idle device takes the next batch. One process hands them out, one after the other."""
        batches = self.plan
        if level:
            batches = plan(self.durations, for_devices(self.durations, self.budget, len(speeds)))
        free = [(0.0, number) for number in range(len(speeds))]
        ends = [0.0] * len(speeds)
        handed = 0.0
        for batch in batches:
            idle, number = heapq.heappop(free)
            handed = max(handed, idle) + self.dispatch
            ends[number] = handed + self.time(self._cost(batch)) / speeds[number]
            heapq.heappush(free, (ends[number], number))
        return self._outcome(ends, speeds, len(batches))

    def _outcome(self, ends: Sequence[float], speeds: Sequence[float], batches: int) -> Outcome:
        last = max(ends)
        return Outcome(last, last - min(ends), self.work / sum(speeds) / last, batches)


def speeds_of(devices: int, spread: float) -> list[float]:
    """Speeds spread evenly about 1, in an order that says nothing about them."""
    speeds = [1.0] if devices == 1 else np.linspace(1 - spread, 1 + spread, devices).tolist()
    random.Random(devices).shuffle(speeds)
    return speeds


def main() -> None:
    """Simulates and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path, metavar="JOURNAL", help="take batch times from a run's journal")
    parser.add_argument("--rtfx", type=float, default=CARD_RTFX, help="of one device (default: the NAR card's, 1820)")
    parser.add_argument("--batch-ms", type=float, default=40.0, help="of a batch whatever its size (default 40)")
    parser.add_argument("--batch-seconds", type=float, default=1200.0, help="the plan's budget (default 1200)")
    parser.add_argument("--padded", action="store_true", help="the model pads its batches (default: it packs)")
    parser.add_argument("--spread", type=float, default=0.05, help="devices are up to so much faster or slower")
    parser.add_argument(
        "--dispatch-ms", type=float, default=2.0, help="the driver's time for a batch (default 2; see ray_engine.py)"
    )
    parser.add_argument("--devices", type=int, nargs="+", default=DEVICES)
    args = parser.parse_args()
    budget = Budget(seconds=args.batch_seconds, packs=not args.padded)
    time = measured(args.measured, packs=budget.packs) if args.measured else given(args.rtfx, args.batch_ms)
    corpora: dict[str, tuple[str, list[float]]] = {
        "librispeech_test_clean": ("its own lengths", librispeech()),
        "spgispeech": ("synthetic lengths: published count, hours and range, else maximum entropy", spgispeech()),
    }
    found: dict[str, Any] = {"benchmark": "scaling", "batch_times": time.source, "fixed_ms": 1000 * time.fixed}
    found |= {"rtfx_without_fixed": 1 / time.per_second, "batch_seconds": args.batch_seconds, "packs": budget.packs}
    found |= {"spread": args.spread, "dispatch_ms": args.dispatch_ms, "corpora": {}}
    print(
        f"batch times {time.source}; batches of {args.batch_seconds:g} {'padded ' * args.padded}seconds; "
        f"speeds differ by up to {args.spread:.0%}; {args.dispatch_ms:g} ms to hand out a batch"
    )
    for name, (what, durations) in corpora.items():
        simulation = Simulation(durations, budget, time, args.dispatch_ms / 1000)
        print(
            f"\n{name}: {len(durations):,} clips, {sum(durations) / 3600:.2f} h ({what}), "
            f"{len(simulation.plan):,} batches, {simulation.work:,.1f} s on one device"
        )
        print(f"{'devices':>7} | " + " | ".join(f"{way:^29}" for way in ("shards", "plan", "level")))
        print(f"{'':>7} | " + " | ".join([f"{'seconds':>9} {'efficiency':>10} {'idle s':>8}"] * 3))
        rows = []
        for devices in args.devices:
            speeds = speeds_of(devices, args.spread)
            ways = {
                "shards": simulation.shards(speeds),
                "plan": simulation.taken(speeds, level=False),
                "level": simulation.taken(speeds, level=True),
            }
            print(
                f"{devices:>7} | "
                + " | ".join(f"{o.seconds:9.2f} {o.efficiency:10.1%} {o.idle:8.2f}" for o in ways.values())
            )
            rows.append({"devices": devices, **{way: outcome.as_dict() for way, outcome in ways.items()}})
        found["corpora"][name] = {"lengths": what, "clips": len(durations), "one_device": simulation.work, "rows": rows}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
