"""`products=fp8`: its twin on the processor, what it refuses, and that its results have a name of their own."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from rapidfuzz.distance import Levenshtein
from torch import nn

from benchmarks.dataset import Request
from benchmarks.registry import Suite, get_dataset
from harness.audio import load_clip
from harness.config import Settings
from harness.errors import UsageError
from harness.models.base import LoadOptions
from harness.models.granite_nar import fp8
from harness.models.granite_nar.faster import hasten
from harness.models.granite_nar.fp8 import Fp8Linear, round_products, scaled
from harness.models.registry import load_model, named_values
from harness.runner.folder import with_name
from harness.runner.preview import preview

if TYPE_CHECKING:
    from pathlib import Path

    from harness.models.granite_nar.network import GraniteNar


def test_rows_are_rounded_to_three_bits_by_their_own_scale() -> None:
    rows = torch.tensor([[1.0, -448.0, 300.0, 17.0], [0.001, 0.002, 0.0, -0.00448], [0.0, 0.0, 0.0, 0.0]])
    small, scale = scaled(rows)
    assert scale[:2, 0].tolist() == pytest.approx([1.0, 1e-5])
    assert small.float()[0].tolist() == [1.0, -448.0, 288.0, 16.0]  # steps of 32 from 256 on, of 2 from 16 on
    assert (small.float() * scale)[1].tolist() == pytest.approx(
        [0.00096, 0.00192, 0.0, -0.00448], rel=1e-5
    )  # steps of 8 at 100, which is half-way
    assert (small.float() * scale)[2].tolist() == [0.0] * 4


def test_a_rounded_product_is_near_and_a_row_alone_is_the_row() -> None:
    linear = nn.Linear(64, 32)
    rows = torch.randn(3, 5, 64, generator=torch.Generator().manual_seed(0))
    made = Fp8Linear(linear)
    with torch.no_grad():
        exact, near = linear(rows), made(rows)
        assert near.shape == (3, 5, 32)
        assert 0.001 < float((near - exact).abs().max() / exact.abs().max()) < 0.06
        torch.testing.assert_close(made(rows[1:2, 2:3]), near[1:2, 2:3], atol=1e-6, rtol=1e-6)
        assert made(rows[:0]).shape == (0, 5, 32)


def test_a_gpu_is_asked_for_scales_of_rows_and_of_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch's function is given, by shapes: no processor runs it."""
    seen: list[Any] = []

    def product(one: torch.Tensor, other: torch.Tensor, first: torch.Tensor, second: torch.Tensor, **more: Any) -> Any:
        seen.append((one.shape, one.dtype, other.shape, other.stride(), first.shape, second.shape, more["out_dtype"]))
        return torch.zeros(len(one), other.shape[1], dtype=more["out_dtype"])

    class Elsewhere(torch.Tensor):
        device = torch.device("cuda")

    made = Fp8Linear(nn.Linear(64, 32).to(torch.bfloat16))
    monkeypatch.setattr(torch, "_scaled_mm", product)
    made(torch.zeros(2, 7, 64, dtype=torch.bfloat16).as_subclass(Elsewhere))
    assert seen == [((14, 64), torch.float8_e4m3fn, (64, 32), (1, 64), (14, 1), (1, 32), torch.bfloat16)]


def test_layers_are_rounded_and_heads_are_not(small_network: GraniteNar) -> None:
    network = copy.deepcopy(small_network)
    hasten(network, "fused")
    assert round_products(network) > 0
    rounded = {name.split(".")[0] for name, module in network.named_modules() if isinstance(module, Fp8Linear)}
    assert "encoder" in rounded
    heads = (network.encoder.out, network.encoder.out_mid, network.encoder.out_bpe, network.encoder.input_linear)
    assert all(type(head) is nn.Linear for head in heads)
    sizes = [module.weight.shape for module in network.modules() if isinstance(module, nn.Linear)]
    parts = (*network.encoder.layers, network.projector, *network.language_model.model.layers)
    left = [module for part in parts for module in part.modules() if isinstance(module, nn.Linear)]
    assert sizes
    assert all(any(size % 16 for size in module.weight.shape) for module in left)


def test_what_it_costs_on_trained_weights_is_seen() -> None:
    """Spoken digits: some drafts or texts may change; errors are next to the same."""
    utterances = list(get_dataset("digits").sources[0].open(Request()))[:60]
    clips, errors, notes = [load_clip(one) for one in utterances], {}, {}
    for products in ("dtype", "fp8"):
        options = LoadOptions(model_option=("kernels=fused", f"products={products}"))
        model: Any = load_model("tiny-nar", options)
        notes[products] = model.card.note
        rounded = sum(isinstance(module, Fp8Linear) for module in model.network.modules())
        assert (rounded > 40) is (products == "fp8")
        texts = [one.text for one in model.text(model.infer(model.transfer(model.features(clips))))]
        pairs = zip(utterances, texts, strict=True)
        errors[products] = sum(Levenshtein.distance(one.reference.split(), text.split()) for one, text in pairs)
    assert abs(errors["fp8"] - errors["dtype"]) <= 8  # 16 and 20 where this was written
    assert notes["fp8"].endswith("products=fp8 rounds as a GPU would, and multiplies in float32")
    assert "fp8" not in notes["dtype"]


@pytest.mark.parametrize(
    ("device", "dtype", "kernels", "capability", "told"),
    [
        ("cpu", "float32", "plain", None, "needs kernels=fused, triton or compiled beside it"),
        ("cuda", "bfloat16", "fused", (8, 0), "needs compute capability 8.9, this GPU has 8.0; leave it out"),
        ("cuda", "float32", "fused", (9, 0), "needs --dtype bfloat16 on a GPU"),
        ("mps", "float32", "fused", None, "does not run on mps; leave it out, or say --device cpu"),
        ("cuda", "bfloat16", "triton", (8, 9), None),
        ("cpu", "float32", "compiled", None, None),
    ],
)
def test_where_it_cannot_run_it_is_one_line(
    monkeypatch: pytest.MonkeyPatch, device: str, dtype: str, kernels: str, capability: Any, told: str | None
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    arguments = (torch.device(device), getattr(torch, dtype), kernels)
    if told is None:
        fp8.check(*arguments)
        return
    with pytest.raises(UsageError) as caught:
        fp8.check(*arguments)
    assert str(caught.value) == f"--model-option products=fp8 {told}"


def test_results_have_a_name_of_their_own(tmp_path: Path) -> None:
    given = ("kernels=fused", "products=fp8")
    assert named_values("tiny-nar", given) == ("fp8",)
    assert named_values("tiny-nar", ("kernels=fused", "products=dtype")) == ()
    assert named_values("module:name", given) == ()
    settings = Settings(out=tmp_path, model_option=given)
    assert with_name(settings, "org/tiny-nar").name is None
    assert with_name(settings, "tiny-nar").name == "tiny-nar fp8"
    assert (
        with_name(settings, "ibm-granite/granite-speech-4.1-2b-nar").name
        == "ibm-granite--granite-speech-4.1-2b-nar fp8"
    )
    named = Settings(out=tmp_path, model_option=given, name="mine")
    assert with_name(named, "tiny-nar").name == "mine"
    data = get_dataset("digits")
    assert "tiny-nar on s" in preview(
        Suite(name="s", profile="card@2026-04", benchmarks=("digits",)), [data], "tiny-nar", settings
    )
