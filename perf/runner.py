"""What the runner costs: padding, efficiency, host time an utterance, memory. Prints one JSON line last.

    python perf/runner.py [--clips 5000] [--milliseconds 20]

The model is a stub that occupies a device for a fixed time a clip and does nothing else, so that whatever the wall
clock shows beyond the sum of model times is the harness's own. Audio is real FLAC encoding of noise with the lengths of
LibriSpeech test-clean (`librispeech_test_clean_seconds.txt`, facts of the corpus, in its own order). Real models
against the loops of their own documentation are measured by plain_loop.py.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.dataset import Audio, Utterance
from harness.models.base import Model, ModelCard
from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget, padding, plan
from harness.runner.stages import State, Stop
from harness.types import SAMPLE_RATE, Clip, Hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LENGTHS = Path(__file__).with_name("librispeech_test_clean_seconds.txt")
REFERENCE = "he began a confused complaint against the wizard who had vanished behind the curtain on the left"


class Occupied(Model):
    """A device that is busy for a fixed time a clip, and needs nothing of the host meanwhile."""

    def __init__(self, seconds: float) -> None:
        self.card = ModelCard(id="occupied", batch_invariant=True)
        self._seconds = seconds
        self.busy = 0.0

    def features(self, clips: Sequence[Clip]) -> int:
        """Nothing to do."""
        return len(clips)

    def infer(self, features: int) -> int:
        """Waits as a host waits for a device."""
        begin = time.perf_counter()
        time.sleep(self._seconds * features)
        self.busy += time.perf_counter() - begin
        return features

    def text(self, output: int) -> list[Hypothesis]:
        """The same text for each clip."""
        return [Hypothesis(text=REFERENCE)] * output


def lengths() -> list[float]:
    """Seconds of the 2,620 clips, in the corpus's order."""
    return [float(line) for line in LENGTHS.read_text(encoding="utf-8").split()]


def encoded(seconds: float, noise: np.ndarray[Any, Any]) -> bytes:
    """A FLAC file of that length."""
    buffer = io.BytesIO()
    soundfile.write(buffer, noise[: round(seconds * SAMPLE_RATE)], SAMPLE_RATE, format="FLAC")
    return buffer.getvalue()


def speech(count: int, folder: Path) -> Iterator[Utterance]:
    """Utterances of LibriSpeech lengths; the audio of equal lengths is one file, decoded anew each time."""
    noise = np.random.default_rng(0).normal(0, 0.05, 36 * SAMPLE_RATE).astype(np.float32)
    every = lengths()
    random.Random(0).shuffle(every)
    for number in range(count):
        seconds = every[number % len(every)]
        path = folder / f"{seconds}.flac"
        if not path.exists():
            path.write_bytes(encoded(seconds, noise))
        yield Utterance(
            id=f"u{number}",
            audio=Audio(origin=path.name, path=path),
            reference=REFERENCE,
            language="en",
            duration=seconds,
        )


def run(
    utterances: Iterable[Utterance], model: Model, budget: Budget, folder: Path, workers: int
) -> tuple[float, Clock]:
    """Wall seconds of a whole run, and its clock."""
    clock = Clock()
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    begin = time.perf_counter()
    with JournalFile(path) as journal:
        state = State(model=model, budget=budget, clock=clock, stop=Stop(), warm=True)
        Loop(state=state, benchmark="perf", journal=journal, listener=Silent(), workers=workers).run(utterances)
    return time.perf_counter() - begin, clock


def paddings() -> dict[str, float]:
    """Shares of padding in the plan of 600 seconds a batch, and in batches of 128 clips: sorted, and as they come."""
    every = lengths()
    batches = [list(range(start, min(start + 128, len(every)))) for start in range(0, len(every), 128)]
    return {
        "padding_600_seconds": padding(every, plan(every, Budget(seconds=600.0))),
        "padding_128_sorted": padding(sorted(every), batches),
        "padding_128_as_it_comes": padding(every, batches),
    }


def decoding(utterances: Sequence[Utterance], workers: int) -> float:
    """CPU seconds of decoding alone, in as many threads as a run has."""
    from harness.audio import load_clip

    begin = time.process_time()
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(_dropped, load_clip, utterance) for utterance in utterances]:
            future.result()
    return time.process_time() - begin


def _dropped(decode: Callable[[Utterance], Clip], utterance: Utterance) -> None:
    decode(utterance)


def overhead(utterances: list[Utterance], folder: Path, workers: int, pairs: int) -> tuple[list[float], list[float]]:
    """CPU milliseconds an utterance of decoding, and of a run beyond it, in each of some interleaved pairs."""
    decode, beyond = [], []
    for _ in range(pairs):
        alone = decoding(utterances, workers)
        begin = time.process_time()
        run(utterances, Occupied(0.0), Budget(seconds=600.0), folder, workers)
        beyond.append(1000 * (time.process_time() - begin - alone) / len(utterances))
        decode.append(1000 * alone / len(utterances))
    return decode, beyond


def peak_mib(count: int) -> float:
    """The most memory that a process of its own holds which runs so many utterances of a second."""
    command = [sys.executable, __file__, "--peak-of", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def print_peak(count: int) -> None:
    """What `peak_mib` asks another process for."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "second.flac"
        path.write_bytes(encoded(1.0, np.random.default_rng(0).normal(0, 0.05, SAMPLE_RATE).astype(np.float32)))
        stream = (
            Utterance(
                id=f"u{number}",
                audio=Audio(origin=path.name, path=path),
                reference=f"{number} {REFERENCE}",
                language="en",
                duration=1.0,
            )
            for number in range(count)
        )
        run(stream, Occupied(0.0), Budget(seconds=600.0), Path(name), 2)
    # Not getrusage: its peak is handed down from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


BARS = {
    "padding_600_seconds": 0.04,
    "wall_over_model": 1.03,
    "host_ms_per_utterance_beyond_decoding": 0.3,
    "growth_mib": 50.0,
}
"""The most that each figure may be."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clips", type=int, default=5_000)
    parser.add_argument("--milliseconds", type=float, default=20.0, help="what the stub takes a clip")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5, help="how often overhead is measured; the median counts")
    parser.add_argument("--memory", type=int, nargs=2, default=(5_000, 50_000), help="utterances to compare memory at")
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak_of is not None:
        print_peak(args.peak_of)
        return
    result: dict[str, Any] = {"benchmark": "runner", "clips": args.clips, **paddings()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        utterances = list(speech(args.clips, folder))
        model = Occupied(args.milliseconds / 1000)
        wall, clock = run(utterances, model, Budget(seconds=600.0), folder, args.workers)
        result |= {"wall": wall, "model": model.busy, "wall_over_model": wall / model.busy}
        result |= {"phases": clock.phases, "waited": clock.waited}
        decode, beyond = overhead(utterances[:2000], folder, args.workers, args.pairs)
    result["decode_ms_per_utterance"] = median(decode)
    result |= {"host_ms_per_utterance_beyond_decoding": median(beyond), "host_ms_of_each_pair": beyond}
    peaks = [peak_mib(count) for count in args.memory]
    result |= {"peak_mib": dict(zip(map(str, args.memory), peaks, strict=True)), "growth_mib": peaks[1] - peaks[0]}
    result["kept"] = {name: result[name] <= most for name, most in BARS.items()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
