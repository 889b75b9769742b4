"""The host beside a network that takes no time: decode, resample, pack, hand over. Prints one JSON line last.

    python perf/host.py [--clips 1000] [--rounds 3] [--forms flac wav mp3 flac48]

Speech of the embedded sample in files of LibriSpeech test-clean's lengths goes through the runner's own stages to a
model that packs it and answers at once. Printed for each form and number of threads, in milliseconds of the processor
a clip:

    bare      soundfile.read of the file, at its own rate
    decode    the runner's decoding: opened, checked, read, mixed
    resample  of that to 16 kHz
    pack      into one buffer, used again, as for a GPU
    digest    SHA-256 of the encoded audio, by which a later run tells whether it is the same
    own       the rest of the whole run: planning, threads, the journal; a small difference of large numbers
    alone     the same, of a run whose clips are decoded already, less packing
    constant  the whole run of clips of 50 ms: what a clip costs however short it is
    pages     of memory that the system gave the whole run, a count: clearing one takes a microsecond or more

Decoders, soxr and SHA-256 run without Python's lock; what needs it is `constant` at most. So 16 cores are said to reach
the least of: 16 times one core; the audio for which `constant` is one thread's work; the audio that one thread packs.
`--processes` also decodes in processes that hand samples over in shared memory, `--decoders` with other libraries, as
far as they are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import accumulate
from multiprocessing import get_context, shared_memory
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # cores are counted here

import numpy as np
import soundfile
import soxr

from benchmarks.dataset import Audio, Request, Utterance, open_dataset
from benchmarks.registry import get_dataset
from harness.audio import load_clip
from harness.audio.resampling import resample
from harness.models.base import Model, ModelCard
from harness.runner import pipeline
from harness.runner.identity import audio_file
from harness.runner.plan import Budget, plan
from harness.types import SAMPLE_RATE, Clip, Hypothesis
from perf.runner import REFERENCE, lengths, run

FORMS = {"flac": ("FLAC", 16_000), "wav": ("WAV", 16_000), "mp3": ("MP3", 48_000), "flac48": ("FLAC", 48_000)}
"""The format and sample rate of each form."""

BATCH = Budget(seconds=1200.0)
AT_ONCE = 200
"""Clips that are held in memory to be resampled and packed alone."""

CORES = 16
BAR = 20_946 / CORES
"""Times real time a core: the fastest model that is published, shared by 16 cores."""


class Nothing(Model):
    """Packs its clips into one buffer, as models on a GPU do, and answers at once."""

    card = ModelCard(id="nothing", batch_invariant=True, packs=True)

    def __init__(self) -> None:
        self._room = np.empty(0, np.float32)

    def features(self, clips: Sequence[Clip]) -> int:
        """Copies the waveforms one after the other."""
        self._room = pack([clip.waveform for clip in clips], self._room)
        return len(clips)

    def infer(self, features: int) -> int:
        """Nothing."""
        return features

    def text(self, output: int) -> list[Hypothesis]:
        """The same text for each clip."""
        return [Hypothesis(text=REFERENCE)] * output


def pack(waveforms: Sequence[np.ndarray[Any, Any]], room: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Waveforms one after the other in a buffer, which grows where it is too small."""
    total = sum(map(len, waveforms))
    if total > len(room):
        room = np.empty(total + total // 8, np.float32)
    np.concatenate(waveforms, out=room[:total])
    return room


SHORT = 0.05
"""Seconds of a clip that costs nothing but what every clip does."""


def speech(form: str, count: int, folder: Path, every: Sequence[float]) -> list[Utterance]:
    """So many files of lengths that are taken in turn, cut out of the sample's speech at places that differ."""
    sort, rate = FORMS[form]
    rows = [row for name in ("sample_read", "sample_commands") for row in open_dataset(get_dataset(name), Request())]
    said = np.tile(np.concatenate([load_clip(row).waveform for row in rows]), 2)
    said = soxr.resample(said, SAMPLE_RATE, rate)
    found, begin = [], 0
    for number in range(count):
        seconds = every[number % len(every)]
        begin = (begin + 7_919 * 48) % (len(said) - round(seconds * rate))
        path = folder / f"{number}_{seconds}.{sort.lower()}"
        soundfile.write(path, said[begin : begin + round(seconds * rate)], rate, format=sort)
        audio = Audio(origin=path.name, path=path)
        found.append(Utterance(id=f"u{number}", audio=audio, reference=REFERENCE, language="en", duration=seconds))
    return found


def spent(work: Callable[[], object]) -> float:
    """Seconds of the processor that something takes, in all threads."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """One form of audio: milliseconds of the processor a clip."""

    threads: int
    bare: float
    hear: float
    """Decoding and resampling together."""
    decode: float
    resample: float
    pack: float
    digest: float
    own: float
    alone: float
    constant: float
    pages: float
    """Of memory that the system gave the whole run, for each clip."""
    times_real_time_a_core: float
    """Of the whole run."""
    times_real_time_bare: float
    times_real_time_wall: float
    """By the clock, with so many threads; means something on a quiet machine only."""
    projected: float
    """Times real time on 16 cores."""


def in_threads(call: Callable[[Utterance], object], utterances: Iterable[Utterance], threads: int) -> None:
    """Each utterance through a call, whose results are dropped."""
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(lambda one: (call(one), None)[1], one) for one in utterances]:
            future.result()


def bare(utterance: Utterance) -> object:
    """The samples as floats."""
    return soundfile.read(str(utterance.audio.path), dtype="float32")


def measure(form: str, clips: int, folder: Path, threads: int, rounds: int) -> Costs:
    """The medians of some rounds, interleaved."""
    utterances, short = speech(form, clips, folder, lengths()), speech(form, clips, folder, [SHORT])
    heard = sum(one.duration or 0.0 for one in utterances)
    _, rate = FORMS[form]
    loaded = {one.id: (load_clip(one), audio_file(one)) for one in utterances[:AT_ONCE]}
    waveforms = [clip.waveform for clip, _ in loaded.values()]
    raw = [soundfile.read(str(one.audio.path), dtype="float32")[0] for one in utterances[:AT_ONCE]]
    scale = heard / (sum(map(len, waveforms)) / SAMPLE_RATE)
    batches = plan([len(one) / SAMPLE_RATE for one in waveforms], BATCH)
    room = pack(waveforms, np.empty(0, np.float32))
    model = Nothing()
    run(utterances, model, BATCH, folder, threads)  # what is loaded by then is no cost of a clip
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        took["bare"].append(spent(lambda: in_threads(bare, utterances, threads)))
        took["hear"].append(spent(lambda: in_threads(load_clip, utterances, threads)))
        took["digest"].append(spent(lambda: in_threads(audio_file, utterances, threads)))
        took["resample"].append(scale * spent(lambda: [resample(one, rate) for one in raw]))
        took["pack"].append(scale * spent(lambda: [pack([waveforms[at] for at in batch], room) for batch in batches]))
        with mock.patch.object(pipeline, "_load", lambda one: loaded[one.id]):
            alone = spent(lambda: run(utterances[:AT_ONCE], model, BATCH, folder, threads))
        took["alone"].append(clips / len(loaded) * alone - took["pack"][-1])
        took["constant"].append(spent(lambda: run(short, model, BATCH, folder, threads)))
        begin, faults = time.perf_counter(), getrusage(RUSAGE_SELF).ru_minflt
        took["all"].append(spent(lambda: run(utterances, model, BATCH, folder, threads)))
        took["wall"].append(time.perf_counter() - begin)
        took["pages"].append((getrusage(RUSAGE_SELF).ru_minflt - faults) / clips)
    parts = zip(took["all"], took["hear"], took["digest"], took["pack"], strict=True)
    took["own"] = [whole - sum(others) for whole, *others in parts]
    of = {name: median(seconds) for name, seconds in took.items()}
    of["decode"] = of["hear"] - of["resample"]
    names = ("bare", "hear", "decode", "resample", "pack", "digest", "own", "alone", "constant")
    return Costs(
        threads=threads,
        **{name: 1000 / clips * of[name] for name in names},
        pages=of["pages"],
        times_real_time_a_core=heard / of["all"],
        times_real_time_bare=heard / of["bare"],
        times_real_time_wall=heard / of["wall"],
        projected=min(CORES * heard / of["all"], heard / of["constant"], heard / of["pack"]),
    )


_SHARED: list[shared_memory.SharedMemory] = []
CHUNK = 16
"""Clips that a process is asked for at a time."""


def _attach(name: str) -> None:
    _SHARED.append(shared_memory.SharedMemory(name))


def _into(utterances: Sequence[Utterance], begin: int, room: int) -> tuple[list[tuple[int, int]], float]:
    """In another process: decodes into shared memory from a place on; where each clip lies, and processor seconds."""
    began = time.process_time()
    samples: np.ndarray[Any, Any] = np.ndarray(room, np.float32, _SHARED[0].buf, begin * 4)
    places, at = [], 0
    for one in utterances:
        waveform = load_clip(one).waveform
        samples[at : at + len(waveform)] = waveform
        places.append((begin + at, len(waveform)))
        at += len(waveform)
    return places, time.process_time() - began


def in_processes(utterances: list[Utterance], processes: int) -> dict[str, float]:
    """Decoding in processes that write into shared memory: the processor's milliseconds a clip, theirs and ours."""
    heard = sum(one.duration or 0.0 for one in utterances)
    chunks = [utterances[at : at + CHUNK] for at in range(0, len(utterances), CHUNK)]
    sizes = [sum(round((one.duration or 0.0) * SAMPLE_RATE) + 2 * SAMPLE_RATE for one in chunk) for chunk in chunks]
    places = [*accumulate(sizes, initial=0)]
    shared = shared_memory.SharedMemory(create=True, size=4 * places[-1])
    try:
        begin = time.perf_counter()
        context = get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_attach, initargs=(shared.name,)) as pool:
            list(pool.map(_into, [chunks[0]] * processes, [0] * processes, sizes[:1] * processes))  # they start
            began, ours = time.perf_counter(), time.process_time()
            done = list(pool.map(_into, chunks, places[:-1], sizes))
            wall, parent = time.perf_counter() - began, time.process_time() - ours
    finally:
        shared.close()
        shared.unlink()
    each = 1000 / len(utterances)
    return {
        "processes": processes,
        "ms a clip here": each * parent,
        "there": each * sum(seconds for _, seconds in done),
        "seconds to start": began - begin,
        "x by the clock": heard / wall,
    }


