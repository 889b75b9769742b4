"""Projector: a windowed Q-Former that turns encoder frames (50 a second) into embeddings of the editor (10 a second).

Four hidden states of the encoder are normed, joined and projected; each window of 15 frames is then read by 3 queries,
each a learned vector plus the mean of 5 frames. Empty slots of a clip's last window are zeros plus their position, as
in training.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.models.granite_nar.config import ProjectorConfig
from harness.models.granite_nar.packing import Blocks, PackedLengths

MOST_WINDOWS = 65_535
"""In one call of attention: a kernel's grid has no more in the dimension that counts batches (CUDA's limit)."""


class CrossAttention(nn.Module):
    """Queries of a window attend to its frames."""

    def __init__(self, config: ProjectorConfig) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (
            nn.Linear(config.hidden_size, config.hidden_size) for _ in range(4)
        )

    def forward(self, queries: Tensor, frames: Tensor) -> Tensor:
        """``[windows, queries, hidden]`` and ``[windows, frames, hidden]`` to ``[windows, queries, hidden]``."""
        query, key, value = (
            projection(source).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projection, source in ((self.q_proj, queries), (self.k_proj, frames), (self.v_proj, frames))
        )
        attended = functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.o_proj(attended.transpose(1, 2).flatten(2))
        return out


class QFormerLayer(nn.Module):
    """Cross-attention and MLP, each with a norm before it."""

    def __init__(self, config: ProjectorConfig) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, round(config.hidden_size * config.mlp_ratio)
        self.attn_norm = nn.LayerNorm(hidden, eps=config.layernorm_eps)
        self.cross_attention = CrossAttention(config)
        self.mlp_norm = nn.LayerNorm(hidden, eps=config.layernorm_eps)
        self.mlp = nn.Sequential(
            OrderedDict(fc1=nn.Linear(hidden, inner), active=nn.SiLU(), fc2=nn.Linear(inner, hidden))
        )

    def forward(self, queries: Tensor, frames: Tensor) -> Tensor:
        """``[windows, queries, hidden]`` to the same."""
        queries = queries + self.cross_attention(self.attn_norm(queries), frames)
        out: Tensor = queries + self.mlp(self.mlp_norm(queries))
        return out


class Windows:
    """The windows of a packed batch, and which of their queries become tokens."""

    def __init__(self, packing: PackedLengths, config: ProjectorConfig) -> None:
        self.blocks = Blocks(packing, config.block_size)
        self.tokens = PackedLengths(packing.lengths // config.downsample_rate, packing.device)
        self.kept = self.tokens.slots(self.blocks.counts * config.queries)


class Projector(nn.Module):
    """The whole projector."""

    def __init__(self, config: ProjectorConfig) -> None:
        super().__init__()
        self.config = config
        eps = config.layernorm_eps
        self.layer_norms = nn.ModuleList(
            nn.LayerNorm(config.encoder_dim, eps=eps) for _ in range(config.num_encoder_layers)
        )
        self.layer_projector = nn.Linear(config.encoder_dim * config.num_encoder_layers, config.hidden_size)
        self.query = nn.Parameter(torch.empty(1, config.queries, config.hidden_size))
        self.window_positions = nn.Parameter(torch.empty(1, config.block_size, config.hidden_size))
        self.layers = [QFormerLayer(config) for _ in range(config.num_layers)]
        self.qformer = nn.ModuleDict({"layers": nn.ModuleList(self.layers)})
        self.out_norm = nn.LayerNorm(config.hidden_size, eps=eps)
        self.out_linear = nn.Linear(config.hidden_size, config.llm_dim)

    def prepare(self, packing: PackedLengths) -> None:
        """Makes the index tensors of a batch beforehand."""
        packing.made(Windows, self.config)

    def forward(self, states: tuple[Tensor, ...], packing: PackedLengths) -> tuple[Tensor, PackedLengths]:
        """The encoder's hidden states, each ``[total frames, encoder_dim]``, to embeddings ``[total tokens, llm_dim]``.

        A clip has a fifth as many tokens as frames, rounded down.
        """
        config = self.config
        joined = torch.cat([norm(state) for norm, state in zip(self.layer_norms, states, strict=True)], dim=-1)
        windows = packing.made(Windows, config)
        frames = windows.blocks.spread(functional.gelu(self.layer_projector(joined)))
        means = frames.unflatten(1, (config.queries, config.downsample_rate)).mean(dim=2)
        queries = self.query + means
        frames = frames + self.window_positions
        # Clips are short of the limit by far; batches may be over it, and windows do not see each other.
        pairs = list(zip(queries.split(MOST_WINDOWS), frames.split(MOST_WINDOWS), strict=True))
        for layer in self.layers:
            pairs = [(layer(some, of), of) for some, of in pairs]
        queries = pairs[0][0] if len(pairs) == 1 else torch.cat([some for some, _ in pairs])
        # What is left works row by row, so queries of a last window's empty part are dropped before it.
        return self.out_linear(self.out_norm(queries.flatten(0, 1)[windows.kept])), windows.tokens
