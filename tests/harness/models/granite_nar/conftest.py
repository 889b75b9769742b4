"""A small network with random weights, and the specification as slow code for one clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from harness.models.granite_nar.config import EditorConfig, EncoderConfig, GraniteNarConfig, ProjectorConfig
from harness.models.granite_nar.network import GraniteNar

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BLANK = 29

SMALL = GraniteNarConfig(
    encoder=EncoderConfig(
        num_layers=4,
        hidden_dim=32,
        num_heads=2,
        dim_head=8,
        output_dim=20,
        bpe_output_dim=30,
        conv_kernel_size=7,
        max_pos_emb=40,
        context_size=16,
        self_conditioning_layer=2,
    ),
    projector=ProjectorConfig(hidden_size=24, num_heads=3, encoder_dim=32, llm_dim=40),
    editor=EditorConfig(
        num_hidden_layers=3,
        hidden_size=40,
        intermediate_size=56,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=10,
        vocab_size=30,
    ),
    encoder_layer_indices=(1, 2, 3, -1),
    blank_token_id=BLANK,
)


def randomized(network: GraniteNar, seed: int = 0) -> GraniteNar:
    """All weights random, batch norms' statistics too, so that leaving out any of them shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0, generator=generator)
            elif tensor.dim() == 1 and "norm" in name and name.endswith("weight"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            else:
                spread = 0.3 if tensor.dim() == 1 else 1.5 / tensor[0].numel() ** 0.5
                tensor.normal_(0, spread, generator=generator)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def small_config() -> GraniteNarConfig:
    return SMALL.check()


@pytest.fixture(scope="session")
def small_network(small_config: GraniteNarConfig) -> GraniteNar:
    return randomized(GraniteNar(small_config))


@pytest.fixture(scope="session")
def randomize() -> Callable[[GraniteNar, int], GraniteNar]:
    return randomized


@pytest.fixture(scope="session")
def slow_logits() -> Callable[[GraniteNar, torch.Tensor], dict[str, Any]]:
    """The specification for one clip: features ``[T, 160]`` to draft, slots and the editor's logits."""
    return one_clip


def one_clip(network: GraniteNar, features: torch.Tensor) -> dict[str, Any]:
    """Written from the specification, without packing: pads to whole blocks and masks, one clip at a time."""
    config, weights = network.config, dict(network.state_dict())
    states, importance = slow_encoder(config.encoder, weights, features)
    h = states[-1]
    pooled = []
    for start in range(0, len(h), config.encoder.bpe_pooling_window):
        w = importance[start : start + 4]
        w = w / (w.sum() + 1e-8)
        pooled.append((w[:, None] * h[start : start + 4]).sum(0))
    logits = torch.stack(pooled) @ weights["encoder.out_bpe.weight"].T + weights["encoder.out_bpe.bias"]
    draft = collapse(logits.argmax(-1).tolist(), config.blank_token_id)
    audio = slow_projector(config, weights, [states[i] for i in config.encoder_layer_indices])
    final = slow_edit(config, weights, audio, draft)
    return {
        "draft_logits": logits,
        "draft": draft,
        "audio": audio,
        "logits": final,
        "final": collapse(final.argmax(-1).tolist(), config.blank_token_id),
    }


def slow_edit(
    config: GraniteNarConfig, weights: dict[str, torch.Tensor], audio: torch.Tensor, ids: list[int]
) -> torch.Tensor:
    """Logits of the editor's slots around some token ids."""
    slots = [config.blank_token_id] * max(2 * len(ids) + 1, 8)
    slots[1 : 2 * len(ids) : 2] = ids
    embedded = weights["language_model.model.embed_tokens.weight"][torch.tensor(slots)]
    rows = torch.cat([audio / 12, embedded]) * 12
    hidden = slow_editor(config.editor, weights, rows)[len(audio) :]
    return hidden @ weights["language_model.model.embed_tokens.weight"].T / 8


@pytest.fixture(scope="session")
def slow_steps() -> Callable[[GraniteNar, torch.Tensor, int], list[list[int]]]:
    """The specification for one clip edited several times: what each step says."""

    def run(network: GraniteNar, features: torch.Tensor, steps: int) -> list[list[int]]:
        config, weights = network.config, dict(network.state_dict())
        first, said = one_clip(network, features), []
        ids = first["draft"]
        for _ in range(steps):
            logits = slow_edit(config, weights, first["audio"], ids)
            ids = collapse(logits.argmax(-1).tolist(), config.blank_token_id)
            said.append(ids)
        return said

    return run


def collapse(classes: list[int], blank: int) -> list[int]:
    out: list[int] = []
    last = None
    for each in classes:
        if each != last and each != blank:
            out.append(each)
        last = each
    return out


def slow_encoder(
    config: EncoderConfig, weights: dict[str, torch.Tensor], features: torch.Tensor
) -> tuple[list[torch.Tensor], torch.Tensor]:
    def lin(name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, weights[f"{name}.weight"].reshape(-1, x.shape[-1]), weights.get(f"{name}.bias"))

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-5)

    def half_step(name: str, x: torch.Tensor) -> torch.Tensor:
        return lin(f"{name}.down_proj", functional.silu(lin(f"{name}.up_proj", norm(f"{name}.pre_norm", x))))

    def attend(name: str, x: torch.Tensor) -> torch.Tensor:
        size, heads, dim = config.context_size, config.num_heads, config.dim_head
        normed, out = norm(f"{name}.pre_norm", x), []
        table = weights[f"{name}.rel_pos_emb.weight"]
        for start in range(0, len(x), size):
            piece = normed[start : start + size]
            n = len(piece)
            q = lin(f"{name}.to_q", piece).view(n, heads, dim)
            k, v = (each.view(n, heads, dim) for each in lin(f"{name}.to_kv", piece).chunk(2, dim=-1))
            scores = torch.zeros(heads, n, n)
            for c in range(n):
                places = table[c - torch.arange(n) + config.max_pos_emb]
                for h in range(heads):
                    scores[h, c] = dim**-0.5 * (k[:, h] @ q[c, h] + places @ q[c, h])
            out.append(torch.einsum("hcr,rhd->chd", scores.softmax(-1), v).reshape(n, -1))
        return lin(f"{name}.to_out", torch.cat(out))

    def convolve(name: str, x: torch.Tensor) -> torch.Tensor:
        value, gate = lin(f"{name}.up_conv", norm(f"{name}.norm", x)).chunk(2, dim=-1)
        y = (value * gate.sigmoid()).T[None]
        kernel = weights[f"{name}.depth_conv.conv.weight"]
        y = functional.conv1d(y, kernel, padding=kernel.shape[-1] // 2, groups=len(kernel))[0].T
        mean, var = weights[f"{name}.batch_norm.running_mean"], weights[f"{name}.batch_norm.running_var"]
        y = (y - mean) / (var + 1e-5).sqrt() * weights[f"{name}.batch_norm.weight"] + weights[f"{name}.batch_norm.bias"]
        return lin(f"{name}.down_conv", functional.silu(y))

    x = lin("encoder.input_linear", features)
    states, importance = [x], torch.zeros(0)
    for i in range(config.num_layers):
        name = f"encoder.layers.{i}"
        x = 0.5 * half_step(f"{name}.ff1", x) + x
        x = attend(f"{name}.attn", x) + x
        x = convolve(f"{name}.conv", x) + x
        x = 0.5 * half_step(f"{name}.ff2", x) + x
        x = norm(f"{name}.post_norm", x)
        if i + 1 == config.self_conditioning_layer:
            p = lin("encoder.out", x).softmax(-1)
            importance = 1 - p[:, 0]
            x = x + lin("encoder.out_mid", p)
        states.append(x)
    return states, importance


def slow_projector(
    config: GraniteNarConfig, weights: dict[str, torch.Tensor], states: list[torch.Tensor]
) -> torch.Tensor:
    part = config.projector

    def lin(name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, weights[f"projector.{name}.weight"], weights[f"projector.{name}.bias"])

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        name = f"projector.{name}"
        return functional.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-6)

    x = torch.cat([norm(f"layer_norms.{i}", state) for i, state in enumerate(states)], -1)
    x = functional.gelu(lin("layer_projector", x))
    padded = functional.pad(x, (0, 0, 0, -len(x) % 15))
    out = []
    for window in padded.split(15):
        q = weights["projector.query"][0] + torch.stack([window[5 * j : 5 * j + 5].mean(0) for j in range(3)])
        kv = window + weights["projector.window_positions"][0]
        for i in range(part.num_layers):
            name = f"qformer.layers.{i}"
            dim = part.hidden_size // part.num_heads
            query = lin(f"{name}.cross_attention.q_proj", norm(f"{name}.attn_norm", q))
            key, value = lin(f"{name}.cross_attention.k_proj", kv), lin(f"{name}.cross_attention.v_proj", kv)
            mixed = []
            for h in range(part.num_heads):
                at = slice(h * dim, h * dim + dim)
                mixed.append((query[:, at] @ key[:, at].T * dim**-0.5).softmax(-1) @ value[:, at])
            q = q + lin(f"{name}.cross_attention.o_proj", torch.cat(mixed, -1))
            q = q + lin(f"{name}.mlp.fc2", functional.silu(lin(f"{name}.mlp.fc1", norm(f"{name}.mlp_norm", q))))
        out.append(lin("out_linear", norm("out_norm", q)))
    return torch.cat(out)[: len(x) // 5]


def slow_editor(config: EditorConfig, weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    dim, n = config.head_dim, len(x)

    def norm(name: str, y: torch.Tensor) -> torch.Tensor:
        return y / (y.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weights[f"language_model.model.{name}.weight"]

    def lin(name: str, y: torch.Tensor) -> torch.Tensor:
        return y @ weights[f"language_model.model.{name}.weight"].T

    def turned(y: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(y)
        for j in range(dim // 2):
            angle = torch.arange(n) / config.rope_theta ** (2 * j / dim)
            a, b = y[:, j], y[:, j + dim // 2]
            out[:, j] = a * angle.cos() - b * angle.sin()
            out[:, j + dim // 2] = b * angle.cos() + a * angle.sin()
        return out

    for i in range(config.num_hidden_layers):
        name = f"layers.{i}"
        y = norm(f"{name}.input_layernorm", x)
        q, k, v = (lin(f"{name}.self_attn.{each}_proj", y) for each in "qkv")
        mixed = []
        for h in range(config.num_attention_heads):
            g = h * config.num_key_value_heads // config.num_attention_heads
            query, key = turned(q[:, h * dim : h * dim + dim]), turned(k[:, g * dim : g * dim + dim])
            mixed.append((query @ key.T * config.attention_multiplier).softmax(-1) @ v[:, g * dim : g * dim + dim])
        x = x + 0.22 * lin(f"{name}.self_attn.o_proj", torch.cat(mixed, -1))
        y = norm(f"{name}.post_attention_layernorm", x)
        y = functional.silu(lin(f"{name}.mlp.gate_proj", y)) * lin(f"{name}.mlp.up_proj", y)
        x = x + 0.22 * lin(f"{name}.mlp.down_proj", y)
    return norm("norm", x)


@pytest.fixture(scope="session")
def noise() -> Callable[..., list[NDArray[np.float32]]]:
    """Noise of given lengths in samples."""

    def make(*lengths: int, seed: int = 0) -> list[NDArray[np.float32]]:
        generator = np.random.default_rng(seed)
        return [generator.normal(0, 0.1, length).astype(np.float32) for length in lengths]

    return make
