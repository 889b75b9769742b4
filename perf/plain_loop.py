"""The runner against the loop that a model's own documentation shows. Prints one JSON line last.

    python perf/plain_loop.py [--pairs 1] [--model tiny-nar --model whisper-tiny.en] [--clips 200]

Same machine, same clips as files, same weights and decoding options, model loaded and warm on all sides. The wall
clock of each side is from the first file opened to the last text there is; the runner's has its journal in it. Rounds
are interleaved, the first side in turn, and a ratio over 1 means that the runner is faster. `cpu` is the same of the
processor's seconds, which other programs on the machine change less.

whisper-tiny.en has three more sides: faster-whisper's BatchedInferencePipeline a file at a time, and given all clips as
one recording with their bounds (`joined`), which is the only way to have it put short clips into one batch. It writes
no timestamps, so it is compared with the runner under `long_form=cut`, which writes none either.

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
from bisect import bisect
from collections.abc import Callable
from itertools import accumulate, cycle, islice, pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

from benchmarks.dataset import Audio, Request, Utterance, open_dataset
from benchmarks.registry import get_dataset
from harness.config import Settings
from harness.models._faster_whisper import GREEDY, MAX_BATCH
from harness.models._whisper_weights import TINY_EN
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
    from harness.models.base import Model

WARM = 8
"""Clips that each side hears before it is timed."""

CLIPS = {"tiny-nar": ("digits",), "whisper-tiny.en": ("sample_read", "sample_commands")}
"""The benchmarks of each model, whose clips are taken again and again until there are enough."""

NAR_BATCH = 16
"""Clips a batch of tiny-nar, on both sides."""

Side = Callable[["list[Utterance]"], dict[str, str]]
"""Texts by id, of all clips, from files."""


def clips(name: str, folder: Path, count: int) -> list[Utterance]:
    """So many clips of the model's benchmarks as files, most of them several times under other names."""
    rows = [row for one in CLIPS[name] for row in open_dataset(get_dataset(one), Request())]
    found = []
    for number, utterance in enumerate(islice(cycle(rows), count)):
        data = utterance.audio.data
        assert data is not None
        path = folder / f"{utterance.id.replace('/', '_')}_{number // len(rows)}.flac"
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


def faster_whisper_loop(whisper: Any, utterances: list[Utterance]) -> dict[str, str]:
    """As in faster-whisper's README: `segments, _ = model.transcribe(file, ...)`, then a loop over the segments."""
    texts = {}
    for utterance in utterances:
        segments, _ = whisper.transcribe(str(utterance.audio.path), language="en", vad_filter=False, **GREEDY)
        texts[utterance.id] = "".join(segment.text for segment in segments).strip()
    return texts


def batched_pipeline(whisper: Any, utterances: list[Utterance]) -> dict[str, str]:
    """faster-whisper's batched way as its README has it: a file a call."""
    from faster_whisper import BatchedInferencePipeline

    pipeline, texts = BatchedInferencePipeline(whisper), {}
    for utterance in utterances:
        segments, _ = pipeline.transcribe(
            str(utterance.audio.path), language="en", vad_filter=False, batch_size=MAX_BATCH, **GREEDY
        )
        texts[utterance.id] = "".join(segment.text for segment in segments).strip()
    return texts


def joined_pipeline(whisper: Any, utterances: list[Utterance]) -> dict[str, str]:
    """The same in one call: all clips as one recording with the bounds of each, longest first as in the runner."""
    from faster_whisper import BatchedInferencePipeline, decode_audio

    ordered = sorted(utterances, key=lambda utterance: -(utterance.duration or 0.0))
    audio = [decode_audio(str(utterance.audio.path)) for utterance in ordered]
    ends = list(accumulate(len(samples) for samples in audio))
    bounds = [{"start": start / SAMPLE_RATE, "end": end / SAMPLE_RATE} for start, end in pairwise([0, *ends])]
    segments, _ = BatchedInferencePipeline(whisper).transcribe(
        np.concatenate(audio), language="en", batch_size=MAX_BATCH, clip_timestamps=bounds, **GREEDY
    )
    texts = dict.fromkeys((utterance.id for utterance in ordered), "")
    for segment in segments:
        place = bisect(ends, round((segment.start + 0.002) * SAMPLE_RATE))  # its times are rounded to milliseconds
        texts[ordered[place].id] += segment.text
    return {key: text.strip() for key, text in texts.items()}


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


def sides(name: str, folder: Path) -> tuple[dict[str, Side], dict[str, str]]:
    """What is timed, by name, and for each plain way the side of ours that it is compared with."""
    model = load_model(name, LoadOptions())
    ours: dict[str, Side] = {"runner": lambda utterances: runner(model, utterances, folder)}
    if name == "tiny-nar":
        return {**ours, "loop": lambda utterances: granite_nar_loop(model, utterances)}, {"loop": "runner"}
    from faster_whisper import WhisperModel

    cut = load_model(name, LoadOptions(model_option=("long_form=cut",)))
    whisper = WhisperModel(name, device="cpu", compute_type="float32", cpu_threads=os.cpu_count(), files=TINY_EN.read())
    ours["runner_cut"] = lambda utterances: runner(cut, utterances, folder)
    plain: dict[str, Side] = {
        "loop": lambda utterances: faster_whisper_loop(whisper, utterances),
        "pipeline": lambda utterances: batched_pipeline(whisper, utterances),
        "joined": lambda utterances: joined_pipeline(whisper, utterances),
    }
    return {**ours, **plain}, {"loop": "runner", "pipeline": "runner_cut", "joined": "runner_cut"}


def ratios(name: str, pairs: int, count: int) -> dict[str, Any]:
    """Seconds of each plain way over those of the runner, for each round."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        utterances = clips(name, folder, count)
        timed, against = sides(name, folder)
        for run in timed.values():
            run(utterances[:WARM])
        said: dict[str, dict[str, str]] = {}
        wall: dict[str, list[float]] = {side: [] for side in timed}
        cpu: dict[str, list[float]] = {side: [] for side in timed}
        order = list(timed)
        for _ in range(pairs):
            for side in order:
                begin, used = time.perf_counter(), time.process_time()
                said[side] = timed[side](utterances)
                wall[side].append(time.perf_counter() - begin)
                cpu[side].append(time.process_time() - used)
            order.reverse()
    result: dict[str, Any] = {
        "clips": len(utterances),
        "audio_seconds": round(sum(utterance.duration or 0.0 for utterance in utterances), 1),
    }
    for plain, ours in against.items():
        found = [one / other for one, other in zip(wall[plain], wall[ours], strict=True)]
        result[plain] = {
            "against": ours,
            "same_texts": sum(said[plain][key] == said[ours][key] for key in said[plain]),
            "ratios": [round(ratio, 3) for ratio in found],
            "median": round(median(found), 3),
            "cpu": round(median(one / other for one, other in zip(cpu[plain], cpu[ours], strict=True)), 3),
        }
    return result


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--model", action="append", choices=tuple(CLIPS), default=[])
    args = parser.parse_args()
    result = {name: ratios(name, args.pairs, args.clips) for name in args.model or CLIPS}
    print(json.dumps({"benchmark": "plain_loop", **result}))
    different = [name for name, found in result.items() if found["loop"]["same_texts"] != found["clips"]]
    if different:
        sys.exit(f"{', '.join(different)}: the two loops wrote different texts, so their times say nothing")


if __name__ == "__main__":
    main()
