"""Speed of the native Granite Speech NAR, in one call of at most nine minutes. Prints one JSON line last.

    python perf/granite_nar.py                      on a GPU: the full 2.25 B model
    python perf/granite_nar.py --device cpu         a scaled-down model; packed against padded

First the ways of `--model-option kernels=` and `products=` run interleaved on some of the batches, with ids held
against the plain way's (`--ways` chooses; compiling takes a minute or more). The fastest of those with products of 16
bits then runs all of LibriSpeech test-clean and test-other in batches of 128 and 512, and one batch under torch's
profiler. `--seconds` (480) is for all of it: a step that fails or takes too long costs itself, and is named under
`not_done`.

Weights are random and made on the device, and so are waveforms: nothing is downloaded and flash-attn is not needed.
Clip lengths are those of the corpora (`librispeech_test_*_seconds.txt`, facts of them). Random weights draft nonsense,
so the draft's length is set to 3.5 tokens a second of audio, as real drafts have; the editor always runs.

RTFx is seconds of audio over seconds of features, transfer, model and text (ids only: there is no tokenizer), after a
warm-up on the longest and shortest batches, the device synchronized at the end of each batch. Shares of components come
from a second pass that also synchronizes between them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.models.granite_nar.attention import choose_backend
from harness.models.granite_nar.config import EditorConfig, EncoderConfig, GraniteNarConfig, ProjectorConfig
from harness.models.granite_nar.features import log_mel, pack_audio
from harness.models.granite_nar.network import GraniteNar
from harness.models.granite_nar.packing import Blocks, PackedLengths
from harness.types import SAMPLE_RATE
from perf.steps import Steps
from perf.variants import FP8, WAYS, ids_of
from perf.variants import measured as measured_ways
from perf.variants import show as show_ways

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LENGTHS = Path(__file__).with_name("librispeech_test_clean_seconds.txt")
CORPORA = {"test-clean": LENGTHS, "test-other": LENGTHS.with_name("librispeech_test_other_seconds.txt")}
SAMPLED = 5
"""Batches of test-clean that the ways are compared on."""
GRACE_SECONDS = 30.0
"""After the last second, until a call that does not come back ends the program."""
TOKENS_A_SECOND = 3.5
CARD_RTFX = 1820
"""What the model's card states for one H100 at batch 128."""
CEILING_RTFX = 7600
"""FLOPs of a second of audio at 790 TFLOP/s, the arithmetic ceiling of an H100."""
DENSE_BF16 = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bfloat16 FLOP/s of the data sheets."""

SCALED_DOWN = GraniteNarConfig(
    encoder=EncoderConfig(
        num_layers=4, hidden_dim=256, num_heads=4, dim_head=64, bpe_output_dim=4096, self_conditioning_layer=2
    ),
    projector=ProjectorConfig(hidden_size=256, num_heads=4, encoder_dim=256, llm_dim=256),
    editor=EditorConfig(
        num_hidden_layers=6,
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        vocab_size=4096,
    ),
    encoder_layer_indices=(1, 2, 3, -1),
    blank_token_id=4095,
)


def random_network(config: GraniteNarConfig, device: torch.device, dtype: torch.dtype) -> GraniteNar:
    """The network with random weights, made on the device in its dtype."""
    with torch.device("meta"):
        network = GraniteNar(config)
    network = network.to(dtype).to_empty(device=device)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if "norm" in name and name.endswith(("weight", "running_var")):
                tensor.fill_(1.0)
            elif tensor.is_floating_point():
                tensor.normal_(0, 0.02)
            else:
                tensor.zero_()
    return network.eval().requires_grad_(False)


@dataclass
class Stopwatch:
    """Seconds of each component, where it is asked to look."""

    device: torch.device
    looking: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = 0.0

    def begin(self) -> None:
        """A batch begins."""
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """What ran since the last lap was this component."""
        if not self.looking:
            return
        self.synchronize()
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now

    def synchronize(self) -> None:
        """Waits for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


