"""What a thousand to a million utterances cost: score, compare, gate, report, a resumed run and its plan.

    python perf/growth.py [--largest N] [--only VERB,...] [--keep DIR] [--minutes M]

Two systems with made-up utterances are written, of the lengths of LibriSpeech's test-clean, a WER of about five
percent, speakers of forty utterances and two tags: 1,000 of them, then ten times as many up to N (default 1,000,000).
Each verb then runs in a process of its own, without counts remembered from before. Wall seconds, seconds of processor
time over all its processes, and the most memory that these held together are printed (on Linux the sum of their
proportional set sizes, so that pages that two share count once, looked at ten times a second; elsewhere `ru_maxrss` of
the first), and the exponent of each from one size to the next: 1 is as many times as there are more utterances, 0 is
what does not grow.

`resume` takes a run whose last 16 utterances are missing to its end, with a model that costs nothing; what reading the
data alone takes, which is no part of the harness's own work, stands beside it as `data`. `plan` is what is planned of
the data, and the batches of the whole set for one device and for 64.

It ends by itself after --minutes (default 40): a verb is not begun that would not be through by then, going by what
fewer utterances took, and is stopped where it is not; what was not measured is said.

`details` is `score --details`, `rows` is `score --per-utterance --alignments`: what is said of single utterances.

The last line is one JSON object; `holds` says of each bar whether it holds at the largest size, null where that was
not measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from perf.made_up_runs import BENCHMARK, LEFT, PROFILE, dataset, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALLEST, LARGEST = 1_000, 1_000_000
MEGABYTE = 1e6
BARS = {
    "score": {"seconds": 60.0, "megabytes": 300.0},
    "report": {"seconds": 60.0, "page_megabytes": 20.0},
    "compare": {"megabytes": 600.0},
    "gate": {"megabytes": 600.0},
    "rows": {"megabytes": 400.0},
    "resume": {"seconds": 10.0},
    "plan": {"seconds": 2.0},
}
"""At a million utterances, on two cores."""
LEAST_SECONDS = 20.0
"""That a verb is given, however few are left."""


class Measured(NamedTuple):
    """One verb at one size."""

    seconds: float
    cpu_seconds: float
    megabytes: float
    page_megabytes: float | None = None


# ---------------------------------------------------------------------------------------------------------------------
# The verbs, each in a process of its own


def command(*arguments: str | Path) -> Callable[[Path], None]:
    """A verb of the command line, on paths below the folder of the runs; `{}` is that folder."""

    def run(folder: Path) -> None:
        from harness.cli import main

        status = int(main([str(one).format(folder) for one in arguments]))
        if status not in {0, 1, 3}:  # the gate fails or does not, which is nothing to us
            raise SystemExit(status)

    return run


def resume(folder: Path) -> None:
    """Goes on with the second run, of which the last lines are missing."""
    from collections.abc import Sequence

    from benchmarks.suite import Suite
    from harness.config import Settings
    from harness.models.base import LoadOptions, Model, ModelCard
    from harness.progress import Silent
    from harness.runner.run import Run
    from harness.runner.stages import Stop
    from harness.types import Clip, Hypothesis

    class Nothing(Model):
        """A model that costs nothing."""

        card = ModelCard(id="nothing-two", revision="1")

        def features(self, clips: Sequence[Clip]) -> int:
            return len(clips)

        def infer(self, features: int) -> int:
            return features

        def text(self, output: int) -> list[Hypothesis]:
            return [Hypothesis(text="nothing")] * output

    def load(_options: LoadOptions) -> Model:
        return Nothing()

    run = Run(
        suite=Suite(name="growth@1", profile=PROFILE, benchmarks=(BENCHMARK,)),
        datasets=[dataset(folder)],
        model_name="nothing-two",
        settings=Settings(out=folder / "resumed", name="two", device="cpu"),
        reporter=Silent(),
        stop=Stop(),
        load=load,
    )
    where = folder / "resumed" / "growth@1"
    where.mkdir(parents=True, exist_ok=True)
    if not (where / "two").exists():
        (where / "two").symlink_to(folder / "two")
    journal = folder / "two" / f"{BENCHMARK}.jsonl"
    cut_off(journal, LEFT)
    before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    begin = time.perf_counter()
    record = run.execute()
    print(f"{time.perf_counter() - begin:.1f} s, {sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - before:.1f} s")
    assert record.complete
    assert record.benchmarks[BENCHMARK].failed == 0


def cut_off(path: Path, lines: int) -> None:
    """Takes the last lines off a file."""
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        begin = max(0, size - 2048 * lines)
        file.seek(begin)
        tail = file.read()
        kept = tail.splitlines(keepends=True)[:-lines]
        file.truncate(begin + sum(map(len, kept)))


def read_data(folder: Path) -> None:
    """Reads the data and does nothing with it."""
    from benchmarks.dataset import Request

    for _ in dataset(folder).sources[0].open(Request()):
        pass


def plan_all(folder: Path) -> None:
    """Plans the whole set, as one window and for many devices; the lengths alone are read."""
    from array import array

    import msgspec

    from harness.runner.plan import Budget, for_devices, padding, plan

    class Length(msgspec.Struct):
        duration: float

    decoder = msgspec.json.Decoder(Length)
    with (folder / "data.jsonl").open("rb") as file:
        seconds = array("d", (decoder.decode(line).duration for line in file))
    begin = time.process_time()
    budget = Budget(seconds=600.0, packs=True)
    batches = plan(seconds, budget)
    padding(seconds, batches)
    for_devices(seconds, budget, 64)
    print(f"planned in {time.process_time() - begin:.2f} s")


VERBS: dict[str, Callable[[Path], None]] = {
    "score": command("score", "{}/one"),
    "details": command("score", "{}/one", "--details"),
    "rows": command("score", "{}/one", "--per-utterance", "{}/rows.jsonl", "--alignments", "{}/rows.txt"),
    "compare": command("compare", "{}/one", "{}/two"),
    "gate": command("gate", "{}/one", "--baseline", "{}/two"),
    "report": command("report", "{}/one", "--out", "{}/page", "--quiet"),
    "data": read_data,
    "plan": plan_all,
    "resume": resume,
}


def child(verb: str, folder: Path, count: int) -> None:
    """What one process does; its last line is what it took."""
    os.environ["ASR_HARNESS_CACHE"] = ""
    begin = time.perf_counter()
    if verb == "make":
        make(folder, count)
    else:
        VERBS[verb](folder)
    seconds = time.perf_counter() - begin
    every = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in every)
    page = folder / "page" / "index.html"
    size = page.stat().st_size / MEGABYTE if verb == "report" else None
    found = Measured(seconds, cpu, every[0].ru_maxrss * 1024 / MEGABYTE, size)
    print(f"\n{json.dumps(found._asdict())}")


def measured(verb: str, folder: Path, count: int, seconds: float) -> Measured | None:
    """A verb in a process of its own; None where it takes more than so many seconds."""
    arguments = [sys.executable, __file__, "--child", verb, "--folder", str(folder), "--count", str(count)]
    end, most = time.monotonic() + seconds, 0.0
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        subprocess.Popen(arguments, stdout=out, stderr=err, text=True) as process,
    ):
        while process.poll() is None:
            most = max(most, held_by(process.pid))
            time.sleep(0.1)
            if time.monotonic() > end:
                process.kill()
                return None
        for one in (out, err):
            one.seek(0)
        if process.returncode:
            raise SystemExit(f"{verb} of {count:,} utterances ended with {process.returncode}:\n{err.read()[-2000:]}")
        found = Measured(**json.loads(out.read().splitlines()[-1]))
    return found._replace(megabytes=most or found.megabytes)


def held_by(pid: int) -> float:
    """Megabytes of a process and those that it started, shared pages counted once; 0 where that is not known."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has just ended, or this is not Linux
        return 0.0
    kilobytes = next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return kilobytes * 1024 / MEGABYTE + sum(held_by(int(child)) for child in children)


