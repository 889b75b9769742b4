"""Breaks one part of the network on purpose, to see whether the `digits` suite and the gate notice.

    python -m tools.tiny_nar.damage                     what each damage does to the digits suite
    python -m tools.tiny_nar.damage clip_mask ARGUMENTS run_eval.py with these arguments, damaged

A test set that does not move when a mask is removed guards nothing; so this is counted, not assumed.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import torch

from harness.errors import unknown_name
from harness.models.granite_nar import attention, decode, encoder, projector
from harness.models.granite_nar import model as adapter
from harness.models.granite_nar.packing import Blocks, PackedLengths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is done wrong."""

    part: str
    """features, masks, packing or decoding."""
    what: str
    """What is wrong, in a few words."""
    owner: Any
    """The class or module of which an attribute is replaced."""
    attribute: str
    wrong: Callable[[Any], Any]
    """The right attribute to the wrong one."""


def _all_slots(_right: Any) -> Any:
    return lambda blocks: torch.ones(blocks.total, blocks.size, dtype=torch.bool, device=blocks.filled.device)


def _unmasked(right: Any) -> Any:
    def made(group: Any, *arguments: Any) -> None:
        right(group, *arguments)
        group.mask = None

    return made


def _one_group(_right: Any) -> Any:
    def grouped(packed: Any) -> list[Any]:
        group = attention._Group(np.flatnonzero(packed.packing.lengths > 0), packed.packing)
        group.mask = None
        return [group]

    return grouped


def _one_clip(right: Any) -> Any:
    return lambda packed, packing, backend: right(packed, PackedLengths([packing.total], packing.device), backend)


def _blocks_across(right: Any) -> Any:
    def made(blocks: Blocks, packing: PackedLengths, size: int, *, shrink: bool = False) -> None:
        right(blocks, PackedLengths([packing.total], packing.device) if shrink else packing, size, shrink=shrink)

    return made


def _no_gaps(right: Any) -> Any:
    def made(gaps: Any, packing: PackedLengths, kernel: int) -> None:
        right(gaps, packing, kernel)
        gaps.slots = packing.slots(packing.lengths)

    return made


def _mirrored(right: Any) -> Any:
    return lambda layer, query: right(layer, query).flip(-1)


def _equal_weights(right: Any) -> Any:
    return lambda model, encoded, packing: right(
        model, replace(encoded, importance=torch.ones_like(encoded.importance)), packing
    )


def _no_positions(right: Any) -> Any:
    def forward(model: Any, states: tuple[Tensor, ...], packing: PackedLengths) -> Any:
        with patch.object(model, "window_positions", torch.nn.Parameter(torch.zeros_like(model.window_positions))):
            return right(model, states, packing)

    return forward


