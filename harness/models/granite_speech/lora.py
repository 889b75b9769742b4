"""The LoRA of Granite Speech 3.3, which stands beside its weights and is always on where there is audio.

Computed as peft does, ``W x + scaling * B (A x)``, without that package: the library itself would only warn where it is
missing, load random weights where names differ, and switch the LoRA off where it is given embeddings.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from harness.errors import ModelError
from harness.models._transformers import one_line
from harness.models.hub import Checkpoint, read_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"

_PLAIN: dict[str, tuple[object, ...]] = {
    "peft_type": ("LORA",),
    "bias": ("none", None),
    "use_dora": (False, None),
    "modules_to_save": (None, []),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "fan_in_fan_out": (False, None),
    "lora_bias": (False, None),
}
"""What adapter_config.json may say: anything else means another computation."""

_NAME = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_([AB])\.(?:default\.)?weight")
_OLD = re.compile(r"^language_model\.(?:model\.)?")


class LowRank(nn.Module):
    """A linear layer and what a LoRA adds to it."""

    def __init__(self, base: nn.Linear, first: Tensor, second: Tensor, scaling: float) -> None:
        super().__init__()
        self.base, self.scaling = base, scaling
        self.first = nn.Parameter(first.to(base.weight), requires_grad=False)
        self.second = nn.Parameter(second.to(base.weight), requires_grad=False)

    def forward(self, rows: Tensor) -> Tensor:
        """``[..., in]`` to ``[..., out]``."""
        base: Tensor = self.base(rows)
        added = nn.functional.linear(nn.functional.linear(rows, self.first), self.second)
        return base + added * self.scaling


def has_lora(folder: Path) -> bool:
    """Whether a checkpoint comes with a LoRA."""
    return (folder / CONFIG).is_file()


def check_whole(folder: Path) -> None:
    """Raises ModelError where config.json or a file speaks of a LoRA that is not there whole."""
    if has_lora(folder) and not (folder / WEIGHTS).is_file():
        raise ModelError(f"{folder} has no {WEIGHTS}, the LoRA without which it transcribes wrongly")
    if not has_lora(folder) and read_json(folder / "config.json").get("has_lora_adapter") is True:
        raise ModelError(f"{folder} has no {CONFIG}, and config.json says has_lora_adapter: it is not whole")


@contextmanager
def left_out(checkpoint: Checkpoint) -> Iterator[Checkpoint]:
    """The checkpoint without its LoRA, which the library would load by itself where peft is installed.

    Raises:
        ModelError: what was done with it raised one; it names the checkpoint's own folder.
    """
    if not has_lora(checkpoint.folder):
        yield checkpoint
        return
    with tempfile.TemporaryDirectory() as name:
        view = Path(name)
        for path in checkpoint.folder.iterdir():
            if path.name not in {CONFIG, WEIGHTS}:
                (view / path.name).symlink_to(path.resolve())
        try:
            yield replace(checkpoint, folder=view)
        except ModelError as error:
            raise ModelError(str(error).replace(name, str(checkpoint.folder))) from error.__cause__


def put_in(network: Any, folder: Path) -> None:
    """Puts the LoRA of a folder into the network, in place; does nothing where there is none.

    Raises:
        ModelError: it is broken, does not fit the network, or is more than a plain LoRA.
    """
    if not has_lora(folder):
        return
    stated = read_json(folder / CONFIG)
    for key, plain in _PLAIN.items():
        if key in stated and stated[key] not in plain:
            raise ModelError(f"{folder / CONFIG}: {key} is {stated[key]!r}; only plain LoRA is loaded here")
    rank, alpha = stated.get("r"), stated.get("lora_alpha")
    if not (isinstance(rank, int) and rank > 0 and isinstance(alpha, int | float)):
        raise ModelError(f"{folder / CONFIG}: r is {rank!r} and lora_alpha {alpha!r}; both must be numbers")
    scaling = alpha / (rank**0.5 if stated.get("use_rslora") else rank)
    for name, (first, second) in _pairs(folder).items():
        base = _linear(network, name, folder)
        if first.shape != (rank, base.in_features) or second.shape != (base.out_features, rank):
            raise ModelError(
                f"{folder / WEIGHTS}: {name} has {list(first.shape)} and {list(second.shape)}, which do not fit a layer"
                f" of {base.in_features} to {base.out_features} at rank {rank}"
            )
        above, _, own = name.rpartition(".")
        setattr(network.get_submodule(above), own, LowRank(base, first, second, scaling))


def _pairs(folder: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """Both matrices of each layer, by the layer's name in the network."""
    try:
        tensors = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{folder / WEIGHTS} cannot be read: {one_line(error)}") from error
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        match = _NAME.fullmatch(name)
        if match is None or not tensor.isfinite().all():
            raise ModelError(f"{folder / WEIGHTS}: {name} is no tensor of a plain LoRA, or holds what is no number")
        found.setdefault(_OLD.sub("model.language_model.", match[1]), {})[match[2]] = tensor
    lacking = next((name for name, pair in found.items() if len(pair) < 2), None)
    if lacking is not None or not found:
        raise ModelError(
            f"{folder / WEIGHTS} is not whole: it has not both lora_A and lora_B of {lacking or 'a layer'}"
        )
    return {name: (pair["A"], pair["B"]) for name, pair in found.items()}


def _linear(network: Any, name: str, folder: Path) -> nn.Linear:
    """The layer of that name."""
    try:
        base = network.get_submodule(name)
    except AttributeError:
        base = None
    if not isinstance(base, nn.Linear):
        raise ModelError(f"{folder / WEIGHTS}: the model has no linear layer {name}")
    return base
