"""Matrix products of 8-bit floating point: `--model-option products=fp8`, a mode of its own that changes numbers.

Weights are kept as float8_e4m3fn with a scale for each output; rows are rounded so with a scale for each row, so that a
row's result does not depend on the others and a transcript not on its batch. Sums are float32's. Heads, norms,
attention and the convolution stay as they are. On the processor the same rounding is done and the product is float32's:
a twin, to see what the rounding does to transcripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.models.granite_nar.network import GraniteNar

PRODUCTS = ("dtype", "fp8")
LARGEST = 448.0
"""Of float8_e4m3fn; what is larger becomes no number, and is never asked for."""
LEAST = (8, 9)
"""Compute capability that has such products: Ada's."""


def scaled(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows as float8_e4m3fn ``[rows, size]``, and the float32 scale of each ``[rows, 1]`` by which they are near."""
    wide = rows.float()
    scale = (wide.abs().amax(dim=-1, keepdim=True) / LARGEST).clamp_min(1e-12)
    return (wide / scale).clamp(-LARGEST, LARGEST).to(torch.float8_e4m3fn), scale


class Fp8Linear(nn.Module):
    """A `nn.Linear` with its weight rounded."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = scaled(linear.weight)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.bias = linear.bias

    def forward(self, rows: Tensor) -> Tensor:
        """``[..., size]`` to ``[..., outputs]``, in the dtype of the rows."""
        weight, scale = self.get_buffer("weight"), self.get_buffer("scale")
        flat = rows.flatten(0, -2)
        small, each = scaled(flat)
        if rows.device.type == "cuda" and len(flat):
            out: Tensor = torch._scaled_mm(small, weight.t(), each, scale.t(), bias=self.bias, out_dtype=rows.dtype)
        else:
            bias = None if self.bias is None else self.bias.float()
            out = functional.linear(small.float() * each, weight.float() * scale, bias).to(rows.dtype)
        return out.reshape(*rows.shape[:-1], len(weight))


def check(device: torch.device, dtype: torch.dtype, kernels: str) -> None:
    """Raises UsageError where there are no such products, or only plain modules, which do not use them."""
    what = "--model-option products=fp8"
    if kernels == "plain":
        raise UsageError(f"{what} needs kernels=fused, triton or compiled beside it")
    if device.type == "cuda":
        found = torch.cuda.get_device_capability(device)
        if found < LEAST:
            needs = f"needs compute capability {LEAST[0]}.{LEAST[1]}, this GPU has {found[0]}.{found[1]}"
            raise UsageError(f"{what} {needs}; leave it out")
        if dtype != torch.bfloat16:
            raise UsageError(f"{what} needs --dtype bfloat16 on a GPU")
    elif device.type != "cpu":
        raise UsageError(f"{what} does not run on {device.type}; leave it out, or say --device cpu")


def round_products(network: GraniteNar) -> int:
    """Replaces, in place, the projections of encoder blocks, projector and editor layers of a fused network.

    Returns:
        How many were replaced: those whose sizes are multiples of 16, which the products want.
    """
    count = 0
    for part in (*network.encoder.layers, network.projector, *network.language_model.model.layers):
        for module in list(part.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Linear) and not any(size % 16 for size in child.weight.shape):
                    module._modules[name] = Fp8Linear(child)
                    count += 1
    return count
