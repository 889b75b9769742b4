"""The runner against the loop that a model's own documentation shows. Prints one JSON line last.

    python perf/plain_loop.py [--pairs 5] [--model tiny-nar --model whisper-tiny.en]

Same machine, same clips as files, same weights and decoding options, model loaded and warm on both sides. The wall
clock of each side is from the first file opened to the last text there is; the runner's has its journal in it. Pairs
are interleaved, the first of a pair in turn, and a ratio over 1 means that the runner is faster.

OpenMP's threads wait without spinning here, on both sides. Where something else runs on the machine, spinning makes a
loop that computes in one thread several times slower than one that computes in two, which says nothing about either.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

from benchmarks.dataset import Audio, Request, Utterance, open_dataset
from benchmarks.registry import get_dataset
from harness.config import Settings
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.progress import Silent
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget
from harness.runner.stages import State, Stop
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.models.base import Model

CLIPS = {"tiny-nar": ("digits", 4), "whisper-tiny.en": ("sample_read", 1)}
"""The benchmark of each model, and how often its clips are taken."""

NAR_BATCH = 16
"""Clips a batch of tiny-nar, on both sides."""


def clips(name: str, folder: Path) -> list[Utterance]:
    """The model's clips as files, some of them several times under other names."""
    benchmark, times = CLIPS[name]
    found = []
    for utterance in open_dataset(get_dataset(benchmark), Request()):
        data = utterance.audio.data
        assert data is not None
        for copy in range(times):
            path = folder / f"{utterance.id.replace('/', '_')}_{copy}.flac"
            path.write_bytes(data)
            found.append(
                Utterance(
                    id=path.stem,
                    audio=Audio(origin=path.name, path=path),
                    reference=utterance.reference,
                    language="en",
                    duration=utterance.duration,
                )
            )
    return found


def faster_whisper_loop(model: Any, utterances: list[Utterance]) -> dict[str, str]:
    """As in faster-whisper's README: `segments, _ = model.transcribe(file, ...)`, then a loop over the segments."""
    texts = {}
    for utterance in utterances:
        segments, _ = model._model.transcribe(
            str(utterance.audio.path),
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        texts[utterance.id] = "".join(segment.text for segment in segments).strip()
    return texts


def granite_nar_loop(model: Any, utterances: list[Utterance]) -> dict[str, str]:
    """As on the model's card: files read, processor, transcribe, batch_decode; a batch after the other."""
    from harness.models.granite_nar.features import log_mel, pack_audio

    config = model.network.config.features
    texts = {}
    for start in range(0, len(utterances), NAR_BATCH):
        batch = utterances[start : start + NAR_BATCH]
        read = [soundfile.read(utterance.audio.path, dtype="float32") for utterance in batch]
        audios = [soxr.resample(samples, rate, SAMPLE_RATE) for samples, rate in read]
        rows, frames = log_mel(pack_audio(audios, config), config, model.device)
        output = model.network.transcribe(rows, frames, model.attention)
        for utterance, text in zip(batch, model.tokenizer.decode(output.final), strict=True):
            texts[utterance.id] = text
    return texts


PLAIN: dict[str, Callable[[Any, list[Utterance]], dict[str, str]]] = {
    "tiny-nar": granite_nar_loop,
    "whisper-tiny.en": faster_whisper_loop,
}


def runner(model: Model, utterances: list[Utterance], folder: Path) -> dict[str, str]:
    """The same through the runner, journal and all."""
    budget = Settings().on().budget(model.card)
    if model.card.packs:
        budget = Budget(clips=NAR_BATCH, packs=True)
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    with JournalFile(path) as journal:
        state = State(model=model, budget=budget, clock=Clock(), stop=Stop(), warm=True)
        Loop(state=state, benchmark="perf", journal=journal, listener=Silent()).run(utterances)
        return {line.id: line.hypothesis or "" for line in journal.lines}


def ratios(name: str, pairs: int) -> dict[str, Any]:
    """Seconds of the plain loop over those of the runner, for each pair."""
    model = load_model(name, LoadOptions())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        utterances = clips(name, folder)
        sides: list[Callable[[], dict[str, str]]] = [
            lambda: PLAIN[name](model, utterances),
            lambda: runner(model, utterances, folder),
        ]
        said = [side() for side in sides]  # warm
        seconds: list[list[float]] = [[], []]
        for pair in range(pairs):
            for side in (0, 1) if pair % 2 == 0 else (1, 0):
                begin = time.perf_counter()
                sides[side]()
                seconds[side].append(time.perf_counter() - begin)
    model.close()
    found = [plain / ours for plain, ours in zip(*seconds, strict=True)]
    return {
        "clips": len(utterances),
        "audio_seconds": round(sum(utterance.duration or 0.0 for utterance in utterances), 1),
        "same_texts": sum(said[0][key] == said[1][key] for key in said[0]),
        "ratios": [round(ratio, 3) for ratio in found],
        "median": round(median(found), 3),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--model", action="append", choices=tuple(PLAIN), default=[])
    args = parser.parse_args()
    result = {name: ratios(name, args.pairs) for name in args.model or PLAIN}
    print(json.dumps({"benchmark": "plain_loop", **result}))
    different = [name for name, found in result.items() if found["same_texts"] != found["clips"]]
    if different:
        sys.exit(f"{', '.join(different)}: the two loops wrote different texts, so their times say nothing")


if __name__ == "__main__":
    main()
