"""Fuzz: `python -m tools.fuzz --count 100000`, `--jobs 2`, `--log FILE` (which a second call goes on with), `--only N`.

Case N of a seed is always the same one. Each runs in a forked process, which is replaced every few hundred cases, and
where it dies or does not come back. What is printed: counts by verb and outcome, then every fault, with its number:
`--only N --keep DIR` makes it again and leaves its files there.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tools.fuzz.cases import make
from tools.fuzz.worker import WAIT, Result, call, limit, try_case

CHUNK = 200
"""Cases of one process."""
PATIENCE = 1.2 * WAIT
"""Seconds that a process may be silent: one that native code holds up does not hear its alarm."""


def main() -> int:
    """Runs what is asked; 1 where a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="cases (default 2000)")
    parser.add_argument("--begin", type=int, default=0, help="number of the first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="JSON lines of what was done; a second call goes on after them")
    parser.add_argument("--only", type=int, help="one case, in this process")
    parser.add_argument("--keep", type=Path, help="with --only: an empty folder for its files")
    args = parser.parse_args()
    if args.only is not None:
        return _one(args.only, args.seed, args.keep)
    done = list(_logged(args.log))
    known = {result.number for result in done}
    numbers = [number for number in range(args.begin, args.begin + args.count) if number not in known]
    with (args.log or Path(os.devnull)).open("a", encoding="utf-8") as log:
        for result in run(numbers, args.seed):
            done.append(result)
            log.write(result.line())
            log.flush()
            if result.bad:
                print(f"{result.number} {result.verb}: {result.outcome}: {result.told}", file=sys.stderr, flush=True)
    return _tell(done)


def run(numbers: list[int], seed: int) -> Iterator[Result]:
    """The cases, each in a forked process; what becomes of them, in their order."""
    import harness.commands.gate
    import harness.commands.report
    import harness.commands.run
    import harness.commands.score  # noqa: F401 - loaded once, here, for all of them

    at = 0
    while at < len(numbers):
        for result in _in_fork(numbers[at : at + CHUNK], seed):
            at += 1
            yield result


def _in_fork(numbers: list[int], seed: int) -> Iterator[Result]:
    """As many of the cases as one process lives for."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(numbers, seed, reading, writing)
    os.close(writing)
    done = 0
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        for line in _lines(pipe):
            result = Result(**json.loads(line))
            done += 1
            yield result
            if result.outcome == "hang":
                break  # its threads may be at it still
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if done == 0 or (done < len(numbers) and result.outcome != "hang"):
        yield Result(numbers[done], "?", "died", [], f"wait status {status}")


def _child(numbers: list[int], seed: int, reading: int, writing: int) -> None:
    """In the forked process; it never returns."""
    os.close(reading)
    try:
        limit()
        for number in numbers:
            os.write(writing, try_case(number, seed).line().encode())
    finally:
        os.close(writing)
        os._exit(0)  # what is loaded need not be taken down


def _lines(pipe: BinaryIO) -> Iterator[bytes]:
    """The lines of a process, until it ends, or has been silent for too long."""
    held = b""
    while select.select([pipe], [], [], PATIENCE)[0] and (piece := pipe.read(1 << 16)):
        *lines, held = (held + piece).split(b"\n")
        yield from lines


def _logged(path: Path | None) -> Iterator[Result]:
    if path is not None and path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Result(**json.loads(line))


def _one(number: int, seed: int, keep: Path | None) -> int:
    if keep is None:
        result = try_case(number, seed)
    else:
        keep.mkdir(parents=True, exist_ok=True)
        os.chdir(keep)
        case = make(number, seed, Path.cwd())
        result = call(case)
    print(result.line(), end="")
    return int(result.bad)


def _tell(results: list[Result]) -> int:
    """Counts by verb and outcome, and the faults."""
    faults = [result for result in results if result.bad]
    counts = Counter((result.verb, result.outcome) for result in results)
    print(f"{len(results):,} cases, {len(faults):,} faults")
    longest = (max((getattr(one, field) for one in results), default=0) for field in ("processor", "seconds"))
    print("the longest took {:g} s of the processor, {:g} s on the clock,".format(*longest), end=" ")
    print(f"the largest {max((one.mib for one in results), default=0):,} MiB")
    for verb, outcome in sorted(counts):
        print(f"  {verb:<10} {outcome:<10} {counts[verb, outcome]:>8,}")
    for result in faults:
        print(f"{result.number}: {result.outcome}: {' '.join(result.words)[:200]!r}: {result.told[:300]!r}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
