"""A run of a stub model on made-up data, or of tiny-nar on spoken digits, as a process of its own that a test may kill.

python stub_run.py OUT UTTERANCES SECONDS_PER_CLIP|tiny-nar [BATCH_TIMEOUT HANGS_AT]
"""

import io
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.dataset import Audio, Dataset, Request, Source, Utterance
from benchmarks.registry import Suite, get_dataset
from harness.config import Settings
from harness.errors import HarnessError
from harness.models import base
from harness.progress import Silent
from harness.reporting.report import write_scores
from harness.runner import run as run_module
from harness.runner.stages import Stop
from harness.types import SAMPLE_RATE, Clip, Hypothesis

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "again", "and", "again"]


def audio(number: int) -> bytes:
    buffer = io.BytesIO()
    samples = np.full(SAMPLE_RATE // 10 + 160 * (number % 17), number / 1000, np.float32)
    soundfile.write(buffer, samples, SAMPLE_RATE, format="FLAC")
    return buffer.getvalue()


def dataset(count: int) -> Dataset:
    def utterances(request: Request) -> Iterator[Utterance]:
        request.note("source", "embedded:made up")
        request.note("revision", "r1")
        for number in range(count):
            yield Utterance(
                id=f"u{number:04}",
                audio=Audio(origin=f"u{number}", data=audio(number)),
                reference=" ".join(WORDS[: 3 + number % 8]),
                language="en",
                duration=0.1 + 0.01 * (number % 17),
                session=f"speaker{number % 7}",
            )

    source = Source(kind="embedded", where="made up", open=utterances)
    return Dataset(name="stub", title="Stub", language="en", license="CC0-1.0", sources=(source,), rows=count)


def digits(count: int) -> Dataset:
    """The project's spoken digits, each several times under ids of its own."""
    corpus = get_dataset("digits")

    def utterances(request: Request) -> Iterator[Utterance]:
        every = list(corpus.sources[0].open(request))
        for number in range(count):
            yield replace(every[number % len(every)], id=f"u{number:04}")

    source = replace(corpus.sources[0], open=utterances)
    return replace(corpus, name="stub", sources=(source,), rows=count, hours=None, words=None)


class Slow(base.Model):
    """Leaves out the last word of every third clip; takes its time."""

    def __init__(self, seconds: float, hangs_at: int | None = None) -> None:
        self.seconds, self.hangs_at = seconds, hangs_at
        self.card = base.ModelCard(id="slow", revision="1", batch_invariant=True)

    def features(self, clips: Sequence[Clip]) -> list[int]:
        return [int(clip.id[1:]) for clip in clips]

    def infer(self, features: list[int]) -> list[int]:
        time.sleep(3600.0 if self.hangs_at in features else self.seconds * len(features))
        return features

    def text(self, output: list[int]) -> list[Hypothesis]:
        return [Hypothesis(text=" ".join(WORDS[: 3 + n % 8 - (n % 3 == 0)])) for n in output]


def main(out: str, count: int, model: str, batch_timeout: float | None = None, hangs_at: int | None = None) -> None:
    tiny = model == "tiny-nar"
    if not tiny:
        setattr(run_module, "load_model", lambda _name, _options: Slow(float(model), hangs_at))  # noqa: B010 - no export
    work = run_module.Run(
        suite=Suite(name="stubs", profile="card@2026-04", benchmarks=("stub",)),
        datasets=[digits(count) if tiny else dataset(count)],
        model_name=model if tiny else "slow",
        settings=Settings(out=Path(out), batch_size=4, batch_timeout=batch_timeout),
        reporter=Silent(),
        stop=Stop(),
    )
    work.execute()
    write_scores(work.folder)


if __name__ == "__main__":
    timeout, hangs = (float(sys.argv[4]), int(sys.argv[5])) if len(sys.argv) > 4 else (None, None)
    try:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3], timeout, hangs)
    except HarnessError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_status)
