"""Sizes in a config.json that its weights cannot have, told by the weights' headers before a network is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.errors import ModelError

_LAYERS = re.compile(r"(?:.*_)?(?:layers?|n_layers?|blocks|depth|experts)")
_SIZES = re.compile(r"(?:.*_)?(?:hidden_size|hidden_dim|d_model|intermediate_size|ffn_dim|vocab_size|n_embd|embed_dim)")
_PLAIN_LAYERS = 1_000
"""No network has more; up to here a setting may be of a part that is not used, in a small model."""
_PLAIN_SIZE = 300_000
"""As for layers: the largest vocabularies have 262,144 entries."""


def check_sizes(folder: Path, config: object) -> None:
    """Refuses a config that has more layers than there are tensors, or a size above each dimension of all of them.

    Args:
        folder: of the model.
        config: what its config.json holds.

    Raises:
        ModelError: the network would be built for minutes, and could not have these weights.
    """
    large = [(key, number) for key, number in _integers(config) if number > _least(key)]
    if not large:
        return
    shapes = shapes_in(folder)
    if not shapes:
        return  # said where they are read
    widest = max((side for shape in shapes for side in shape), default=0)
    for key, number in large:
        if _LAYERS.fullmatch(key) and number > len(shapes):
            has = f"its weights are {len(shapes):,} tensors"
        elif not _LAYERS.fullmatch(key) and number > widest:
            has = f"no tensor of its weights is larger than {widest:,} on a side"
        else:
            continue
        raise ModelError(f"{folder / 'config.json'} says {key} = {number:,}, and {has}; restore it")


def _least(key: str) -> float:
    if _LAYERS.fullmatch(key):
        return _PLAIN_LAYERS
    return _PLAIN_SIZE if _SIZES.fullmatch(key) else float("inf")


def _integers(config: object) -> Iterator[tuple[str, int]]:
    left = [config]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield from ((key, one) for key, one in value.items() if isinstance(one, int))
            left += value.values()
        elif isinstance(value, list):
            left += value


def shapes_in(folder: Path) -> list[list[int]]:
    """Of all tensors in the safetensors files of a folder; only headers are read. None where one cannot be."""
    from safetensors import SafetensorError, safe_open

    found: list[list[int]] = []
    try:
        for path in folder.glob("*.safetensors"):
            with safe_open(path, framework="np") as content:
                found += [content.get_slice(key).get_shape() for key in content.keys()]  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError):
        return []
    return found