@torch.inference_mode()
def transcribe(
    network: GraniteNar,
    waveforms: list[NDArray[np.float32]],
    drafts: list[NDArray[np.int64]],
    attention: str,
    watch: Stopwatch,
) -> int:
    """All that is done for a batch; the number of final tokens."""
    watch.begin()
    audio = pack_audio(waveforms, network.config.features)
    watch.lap("packing")
    rows, frames = log_mel(audio, network.config.features, watch.device)
    watch.lap("features")
    network.prepare(frames)
    watch.lap("index tensors")
    encoded = network.encode(rows, frames)
    watch.lap("encoder")
    drafted = network.begin_draft(encoded, frames)  # its cost counts; it is replaced by a draft of real length
    watch.lap("draft head")
    embeddings, tokens = network.projector(encoded.states, frames)
    watch.lap("projector")
    drafted()
    edited = network.edit(embeddings, tokens, drafts, attention)
    watch.lap("editor")
    final = network.final(edited)
    watch.lap("editor head")
    return sum(len(each) for each in final)


def flops(config: GraniteNarConfig, seconds: NDArray[np.float64]) -> float:
    """FLOPs of clips: two a multiply-add of all matrix products, padding not counted."""
    e, p, t = config.encoder, config.projector, config.editor
    frames = np.floor(seconds * 50)
    inner = e.num_heads * e.dim_head
    layer = 4 * e.hidden_dim**2 * e.feedforward_mult + 4 * e.hidden_dim * inner
    layer += e.hidden_dim**2 * e.conv_expansion_factor * 3 + e.hidden_dim * e.conv_expansion_factor * e.conv_kernel_size
    layer += 3 * min(e.context_size, 200) * inner
    encoder = frames * (e.num_layers * layer + e.input_dim * e.hidden_dim + 2 * e.output_dim * e.hidden_dim)
    head = frames / e.bpe_pooling_window * e.hidden_dim * e.bpe_output_dim
    per_frame = e.hidden_dim * p.num_encoder_layers * p.hidden_size + p.num_layers * 2 * p.hidden_size**2
    per_query = p.num_layers * (2 * p.hidden_size**2 + 2 * p.mlp_ratio * p.hidden_size**2) + p.hidden_size * p.llm_dim
    projector = frames * per_frame + frames / p.downsample_rate * per_query
    text = 2 * np.round(TOKENS_A_SECOND * seconds) + 1
    rows = frames / p.downsample_rate + text
    heads, shared = t.num_attention_heads * t.head_dim, t.num_key_value_heads * t.head_dim
    linear = 2 * t.hidden_size * heads + 2 * t.hidden_size * shared + 3 * t.hidden_size * t.intermediate_size
    editor = t.num_hidden_layers * (rows * linear + 2 * rows**2 * heads)
    return float(2 * (encoder + head + projector + editor + text * t.hidden_size * t.vocab_size).sum())


def batches_of(seconds: NDArray[np.float64], size: int) -> list[NDArray[np.float64]]:
    """Clip lengths in batches, the longest first, as the runner orders them."""
    ordered = np.sort(seconds)[::-1]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def empty_slots(seconds: NDArray[np.float64], config: GraniteNarConfig) -> float:
    """Share of the slots of the encoder's attention blocks that hold no frame; all other layers of it are packed."""
    blocks = Blocks(PackedLengths(np.floor(seconds * 50).astype(np.int64)), config.encoder.context_size, shrink=True)
    return 1 - float(np.floor(seconds * 50).sum()) / (blocks.total * blocks.size)


