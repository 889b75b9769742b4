"""Ways to run the network side by side: ids against the plain way, and times, interleaved."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from functools import partial
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
    from perf.steps import Steps

Ids = list["NDArray[np.int64]"]

FP8 = "-fp8"
"""At the end of a way's name: with products of 8 bits, whose ids may be others."""
WAYS = (*KERNELS, f"triton{FP8}", f"compiled{FP8}")

WARM_SHARE = 0.4
"""Of the seconds that are left, for a way's first batches: torch.compile may take minutes."""


def made_way(network: GraniteNar, name: str) -> GraniteNar:
    """A copy of the network that runs a way.

    Raises:
        RuntimeError: it would run otherwise than its name says.
    """
    kernels = name.removesuffix(FP8)
    own = copy.deepcopy(network)
    if note := hasten(own, kernels, products="fp8" if name.endswith(FP8) else "dtype"):
        if own.encoder.input_linear.weight.device.type == "cuda":
            raise RuntimeError(note)
        print(f"  {name}: {note}")
    return own


@torch.inference_mode()
def ids_of(network: GraniteNar, seconds: NDArray[np.float64], attention: str, tokens_a_second: float) -> Ids:
    """Draft and final ids of clips of noise of these lengths, edited from drafts of so many tokens a second."""
    device = network.encoder.input_linear.weight.device
    noise = np.random.default_rng(0).normal(0, 0.05, int(40 * SAMPLE_RATE)).astype(np.float32)
    made = np.random.default_rng(len(seconds))
    drafts = [made.integers(0, network.config.blank_token_id, round(tokens_a_second * each)) for each in seconds]
    rows, frames = log_mel(
        pack_audio([noise[: int(each * SAMPLE_RATE)] for each in seconds], network.config.features),
        network.config.features,
        device,
    )
    network.prepare(frames)
    encoded = network.encode(rows, frames)
    drafted = network.begin_draft(encoded, frames)
    audio, tokens = network.projector(encoded.states, frames)
    said = drafted()
    return [*said, *network.final(network.edit(audio, tokens, drafts, attention))]


def synchronized() -> float:
    """The time when the device has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def measured(
    network: GraniteNar,
    names: Sequence[str],
    batches: Sequence[NDArray[np.float64]],
    *,
    attention: str,
    tokens_a_second: float,
    repeats: int,
    steps: Steps,
) -> tuple[dict[str, Any], dict[str, GraniteNar]]:
    """For each way: clips whose ids are not the plain way's, RTFx of each round, their median; and those that ran.

    Rounds are interleaved, the first way in turn. Before them each way compiles what it compiles on the largest and the
    smallest batch. A way that fails or takes too long is left out of the further rounds.
    """
    run = partial(ids_of, attention=attention, tokens_a_second=tokens_a_second)

    def warmed(name: str) -> tuple[GraniteNar, float]:
        begin, own = synchronized(), made_way(network, name)
        for seconds in (batches[0], batches[-1]):
            run(own, seconds)
        return own, synchronized() - begin

    def timed(own: GraniteNar) -> tuple[list[Ids], float]:
        begin = synchronized()
        said = [run(own, seconds) for seconds in batches]
        return said, synchronized() - begin

    ways: dict[str, GraniteNar] = {}
    found: dict[str, Any] = {}
    for name in names:
        if (made := steps.run(f"warm-up {name}", partial(warmed, name), share=WARM_SHARE)) is not None:
            ways[name], seconds = made
            found[name] = {"warm_up_seconds": round(seconds, 1), "rtfx": []}
        steps.found.pop(f"warm-up {name}", None)
    audio = float(sum(seconds.sum() for seconds in batches))
    said: dict[str, list[Ids]] = {}
    order = list(ways)
    for number in range(repeats):
        for name in list(order):
            done = steps.run(f"round {number + 1} {name}", partial(timed, ways[name]))
            steps.found.pop(f"round {number + 1} {name}", None)
            if done is None:
                order.remove(name)
                continue
            said[name] = done[0]
            found[name]["rtfx"].append(round(audio / done[1], 2))
        order = order[1:] + order[:1]
    for name, one in found.items():
        one["median"] = median(one["rtfx"]) if one["rtfx"] else None
        one["changed_ids"], one["compared"] = _changed(said.get(name), said.get("plain"))
    return found, {name: own for name, own in ways.items() if found[name]["rtfx"]}


def _changed(ours: list[Ids] | None, theirs: list[Ids] | None) -> tuple[int | None, int]:
    """Drafts and texts whose ids differ, of how many; None where there is nothing to compare."""
    if ours is None or theirs is None:
        return None, 0
    pairs = [pair for one, other in zip(ours, theirs, strict=True) for pair in zip(one, other, strict=True)]
    return sum(not np.array_equal(one, other) for one, other in pairs), len(pairs)


def show(found: dict[str, Any]) -> None:
    """A table: a line each."""
    print(f"  {'way':14} {'RTFx':>9} {'of plain':>9} {'changed ids':>16} {'warm-up s':>10}")
    plain = found.get("plain", {}).get("median")
    for name, one in found.items():
        if one["median"] is None:
            continue
        share = f"{one['median'] / plain:.2f}" if plain else "-"
        changed = "-" if one["changed_ids"] is None else f"{one['changed_ids']:,} of {one['compared']:,}"
        print(f"  {name:14} {one['median']:9,.1f} {share:>9} {changed:>16} {one['warm_up_seconds']:10.1f}")
