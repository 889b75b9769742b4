"""What more devices bring: 8 to 1,024 of them on LibriSpeech test-clean and on 100 hours of SPGISpeech, simulated.

    python perf/scaling.py                                     batch times as given: see --rtfx and --batch-ms
    python perf/scaling.py --calibrate                         the driver's costs measured here, with 4 workers of Ray
    python perf/scaling.py --measured RUN/BENCHMARK.jsonl      batch times fitted to a run's journal

Three ways to share the work, all with the project's own planner:

- shards: utterances are dealt out beforehand, every Nth to one device, and planned there (`--shard I/N`);
- before: what `--engine ray` did until it gave a first share in one message: a message and 2 ms + 40 us a clip for each
  batch, of which one process does all, and a plan for every 10,000 clips;
- ray: what it does now: one plan, of batches that are alike and as many for each device, a first share in one message,
  more on demand, what waits at one device taken over by an idle one, and journals of the workers' own. Where devices
  are many (and the model packs), utterances are dealt to groups of them and sent ahead while they are listed; then one
  of each group is told to begin, plans what it holds, and hands it on to the others.

Efficiency is the seconds that the work would take at one device's plan, spread without any loss over the same devices,
over the seconds it took until the last batch was written: the driver's planning, its messages and their way, decoding
of what nothing was decoded beside, and a shard's sync are in it. What `--calibrate` measures of that is measured; the
network's and the disk's speed and a decoding thread's are given. Loading, listing the data (and pickling each
utterance while it is listed, and sending it ahead) and warming up come before. `whole` is how much later the one
journal has all lines, when the devices are free already. Devices differ in speed by --spread, as cards of one kind do.
Prints one JSON line last.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import defaultdict
from dataclasses import asdict, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.records.journal import Line, read_journal
from harness.runner.plan import Budget
from perf.ray_driver import BATCH_SECONDS, Driver, told
from perf.ray_engine import Grouped, calibrated
from perf.simulation import BatchTime, Costs, Simulation, speeds_of

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


NOW = Driver(
    out=0.12e-3,
    out_clip=0.39e-6,
    back=0.33e-3,
    back_clip=19e-6,
    plan_clip=0.56e-6,
    ahead_clip=2.4e-6,
    ready=0.06e-3,
    begin=0.15e-3,
    lead_clip=0.58e-6,
    note_clip=1.9e-6,
)
"""As `--calibrate` measured on two cores of a shared x86 server; there it prints what this machine needs."""


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


def compared(found: dict[str, Any], costs: Costs) -> list[dict[str, Any]]:
    """The runs that `--calibrate` measured, and the same simulated, in seconds."""
    rows = []
    most = max(found["runs"], key=int)
    runs = [*((name, run, False) for name, run in found["runs"].items()), (most, found["sent_ahead"], True)]
    for workers, run, ahead in runs:
        time = BatchTime(0.0, 0.0, "the stub", per_clip=run["model"] / run["clips"])
        lengths = list(islice(cycle(librispeech()), run["clips"]))
        simulation = Simulation(lengths, Budget(seconds=BATCH_SECONDS, packs=ahead), time, costs)
        if ahead:
            simulation.many = Grouped.many
        simulated = simulation.taken([1.0] * int(workers))
        seconds = {"measured": run["wall"], "waited": run["waited"], "simulated": simulated.seconds + simulated.whole}
        rows.append({"workers": int(workers), "ahead": ahead, **seconds})
    return rows


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
    parser.add_argument(
        "--plan-us", type=float, default=1e6 * NOW.plan_clip, help="for a clip, before the first message"
    )
    parser.add_argument("--ready-ms", type=float, default=1000 * NOW.ready, help="instead, where all was sent ahead")
    parser.add_argument("--begin-ms", type=float, default=1000 * NOW.begin, help="to tell a group to begin")
    parser.add_argument(
        "--lead-us", type=float, default=1e6 * NOW.lead_clip, help="to plan and pack a clip for a group"
    )
    parser.add_argument("--note-us", type=float, default=1e6 * NOW.note_clip, help="to keep who has a clip, afterwards")
    parser.add_argument("--hop-ms", type=float, default=0.7, help="for a message to get somewhere (default 0.7)")
    parser.add_argument("--unpack-us", type=float, default=11.0, help="for a worker to unpack a clip (default 11)")
    parser.add_argument("--clip-bytes", type=float, default=320.0, help="of a clip in a message (default 320)")
    parser.add_argument("--gbit", type=float, default=25.0, help="a second, of the driver's network (default 25)")
    parser.add_argument("--back-ms", type=float, default=1000 * NOW.back, help="to take what was written of a batch")
    parser.add_argument("--back-us", type=float, default=1e6 * NOW.back_clip, help="and to journal a clip of it")
    parser.add_argument("--devices", type=int, nargs="+", default=DEVICES)
    return parser.parse_args()


def main() -> None:
    """Simulates and prints."""
    args = arguments()
    driver = Driver(
        out=args.out_ms / 1000,
        out_clip=args.out_us / 1e6,
        back=args.back_ms / 1000,
        back_clip=args.back_us / 1e6,
        plan_clip=args.plan_us / 1e6,
        ahead_clip=NOW.ahead_clip,
        ready=args.ready_ms / 1000,
        begin=args.begin_ms / 1000,
        lead_clip=args.lead_us / 1e6,
        note_clip=args.note_us / 1e6,
    )
    found: dict[str, Any] = {"benchmark": "scaling"}
    if args.calibrate:
        here = found["calibration"] = calibrated(workers=(1, 2, 4), clips=400, milliseconds=20.0)
        driver = Driver(**here["driver"])
        args.hop_ms, args.unpack_us = 1e3 * here["sent"]["hop"], 1e6 * here["sent"]["unpack_clip"]
        args.clip_bytes = here["sent"]["bytes"]
    costs = Costs(
        driver,
        args.decode_rtfx * args.decoders,
        args.sync_ms / 1000,
        args.hop_ms / 1000,
        args.clip_bytes * 8e-9 / args.gbit,
        args.unpack_us / 1e6,
    )
    if args.calibrate:  # decoding and the disk are this machine's, too, and nothing goes through a wire
        local = replace(costs, decode_rtfx=here["decode_rtfx"], sync=here["sync"], wire_clip=0.0)
        found["compared"] = compared(here, local)
        for row in found["compared"]:
            print(
                f"{row['workers']} workers{', first shares sent ahead' * row['ahead']}: measured here "
                f"{row['measured']:.2f} s for {here['many_clips']['clips']} clips of {here['milliseconds']:g} ms, of "
                f"which devices waited {row['waited']:.2f} s for decoding; simulated {row['simulated']:.2f} s"
            )
    budget = Budget(seconds=args.batch_seconds, packs=not args.padded)
    times = [given(rtfx, args.batch_ms) for rtfx in args.rtfx]
    if args.measured:
        times = [measured(args.measured, packs=budget.packs)]
    print(
        f"{told(driver)}; {args.decoders} threads decode {args.decode_rtfx:g} times real time each; "
        f"{args.sync_ms:g} ms for a journal to reach the disk, {args.hop_ms:.2g} ms for a message to get somewhere, "
        f"{args.clip_bytes:.0f} bytes of a clip in it at {args.gbit:g} Gbit a second; batches of "
        f"{args.batch_seconds:g} {'padded ' * args.padded}seconds; speeds differ by up to {args.spread:.0%}"
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
