"""The same network with fewer and larger operations on the device: what `--model-option kernels=...` chooses.

- `plain`: the modules of this folder as they are written, which the oracles are compared with.
- `fused`: the editor's projections joined (query, key and value; gate and up), its norms one kernel each, positions
  turned in three kernels for queries and keys at once, residuals added with their factor: 14 kernels a layer for 40.
  The encoder's as `faster_encoder` tells: 33 a layer for 44.
- `triton`: that, and the middle of the convolution modules in one kernel of Triton: 25 a layer. Where it cannot run, or
  gives other values than its twin when it is tried, that is said, and it is `fused`.
- `compiled`: `triton`, and torch.compile of the encoder's blocks and of both sides of the editor's attention, one graph
  for all layers and batches.

Sums are of the same terms; which are rounded in between differs, so float32 texts are equal and half precision's may
differ in close calls: runs of one are not gone on with by another.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import ModelError
from harness.models.granite_nar.convolution import folded, why_not
from harness.models.granite_nar.editor import DecoderLayer, RmsNorm, Rotation
from harness.models.granite_nar.encoder import ConformerBlock
from harness.models.granite_nar.faster_encoder import FusedBlock, FusedPlaces, added
from harness.models.granite_nar.fp8 import round_products

if TYPE_CHECKING:
    from harness.models.granite_nar.attention import PackedAttention
    from harness.models.granite_nar.network import GraniteNar

KERNELS = ("plain", "fused", "triton", "compiled")


class FusedLayer(nn.Module):
    """A `DecoderLayer` whose weights it takes over, joined; the layer is of no use afterwards."""

    def __init__(self, layer: DecoderLayer) -> None:
        super().__init__()
        own, mlp = layer.self_attn, layer.mlp
        self.residual, self.scale, self.dim = layer.residual, own.scale, own.dim
        self.heads, self.shared = (len(each.weight) // own.dim for each in (own.q_proj, own.k_proj))
        self.input_layernorm, self.post_attention_layernorm = layer.input_layernorm, layer.post_attention_layernorm
        self.qkv, self.o_proj = _joined(own.q_proj, own.k_proj, own.v_proj), own.o_proj
        self.gate_up, self.down_proj = _joined(mlp.gate_proj, mlp.up_proj), mlp.down_proj

    def before(self, rows: Tensor, turn: Rotation) -> tuple[Tensor, Tensor, Tensor]:
        """``[total, hidden]`` to queries ``[total, heads, dim]``, keys and values ``[total, key heads, dim]``."""
        joined = self.qkv(_normed(self.input_layernorm, rows)).unflatten(-1, (-1, self.dim))
        turned, value = joined.split([self.heads + self.shared, self.shared], dim=1)
        cosine, sine = turn
        turned = torch.addcmul(turned * cosine, turned.roll(self.dim // 2, dims=-1), sine)
        query, key = turned.split([self.heads, self.shared], dim=1)
        return query, key, value

    def after(self, rows: Tensor, attended: Tensor) -> Tensor:
        """The layer's input and what was attended, ``[total, heads, dim]``, to its output ``[total, hidden]``."""
        rows = added(rows, self.o_proj(attended.flatten(1)), self.residual)
        gate, up = self.gate_up(_normed(self.post_attention_layernorm, rows)).chunk(2, dim=-1)
        return added(rows, self.down_proj(functional.silu(gate) * up), self.residual)

    def forward(self, rows: Tensor, turn: Rotation, attention: PackedAttention) -> Tensor:
        """``[total, hidden]`` to the same. The sine's first half is negative, for halves change places unsigned."""
        query, key, value = self.before(rows, turn)
        return self.after(rows, attention(query, key, value, self.scale))


def _joined(*layers: nn.Linear) -> nn.Linear:
    """One projection to all that they project to, one after the other. Their own weights are given up."""
    first = layers[0].weight
    with torch.device("meta"):
        made = nn.Linear(first.shape[1], sum(len(layer.weight) for layer in layers), bias=False)
    made.weight = nn.Parameter(torch.cat([layer.weight for layer in layers]), requires_grad=False)
    for layer in layers:
        del layer.weight
    return made


def _normed(norm: RmsNorm, rows: Tensor) -> Tensor:
    return functional.rms_norm(rows, (rows.shape[-1],), norm.weight, norm.eps)


def hasten(network: GraniteNar, kernels: str, *, products: str = "dtype", check: bool = True) -> str:
    """Changes a loaded network, in place, to run as one of `KERNELS` says.

    Args:
        network: that was loaded.
        kernels: how it is to run.
        products: ``fp8`` rounds those of the fused layers (`fp8`).
        check: try the Triton kernel first; without, it is taken for good, as where nothing is computed.

    Returns:
        What is not as asked for, and why; empty where all is.

    Raises:
        ModelError: it is to be compiled, and cannot be here.
    """
    if kernels == "plain":
        return ""
    reason, first = "", network.encoder.layers[0]
    assert isinstance(first, ConformerBlock)
    if kernels != "fused":
        try:
            reason = why_not(*folded(first.conv), first.conv.up_conv.weight.dtype) if check else ""
        except ValueError as error:
            reason = str(error)
    _fuse(network, kernel=kernels != "fused" and not reason)
    if products == "fp8":
        round_products(network)
    if kernels == "compiled":
        try:
            _compile(network)
        except RuntimeError as error:
            raise ModelError(f"kernels=compiled: torch cannot compile here ({error}); take kernels=fused") from None
    return f"kernels={kernels}: convolutions run in torch's operations, for {reason}" if reason else ""


def _fuse(network: GraniteNar, *, kernel: bool) -> None:
    """Puts fused layers in the places of the plain ones."""
    encoder, editor = network.encoder, network.language_model.model
    for number, block in enumerate(encoder.layers):
        assert isinstance(block, ConformerBlock)
        encoder.layers[number] = FusedBlock(block, encoder.config.context_size).eval()
    encoder.kind_of_places = partial(FusedPlaces, kernel=kernel)
    editor.signed_sine = True
    for number, layer in enumerate(editor.layers):
        assert isinstance(layer, DecoderLayer)
        editor.layers[number] = FusedLayer(layer).eval()


def _compile(network: GraniteNar) -> None:
    for block in network.encoder.layers:
        block.compile(dynamic=True, fullgraph=True)
    for layer in network.language_model.model.layers:
        assert isinstance(layer, FusedLayer)
        layer.before = torch.compile(layer.before, dynamic=True, fullgraph=True)  # type: ignore[method-assign]
        layer.after = torch.compile(layer.after, dynamic=True, fullgraph=True)  # type: ignore[method-assign]
