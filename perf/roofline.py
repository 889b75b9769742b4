"""What the full-size Granite Speech NAR asks of a GPU, counted without one: kernels, FLOP, bytes, and a bound of time.

    python perf/roofline.py [--device h100] [--kernels plain|fused] [--clips 128] [--attention varlen]

The project's own code runs on fake tensors (`perf/fake_gpu.py`), a batch of LibriSpeech test-clean's lengths, bfloat16.
A kernel's time is the larger of its FLOP by what matrix products reach, and its bytes by what memory reaches; launches
are not in it. **That is a model of time and no measurement.** Prints one JSON line last.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.faster import hasten
from harness.models.granite_nar.features import _constants, log_mel, pack_audio
from harness.models.granite_nar.network import GraniteNar
from harness.types import SAMPLE_RATE
from perf.fake_gpu import DEVICE, Account, Cost, fake_gpu, faked, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTHS = Path(__file__).with_name("librispeech_test_clean_seconds.txt")
TOKENS_A_SECOND = 3.5


@dataclass(frozen=True, slots=True)
class Gpu:
    """What a GPU reaches."""

    flops: float
    """Of matrix products in bfloat16, a second."""
    bandwidth: float
    """Bytes a second."""


GPUS = {
    "h100": Gpu(660e12, 0.8 * 3.35e12),
    "h200": Gpu(660e12, 0.8 * 4.8e12),
    "a100": Gpu(250e12, 0.8 * 2.04e12),
}
"""Two thirds of the data sheet's dense bfloat16 (A100: four fifths), and four fifths of its memory bandwidth."""


def lengths(clips: int) -> NDArray[np.float64]:
    """Seconds of so many clips of test-clean, spread over all lengths, the longest first."""
    every = np.sort([float(line) for line in LENGTHS.read_text().split()])[::-1]
    places = np.linspace(0, len(every) - 1, clips).round().astype(int)
    return np.array(every[places], np.float64)


def on_meta(kernels: str, config: GraniteNarConfig | None = None) -> GraniteNar:
    """The network without memory, in bfloat16."""
    with torch.device("meta"):
        network = GraniteNar((config or GraniteNarConfig()).check())
    network = network.to(torch.bfloat16).eval().requires_grad_(False)
    hasten(network, kernels, check=False)
    return network


@torch.no_grad()
def counted(network: GraniteNar, seconds: NDArray[np.float64], attention: str) -> Account:
    """What a batch of clips of these lengths runs.

    Args:
        network: of the meta device.
        seconds: length of each clip.
        attention: of the editor.
    """
    config = network.config
    silence = np.zeros(int(seconds.max() * SAMPLE_RATE), np.float32)
    audio = pack_audio([silence[: int(each * SAMPLE_RATE)] for each in seconds], config.features)
    drafts = [np.zeros(round(TOKENS_A_SECOND * each), np.int64) for each in seconds]
    _constants.cache_clear()  # fake tensors must not stay in it, nor real ones come from it
    try:
        with fake_gpu() as account:
            place(network)
            account.costs.clear()
            account.begin_peak()
            account.component = "features"
            rows, frames = log_mel(replace(audio, samples=faked(audio.samples)), config.features, DEVICE)
            slots = [max(2 * len(draft) + 1, config.min_edit_sequence_length) for draft in drafts]
            account.attended = int(sum((frames.lengths // config.projector.downsample_rate + slots) ** 2))
            account.component = "encoder"
            encoded = network.encode(rows, frames)
            account.component = "draft head"
            network.draft(encoded, frames)
            account.component = "projector"
            embeddings, tokens = network.projector(encoded.states, frames)
            account.component = "editor"
            edited = network.edit(embeddings, tokens, drafts, attention)
            account.component = "editor head"
            network.final(edited)
    finally:
        _constants.cache_clear()
    return account


def bound(costs: dict[str, Cost], gpu: Gpu) -> float:
    """Seconds by the roofline; kernels of one name are taken together."""
    return sum(max(cost.flops / gpu.flops, cost.moved / gpu.bandwidth) for cost in costs.values())


def main() -> None:
    """Counts and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=tuple(GPUS), default="h100")
    parser.add_argument("--kernels", choices=("plain", "fused", "triton"), default="plain")
    parser.add_argument("--attention", choices=("varlen", "sdpa"), default="varlen")
    parser.add_argument("--clips", type=int, default=128)
    args = parser.parse_args()
    seconds, gpu = lengths(args.clips), GPUS[args.device]
    account, heard = counted(on_meta(args.kernels), seconds, args.attention), float(seconds.sum())
    print(f"{args.clips} clips, {heard:.0f} s of audio; a model of {args.device}'s time, not measured")
    print(f"{'component':12} {'kernels':>8} {'GFLOP/s of audio':>17} {'MB/s of audio':>14} {'ms (model)':>11}")
    result: dict[str, Any] = {
        "benchmark": "roofline",
        "kernels": args.kernels,
        "device": args.device,
        "measured": False,
    }
    total = 0.0
    for name in [*account.costs, None]:
        cost = account.of(name)
        spent = bound(account.costs[name], gpu) if name is not None else total
        total += spent
        print(
            f"{name or 'all':12} {cost.kernels:8,} {cost.flops / heard / 1e9:17.1f} {cost.moved / heard / 1e6:14.1f}"
            f" {1000 * spent:11.1f}"
        )
        result[name or "all"] = {"kernels": cost.kernels, "flops": cost.flops, "bytes": cost.moved}
    print(f"RTFx of at most {heard / bound_of(account, gpu):,.0f} (model); the host waits {len(account.waits)} times")
    each = account.peak / heard / 1e6
    print(f"{account.peak / 2**30:.2f} GiB at most beside the weights, {each:.2f} MB a second of audio")
    result |= {"peak_activation_bytes": account.peak}
    result |= {"audio_seconds": heard, "waits": len(account.waits), "copies": account.copies}
    print(json.dumps(result))


def bound_of(account: Account, gpu: Gpu) -> float:
    """Seconds of all components."""
    return sum(bound(costs, gpu) for costs in account.costs.values())


if __name__ == "__main__":
    main()
