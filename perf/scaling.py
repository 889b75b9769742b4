"""What more devices bring: 8 to 1,024 of them on LibriSpeech test-clean and on 100 hours of SPGISpeech, simulated.

    python perf/scaling.py                                     batch times as given: see --rtfx and --batch-ms
    python perf/scaling.py --calibrate                         the driver's costs measured here, with 4 workers of Ray
    python perf/scaling.py --measured RUN/BENCHMARK.jsonl      batch times fitted to a run's journal

Three ways to share the work, all with the project's own planner:

- shards: utterances are dealt out beforehand, every Nth to one device, and planned there (`--shard I/N`);
- before: what `--engine ray` did until it gave a first share in one message: a message and 2 ms + 40 us a clip for each
  batch, of which one process does all, and a plan for every 10,000 clips;
- ray: what it does now: one plan, batches just so much smaller that each device has as many, a first share in one
  message, more on demand, what waits at one device taken over by an idle one, and journals of the workers' own.

Efficiency is the seconds that the work would take at one device's plan, spread without any loss over the same devices,
over the seconds it took until the last batch was written: handing out, decoding of what nothing was decoded beside,
and a shard's sync are in it. Loading, listing the data and warming up come before. `whole` is how much later the
one journal has all lines, when the devices are free already. Devices differ in speed by --spread, as cards of one kind
do. Prints one JSON line last.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import sys
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.records.journal import Line, read_journal
from harness.runner.plan import Budget, for_devices, plan
from harness.runner.ray_engine import IN_HAND, SHARE
from perf.ray_engine import BATCH_SECONDS, Driver, calibrated, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LENGTHS = Path(__file__).with_name("librispeech_test_clean_seconds.txt")
DEVICES = (8, 16, 32, 64, 128, 256, 512, 1024)
RTFX = (1820.0, 3800.0)
"""Of one H100 at batches of 128: what the card of granite-speech-4.1-2b-nar states, and what is aimed at."""
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

    per_clip: float = 0.0
    """Seconds for each clip."""

    def __call__(self, cost: float, clips: int = 0) -> float:
        """Seconds of a batch of so many clips that makes the model process `cost` seconds."""
        return self.fixed + self.per_second * cost + self.per_clip * clips


@dataclass(frozen=True)
class Costs:
    """What is beside the devices' work, in seconds."""

    driver: Driver = field(default_factory=lambda: Driver(0.0, 0.0, 0.0, 0.0))
    decode_rtfx: float = math.inf
    """Seconds of audio that a worker decodes in a second, all its threads together."""
    sync: float = 0.0
    """For a worker's journal to reach the disk."""


BEFORE = Driver(out=0.001, out_clip=20e-6, back=0.001, back_clip=20e-6)
"""Before there were first shares: measured as 2 ms + 40 us a clip for a batch, both ways together."""

NOW = Driver(out=0.11e-3, out_clip=0.41e-6, back=0.34e-3, back_clip=28e-6)
"""As `--calibrate` measured on two cores of a shared x86 server; there it prints what this machine needs."""

WINDOW_BEFORE = 10_000
"""Clips that were planned together then."""


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
    whole: float
    """How much later the one journal has all lines."""

    def as_dict(self) -> dict[str, Any]:
        """For the JSON line."""
        return {
            "seconds": round(self.seconds, 3),
            "efficiency": round(self.efficiency, 4),
            "idle_seconds": round(self.idle, 3),
            "batches": self.batches,
            "whole_seconds": round(self.whole, 3),
        }