def measure(
    network: GraniteNar, batches: list[NDArray[np.float64]], attention: str, device: torch.device
) -> dict[str, Any]:
    """RTFx, shares and memory of some batches."""
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 0.05, int(40 * SAMPLE_RATE)).astype(np.float32)
    vocabulary = network.config.blank_token_id

    def prepared(seconds: NDArray[np.float64]) -> tuple[list[NDArray[np.float32]], list[NDArray[np.int64]]]:
        waveforms = [noise[: int(each * SAMPLE_RATE)] for each in seconds]
        drafts = [generator.integers(0, vocabulary, round(TOKENS_A_SECOND * each)) for each in seconds]
        return waveforms, drafts

    watch = Stopwatch(device)
    for seconds in (batches[0], batches[-1]):
        transcribe(network, *prepared(seconds), attention, watch)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    times: list[float] = []
    tokens = 0
    for seconds in batches:
        inputs = prepared(seconds)
        watch.synchronize()
        began = time.perf_counter()
        tokens += transcribe(network, *inputs, attention, watch)
        watch.synchronize()
        times.append(time.perf_counter() - began)
    watch.looking = True
    for seconds in batches:
        transcribe(network, *prepared(seconds), attention, watch)
    audio = float(sum(seconds.sum() for seconds in batches))
    total = sum(times)
    work = sum(flops(network.config, seconds) for seconds in batches)
    counted = sum(watch.seconds.values())
    peak = next(
        (
            value
            for key, value in DENSE_BF16.items()
            if device.type == "cuda" and key in torch.cuda.get_device_name(device)
        ),
        None,
    )
    drafted = sum(round(TOKENS_A_SECOND * each) for seconds in batches for each in seconds)
    return {
        "rtfx": audio / total,
        "seconds": total,
        "audio_seconds": audio,
        "draft_tokens_a_second": drafted / total,
        "tflops_a_second": work / total / 1e12,
        "flop_utilization": work / total / peak if peak else None,
        "shares": {name: value / counted for name, value in watch.seconds.items()},
        "empty_attention_slots": float(np.mean([empty_slots(seconds, network.config) for seconds in batches])),
        "peak_memory_gib": torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else None,
    }


