"""The kernel of the convolution module, run by Triton's interpreter, against its twin and against the plain formula."""

from __future__ import annotations

import copy
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.models.base import LoadOptions
from harness.models.granite_nar import convolution
from harness.models.granite_nar.config import EncoderConfig
from harness.models.granite_nar.convolution import TAPS, allowed, edges, folded, glu_conv, glu_conv_torch, why_not
from harness.models.granite_nar.encoder import ConvModule, Gaps
from harness.models.granite_nar.faster import hasten
from harness.models.granite_nar.faster_encoder import FusedBlock
from harness.models.granite_nar.packing import PackedLengths
from harness.models.registry import load_model

if TYPE_CHECKING:
    from harness.models.granite_nar.network import GraniteNar

KERNEL = "harness.models.granite_nar.conv_kernel"

LENGTHS = (1, 7, 70, 0, 3, 1, 16)
"""Clips of one row, shorter than a tap's reach, longer than a program's rows, and none."""


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Triton's interpreter: a kernel is interpreted if it was so when it was made."""
    pytest.importorskip("triton", reason="the package triton is not installed")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    sys.modules.pop(KERNEL, None)
    yield
    sys.modules.pop(KERNEL, None)


def random_module(inner: int, taps: int) -> ConvModule:
    config = EncoderConfig(hidden_dim=inner // 2, conv_expansion_factor=2, conv_kernel_size=taps)
    module = ConvModule(config).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(inner)
    norm = module.batch_norm
    assert norm.running_mean is not None
    assert norm.running_var is not None
    for tensor in (norm.weight, norm.bias, norm.running_mean, module.depth_conv.get_parameter("conv.weight")):
        tensor.normal_(0, 0.5, generator=generator)
    norm.running_var.uniform_(0.2, 3, generator=generator)
    return module


def slowly(module: ConvModule, up: Tensor, lengths: tuple[int, ...]) -> Tensor:
    """The formula, clip by clip and tap by tap in float64."""
    weight, norm = module.depth_conv.get_parameter("conv.weight").double()[:, 0], module.batch_norm
    assert norm.running_mean is not None
    assert norm.running_var is not None
    reach, out, begin = weight.shape[1] // 2, [], 0
    for length in lengths:
        value, gate = up[begin : begin + length].double().chunk(2, dim=1)
        gated = value * torch.sigmoid(gate)
        for row in range(length):
            mixed = sum(
                (weight[:, tap] * gated[row + tap - reach] for tap in range(weight.shape[1])
                 if 0 <= row + tap - reach < length),
                torch.zeros(weight.shape[0]).double(),
            )  # fmt: skip
            normed = (mixed - norm.running_mean) / (norm.running_var + norm.eps).double().sqrt() * norm.weight
            out.append(torch.nn.functional.silu(normed + norm.bias))
        begin += length
    return torch.stack(out)


@pytest.mark.parametrize(("inner", "taps"), [(32, 15), (34, 7), (258, 1)])
def test_the_kernel_is_the_formula(interpreted: None, inner: int, taps: int) -> None:
    """Widths that are no multiple of a program's channels, and wider than they are."""
    module, packing = random_module(inner, taps), PackedLengths(LENGTHS)
    up = torch.randn(packing.total, 2 * inner, generator=torch.Generator().manual_seed(1))
    weights, places = folded(module), edges(packing)
    expected = slowly(module, up, LENGTHS).float()
    torch.testing.assert_close(glu_conv(up, *weights, places), expected, atol=2e-6, rtol=2e-6)
    torch.testing.assert_close(glu_conv_torch(up, *weights, Gaps(packing, taps)), expected, atol=2e-6, rtol=2e-6)
    assert expected.std() > 0.1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once(interpreted: None, dtype: torch.dtype) -> None:
    """Within a unit in the last place of float32's value (half of one on a GPU; the interpreter cuts off what bfloat16
    has no room for), where the twin in that format is farther off."""
    module, packing = random_module(32, 15), PackedLengths((5, 40))
    up = torch.randn(45, 64, generator=torch.Generator().manual_seed(2)).to(dtype)
    weights, places = folded(module), edges(packing)
    got = glu_conv(up, *weights, places)
    expected = glu_conv_torch(up.float(), *weights, Gaps(packing, 15))
    assert got.dtype == dtype
    off = (got.float() - expected).abs() / allowed(expected, dtype)
    assert 0.4 < float(off.max()) <= 1
    twin = glu_conv_torch(up, *weights, Gaps(packing, 15)).float()
    assert float(((twin - expected).abs() / allowed(expected, dtype)).max()) > 1


def test_what_is_infinite_stays_in_its_clip(interpreted: None) -> None:
    module, packing = random_module(32, 15), PackedLengths((6, 6, 6))
    up = torch.randn(18, 64, generator=torch.Generator().manual_seed(3))
    weights, places = folded(module), edges(packing)
    clean = glu_conv(up, *weights, places)
    up[6:12] = torch.inf
    with np.errstate(invalid="ignore"):
        broken = glu_conv(up, *weights, places)
    assert torch.equal(broken[:6], clean[:6])
    assert torch.equal(broken[12:], clean[12:])
    assert not torch.isfinite(broken[6:12]).any()


def test_no_rows_are_no_rows() -> None:
    nothing = torch.zeros(2, 0, dtype=torch.int32)
    got = glu_conv(torch.zeros(0, 8), torch.zeros(TAPS, 4), torch.zeros(4), nothing)
    assert got.shape == (0, 4)


def test_ids_with_the_kernel_are_the_plain_ones(interpreted: None, small_network: GraniteNar) -> None:
    fast = copy.deepcopy(small_network)
    assert hasten(fast, "triton") == ""
    assert all(isinstance(block, FusedBlock) for block in fast.encoder.layers)
    assert fast.encoder.kind_of_places(PackedLengths([3]), fast.encoder.config).gaps is None
    for seed, lengths in enumerate(([1, 16, 3, 40], [32, 7])):
        generator = torch.Generator().manual_seed(seed)
        rows, frames = torch.randn(sum(lengths), 160, generator=generator), PackedLengths(lengths)
        plain, found = small_network.transcribe(rows, frames), fast.transcribe(rows, PackedLengths(lengths))
        assert list(map(list, found.final)) == list(map(list, plain.final))
        assert list(map(list, found.draft)) == list(map(list, plain.draft))
        states = zip(small_network.encode(rows, frames).states, fast.encode(rows, frames).states, strict=True)
        for one, other in states:
            torch.testing.assert_close(other, one, atol=2e-5, rtol=2e-5)


def weights(inner: int = 8) -> tuple[Tensor, Tensor]:
    return torch.ones(TAPS, inner), torch.zeros(inner)


def spoiled(monkeypatch: pytest.MonkeyPatch, launch: Any) -> None:
    """A kernel that does something else; the package need not be there."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setitem(sys.modules, KERNEL, SimpleNamespace(launch=launch))


def test_a_kernel_that_is_off_by_a_little_is_not_used(
    monkeypatch: pytest.MonkeyPatch, small_network: GraniteNar
) -> None:
    def launch(up: Tensor, taps: Tensor, shift: Tensor, _edges: Tensor, out: Tensor) -> None:
        packing = PackedLengths(convolution.CHECKED)
        out.copy_(glu_conv_torch(up, taps, shift, Gaps(packing, TAPS)))
        out[0] += error

    error = 0.0
    spoiled(monkeypatch, launch)
    assert why_not(*weights(), torch.float32) == ""
    error = 0.01
    reason = why_not(*weights(), torch.float32)
    assert reason.startswith("the kernel's values are ")
    assert reason.endswith(" times as far off as rounding allows")
    network = copy.deepcopy(small_network)
    note = hasten(network, "triton")
    assert note.startswith("kernels=triton: convolutions run in torch's operations, for the kernel's values are ")
    assert network.encoder.kind_of_places(PackedLengths([3]), network.encoder.config).edges is None


def test_values_that_are_no_numbers_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(*arguments: Tensor) -> None:
        arguments[-1].fill_(torch.nan)

    spoiled(monkeypatch, launch)
    assert why_not(*weights(), torch.float32) == "the kernel's values are nan times as far off as rounding allows"


def test_a_kernel_that_does_not_compile_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(*_arguments: Tensor) -> None:
        raise RuntimeError("PTX was compiled\nwith something else")

    spoiled(monkeypatch, launch)
    expected = "the kernel cannot be run: RuntimeError: PTX was compiled with something else"
    assert why_not(*weights(), torch.float32) == expected


def test_without_the_package_or_a_gpu_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert why_not(*weights(), torch.float32) == "the package triton is not installed"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    assert why_not(*weights(), torch.float32) == "the kernel needs a GPU, this is cpu"
    card = load_model("tiny-nar", LoadOptions(model_option=("kernels=triton",))).card
    assert card.note.endswith(
        "kernels=triton: convolutions run in torch's operations, for the kernel needs a GPU, this is cpu"
    )


def test_a_convolution_of_more_taps_runs_in_torch(small_network: GraniteNar, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"^a convolution of 17 taps; the kernel takes odd numbers up to 15$"):
        folded(random_module(8, 17))


def test_the_kernel_compiles_for_gpus_and_spills_nothing(tmp_path: Path) -> None:
    """Triton brings NVIDIA's assembler: to machine code for an A100, an H100 and a B200, which none of them has run."""
    pytest.importorskip("triton", reason="the package triton is not installed")
    code = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from harness.models.granite_nar import conv_kernel as one
names = dict(taps="*fp32", shift="*fp32", before="*i32", after="*i32", total="i32", inner="i32")
for dtype in ("*bf16", "*fp32"):
    signature = {"up": dtype, "out": dtype, **names, "ROWS": "constexpr", "CHANNELS": "constexpr"}
    signature = {name: signature[name] for name in one.KERNEL.arg_names}
    source = ASTSource(one.KERNEL, signature, constexprs={"ROWS": one.ROWS, "CHANNELS": one.CHANNELS})
    for capability in (80, 90, 100):
        target = GPUTarget("cuda", capability, 32)
        made = triton.compile(source, target=target, options={"num_warps": one.WARPS})
        assert len(made.asm["cubin"]) > 1000
        assert ".local" not in made.asm["ptx"]
        print(dtype, capability)
"""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path), "TRITON_DEFAULT_FP_FUSION": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    expected = [f"*{dtype} {capability}" for dtype in ("bf16", "fp32") for capability in (80, 90, 100)]
    assert done.stdout.splitlines() == expected, done.stderr