class Simulation:
    """One corpus and one kind of device."""

    def __init__(self, durations: Sequence[float], budget: Budget, time: BatchTime, costs: Costs) -> None:
        self.durations, self.budget, self.time, self.costs = durations, budget, time, costs
        self.work = sum(self._seconds(batch) for batch in plan(durations, budget))

    def _audio(self, batch: Iterable[int]) -> float:
        return self.budget.cost([self.durations[index] for index in batch])

    def _seconds(self, batch: Sequence[int]) -> float:
        return self.time(self._audio(batch), len(batch))

    def shards(self, speeds: Sequence[float]) -> Outcome:
        """Utterances dealt out beforehand; nobody helps anybody. One process takes all lines in at the end."""
        ends, batches = [], 0
        for number, speed in enumerate(speeds):
            own = range(number, len(self.durations), len(speeds))
            shard = [[own[index] for index in batch] for batch in plan([self.durations[i] for i in own], self.budget)]
            batches += len(shard)
            device = _Device(self, speed)
            ends.append(max((device.run(0.0, batch) for batch in shard), default=0.0) + self.costs.sync)
        return self._outcome(ends, speeds, batches, max(ends) + self.costs.driver.back_clip * len(self.durations))

    def before(self, speeds: Sequence[float]) -> Outcome:
        """As `taken`, planned window by window, with a message for each batch and nothing taken over."""
        costs = replace(self.costs, driver=BEFORE)
        windows = [self.durations[at : at + WINDOW_BEFORE] for at in range(0, len(self.durations), WINDOW_BEFORE)]
        batches = list[list[int]]()
        for number, window in enumerate(windows):
            level = plan(window, for_devices(window, self.budget, len(speeds)))
            batches += [[number * WINDOW_BEFORE + index for index in batch] for batch in level]
        return self._dealt(speeds, batches, costs, together=False)

    def taken(self, speeds: Sequence[float], *, level: bool = True) -> Outcome:
        """Each device takes batches of one plan; one process hands them out and takes them back, one by one."""
        budget = for_devices(self.durations, self.budget, len(speeds)) if level else self.budget
        return self._dealt(speeds, plan(self.durations, budget), self.costs, together=True)

    def _dealt(self, speeds: Sequence[float], batches: Sequence[list[int]], costs: Costs, *, together: bool) -> Outcome:
        """The driver's loop: `together` gives what a device is to have in one message, and lets idle ones take over."""
        driver, devices = costs.driver, [_Device(self, speed) for speed in speeds]
        pending, now = deque(range(len(batches))), 0.0
        done, written, taken_over = dict[int, float](), set[int](), set[int]()
        events: list[tuple[float, int, int]] = []

        def give(device: int, numbers: Sequence[int]) -> None:
            nonlocal now
            for place, number in enumerate(numbers):
                now += (driver.out if place == 0 or not together else 0.0) + driver.out_clip * len(batches[number])
            for number in numbers:
                end = devices[device].run(now, batches[number], number)
                done[number] = min(done.get(number, math.inf), end)
                heapq.heappush(events, (end, device, number))

        given: list[list[int]] = [[] for _ in devices]
        share = math.ceil(len(batches) / len(devices))
        share = share if together and share <= SHARE else 0
        for _ in range(max(IN_HAND, share)):
            allowed = max(share, min(IN_HAND, 1 + len(pending) // len(devices)))
            for own in given:
                if pending and len(own) < allowed:
                    own.append(pending.popleft())
        for device, own in enumerate(given):
            give(device, own)
        while events:
            end, device, number = heapq.heappop(events)
            now = max(now, end) + driver.back
            held = devices[device].held
            for one in devices if number in taken_over else (devices[device],):
                if number in one.held:
                    one.held.remove(number)
            if number not in written:
                written.add(number)
                now += driver.back_clip * len(batches[number])
            allowed = min(IN_HAND, 1 + len(pending) // len(devices))
            more = [pending.popleft() for _ in range(min(len(pending), max(0, allowed - len(held))))]
            if more:
                give(device, more)
            elif together and not held:
                busiest = max(devices, key=lambda one: len(one.held)).held
                if len(busiest) > 1 and busiest[-1] not in taken_over:
                    taken_over.add(busiest[-1])
                    give(device, [busiest[-1]])
        ends = [0.0] * len(devices)
        for device, one in enumerate(devices):
            ends[device] = max((done[number] for number in one.ran if one.ran[number] == done[number]), default=0.0)
        return self._outcome(ends, speeds, len(batches), now + costs.sync)

    def _outcome(self, ends: Sequence[float], speeds: Sequence[float], batches: int, whole: float) -> Outcome:
        last = max(ends)
        return Outcome(last, last - min(ends), self.work / sum(speeds) / last, batches, max(0.0, whole - last))


class _Device:
    """A device: what it has in hand is decoded, then run, one batch after the other."""

    def __init__(self, simulation: Simulation, speed: float) -> None:
        self._of, self._speed = simulation, speed
        self._decoded = self._free = 0.0
        self.held: list[int] = []
        self.ran: dict[int, float] = {}

    def run(self, received: float, batch: Sequence[int], number: int = 0) -> float:
        """When a batch that was received then ends."""
        self._decoded = max(received, self._decoded) + self._of._audio(batch) / self._of.costs.decode_rtfx
        self._free = max(self._free, self._decoded) + self._of._seconds(batch) / self._speed
        self.held.append(number)
        self.ran[number] = self._free
        return self._free


def speeds_of(devices: int, spread: float) -> list[float]:
    """Speeds spread evenly about 1, in an order that says nothing about them."""
    speeds = [1.0] if devices == 1 else np.linspace(1 - spread, 1 + spread, devices).tolist()
    random.Random(devices).shuffle(speeds)
    return speeds


def compared(found: dict[str, Any]) -> dict[str, float]:
    """The run that `--calibrate` measured, and the same simulated."""
    run, workers = found["many_clips"], found["workers"]
    time = BatchTime(0.0, 0.0, "the stub", per_clip=run["model"] / run["clips"])
    lengths = list(islice(cycle(librispeech()), run["clips"]))
    costs = Costs(Driver(**found["driver"]), found["decode_rtfx"], found["sync"])
    simulated = Simulation(lengths, Budget(seconds=BATCH_SECONDS), time, costs).taken([1.0] * workers)
    return {"measured": run["wall"], "simulated": simulated.seconds + simulated.whole}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path, metavar="JOURNAL", help="take batch times from a run's journal")
    parser.add_argument("--calibrate", action="store_true", help="measure the driver, decoding and sync here")
    parser.add_argument("--rtfx", type=float, nargs="+", default=RTFX, help="of one device (default: 1820 3800)")
    parser.add_argument("--batch-ms", type=float, default=40.0, help="of a batch whatever its size (default 40)")
    parser.add_argument("--batch-seconds", type=float, default=1200.0, help="the plan's budget (default 1200)")
    parser.add_argument("--padded", action="store_true", help="the model pads its batches (default: it packs)")
    parser.add_argument("--spread", type=float, default=0.05, help="devices are up to so much faster or slower")
    parser.add_argument("--decode-rtfx", type=float, default=2100.0, help="of a decoding thread (default 2100, FLAC)")
    parser.add_argument("--decoders", type=int, default=16, help="threads of a worker that decode (default 16)")
    parser.add_argument("--sync-ms", type=float, default=5.0, help="for a journal to reach the disk (default 5)")
    parser.add_argument("--out-ms", type=float, default=1000 * NOW.out, help="the driver's time for a message")
    parser.add_argument("--out-us", type=float, default=1e6 * NOW.out_clip, help="and for a clip in it")
    parser.add_argument("--back-ms", type=float, default=1000 * NOW.back, help="to take what was written of a batch")
    parser.add_argument("--back-us", type=float, default=1e6 * NOW.back_clip, help="and to journal a clip of it")
    parser.add_argument("--devices", type=int, nargs="+", default=DEVICES)
    return parser.parse_args()


def main() -> None:
    """Simulates and prints."""
    args = arguments()
    driver = Driver(args.out_ms / 1000, args.out_us / 1e6, args.back_ms / 1000, args.back_us / 1e6)
    found: dict[str, Any] = {"benchmark": "scaling"}
    if args.calibrate:
        found["calibration"] = calibrated(workers=4, clips=800, milliseconds=20.0)
        driver = Driver(**found["calibration"]["driver"])
        found["compared"] = compared(found["calibration"])
        print(
            f"measured here: {found['compared']['measured']:.2f} s for the stub's clips on 4 workers, "
            f"{found['compared']['simulated']:.2f} s when simulated"
        )
    costs = Costs(driver, args.decode_rtfx * args.decoders, args.sync_ms / 1000)
    budget = Budget(seconds=args.batch_seconds, packs=not args.padded)
    times = [given(rtfx, args.batch_ms) for rtfx in args.rtfx]
    if args.measured:
        times = [measured(args.measured, packs=budget.packs)]
    print(
        f"{told(driver)}; {args.decoders} threads decode {args.decode_rtfx:g} times real time each; "
        f"{args.sync_ms:g} ms for a journal to reach the disk; batches of {args.batch_seconds:g} "
        f"{'padded ' * args.padded}seconds; speeds differ by up to {args.spread:.0%}"
    )
    corpora: dict[str, tuple[str, list[float]]] = {
        "librispeech_test_clean": ("its own lengths", librispeech()),
        "spgispeech": ("synthetic lengths: published count, hours and range, else maximum entropy", spgispeech()),
    }
    found |= {"driver": asdict(driver), "batch_seconds": args.batch_seconds, "packs": budget.packs}
    found |= {"spread": args.spread, "decode_rtfx": costs.decode_rtfx, "sync": costs.sync, "corpora": []}
    for name, (what, durations) in corpora.items():
        for time in times:
            found["corpora"].append(
                {"corpus": name, "lengths": what, **table(Simulation(durations, budget, time, costs), what, args)}
            )
    print(json.dumps(found))


def table(simulation: Simulation, what: str, args: argparse.Namespace) -> dict[str, Any]:
    """Simulates a corpus on all numbers of devices, and prints it."""
    durations, time = simulation.durations, simulation.time
    print(
        f"\n{len(durations):,} clips, {sum(durations) / 3600:.2f} h ({what}); batch times {time.source}; "
        f"{simulation.work:,.1f} s on one device; to warm up takes {time(args.batch_seconds):.2f} s, which comes before"
    )
    ways = ("shards", "before", "ray")
    print(f"{'devices':>7} | " + " | ".join(f"{way:^29}" for way in ways))
    print(f"{'':>7} | " + " | ".join([f"{'seconds':>9} {'efficiency':>10} {'whole s':>8}"] * 3))
    rows = []
    for devices in args.devices:
        speeds = speeds_of(devices, args.spread)
        outcomes = dict(
            zip(ways, (simulation.shards(speeds), simulation.before(speeds), simulation.taken(speeds)), strict=True)
        )
        print(
            f"{devices:>7} | "
            + " | ".join(f"{o.seconds:9.2f} {o.efficiency:10.1%} {o.whole:8.2f}" for o in outcomes.values())
        )
        rows.append({"devices": devices, **{way: outcome.as_dict() for way, outcome in outcomes.items()}})
    return {
        "clips": len(durations),
        "batch_times": time.source,
        "fixed_ms": 1000 * time.fixed,
        "rtfx_without_fixed": 1 / time.per_second,
        "one_device": simulation.work,
        "rows": rows,
    }


if __name__ == "__main__":
    main()