def on_gpu(arguments: argparse.Namespace, steps: Steps) -> None:
    """The full model: ways side by side on some of the batches, the fastest on all of both test sets."""
    device = torch.device("cuda")
    attention = choose_backend(arguments.attention, device, torch.bfloat16)
    network = random_network(GraniteNarConfig().check(), device, torch.bfloat16)
    steps.found |= {
        "device": torch.cuda.get_device_name(device),
        "attention": attention,
        "model": "full size, random weights, bfloat16",
    }
    corpora = {name: _some(lengths(path), arguments.clips) for name, path in CORPORA.items()}
    every = batches_of(corpora["test-clean"], 128)
    ways = side_by_side(network, every[:: max(1, len(every) // SAMPLED)], attention, arguments, steps)
    name, own = fastest(steps.found["ways"], ways, network)
    del network
    ways.clear()
    steps.found["fastest"] = name
    for size in arguments.batch_size or (128, 512):
        for corpus, seconds in corpora.items():
            step = partial(measure, own, batches_of(seconds, size), attention, device)
            if (measured := steps.run(f"{corpus}, batch {size}", step)) is not None:
                rtfx = f"RTFx {measured['rtfx']:,.0f} (card {CARD_RTFX:,}, arithmetic ceiling {CEILING_RTFX:,})"
                print(f"{name} on {corpus}, batch {size}: {rtfx}")
                show(measured)
    steps.run("profile", partial(profile, own, every[len(every) // 2], attention))


def on_cpu(arguments: argparse.Namespace, steps: Steps) -> None:
    """A scaled-down model: the same steps; packed, and the same clips padded to the longest of their batch."""
    device = torch.device("cpu")
    torch.manual_seed(0)
    network = random_network(SCALED_DOWN.check(), device, torch.float32)
    size, seconds = (arguments.batch_size or [16])[0], lengths(LENGTHS)
    chosen = seconds[np.random.default_rng(1).permutation(len(seconds))[: arguments.clips or 64]]
    unsorted = [chosen[start : start + size] for start in range(0, len(chosen), size)]
    steps.found |= {
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "model": "scaled down, random weights, float32",
        "batch": size,
    }
    ways = side_by_side(network, batches_of(chosen, size), "sdpa", arguments, steps)
    name, own = fastest(steps.found["ways"], ways, network)
    steps.found["fastest"] = name
    layouts: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "packed": lambda clips: clips,
        "padded": lambda clips: np.full_like(clips, clips.max()),
    }
    heard = float(chosen.sum())
    for ordering, batches in (("as they come", unsorted), ("by length", batches_of(chosen, size))):
        for layout, laid in layouts.items():
            step = partial(measure, own, [laid(clips) for clips in batches], "sdpa", device)
            if (measured := steps.run(f"{layout} {ordering}", step)) is None:
                continue
            measured["rtfx"] *= heard / measured["audio_seconds"]  # padding is work, not speech that was heard
            more = measured["audio_seconds"] / heard - 1
            print(f"{layout}, clips {ordering}: RTFx {measured['rtfx']:,.1f}; {more:.1%} more frames than speech")
    if (last := steps.found.get("packed by length")) is not None:
        show(last)
    steps.run("profile", partial(profile, own, batches_of(chosen, size)[0], "sdpa"))


def side_by_side(
    network: GraniteNar,
    batches: list[NDArray[np.float64]],
    attention: str,
    arguments: argparse.Namespace,
    steps: Steps,
) -> dict[str, GraniteNar]:
    """Measures and shows the ways; those that ran."""
    names = ("plain", *(name for name in WAYS[1:] if name in arguments.ways))
    found, ways = measured_ways(
        network,
        names,
        batches,
        attention=attention,
        tokens_a_second=TOKENS_A_SECOND,
        repeats=arguments.repeats,
        steps=steps,
    )
    steps.found["ways"] = found
    show_ways(found)
    return ways


def fastest(found: dict[str, Any], ways: dict[str, GraniteNar], network: GraniteNar) -> tuple[str, GraniteNar]:
    """The way of 16 or 32 bits with the greatest median; the plain network where none ran."""
    able = [name for name in ways if not name.endswith(FP8)]
    name = max(able, key=lambda name: float(found[name]["median"]), default="plain")
    return name, ways.get(name, network)


def profile(network: GraniteNar, seconds: NDArray[np.float64], attention: str) -> list[dict[str, Any]]:
    """What a batch's operations take, the longest first; printed as the profiler's table."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiled

    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * torch.cuda.is_available()
    with profiled(activities=activities) as profiler:
        ids_of(network, seconds, attention, TOKENS_A_SECOND)
    key = "self_device_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    events = profiler.key_averages()
    print(events.table(sort_by=key, row_limit=25, max_name_column_width=60))
    ordered = sorted(events, key=lambda event: -getattr(event, key))[:25]
    return [{"name": one.key, "calls": one.count, "microseconds": round(getattr(one, key))} for one in ordered]


def show(measured: dict[str, Any]) -> None:
    """The rest of a measurement, a line each."""
    for name, share in sorted(measured["shares"].items(), key=lambda item: -item[1]):
        print(f"  {name:12} {share:6.1%}")
    utilization = measured["flop_utilization"]
    print(
        f"  {measured['tflops_a_second']:.2f} TFLOP/s"
        + (f", {utilization:.1%} of the data sheet's" if utilization else "")
    )
    print(
        f"  {measured['draft_tokens_a_second']:,.0f} draft tokens a second (set to {TOKENS_A_SECOND} a second of audio)"
    )
    print(
        f"  {measured['empty_attention_slots']:.1%} of the encoder's attention slots are empty; nothing else is padded"
    )
    if measured["peak_memory_gib"]:
        print(f"  {measured['peak_memory_gib']:.1f} GiB at most")


def lengths(path: Path) -> NDArray[np.float64]:
    """Seconds of each clip."""
    return np.array([float(line) for line in path.read_text().split()])


def _some(seconds: NDArray[np.float64], clips: int | None) -> NDArray[np.float64]:
    return seconds if clips is None else seconds[:: max(1, len(seconds) // clips)]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--attention", default="auto")
    parser.add_argument("--batch-size", type=int, action="append")
    parser.add_argument("--clips", type=int, help="only so many clips")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS), help="beside plain")
    parser.add_argument("--repeats", type=int, default=3, help="interleaved rounds of these")
    parser.add_argument("--seconds", type=float, default=480.0, help="for all of it; what there is no time for is said")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit(
            "error: no GPU is visible to torch here; --device cpu measures a scaled-down model, packed against padded"
        )
    steps = Steps(arguments.seconds)

    def last_line() -> str:
        facts = {"benchmark": "granite_nar", "torch": torch.__version__, "draft_length": "set, not real"}
        took = {"seconds_taken": round(arguments.seconds - steps.left, 1), "not_done": steps.failed}
        return json.dumps(facts | took | steps.found)

    def hung() -> None:
        steps.failed.append("the rest: a call did not come back in time")
        print(last_line(), flush=True)
        os._exit(1)

    watch = threading.Timer(arguments.seconds + GRACE_SECONDS, hung)
    watch.daemon = True
    watch.start()
    (on_gpu if arguments.device == "cuda" else on_cpu)(arguments, steps)
    watch.cancel()
    print(last_line())


if __name__ == "__main__":
    main()
