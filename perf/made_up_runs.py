"""Runs of two systems with made-up utterances, and the data that they are of: what `perf/growth.py` measures with."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from benchmarks.dataset import Dataset, Request

ROOT = Path(__file__).resolve().parent.parent
BENCHMARK = "growth"
PROFILE = "leaderboard@2026-10"
PER_SESSION = 40
LEFT = 16
"""Utterances that the resumed run lacks."""
WORDS_A_SECOND = 2.7
SHARES = {"substituted": 0.035, "deleted": 0.008, "inserted": 0.007}
"""Of the words, what a system does."""
FREQUENT = (
    "the of and to a in that he was it his her with as had for she not but at on is you be i my "
    "mister twenty one don't o'clock honour gray"
)
SYLLABLES = "ba ca de fi go ha le mi no pu ra se ti vo ze lo ner ster ment ing"


def vocabulary(draw: random.Random) -> list[str]:
    """Words, the frequent ones first: the short ones of the language, and some that rules of numbers look at."""
    parts = SYLLABLES.split()
    made = {"".join(draw.choices(parts, k=draw.randint(2, 4))) for _ in range(12_000)}
    return [*FREQUENT.split(), *sorted(made)]


def texts(draw: random.Random, seconds: Iterator[float]) -> Iterator[tuple[float, str, list[str]]]:
    """For ever: seconds of an utterance, its reference, and what two systems write."""
    from itertools import accumulate

    words = vocabulary(draw)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    chances = list(accumulate((*SHARES.values(), 1 - sum(SHARES.values()))))
    for length in seconds:
        said = draw.choices(words, cum_weights=weights, k=max(1, round(length * WORDS_A_SECOND)))
        written = []
        for _ in range(2):
            heard: list[str] = []
            for word, what in zip(said, draw.choices("sdi-", cum_weights=chances, k=len(said)), strict=True):
                if what != "d":
                    heard.append(word if what != "s" else draw.choice(words))
                if what == "i":
                    heard.append(draw.choice(words))
            written.append(" ".join(heard))
        yield length, f"{' '.join(said).capitalize()}.", written


def make(folder: Path, count: int) -> None:
    """Writes the data, and a complete run of each of two systems."""
    import itertools
    import random

    import msgspec
    import numpy as np
    import soundfile

    from harness.models.base import ModelCard
    from harness.records.codec import write
    from harness.records.journal import AudioFile, Line
    from harness.records.run import RUN_FILE, BenchmarkRecord, ModelRecord, RunRecord
    from harness.records.speed import Speed
    from harness.types import SAMPLE_RATE

    lengths = [float(one) for one in (ROOT / "perf" / "librispeech_test_clean_seconds.txt").read_text().split()]
    drawn = texts(random.Random(count), itertools.cycle(lengths))
    folder.mkdir(parents=True)
    for number in range(count - LEFT, count):  # no other is listened to
        seconds = lengths[number % len(lengths)]
        soundfile.write(folder / f"{seconds}.flac", np.zeros(round(seconds * SAMPLE_RATE), np.float32), SAMPLE_RATE)
    encoder = msgspec.json.Encoder()
    runs = [folder / name for name in ("one", "two")]
    for run in runs:
        run.mkdir()
    with (
        (runs[0] / f"{BENCHMARK}.jsonl").open("wb") as one,
        (runs[1] / f"{BENCHMARK}.jsonl").open("wb") as two,
        (folder / "data.jsonl").open("wb") as data,
    ):
        for number in range(count):
            seconds, reference, written = next(drawn)
            speaker = number // PER_SESSION
            facts: dict[str, Any] = {
                "id": f"{speaker}-{speaker % 97}-{number:07}",
                "reference": reference,
                "session": f"speaker {speaker}",
                "duration": seconds,
                "tags": {"gender": "fm"[speaker % 2], "accent": f"accent {speaker % 7}"},
            }
            data.write(encoder.encode(facts) + b"\n")
            heard = AudioFile(1000 + number % 9973, f"{number:016x}", 1_700_000_000_000_000_000, 0, number, "")
            facts |= {
                "language": "en",
                "audio_seconds": seconds,
                "time": seconds / 2000,
                "batch": number // 64,
                "undisturbed": True,
                "audio": f"LibriSpeech/test-clean/{speaker}/{number:07}.flac",
                "audio_file": heard,
            }
            for file, hypothesis in zip((one, two), written, strict=True):
                file.write(encoder.encode(Line(hypothesis=hypothesis, **facts)) + b"\n")
    for run in runs:
        entry = BenchmarkRecord(
            language="en", done=count, failed=0, expected=count, complete=True, revision="1" * 40, speed=Speed(rtfx=2e3)
        )
        card = msgspec.convert(ModelCard(id=f"nothing-{run.name}", revision="1"), ModelRecord, from_attributes=True)
        record = RunRecord(suite="growth@1", profile=PROFILE, model=card, complete=True, benchmarks={BENCHMARK: entry})
        write(run / RUN_FILE, record)


def dataset(folder: Path) -> Dataset:
    """The data set that was written, at a revision, as the hub has them."""
    import msgspec

    from benchmarks.dataset import Audio, Dataset, Source, Utterance

    class Row(msgspec.Struct):
        id: str
        reference: str
        session: str
        duration: float
        tags: dict[str, str]

    def heard(seconds: float) -> Audio:
        return Audio(origin=f"{seconds}.flac", path=folder / f"{seconds}.flac")

    def utterances(_request: Request) -> Iterator[Utterance]:
        decoder, audio = msgspec.json.Decoder(Row), functools.cache(heard)
        with (folder / "data.jsonl").open("rb") as file:
            for line in file:
                row = decoder.decode(line)
                yield Utterance(
                    id=row.id,
                    reference=row.reference,
                    session=sys.intern(row.session),
                    duration=row.duration,
                    tags=row.tags,
                    audio=audio(row.duration),
                    language="en",
                )

    source = Source(kind="hub", where="made/up", open=utterances, state=lambda _request: "1" * 40, revision="1" * 40)
    return Dataset(name=BENCHMARK, title="Made up", language="en", license=None, sources=(source,))
