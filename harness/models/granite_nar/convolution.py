"""The middle of the convolution module in one go: GLU, depthwise convolution over time, batch norm, SiLU.

`glu_conv` is one Triton kernel, `glu_conv_torch` its twin, written with torch's operations. The kernel reads packed
rows as they are and keeps all sums in float32: in half precision it moves 6 bytes a channel and row, and rounds once.
"""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from harness.models.granite_nar.encoder import Gaps
from harness.models.granite_nar.packing import PackedLengths

if TYPE_CHECKING:
    from harness.models.granite_nar.encoder import ConvModule

TAPS = 15
"""Of the kernel; shorter ones are filled up with zeros on both sides."""

CHECKED = (1, 2, 200, 7, 8, 64, 14, 15, 16, 1, 129)
"""Rows of the clips that the kernel is tried on: none of a tap's reach, and some over a program's rows."""


def folded(conv: ConvModule) -> tuple[Tensor, Tensor]:
    """Taps, float32 ``[TAPS, inner]``, and constants ``[inner]``: the convolution with the batch norm after it.

    Raises:
        ValueError: the convolution has more taps, or an even number.
    """
    weight, norm = conv.depth_conv.get_parameter("conv.weight").float()[:, 0], conv.batch_norm
    more = TAPS - weight.shape[1]
    if more < 0 or more % 2:
        msg = f"a convolution of {weight.shape[1]} taps; the kernel takes odd numbers up to {TAPS}"
        raise ValueError(msg)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.float() * torch.rsqrt(norm.running_var.float() + norm.eps)
    taps = functional.pad(weight * scale[:, None], (more // 2, more // 2)).T.contiguous()
    return taps, norm.bias.float() - norm.running_mean.float() * scale


def edges(packing: PackedLengths) -> Tensor:
    """How many rows of the same clip are before each row, and after it: int32 ``[2, total]``."""
    before = np.arange(packing.total) - np.repeat(packing.starts[:-1], packing.lengths)
    after = np.repeat(packing.lengths, packing.lengths) - 1 - before
    return packing.on_device(np.stack([before, after]).astype(np.int32))


@torch.library.custom_op(
    "asr_harness::glu_conv", mutates_args=(), schema="(Tensor up, Tensor taps, Tensor shift, Tensor edges) -> Tensor"
)
def glu_conv(up: Tensor, taps: Tensor, shift: Tensor, edges: Tensor) -> Tensor:
    """Packed rows ``[total, 2 * inner]`` to ``[total, inner]``, by the Triton kernel.

    Args:
        up: values, and their gates.
        taps: with the batch norm's factors in them, float32 ``[TAPS, inner]``.
        shift: what the batch norm adds, float32 ``[inner]``.
        edges: of the clips, as `edges` makes them.
    """
    from harness.models.granite_nar.conv_kernel import launch

    out = up.new_empty(up.shape[0], up.shape[1] // 2)
    if len(out):
        launch(up.contiguous(), taps, shift, edges, out)
    return out


@glu_conv.register_fake
def _shape(up: Tensor, taps: Tensor, shift: Tensor, edges: Tensor) -> Tensor:  # noqa: ARG001
    return up.new_empty(up.shape[0], up.shape[1] // 2)


def glu_conv_torch(up: Tensor, taps: Tensor, shift: Tensor, gaps: Gaps) -> Tensor:
    """What `glu_conv` does, in the number format of `up`: clips are laid out with zeros between them."""
    gated = functional.glu(up, dim=-1)
    kept = taps[(TAPS - gaps.kernel) // 2 :][: gaps.kernel]
    spaced = gated.new_zeros(gaps.rows, gated.shape[1]).index_copy_(0, gaps.slots + gaps.reach, gated)
    weight = kept.T[:, None].to(gated.dtype)
    mixed = functional.conv1d(spaced.T[None], weight, shift.to(gated.dtype), groups=gated.shape[1])
    return functional.silu(mixed[0].T[gaps.slots])


def why_not(taps: Tensor, shift: Tensor, dtype: torch.dtype) -> str:
    """Why the kernel is not to be used for such rows on the device of the taps; empty where it is.

    It is tried on random rows, and what it gives is held against the twin in float32 (`allowed`).
    """
    if importlib.util.find_spec("triton") is None:
        return "the package triton is not installed"
    if taps.device.type != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        return f"the kernel needs a GPU, this is {taps.device.type}"
    generator = torch.Generator().manual_seed(0)
    packing = PackedLengths(CHECKED, taps.device)
    up = torch.randn(packing.total, 2 * taps.shape[1], generator=generator).to(taps.device, dtype)
    expected = glu_conv_torch(up.float(), taps, shift, Gaps(packing, TAPS))
    try:
        got = glu_conv(up, taps, shift, edges(packing)).float()
        worst = float(((got - expected).abs() / allowed(expected, dtype)).max())
    except Exception as error:  # noqa: BLE001 - a compiler may raise anything
        return f"the kernel cannot be run: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return "" if worst <= 1 else f"the kernel's values are {worst:.1f} times as far off as rounding allows"


def allowed(expected: Tensor, dtype: torch.dtype) -> Tensor:
    """How far a value in a number format may be from float32's: a unit in its last place, and sums in another order."""
    return torch.finfo(dtype).eps * expected.abs() + 1e-5 * (1 + expected.abs().amax())
