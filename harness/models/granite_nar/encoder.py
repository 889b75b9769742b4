"""Conformer encoder: frames in, hidden states, character posteriors and a draft of tokens out.

Each block is half a feed-forward, attention inside blocks of 200 frames with relative positions, convolution, half a
feed-forward and a norm. After one layer the posteriors of a character CTC head are added back (self-conditioning), and
their blanks say how much each frame counts when frames are pooled for the token CTC head.

Rows are packed: ``[total frames, hidden]``. A clip's result does not depend on its neighbours: empty slots of its last
attention block are masked keys, and the convolution sees zeros outside of the clip.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.models.granite_nar.config import EncoderConfig
from harness.models.granite_nar.packing import Blocks, PackedLengths


def feed_forward(config: EncoderConfig) -> nn.Sequential:
    """Norm, up, SiLU, down: ``[total, hidden]`` to the same."""
    hidden, inner = config.hidden_dim, config.hidden_dim * config.feedforward_mult
    up, down = nn.Linear(hidden, inner), nn.Linear(inner, hidden)
    return nn.Sequential(OrderedDict(pre_norm=nn.LayerNorm(hidden), up_proj=up, active=nn.SiLU(), down_proj=down))


class BlockAttention(nn.Module):
    """Attention of each frame to its block, with Shaw's relative positions: score = s (q k + q E[query - key])."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        inner = config.num_heads * config.dim_head
        self.heads, self.dim, self.reach = config.num_heads, config.dim_head, config.max_pos_emb
        self.pre_norm = nn.LayerNorm(config.hidden_dim)
        self.to_q = nn.Linear(config.hidden_dim, inner, bias=False)
        self.to_kv = nn.Linear(config.hidden_dim, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, config.hidden_dim)
        self.rel_pos_emb = nn.Embedding(2 * config.max_pos_emb + 1, config.dim_head)

    def position_scores(self, query: Tensor) -> Tensor:
        """``[blocks, size, heads, dim]`` to q E[query - key], ``[blocks, heads, size, size]``; one GEMM a place."""
        blocks, size, heads, dim = query.shape
        places = torch.arange(size, device=query.device)
        table = self.rel_pos_emb.weight[places[:, None] - places[None, :] + self.reach]
        by_place = query.transpose(0, 1).reshape(size, blocks * heads, dim)
        return torch.bmm(by_place, table.transpose(1, 2)).reshape(size, blocks, heads, size).permute(1, 2, 0, 3)

    def forward(self, rows: Tensor, blocks: Blocks, keys: Tensor | None) -> Tensor:
        """``[total, hidden]`` to the same; `keys` says which slots hold a frame, bool ``[blocks, 1, 1, size]``."""
        normed = self.pre_norm(rows)
        query = blocks.spread(self.to_q(normed)).unflatten(-1, (self.heads, self.dim))
        key, value = blocks.spread(self.to_kv(normed)).unflatten(-1, (2, self.heads, self.dim)).unbind(2)
        scale = self.dim**-0.5
        bias = self.position_scores(query) * scale
        if keys is not None:
            bias = bias.masked_fill(~keys, torch.finfo(bias.dtype).min)
        attended = functional.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), attn_mask=bias, scale=scale
        )
        out: Tensor = self.to_out(blocks.gather(attended.transpose(1, 2)).flatten(1))
        return out


class Gaps:
    """Clips with as many zero rows between them as a kernel reaches."""

    def __init__(self, packing: PackedLengths, kernel: int) -> None:
        self.kernel, self.reach = kernel, kernel // 2
        self.slots = packing.slots(packing.lengths + self.reach)
        self.rows = max(kernel, packing.total + self.reach * (len(packing.lengths) + 1))


class ConvModule(nn.Module):
    """Norm, pointwise, GLU, depthwise convolution over time, batch norm, SiLU, pointwise."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        inner = config.hidden_dim * config.conv_expansion_factor
        self.norm = nn.LayerNorm(config.hidden_dim)
        self.up_conv = nn.Conv1d(config.hidden_dim, 2 * inner, 1)
        kernel = nn.Conv1d(inner, inner, config.conv_kernel_size, groups=inner, bias=False)
        self.depth_conv = nn.ModuleDict({"conv": kernel})
        self.batch_norm = nn.BatchNorm1d(inner)
        self.down_conv = nn.Conv1d(inner, config.hidden_dim, 1)

    def over_time(self, rows: Tensor, gaps: Gaps) -> Tensor:
        """Depthwise convolution of packed rows ``[total, inner]``: clips are laid out with zeros between them."""
        spaced = rows.new_zeros(gaps.rows, rows.shape[1]).index_copy_(0, gaps.slots + gaps.reach, rows)
        out = functional.conv1d(spaced.T[None], self.depth_conv.get_parameter("conv.weight"), groups=rows.shape[1])
        return out[0].T[gaps.slots]

    def forward(self, rows: Tensor, gaps: Gaps) -> Tensor:
        """``[total, hidden]`` to the same."""
        up = functional.linear(self.norm(rows), self.up_conv.weight.squeeze(-1), self.up_conv.bias)
        mixed = self.over_time(functional.glu(up, dim=-1), gaps)
        active = functional.silu(self.batch_norm(mixed))
        return functional.linear(active, self.down_conv.weight.squeeze(-1), self.down_conv.bias)


class Places:
    """Where the rows of a packed batch lie in the encoder's layers."""

    def __init__(self, packing: PackedLengths, config: EncoderConfig) -> None:
        self.blocks = Blocks(packing, config.context_size, shrink=True)
        self.keys = None if self.blocks.full else self.blocks.mask()[:, None, None, :]
        """Which slots hold a frame, bool ``[blocks, 1, 1, size]``; None where all do."""
        self.gaps = Gaps(packing, config.conv_kernel_size)