# ---------------------------------------------------------------------------------------------------------------------
# What is printed


def exponent(before: float, after: float, times: float) -> float:
    """With which power of the number of utterances a cost grows."""
    return math.log(after / before) / math.log(times) if before > 0 and after > 0 else 0.0


def shown(found: dict[str, dict[int, Measured]]) -> Iterator[str]:
    """The table."""
    yield f"{'verb':8} {'utterances':>11} {'seconds':>8} {'cpu s':>8} {'MB':>7}   exponents: seconds, cpu, MB"
    for verb, sizes in found.items():
        before: tuple[int, Measured] | None = None
        for count, one in sizes.items():
            line = f"{verb:8} {count:11,} {one.seconds:8.2f} {one.cpu_seconds:8.2f} {one.megabytes:7.0f}"
            if before is not None:
                each = (exponent(old, new, count / before[0]) for old, new in zip(before[1][:3], one[:3], strict=True))
                line += "   " + ", ".join(f"{power:.2f}" for power in each)
            if one.page_megabytes is not None:
                line += f"   page of {one.page_megabytes:.1f} MB"
            yield line
            before = count, one


def holds(found: dict[str, dict[int, Measured]], size: int) -> dict[str, bool | None]:
    """Of each bar whether it holds at a size; None where that was not measured."""
    told: dict[str, bool | None] = {}
    for verb, bars in BARS.items():
        if verb in found:
            one = found[verb][size]._asdict() if size in found[verb] else None
            told |= {
                f"{verb} {name} <= {bar:g}": None if one is None else one[name] <= bar for name, bar in bars.items()
            }
    return told