def _halves_swapped(right: Any) -> Any:
    def swapped(*arguments: Any, **options: Any) -> tuple[Tensor, PackedLengths]:
        rows, frames = right(*arguments, **options)
        return rows.roll(rows.shape[1] // 2, dims=1), frames

    return swapped


def _louder(right: Any) -> Any:
    def shifted(*arguments: Any, **options: Any) -> tuple[Tensor, PackedLengths]:
        rows, frames = right(*arguments, **options)
        return rows - 1.0, frames

    return shifted


def _one_slot_early(right: Any) -> Any:
    def slots(draft: NDArray[np.int64], blank: int, shortest: int) -> NDArray[np.int64]:
        return np.roll(right(draft, blank, shortest), -1)

    return slots


def _repeats_kept(_right: Any) -> Any:
    return lambda classes, blank: classes[classes != blank]


DAMAGES = {
    "block_mask": Damage("masks", "empty slots of a clip's last attention block are keys", Blocks, "mask", _all_slots),
    "key_mask": Damage("masks", "the editor attends to padding", attention._Group, "__init__", _unmasked),
    "padded": Damage(
        "masks", "all clips padded to the longest, without a mask", attention.PackedAttention, "_grouped", _one_group
    ),
    "clip_mask": Damage(
        "masks", "the editor attends to the batch's other clips", attention.PackedAttention, "__init__", _one_clip
    ),
    "blocks": Damage("packing", "attention blocks reach across clips", Blocks, "__init__", _blocks_across),
    "gaps": Damage("packing", "the convolution sees the neighbors", encoder.Gaps, "__init__", _no_gaps),
    "positions": Damage(
        "packing", "the projector's windows without positions", projector.Projector, "forward", _no_positions
    ),
    "relative": Damage("packing", "relative positions mirrored", encoder.BlockAttention, "position_scores", _mirrored),
    "pooling": Damage("packing", "frames pooled without their weights", encoder.Encoder, "pooled", _equal_weights),
    "halves": Damage("features", "half-frames in the wrong order", adapter, "log_mel", _halves_swapped),
    "level": Damage("features", "log-mel without its offset of 1", adapter, "log_mel", _louder),
    "slots": Damage("decoding", "the draft one slot early", decode, "slots", _one_slot_early),
    "repeats": Damage("decoding", "repeats are not merged", decode, "collapsed", _repeats_kept),
}


@contextmanager
def damaged(name: str | None) -> Iterator[None]:
    """Everything that is computed inside is computed wrong; None breaks nothing.

    Raises:
        UsageError: there is no damage of that name.
    """
    if name is None:
        yield
        return
    if name not in DAMAGES:
        raise unknown_name("damage", name, list(DAMAGES))
    damage = DAMAGES[name]
    wrong = damage.wrong(getattr(damage.owner, damage.attribute))
    with patch.object(damage.owner, damage.attribute, wrong):
        yield


@dataclass(frozen=True, slots=True)
class Noticed:
    """What became of the digits suite."""

    changed: int
    """Clips whose transcript or draft is another than without damage."""
    draft: int
    """Errors of the drafts."""
    edited: int
    """Errors after editing."""
    words: int


def heard(name: str | None) -> list[tuple[str, str, str]]:
    """Reference, draft and transcript of each clip of the digits benchmark, all in one batch."""
    from benchmarks.dataset import Request, open_dataset
    from benchmarks.registry import get_dataset
    from harness.audio import load_clip
    from harness.models.base import LoadOptions
    from harness.models.registry import load_model

    utterances = list(open_dataset(get_dataset("digits"), Request()))
    clips = [load_clip(utterance) for utterance in utterances]
    model = load_model("tiny-nar", LoadOptions())
    with damaged(name):
        said = model.text(model.infer(model.transfer(model.features(clips))))
    return [(utterance.reference, one.draft or "", one.text) for utterance, one in zip(utterances, said, strict=True)]


def noticed(right: Sequence[tuple[str, str, str]], now: Sequence[tuple[str, str, str]]) -> Noticed:
    """Counts what a damage changed."""
    from rapidfuzz.distance import Levenshtein

    def errors(column: int) -> int:
        return sum(Levenshtein.distance(row[0].split(), row[column].split()) for row in now)

    return Noticed(
        sum(one != other for one, other in zip(right, now, strict=True)),
        errors(1),
        errors(2),
        sum(len(row[0].split()) for row in now),
    )


def main(arguments: Sequence[str]) -> int:
    """The table, or a damaged run."""
    if arguments:
        from harness.cli import main as run_eval

        with damaged(arguments[0]):
            return run_eval(list(arguments[1:]))
    torch.set_num_threads(1)
    right = heard(None)
    whole = noticed(right, right)
    sys.stdout.write(
        f"digits: {len(right)} clips, {whole.words} words; undamaged: draft {whole.draft} errors,"
        f" edited {whole.edited}\n"
        f"{'damage':10}  {'part':8}  {'clips changed':>13}  {'draft':>5}  {'edited':>6}  what is wrong\n"
    )
    for name, damage in DAMAGES.items():
        found = noticed(right, heard(name))
        sys.stdout.write(
            f"{name:10}  {damage.part:8}  {found.changed:13}  {found.draft:5}  {found.edited:6}  {damage.what}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
