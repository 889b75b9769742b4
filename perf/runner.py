"""What the runner costs: efficiency, host time an utterance, padding, memory. Prints one JSON line last.

    python perf/runner.py [--clips 5000] [--milliseconds 20]

The model is a stub that occupies a device for a fixed time a clip and does nothing else, so that whatever the wall
clock shows beyond the sum of model times is the harness's own. Audio is real FLAC encoding of noise with the lengths of
LibriSpeech test-clean (`librispeech_test_clean_seconds.txt`, facts of the corpus).
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.dataset import Audio, Utterance
from harness.models.base import Model, ModelCard
from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import Journal
from harness.runner.loop import Loop, Stop
from harness.runner.plan import Budget, padding, plan
from harness.types import SAMPLE_RATE, Clip, Hypothesis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def run(utterances: list[Utterance], model: Model, budget: Budget, folder: Path, workers: int) -> tuple[float, Clock]:
    """Wall seconds of a whole run, and its clock."""
    clock = Clock()
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    begin = time.perf_counter()
    with Journal(path) as journal:
        loop = Loop(
            model=model,
            benchmark="perf",
            journal=journal,
            budget=budget,
            clock=clock,
            listener=Silent(),
            stop=Stop(),
            workers=workers,
            warm=True,
        )
        loop.run(utterances)
    return time.perf_counter() - begin, clock


def decoding(utterances: Sequence[Utterance]) -> float:
    """CPU seconds of decoding alone."""
    from harness.runner.audio import load_clip

    begin = time.process_time()
    for utterance in utterances:
        load_clip(utterance)
    return time.process_time() - begin


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clips", type=int, default=5_000)
    parser.add_argument("--milliseconds", type=float, default=20.0, help="what the stub takes a clip")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", type=int, nargs=2, default=(5_000, 50_000), help="utterances to compare memory at")
    args = parser.parse_args()
    result: dict[str, Any] = {"clips": args.clips}
    every = lengths()
    shuffled = random.Random(0).sample(every, len(every))
    in_order = [list(range(start, min(start + 128, len(every)))) for start in range(0, len(every), 128)]
    result["padding_600_seconds"] = padding(every, plan(every, Budget(seconds=600.0)))
    result["padding_128_sorted"] = padding(every, plan(every, Budget(clips=128)))
    result["padding_128_as_it_comes"] = padding(shuffled, in_order)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        utterances = list(speech(args.clips, folder))
        model = Occupied(args.milliseconds / 1000)
        wall, clock = run(utterances, model, Budget(seconds=600.0), folder, args.workers)
        result |= {"wall": wall, "model": model.busy, "wall_over_model": wall / model.busy, "phases": clock.phases}

        begin = time.process_time()
        run(utterances, Occupied(0.0), Budget(seconds=600.0), folder, args.workers)
        whole = time.process_time() - begin
        alone = decoding(utterances)
        result["host_ms_per_utterance_beyond_decoding"] = 1000 * (whole - alone) / len(utterances)

        peaks = []
        for count in args.memory:
            short = utterances[0].audio
            many = [
                Utterance(id=f"m{n}", audio=short, reference=REFERENCE, language="en", duration=utterances[0].duration)
                for n in range(count)
            ]
            run(many, Occupied(0.0), Budget(seconds=600.0), folder, args.workers)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        result["peak_mib"] = dict(zip(map(str, args.memory), peaks, strict=True))
        result["growth_mib"] = peaks[1] - peaks[0]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
