"""The network's `kernels` side by side: ids against the plain way, and times, interleaved."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.models.granite_nar.faster import KERNELS, hasten
from harness.models.granite_nar.features import log_mel, pack_audio
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.models.granite_nar.network import GraniteNar

Ids = list["NDArray[np.int64]"]


def made_ways(network: GraniteNar, names: Sequence[str] = KERNELS) -> dict[str, GraniteNar]:
    """The network and copies of it, each made to run one way."""
    ways = {}
    for name in names:
        ways[name] = copy.deepcopy(network)
        if note := hasten(ways[name], name):
            print(f"  {note}")
    return ways


@torch.inference_mode()
def ids_of(network: GraniteNar, seconds: NDArray[np.float64], attention: str, tokens_a_second: float) -> Ids:
    """Final ids of clips of noise of these lengths, edited from drafts of so many tokens a second."""
    device = network.encoder.input_linear.weight.device
    noise = np.random.default_rng(0).normal(0, 0.05, int(40 * SAMPLE_RATE)).astype(np.float32)
    made = np.random.default_rng(len(seconds))
    drafts = [made.integers(0, network.config.blank_token_id, round(tokens_a_second * each)) for each in seconds]
    rows, frames = log_mel(
        pack_audio([noise[: int(each * SAMPLE_RATE)] for each in seconds], network.config.features),
        network.config.features,
        device,
    )
    encoded = network.encode(rows, frames)
    drafted = network.draft(encoded, frames)
    audio, tokens = network.projector(encoded.states, frames)
    final = network.final(network.edit(audio, tokens, drafts, attention))
    return [*drafted, *final]


def measured(
    ways: dict[str, GraniteNar],
    batches: Sequence[NDArray[np.float64]],
    attention: str,
    tokens_a_second: float,
    repeats: int,
) -> dict[str, Any]:
    """For each way: clips whose draft or final ids are not the plain way's, RTFx of each round, their median.

    Rounds are interleaved, the first way in turn. What a way compiles it compiles before, on the largest and the
    smallest batch.
    """

    def run(network: GraniteNar) -> list[Ids]:
        return [ids_of(network, seconds, attention, tokens_a_second) for seconds in batches]

    def synchronized() -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()

    warm: dict[str, float] = {}
    for name, network in ways.items():
        begin = synchronized()
        for seconds in (batches[0], batches[-1]):
            ids_of(network, seconds, attention, tokens_a_second)
        warm[name] = synchronized() - begin
    audio = float(sum(seconds.sum() for seconds in batches))
    said: dict[str, list[Ids]] = {}
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for _ in range(repeats):
        for name in order:
            begin = synchronized()
            said[name] = run(ways[name])
            rounds[name].append(audio / (synchronized() - begin))
        order.append(order.pop(0))
    plain = said["plain"]
    return {
        name: {
            "changed_ids": sum(
                not np.array_equal(one, other)
                for ours, theirs in zip(said[name], plain, strict=True)
                for one, other in zip(ours, theirs, strict=True)
            ),
            "compared": sum(map(len, plain)),
            "rtfx": [round(value, 2) for value in rounds[name]],
            "median": round(median(rounds[name]), 2),
            "warm_up_seconds": round(warm[name], 1),
        }
        for name in ways
    }


def show(found: dict[str, Any]) -> None:
    """A table: a line each."""
    print(f"  {'kernels':10} {'RTFx':>9} {'of plain':>9} {'changed ids':>12} {'warm-up s':>10}")
    for name, one in found.items():
        share = one["median"] / found["plain"]["median"]
        changed = f"{one['changed_ids']} of {one['compared']}"
        print(f"  {name:10} {one['median']:9,.1f} {share:9.2f} {changed:>12} {one['warm_up_seconds']:10.1f}")
