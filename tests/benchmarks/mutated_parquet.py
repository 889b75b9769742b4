"""Run by test_mutated_parquet.py in a process of its own: reads broken Parquet files, and counts what came."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from harness.errors import DataError

FOOTER = 3_000
"""Bytes at the end in which most changes are made: that is where the layout stands."""


def main(path: Path, count: int) -> None:
    """Breaks and reads the file again and again; prints one JSON line."""
    rng = random.Random(7)
    whole = path.read_bytes()
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            first = len(data) - FOOTER if rng.random() < 0.6 else 0
            data[rng.randrange(first, len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            request = Request(root=path.parents[3])
            outcomes["read"] += sum(1 for _ in open_dataset(get_dataset("librispeech_test_other"), request)) > 0
        except DataError as error:
            outcomes["refused" if "\n" not in str(error) else "wrong"] += 1
    # Not ru_maxrss, which begins with what the process held that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({**outcomes, "peak_mib": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