class Time:
    """The seconds that there are.

    Args:
        seconds: all of them.
        now: the clock.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._end = now, now() + seconds

    @property
    def left(self) -> float:
        """What is left of them."""
        return self._end - self._now()

    def enough(self, before: Measured, times: float) -> bool:
        """Whether a verb of so many times as many utterances is likely to be through as the fewer took."""
        return self.left > max(LEAST_SECONDS, times * before.seconds)


def main() -> int:
    """Makes the runs, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=LARGEST, metavar="N", help="utterances (default 1,000,000)")
    parser.add_argument(
        "--only",
        default=",".join(verb for verb in VERBS if verb != "details"),
        metavar="VERB,...",
        help=f"{', '.join(VERBS)} (default: all but details, which holds every utterance in memory)",
    )
    parser.add_argument(
        "--minutes", type=float, default=40.0, metavar="M", help="after which it ends by itself (default 40)"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the runs are written, and stay")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.folder, args.count)
        return 0
    chosen = args.only.split(",")
    if unknown := set(chosen) - set(VERBS):
        parser.error(f"no verb {', '.join(sorted(unknown))}; there are {', '.join(VERBS)}")
    sizes = [SMALLEST]
    while sizes[-1] < args.largest:
        sizes.append(min(sizes[-1] * 10, args.largest))
    found: dict[str, dict[int, Measured]] = {verb: {} for verb in VERBS if verb in chosen}
    left = Time(60 * args.minutes)
    with tempfile.TemporaryDirectory(prefix="growth-") as temporary:
        for fewer, count in pairwise([0, *sizes]):
            folder = (args.keep or Path(temporary)) / str(count)
            if not folder.exists() and measured("make", folder, count, max(LEAST_SECONDS, left.left)) is None:
                break
            for verb, each in found.items():
                one = None
                if not fewer or (fewer in each and left.enough(each[fewer], count / fewer)):
                    one = measured(verb, folder, count, max(LEAST_SECONDS, left.left))
                if one is not None:
                    each[count] = one
                print(f"{verb} of {count:,}: {'no time' if one is None else f'{one.seconds:.1f} s'}", file=sys.stderr)
    print("\n".join(shown(found)))
    told = holds(found, sizes[-1])
    not_measured = [verb for verb, each in found.items() if sizes[-1] not in each]
    if not_measured:
        print(f"not measured at {sizes[-1]:,}, for want of time: {', '.join(not_measured)}")
    print(json.dumps({"benchmark": "growth", "utterances": sizes[-1], "holds": told, "all": all(told.values())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