class ConformerBlock(nn.Module):
    """One layer."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.ff1 = feed_forward(config)
        self.attn = BlockAttention(config)
        self.conv = ConvModule(config)
        self.ff2 = feed_forward(config)
        self.post_norm = nn.LayerNorm(config.hidden_dim)

    def forward(self, rows: Tensor, places: Places) -> Tensor:
        """``[total, hidden]`` to the same."""
        rows = 0.5 * self.ff1(rows) + rows
        rows = self.attn(rows, places.blocks, places.keys) + rows
        rows = self.conv(rows, places.gaps) + rows
        rows = 0.5 * self.ff2(rows) + rows
        out: Tensor = self.post_norm(rows)
        return out


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder made of a packed batch."""

    states: tuple[Tensor, ...]
    """The hidden states that were asked for, each ``[total, hidden]``."""
    last: Tensor
    """Output of the last layer, ``[total, hidden]``."""
    characters: Tensor
    """Logits of the character head, ``[total, characters]``; class 0 is the blank."""
    importance: Tensor
    """1 - P(character blank) of each frame, float32 ``[total]``."""


class Encoder(nn.Module):
    """All layers and the three heads; without `EncoderConfig.bpe_output_dim` there is no token head."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.kind_of_places: Callable[..., Any] = Places
        """What its layers want to know of a batch, made of its lengths and the configuration."""
        self.input_linear = nn.Linear(config.input_dim, config.hidden_dim)
        self.layers = nn.ModuleList(ConformerBlock(config) for _ in range(config.num_layers))
        self.out = nn.Linear(config.hidden_dim, config.output_dim)
        self.out_mid = nn.Linear(config.output_dim, config.hidden_dim)
        if config.bpe_output_dim:
            self.out_bpe = nn.Linear(config.hidden_dim, config.bpe_output_dim)

    def prepare(self, packing: PackedLengths) -> None:
        """Makes the index tensors of a batch beforehand."""
        packing.made(self.kind_of_places, self.config)
        packing.made(Blocks, self.config.bpe_pooling_window)

    def forward(self, features: Tensor, packing: PackedLengths, wanted: tuple[int, ...]) -> Encoded:
        """Encodes a packed batch, float32 ``[total, input_dim]``.

        Of the `wanted` hidden states 0 is the projected input, i the output of layer i, -1 of the last. That of the
        self-conditioning layer is the one after the injection.
        """
        config = self.config
        of_batch = packing.made(self.kind_of_places, config)
        rows = self.input_linear(features.to(self.input_linear.weight.dtype))
        places = [index % (config.num_layers + 1) for index in wanted]
        states = {0: rows} if 0 in places else {}
        characters = importance = None
        for number, layer in enumerate(self.layers, start=1):
            rows = layer(rows, of_batch)
            if number == config.self_conditioning_layer:
                characters = self.out(rows)
                posteriors = characters.float().softmax(dim=-1)
                importance = 1.0 - posteriors[:, 0]
                rows = rows + self.out_mid(posteriors.to(rows.dtype))
            if number in places:
                states[number] = rows
        assert characters is not None
        assert importance is not None
        return Encoded(tuple(states[place] for place in places), rows, characters, importance)

    def pooled(self, encoded: Encoded, packing: PackedLengths) -> tuple[Tensor, PackedLengths]:
        """Frames pooled by importance, in float32, for the token head: ``[windows, hidden]`` and each clip's windows.

        A window's weights are importance / (their sum + 1e-8); the last window of a clip has its own frames only.
        """
        windows = packing.made(Blocks, self.config.bpe_pooling_window)
        weights = windows.spread(encoded.importance)
        weights = weights / (weights.sum(dim=1, keepdim=True) + 1e-8)
        pooled = torch.einsum("nw,nwc->nc", weights, windows.spread(encoded.last.float()))
        return pooled.to(encoded.last.dtype), PackedLengths(windows.counts, packing.device)