def by_others(utterances: list[Utterance]) -> dict[str, float]:
    """Times real time a core of each decoder that is installed, one thread, at the file's own rate."""
    heard = sum(one.duration or 0.0 for one in utterances)
    found = {"soundfile": heard / spent(lambda: [bare(one) for one in utterances])}
    try:
        import av

        def by_av(one: Utterance) -> None:
            with av.open(str(one.audio.path)) as file:
                for frame in file.decode(audio=0):
                    frame.to_ndarray()

        found["PyAV"] = heard / spent(lambda: list(map(by_av, utterances)))
    except ImportError:
        pass
    try:
        from torchcodec.decoders import AudioDecoder  # type: ignore[import-not-found,unused-ignore]

        found["torchcodec"] = heard / spent(
            lambda: [AudioDecoder(str(one.audio.path)).get_all_samples() for one in utterances]
        )
    except (ImportError, RuntimeError):
        pass
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clips", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median counts")
    parser.add_argument("--forms", nargs="+", choices=tuple(FORMS), default=list(FORMS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--processes", action="store_true", help="decode in processes too")
    parser.add_argument("--decoders", action="store_true", help="other libraries that decode too")
    args = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "host", "clips": args.clips, "bar": BAR, "forms": {}}
    columns = ("threads", "bare", "decode", "resample", "pack", "digest", "own", "alone", "constant", "pages")
    rates = ("x a core", "x bare", "x by the clock", "x on 16")
    print("milliseconds of the processor a clip; x: times real time")
    print(f"{'form':8}", *(f"{name:>8}" for name in columns), *(f"{name:>14}" for name in rates))
    for form in args.forms:
        with tempfile.TemporaryDirectory() as name:
            folder, entry = Path(name), dict[str, Any]()
            entry["threads"] = [asdict(measure(form, args.clips, folder, n, args.rounds)) for n in args.threads]
            for one in entry["threads"]:
                costs = (f"{one[name]:8.3f}" for name in columns[1:])
                print(f"{form:8} {one['threads']:8}", *costs, *(f"{value:14,.0f}" for value in [*one.values()][-4:]))
            if args.processes:
                files = speech(form, args.clips, folder, lengths())
                entry["processes"] = [in_processes(files, count) for count in args.threads]
                for each in entry["processes"]:
                    print(f"{form:8} in {each['processes']:.0f} processes: {spoken(each)}")
            if args.decoders:
                entry["decoders"] = by_others(speech(form, args.clips, folder, lengths()))
                print(f"{form:8} by {spoken(entry['decoders'])}")
            result["forms"][form] = entry
    print(json.dumps(result))


def spoken(figures: dict[str, float]) -> str:
    """Names and figures on one line."""
    return ", ".join(
        f"{name} {value:,.3g}" if value < 1_000 else f"{name} {value:,.0f}" for name, value in figures.items()
    )


if __name__ == "__main__":
    main()
