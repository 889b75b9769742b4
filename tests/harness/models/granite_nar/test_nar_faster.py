"""`kernels=fused` and `kernels=compiled` against the plain modules."""

from __future__ import annotations

import copy
import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from benchmarks.dataset import Request
from benchmarks.registry import get_dataset
from harness.audio import load_clip
from harness.models.base import LoadOptions
from harness.models.granite_nar.editor import DecoderLayer, rotation
from harness.models.granite_nar.faster import FusedLayer, hasten
from harness.models.granite_nar.packing import PackedLengths
from harness.models.registry import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from harness.models.granite_nar.network import GraniteNar


def batches(count: int) -> list[tuple[torch.Tensor, PackedLengths]]:
    made = []
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        lengths = torch.randint(5, 70, (6,), generator=generator).tolist()
        made.append((torch.randn(sum(lengths), 160, generator=generator), PackedLengths(lengths)))
    return made


def changed(network: GraniteNar, other: GraniteNar, count: int) -> int:
    """Clips, of so many batches of six, whose ids are not equal."""
    found = 0
    for rows, frames in batches(count):
        plain, fast = network.transcribe(rows, frames), other.transcribe(rows, frames)
        found += sum(not np.array_equal(one, two) for one, two in zip(plain.final, fast.final, strict=True))
        found += sum(not np.array_equal(one, two) for one, two in zip(plain.draft, fast.draft, strict=True))
    return found


def test_fused_ids_are_the_plain_ones(small_network: GraniteNar) -> None:
    fused = copy.deepcopy(small_network)
    hasten(fused, "fused")
    assert all(isinstance(layer, FusedLayer) for layer in fused.language_model.model.layers)
    assert changed(small_network, fused, 40) == 0
    parameters = [sum(one.numel() for one in network.parameters()) for network in (small_network, fused)]
    assert parameters[0] == parameters[1], "weights are joined, not copied"


@torch.inference_mode()
def test_a_fused_layer_is_the_layer(small_network: GraniteNar) -> None:
    def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float) -> torch.Tensor:
        """Any function of all four: which clip attends to which is not the layer's."""
        return query * scale + key.repeat_interleave(2, 1) + value.repeat_interleave(2, 1)

    layer = small_network.language_model.model.layers[1]
    assert isinstance(layer, DecoderLayer)
    fused = FusedLayer(copy.deepcopy(layer))
    rows = torch.randn(23, 40, generator=torch.Generator().manual_seed(5))
    turn = rotation(torch.arange(23), 10, 1e4, torch.float32)
    signed = turn[0], torch.cat([-turn[1][..., :5], turn[1][..., 5:]], dim=-1)
    torch.testing.assert_close(fused(rows, signed, attend), layer(rows, turn, attend), atol=1e-5, rtol=1e-5)


def test_fused_texts_of_trained_weights_are_the_plain_ones() -> None:
    clips = [load_clip(one) for one in list(get_dataset("digits").sources[0].open(Request()))[:40]]
    texts = []
    for kernels in ("plain", "fused"):
        model = load_model("tiny-nar", LoadOptions(model_option=(f"kernels={kernels}",)))
        texts.append([one.text for one in model.text(model.infer(model.transfer(model.features(clips))))])
    assert texts[0] == texts[1]
    assert any(texts[0])


@pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="torch.compile takes a minute: ASR_SLOW_TESTS=1")
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler, which torch.compile needs here")
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated")  # torch's own, as inductor is imported
def test_compiled_ids_are_the_plain_ones(
    small_network: GraniteNar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several lengths by one graph. Inductor of torch 2.13 loses the factor of a sum over a product."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    compiled = copy.deepcopy(small_network)
    hasten(compiled, "compiled")
    assert changed(small_network, compiled, 8) == 0
