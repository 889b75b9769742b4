"""Clips that were prepared one by one, put together as one batch of the network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from harness.models._transformers import Tensors

TEXT = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")
"""Of one length where a decoder reads prompt and audio as one text: filled on the left, so that all rows end alike."""
PROMPT = "decoder_input_ids"
"""The prompt of a decoder that stands beside an encoder; never filled: its positions are counted from the first."""


def as_tensors(made: Mapping[str, Any]) -> Tensors:
    """What a processor made, without what is no tensor; zero where silence was divided by its deviation."""
    import torch

    tensors = {name: value for name, value in made.items() if isinstance(value, torch.Tensor)}
    return {
        name: value.nan_to_num(0.0, posinf=0.0, neginf=0.0) if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def prompt_length(tensors: Tensors) -> int:
    """Tokens that stand before the first generated one."""
    for name in (PROMPT, "input_ids"):
        if name in tensors:
            return int(tensors[name].shape[1])
    return 0


def group(tensors: Tensors, *, pads: bool) -> Hashable:
    """What clips must have in common to share a call."""
    names = tuple(sorted(tensors))
    if not pads:
        return names, tuple(tuple(tensors[name].shape[1:]) for name in names)
    return names, tensors[PROMPT].shape[1] if PROMPT in tensors else None


def together(clips: Sequence[Tensors], pad_token: int) -> Tensors:
    """The tensors of several clips as one batch: text is filled on the left, audio on the right, masks with 0.

    Args:
        clips: each with tensors of shape ``[1 or windows, ...]``; the same names in all.
        pad_token: fills ``input_ids``; masked, so it may be any token.
    """
    texts = TEXT if "input_ids" in clips[0] else ()
    return {
        name: _filled([clip[name] for clip in clips], left=name in texts, value=pad_token if name == "input_ids" else 0)
        for name in clips[0]
    }


def _filled(tensors: Sequence[Tensor], *, left: bool, value: int) -> Tensor:
    """One below the other, each filled up to the longest on every axis but the first."""
    import torch
    from torch.nn.functional import pad

    sizes = [max(tensor.shape[axis] for tensor in tensors) for axis in range(1, tensors[0].dim())]
    filled = []
    for tensor in tensors:
        more = [size - own for size, own in zip(sizes, tensor.shape[1:], strict=True)]
        sides = [side for lacking in reversed(more) for side in ((lacking, 0) if left else (0, lacking))]
        filled.append(pad(tensor, sides, value=value))
    return torch.cat(filled)
