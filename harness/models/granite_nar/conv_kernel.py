"""The Triton kernel of `convolution`: imported only where the package triton is.

A program takes some rows of some channels. It goes over them once, from `REACH` rows before to `REACH` rows after; each
input row is gated once and added to the 15 sums that it belongs to, which are in registers. The oldest sum is then
whole: it is activated and written, and the others move up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import triton
import triton.language as tl

if TYPE_CHECKING:
    from torch import Tensor


def _glu_conv(  # type: ignore[no-untyped-def]  # noqa: PLR0915, PLR0917 - Triton has no arrays of registers
    up,
    taps,
    shift,
    before,
    after,
    out,
    total,
    inner,
    ROWS: tl.constexpr,  # noqa: N803
    CHANNELS: tl.constexpr,  # noqa: N803
):
    # Only what Triton has had for years: no tuples of tensors, no functions of triton.language that are kernels.
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    inside = channel < inner
    w0 = tl.load(taps + 0 * inner + channel, mask=inside, other=0.0)
    w1 = tl.load(taps + 1 * inner + channel, mask=inside, other=0.0)
    w2 = tl.load(taps + 2 * inner + channel, mask=inside, other=0.0)
    w3 = tl.load(taps + 3 * inner + channel, mask=inside, other=0.0)
    w4 = tl.load(taps + 4 * inner + channel, mask=inside, other=0.0)
    w5 = tl.load(taps + 5 * inner + channel, mask=inside, other=0.0)
    w6 = tl.load(taps + 6 * inner + channel, mask=inside, other=0.0)
    w7 = tl.load(taps + 7 * inner + channel, mask=inside, other=0.0)
    w8 = tl.load(taps + 8 * inner + channel, mask=inside, other=0.0)
    w9 = tl.load(taps + 9 * inner + channel, mask=inside, other=0.0)
    w10 = tl.load(taps + 10 * inner + channel, mask=inside, other=0.0)
    w11 = tl.load(taps + 11 * inner + channel, mask=inside, other=0.0)
    w12 = tl.load(taps + 12 * inner + channel, mask=inside, other=0.0)
    w13 = tl.load(taps + 13 * inner + channel, mask=inside, other=0.0)
    w14 = tl.load(taps + 14 * inner + channel, mask=inside, other=0.0)
    constant = tl.load(shift + channel, mask=inside, other=0.0)
    nothing = tl.full((CHANNELS,), 0.0, tl.float32)
    a0 = nothing
    a1 = nothing
    a2 = nothing
    a3 = nothing
    a4 = nothing
    a5 = nothing
    a6 = nothing
    a7 = nothing
    a8 = nothing
    a9 = nothing
    a10 = nothing
    a11 = nothing
    a12 = nothing
    a13 = nothing
    a14 = nothing
    first = tl.program_id(0).to(tl.int64) * ROWS - 7
    for step in range(ROWS + 14):
        row = first + step
        there = (row >= 0) & (row < total)
        left = tl.load(before + row, mask=there, other=0)
        right = tl.load(after + row, mask=there, other=0)
        source = up + row * 2 * inner + channel
        heard = channel < tl.where(there, inner, 0)
        value = tl.load(source, mask=heard, other=0.0).to(tl.float32)
        gate = tl.load(source + inner, mask=heard, other=0.0).to(tl.float32)
        gated = value / (1.0 + tl.exp(-gate))
        # Sum i is of the row 7 - i before; what is not of the same clip adds nothing, were it infinite.
        a0 = a1 + tl.where(left >= 7, w14 * gated, 0.0)
        a1 = a2 + tl.where(left >= 6, w13 * gated, 0.0)
        a2 = a3 + tl.where(left >= 5, w12 * gated, 0.0)
        a3 = a4 + tl.where(left >= 4, w11 * gated, 0.0)
        a4 = a5 + tl.where(left >= 3, w10 * gated, 0.0)
        a5 = a6 + tl.where(left >= 2, w9 * gated, 0.0)
        a6 = a7 + tl.where(left >= 1, w8 * gated, 0.0)
        a7 = a8 + w7 * gated
        a8 = a9 + tl.where(right >= 1, w6 * gated, 0.0)
        a9 = a10 + tl.where(right >= 2, w5 * gated, 0.0)
        a10 = a11 + tl.where(right >= 3, w4 * gated, 0.0)
        a11 = a12 + tl.where(right >= 4, w3 * gated, 0.0)
        a12 = a13 + tl.where(right >= 5, w2 * gated, 0.0)
        a13 = a14 + tl.where(right >= 6, w1 * gated, 0.0)
        a14 = tl.where(right >= 7, w0 * gated, 0.0)
        written = row - 7
        mixed = a0 + constant
        active = mixed / (1.0 + tl.exp(-mixed))
        whole = channel < tl.where((written >= first + 7) & (written < total), inner, 0)
        tl.store(out + written * inner + channel, active.to(out.dtype.element_ty), mask=whole)


KERNEL: Any = triton.jit(_glu_conv)
ROWS, CHANNELS, WARPS = 64, 256, 4
"""Of a program: two channels a thread, whose taps and sums are 60 registers; halos are a fifth of what is read."""


def launch(up: Tensor, taps: Tensor, shift: Tensor, edges: Tensor, out: Tensor) -> None:
    """Runs the kernel into `out`; shapes are those of `convolution.glu_conv`."""
    (total, inner), (before, after) = out.shape, edges
    grid = (triton.cdiv(total, ROWS), triton.cdiv(inner, CHANNELS))
    KERNEL[grid](up, taps, shift, before, after, out, total, inner, ROWS=ROWS, CHANNELS=CHANNELS, num_warps=WARPS)
