"""Editor: the Granite decoder run with bidirectional attention over `[audio embeddings | text slots]` of each clip.

Granite is a Llama-like decoder with four multipliers: on embeddings (12), in place of 1 / sqrt(dim) in the softmax
(1 / 128), on what each sublayer adds (0.22), and dividing the logits (8). Embeddings are tied to the output head. Rows
are packed, and positions start at 0 in each clip.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.models.granite_nar.attention import PackedAttention
from harness.models.granite_nar.config import EditorConfig

Rotation = tuple["Tensor", "Tensor"]


class RmsNorm(nn.Module):
    """Root-mean-square norm: in float32, then cast, then multiplied by the weight."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, rows: Tensor) -> Tensor:
        """``[..., size]`` to the same."""
        wide = rows.float()
        normed = wide * torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)
        return self.weight * normed.to(rows.dtype)


def rotation(positions: Tensor, dim: int, theta: float, dtype: torch.dtype) -> Rotation:
    """Cosines and sines of the rotary embedding, ``[total, 1, dim]`` each: made in float32, then cast."""
    steps = torch.arange(0, dim, 2, dtype=torch.float32, device=positions.device) / dim
    angles = positions.float()[:, None] * (1.0 / theta**steps)
    angles = torch.cat([angles, angles], dim=-1)[:, None, :]
    return angles.cos().to(dtype), angles.sin().to(dtype)


def rotated(heads: Tensor, turn: Rotation) -> Tensor:
    """Rotates ``[total, heads, dim]``: the first half of the dimensions pairs with the second."""
    cosine, sine = turn
    first, second = heads.chunk(2, dim=-1)
    return heads * cosine + torch.cat([-second, first], dim=-1) * sine


class SelfAttention(nn.Module):
    """Grouped-query attention with rotary positions, to all rows of the same clip."""

    def __init__(self, config: EditorConfig) -> None:
        super().__init__()
        self.dim, self.scale = config.head_dim, config.attention_multiplier
        hidden, heads, shared = config.hidden_size, config.num_attention_heads, config.num_key_value_heads
        self.q_proj = nn.Linear(hidden, heads * config.head_dim, bias=False)
        self.k_proj = nn.Linear(hidden, shared * config.head_dim, bias=False)
        self.v_proj = nn.Linear(hidden, shared * config.head_dim, bias=False)
        self.o_proj = nn.Linear(heads * config.head_dim, hidden, bias=False)

    def forward(self, rows: Tensor, turn: Rotation, attention: PackedAttention) -> Tensor:
        """``[total, hidden]`` to the same."""
        query, key, value = (
            projection(rows).unflatten(-1, (-1, self.dim)) for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        attended = attention(rotated(query, turn), rotated(key, turn), value, self.scale)
        out: Tensor = self.o_proj(attended.flatten(1))
        return out


class GatedMlp(nn.Module):
    """SiLU(gate) times up, then down."""

    def __init__(self, config: EditorConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        """``[total, hidden]`` to the same."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(rows)) * self.up_proj(rows))
        return out


class DecoderLayer(nn.Module):
    """Attention and MLP, each normed before and scaled by the residual multiplier."""

    def __init__(self, config: EditorConfig) -> None:
        super().__init__()
        self.residual = config.residual_multiplier
        self.input_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = SelfAttention(config)
        self.post_attention_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = GatedMlp(config)

    def forward(self, rows: Tensor, turn: Rotation, attention: PackedAttention) -> Tensor:
        """``[total, hidden]`` to the same."""
        rows = rows + self.residual * self.self_attn(self.input_layernorm(rows), turn, attention)
        out: Tensor = rows + self.residual * self.mlp(self.post_attention_layernorm(rows))
        return out


class EditorModel(nn.Module):
    """Embeddings, layers and the last norm."""

    def __init__(self, config: EditorConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_hidden_layers))
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.signed_sine = False
        """Whether layers want the sines of the first half negated, which `rotated` negates the other factor for."""

    def forward(self, embeddings: Tensor, positions: Tensor, attention: PackedAttention) -> Tensor:
        """Embeddings ``[total, hidden]`` and each row's place in its clip ``[total]`` to normed hidden states."""
        rows = embeddings * self.config.embedding_multiplier
        turn = rotation(positions, self.config.head_dim, self.config.rope_theta, rows.dtype)
        if self.signed_sine:
            turn[1][..., : self.config.head_dim // 2].neg_()
        for layer in self.layers:
            rows = layer(rows, turn, attention)
        out: Tensor = self.norm(rows)
        return out


class Editor(nn.Module):
    """The decoder under the checkpoint's name, with its tied head."""

    def __init__(self, config: EditorConfig) -> None:
        super().__init__()
        self.config = config
        self.model = EditorModel(config)

    def logits(self, rows: Tensor) -> Tensor:
        """Hidden states ``[rows, hidden]`` to logits ``[rows, vocabulary]`` through the tied head."""
        return functional.linear(rows, self.model.embed_tokens.weight) / self.config.logits_scaling
