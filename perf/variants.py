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
    """For each way: what it says otherwise than the plain way, RTFx of each round, their median; and those that ran.

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
        one.update(audit(said.get(name), said.get("plain")))
    return found, {name: own for name, own in ways.items() if found[name]["rtfx"]}


def audit(ours: list[Ids] | None, theirs: list[Ids] | None) -> dict[str, float | None]:
    """What a way says otherwise than the plain one, batch by batch; None where there is nothing to compare.

    Returns:
        ``changed_ids``: drafts and texts that differ, of ``compared``; ``error_rate``: ids substituted, deleted and
        inserted, of the plain way's: a WER with ids for words.
    """
    if ours is None or theirs is None:
        return {"changed_ids": None, "compared": 0, "error_rate": None}
    pairs = [pair for one, other in zip(ours, theirs, strict=True) for pair in zip(one, other, strict=True)]
    changed = [pair for pair in pairs if not np.array_equal(*pair)]
    errors = sum(distance(one, other) for one, other in changed)
    ids = sum(len(other) for _, other in pairs)
    return {"changed_ids": len(changed), "compared": len(pairs), "error_rate": errors / ids if ids else None}


def distance(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> int:
    """Least number of ids to substitute, delete and insert (Wagner and Fischer, 1974), a row at a time.

    With numpy alone, as a bare machine with a GPU has no aligner.
    """
    steps = np.arange(len(theirs) + 1)
    row = steps
    for at, one in enumerate(ours, 1):
        other = np.empty_like(row)
        other[0] = at
        other[1:] = np.minimum(row[1:] + 1, row[:-1] + (theirs != one))
        row = np.minimum.accumulate(other - steps) + steps  # insertions, from left to right
    return int(row[-1])


def show(found: dict[str, Any]) -> None:
    """A table: a line each."""
    print(f"  {'way':14} {'RTFx':>9} {'of plain':>9} {'changed ids':>16} {'of all ids':>10} {'warm-up s':>10}")
    plain = found.get("plain", {}).get("median")
    for name, one in found.items():
        if one["median"] is None:
            continue
        share = f"{one['median'] / plain:.2f}" if plain else "-"
        changed = "-" if one["changed_ids"] is None else f"{one['changed_ids']:,} of {one['compared']:,}"
        rate = "-" if one["error_rate"] is None else f"{one['error_rate']:.4%}"
        print(f"  {name:14} {one['median']:9,.1f} {share:>9} {changed:>16} {rate:>10} {one['warm_up_seconds']:10.1f}")
