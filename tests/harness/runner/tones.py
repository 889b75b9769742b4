"""Own data of steady tones, and a model that says how loud each is: what it says depends on the audio alone."""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.own.form import Asked
from harness.config import Settings
from harness.models import base
from harness.progress import Silent
from harness.records.journal import Line, read_journal
from harness.records.run import BenchmarkRecord, RunRecord, read_run_record
from harness.reporting.report import write_scores
from harness.request import own_data
from harness.runner.run import Run
from harness.runner.stages import Stop
from harness.types import SAMPLE_RATE, Clip, Hypothesis

LOUD = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""What the model says of a peak of 0.0, 0.1, ..."""


def tone(path: Path, level: int, seconds: float = 0.2, ending: float | None = None) -> Path:
    """A file of one level, or of a second one in its last half."""
    samples = np.full(round(seconds * SAMPLE_RATE), level / 10, np.float32)
    if ending is not None:
        samples[len(samples) // 2 :] = ending / 10
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, SAMPLE_RATE)
    return path


def manifest(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A manifest of these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Loudness(base.Model):
    """Says the level of each clip, and in German its language besides."""

    def __init__(self, heard: list[str], languages: tuple[str, ...] = (), revision: str = "1") -> None:
        self.heard = heard
        self.card = base.ModelCard(id="loudness", revision=revision, batch_invariant=True, languages=languages)

    def features(self, clips: Sequence[Clip]) -> list[Clip]:
        time.sleep(float(os.environ.get("TONES_SLEEP", "0")))
        self.heard += [clip.id for clip in clips]
        return list(clips)

    def infer(self, features: list[Clip]) -> list[str]:
        return [
            LOUD[round(10 * float(np.abs(clip.waveform).max()))] + (" laut" if clip.language == "de" else "")
            for clip in features
        ]

    def text(self, output: list[str]) -> list[Hypothesis]:
        return [Hypothesis(text=text) for text in output]


class Said(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def noted(self, text: str) -> None:
        self.lines.append(text)


@dataclass(kw_only=True)
class Again:
    """What a command did."""

    folder: Path
    record: RunRecord
    heard: list[str]
    """Ids of the clips that the model was given, warm-up excepted."""
    loaded: int
    """How often the model was loaded."""
    said: list[str]
    scores: Any
    """scores.json as plain values, without speed."""
    lines: list[Line] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the benchmark."""
        (name,) = self.record.benchmarks
        return name

    @property
    def entry(self) -> BenchmarkRecord:
        """Of its one benchmark."""
        return self.record.benchmarks[self.name]

    @property
    def texts(self) -> dict[str, tuple[str, str | None]]:
        """Reference and transcript by id."""
        return {line.id: (line.reference, line.hypothesis) for line in self.lines}

    @property
    def percent(self) -> float:
        """WER."""
        (one,) = self.scores["benchmarks"]
        return round(100 * float(one["wer"]), 2)

    def aside(self, number: int = 1) -> list[str]:
        """Ids of the lines that were set aside."""
        return [line.id for line in read_journal(self.folder / f"{self.name}.jsonl.old{number}").lines]


def run(
    data: Path | Sequence[Path],
    out: Path,
    *,
    language: str | None = None,
    languages: tuple[str, ...] = ("en",),
    **settings: Any,
) -> Again:
    """The command: the model on the data, into `out`."""
    heard: list[str] = []
    loaded: list[str] = []
    suite, datasets = own_data([data] if isinstance(data, Path) else data, Asked(language=language))
    said = Said()

    def load(options: base.LoadOptions) -> base.Model:
        loaded.append("")
        return Loudness(heard, languages)

    work = Run(
        suite=suite,
        datasets=datasets,
        model_name="loudness",
        settings=Settings(out=out, **({"batch_size": 1, "workers": 1} | settings)),
        reporter=said,
        stop=Stop(),
        load=load,
    )
    work.execute()
    write_scores(work.folder)
    name = work.datasets[0].name
    return Again(
        folder=work.folder,
        record=read_run_record(work.folder),
        heard=heard[1:],  # the first call is the warm-up's
        loaded=len(loaded),
        said=said.lines,
        scores=without_speed(json.loads((work.folder / "scores.json").read_text())),
        lines=list(read_journal(work.folder / f"{name}.jsonl").lines),
    )


def without_speed(value: Any) -> Any:
    """A JSON value without what stands under `speed`."""
    if isinstance(value, dict):
        return {key: without_speed(item) for key, item in value.items() if key != "speed"}
    return [without_speed(item) for item in value] if isinstance(value, list) else value


def touch(path: Path, seconds: int = 100) -> None:
    """Other times for the same content."""
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + seconds * 1_000_000_000))


if __name__ == "__main__":  # a process that a test may kill
    run(Path(sys.argv[1]), Path(sys.argv[2]))
