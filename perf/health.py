"""How long `data check` takes beside decoding alone, and the memory that it takes.

Usage: python perf/health.py [PATH|BENCHMARK] [--hours H]

Reads a set (default: `sample`, repeated) with two workers, once with what a run decodes with and once with what
`data check` measures with; they take turns, and the median of three ratios of processor time is given. Then a file of
H hours of stereo at 44.1 kHz is measured in a process of its own, and the peak of its memory beside that of a file of
ten seconds. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WORKERS = 2
ROUNDS = 3
REPEATED = 20
"""Times that the sample is read in a round."""


def seconds(work: Callable[[Any], object], utterances: Sequence[object]) -> float:
    """Of processor time, which other work on the machine disturbs least, by two threads."""
    begin = time.process_time()
    with ThreadPoolExecutor(WORKERS) as pool:
        deque(pool.map(work, utterances), maxlen=0)
    return time.process_time() - begin


def ratio(what: str) -> dict[str, float]:
    """How much longer measuring takes than decoding."""
    from benchmarks.dataset import Request, open_dataset
    from harness.audio import load_clip
    from harness.health.hear import measured
    from harness.request import what_to_run

    _, datasets = what_to_run(what)
    utterances = [one for dataset in datasets for one in open_dataset(dataset, Request())]
    utterances *= REPEATED if what == "sample" else 1
    audio = sum(measured(one)[0].seconds for one in utterances)
    pairs = [(seconds(load_clip, utterances), seconds(measured, utterances)) for _ in range(ROUNDS)]
    return {
        "utterances": len(utterances),
        "audio_hours": round(audio / 3600, 3),
        "ratio": round(statistics.median(check / decode for decode, check in pairs), 2),
        "times_real_time_a_core": round(audio / statistics.median(check for _, check in pairs)),
    }


def peak(path: str) -> float:
    """MiB of this process once it has measured a file."""
    from benchmarks.dataset import Audio, Utterance
    from harness.health.hear import measured

    measured(Utterance(id="a", reference="", language="en", audio=Audio(origin=path, path=Path(path))))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(hours: float) -> dict[str, float]:
    """Peaks of a long and of a short file."""
    import numpy as np
    import soundfile

    found: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        for name, length in (("short_mib", 10.0), ("long_mib", hours * 3600)):
            path = Path(folder) / f"{name}.wav"
            noise = (np.random.default_rng(0).normal(size=(441_000, 2)) * 3_000).astype(np.int16)
            with soundfile.SoundFile(path, "w", 44_100, 2, "PCM_16") as file:
                for _ in range(round(length / 10)):
                    file.write(noise)
            words = [sys.executable, __file__, "--peak", str(path)]
            found[name] = round(float(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
            path.unlink()
    return found


def main() -> None:
    """Measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", default="sample")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        print(peak(args.peak))
        return
    print(json.dumps({**ratio(args.what), **memory(args.hours)}))


if __name__ == "__main__":
    main()
