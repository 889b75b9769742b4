"""The encoder's blocks with fewer and larger operations on the device: what `faster.hasten` puts in their place.

- Queries, keys and values come of one product, and one gather lays them out for attention: by place in the block first,
  as the product with the relative positions wants them. Empty slots hold the clip's own last row, which no result
  depends on: as keys they are masked, as queries they are not read.
- That product's table has the scale in it and is made once. Blocks that are not full stand last, and only they are
  masked, in place.
- The batch norm is part of the convolution, which is one Triton kernel (`convolution.glu_conv`) where that may run.
- Residuals are added with their factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.models.granite_nar.convolution import edges, folded, glu_conv, glu_conv_torch
from harness.models.granite_nar.encoder import BlockAttention, ConformerBlock, ConvModule, Gaps
from harness.models.granite_nar.packing import Cut, PackedLengths

if TYPE_CHECKING:
    from harness.models.granite_nar.config import EncoderConfig


class FusedPlaces:
    """Where the rows of a packed batch lie in blocks, those that are full first, and what is next to them.

    Args:
        packing: the clips.
        config: of the encoder.
        kernel: whether the Triton kernel asks, or its twin.
    """

    def __init__(self, packing: PackedLengths, config: EncoderConfig, *, kernel: bool) -> None:
        cut = Cut.of(packing.lengths, config.context_size, shrink=True)
        filled, self.size, self.total = cut.filled, cut.size, len(cut.filled)
        order = np.argsort(filled < self.size, kind="stable")
        ranks = np.argsort(order)
        self.full = int((filled == self.size).sum())
        """How many blocks are full."""
        begins, last = (np.cumsum(filled) - filled)[order], filled[order] - 1
        places = np.arange(self.size)
        by_place = begins + np.minimum(places[:, None], last)
        rows = np.repeat(np.arange(self.total), filled)
        slots = ranks[rows] * self.size + np.arange(packing.total) - (np.cumsum(filled) - filled)[rows]
        both = packing.on_device(np.concatenate([by_place.reshape(-1), slots]))  # one copy
        self.by_place, self.slots = both.split([by_place.size, len(slots)])
        """The row of each slot, the first slots of all blocks first: int64 ``[size * blocks]``. The slot of each row,
        block by block: int64 ``[rows]``."""
        empty = (places > last[self.full :, None]).astype(np.int32)
        self.empty = packing.on_device(empty).bool()[None, :, None, :]
        """Of the blocks that are not full, which slots hold no row: bool ``[1, blocks, 1, size]``."""
        self.gaps = None if kernel else Gaps(packing, config.conv_kernel_size)
        self.edges = edges(packing) if kernel else None


class FusedAttention(nn.Module):
    """A `BlockAttention` whose weights it takes over."""

    def __init__(self, attn: BlockAttention, size: int) -> None:
        super().__init__()
        self.heads, self.dim, self.scale = attn.heads, attn.dim, attn.dim**-0.5
        self.pre_norm, self.to_out, self.rel_pos_emb = attn.pre_norm, attn.to_out, attn.rel_pos_emb
        key, value = attn.to_kv.weight.chunk(2)
        # Head by head, so that heads and blocks are one dimension of the product with the positions.
        parts = [part.unflatten(0, (self.heads, self.dim)) for part in (attn.to_q.weight, key, value)]
        with torch.device("meta"):
            self.qkv = nn.Linear(attn.to_q.weight.shape[1], 3 * self.heads * self.dim, bias=False)
        self.qkv.weight = nn.Parameter(torch.stack(parts, dim=1).flatten(0, 2), requires_grad=False)
        places = torch.arange(size, device=attn.to_q.weight.device)
        table = attn.rel_pos_emb.weight[places[:, None] - places[None, :] + attn.reach] * self.scale
        self.register_buffer("table", table, persistent=False)
        del attn.to_q, attn.to_kv

    def forward(self, rows: Tensor, places: FusedPlaces) -> Tensor:
        """``[total, hidden]`` to the same."""
        size, blocks, heads = places.size, places.total, self.heads
        laid = self.qkv(self.pre_norm(rows)).index_select(0, places.by_place)
        parts = laid.view(size, blocks * heads, 3, self.dim).unbind(2)
        table: Tensor = self.get_buffer("table")[:size, :size]
        bias = torch.bmm(parts[0], table.transpose(1, 2)).view(size, blocks, heads, size)
        if places.full < blocks:
            bias[:, places.full :].masked_fill_(places.empty, torch.finfo(bias.dtype).min)
        query, key, value = (part.view(size, blocks, heads, self.dim).permute(1, 2, 0, 3) for part in parts)
        attended = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.permute(1, 2, 0, 3), scale=self.scale
        )
        own = attended.transpose(1, 2).flatten(0, 1)[places.slots]
        out: Tensor = self.to_out(own.flatten(1))
        return out


class FusedConv(nn.Module):
    """A `ConvModule` with its batch norm folded into the convolution; it takes its weights over."""

    def __init__(self, conv: ConvModule) -> None:
        super().__init__()
        self.norm, self.up, self.down = conv.norm, _pointwise(conv.up_conv), _pointwise(conv.down_conv)
        self.depth_conv, self.batch_norm = conv.depth_conv, conv.batch_norm
        taps, shift = folded(conv)
        self.register_buffer("taps", taps, persistent=False)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, rows: Tensor, places: FusedPlaces) -> Tensor:
        """``[total, hidden]`` to the same."""
        taps, shift = self.get_buffer("taps"), self.get_buffer("shift")
        up = self.up(self.norm(rows))
        if places.edges is not None:
            active = glu_conv(up, taps, shift, places.edges)
        else:
            assert places.gaps is not None
            active = glu_conv_torch(up, taps, shift, places.gaps)
        out: Tensor = self.down(active)
        return out


def _pointwise(conv: nn.Conv1d) -> nn.Linear:
    """A convolution of one tap as what it is."""
    with torch.device("meta"):
        made = nn.Linear(conv.in_channels, conv.out_channels)
    made.weight = nn.Parameter(conv.weight.squeeze(-1), requires_grad=False)
    assert conv.bias is not None
    made.bias = nn.Parameter(conv.bias, requires_grad=False)
    return made


class FusedBlock(nn.Module):
    """A `ConformerBlock` whose weights it takes over; the block is of no use afterwards."""

    def __init__(self, block: ConformerBlock, size: int) -> None:
        super().__init__()
        self.ff1, self.ff2, self.post_norm = block.ff1, block.ff2, block.post_norm
        self.attn = FusedAttention(block.attn, size)
        self.conv = FusedConv(block.conv)

    def forward(self, rows: Tensor, places: FusedPlaces) -> Tensor:
        """``[total, hidden]`` to the same."""
        rows = added(rows, self.ff1(rows), 0.5)
        rows = self.attn(rows, places) + rows
        rows = self.conv(rows, places) + rows
        out: Tensor = self.post_norm(added(rows, self.ff2(rows), 0.5))
        return out


def added(rows: Tensor, more: Tensor, factor: float) -> Tensor:
    """The sum of rows and a factor of more, in one kernel."""
    if torch.compiler.is_compiling():  # inductor of torch 2.13 joins sum and product, and loses `alpha` over it
        return rows + factor * more
    return torch.add(rows, more, alpha=factor)
