from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.models.granite_nar import attention
from harness.models.granite_nar.attention import PackedAttention, choose_backend
from harness.models.granite_nar.packing import PackedLengths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


def naive(query: Tensor, key: Tensor, value: Tensor, lengths: list[int], scale: float) -> Tensor:
    times, out, start = query.shape[1] // key.shape[1], [], 0
    for length in lengths:
        q, k, v = (each[start : start + length] for each in (query, key, value))
        k, v = (each.repeat_interleave(times, dim=1) for each in (k, v))
        weights = (torch.einsum("chd,rhd->hcr", q, k) * scale).softmax(-1)
        out.append(torch.einsum("hcr,rhd->chd", weights, v))
        start += length
    return torch.cat(out)


def tensors(total: int, heads: int = 4, shared: int = 2, dim: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(total)
    return tuple(torch.randn(total, each, dim, generator=generator) for each in (heads, shared, shared))  # type: ignore[return-value]


@settings(deadline=None)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=8).filter(any))
def test_sdpa_is_attention_of_each_clip_alone(lengths: list[int]) -> None:
    query, key, value = tensors(sum(lengths))
    got = PackedAttention(PackedLengths(lengths), "sdpa")(query, key, value, 0.3)
    torch.testing.assert_close(got, naive(query, key, value, lengths, 0.3), atol=1e-5, rtol=1e-4)


def test_clips_of_very_different_lengths_are_not_padded_to_each_other() -> None:
    plan = PackedAttention(PackedLengths([400, 10, 390, 12, 11]), "sdpa")
    assert sorted(group.shape for group in plan.groups) == [(2, 400), (3, 12)]


@pytest.fixture
def fresh() -> Iterator[None]:
    """The backends are looked for once; a test that changes what is there must make it look again."""
    attention._flash.cache_clear()
    attention._varlen.cache_clear()
    yield
    attention._flash.cache_clear()
    attention._varlen.cache_clear()


def fake_varlen(scaled: bool) -> Any:
    """torch.nn.attention.varlen.varlen_attn as torch 2.10 has it (scale and shared heads are ours), or as 2.13 has."""

    def old(
        query: Tensor, key: Tensor, value: Tensor, cu_seq_q: Tensor, cu_seq_k: Tensor, max_q: int, max_k: int,
        is_causal: bool = False, return_aux: Any = None,
    ) -> Tensor:  # fmt: skip
        assert query.shape == key.shape == value.shape
        assert not is_causal
        return naive(query, key, value, torch.diff(cu_seq_q).tolist(), query.shape[-1] ** -0.5)

    def new(
        query: Tensor, key: Tensor, value: Tensor, cu_seq_q: Tensor, cu_seq_k: Tensor, max_q: int, max_k: int, *,
        return_aux: Any = None, scale: float | None = None, window_size: tuple[int, int] = (-1, -1),
        enable_gqa: bool = False, num_splits: int | None = None,
    ) -> Tensor:  # fmt: skip
        assert enable_gqa
        assert num_splits == 1, "else keys are summed in an order that depends on the batch"
        assert scale is not None
        assert window_size == (-1, -1)
        return naive(query, key, value, torch.diff(cu_seq_q).tolist(), scale)

    return new if scaled else old


@pytest.mark.parametrize("scaled", [False, True])
def test_varlen_is_called_as_each_torch_wants(scaled: bool, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch.nn.attention.varlen as module

    monkeypatch.setattr(module, "varlen_attn", fake_varlen(scaled))
    lengths = [7, 30, 4]
    query, key, value = tensors(41)
    got = PackedAttention(PackedLengths(lengths), "varlen")(query, key, value, 1 / 128)
    torch.testing.assert_close(got, naive(query, key, value, lengths, 1 / 128), atol=1e-5, rtol=1e-4)


def test_flash_is_called_with_its_names(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def flash_attn_varlen_func(
        q: Tensor, k: Tensor, v: Tensor, cu_seqlens_q: Tensor, cu_seqlens_k: Tensor, max_seqlen_q: int,
        max_seqlen_k: int, dropout_p: float = 0.0, softmax_scale: float | None = None, causal: bool = False,
    ) -> Tensor:  # fmt: skip
        assert (max_seqlen_q, max_seqlen_k, dropout_p, causal) == (30, 30, 0.0, False)
        assert softmax_scale is not None
        return naive(q, k, v, torch.diff(cu_seqlens_q).tolist(), softmax_scale)

    module = SimpleNamespace(flash_attn_varlen_func=flash_attn_varlen_func, __spec__=SimpleNamespace(name="flash_attn"))
    monkeypatch.setitem(sys.modules, "flash_attn", module)
    lengths = [7, 30, 4]
    query, key, value = tensors(41)
    got = PackedAttention(PackedLengths(lengths), "flash")(query, key, value, 1 / 128)
    torch.testing.assert_close(got, naive(query, key, value, lengths, 1 / 128), atol=1e-5, rtol=1e-4)


def test_the_installed_varlen_takes_what_it_is_given() -> None:
    function, reason = attention._varlen()
    if function is None:
        pytest.skip(reason)
    parameters = attention._parameters(function)
    assert {"query", "key", "value", "cu_seq_q", "cu_seq_k", "max_q", "max_k"} <= parameters


def test_auto_takes_what_can_run(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_backend("auto", "cpu", torch.float32) == "sdpa"
    assert choose_backend("auto", "cuda", torch.float32) == "sdpa"
    assert choose_backend("auto", "cuda", torch.bfloat16) in ("flash", "varlen")
    monkeypatch.setattr(attention, "_varlen", lambda: (None, "none"))
    monkeypatch.setattr(attention, "_flash", lambda: (None, "none"))
    assert choose_backend("auto", "cuda", torch.bfloat16) == "sdpa"


class _Broken:
    """A package whose compiled half is of another torch: it is found, and cannot be imported."""

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name == "flash_attn" else None  # type: ignore[arg-type]

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, _module: object) -> None:
        raise ImportError("flash_attn_2_cuda.so: undefined symbol:\n_ZN3c105ErrorC2E")


def test_a_broken_flash_attn_breaks_nothing_else(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [_Broken(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "flash_attn", raising=False)
    assert choose_backend("auto", "cpu", torch.float32) == "sdpa"
    assert choose_backend("sdpa", "cuda", torch.bfloat16) == "sdpa"
    assert choose_backend("auto", "cuda", torch.bfloat16) == "varlen"
    with pytest.raises(
        UsageError, match=r"flash cannot run here: the package flash-attn is broken here \(ImportError: "
    ):
        choose_backend("flash", "cuda", torch.bfloat16)


def test_a_gpu_that_is_too_old_is_asked_first(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (7, 5))
    assert choose_backend("auto", "cuda", torch.float16) == "sdpa"
    with pytest.raises(UsageError, match=r"it needs compute capability 8\.0, the GPU has 7\.5"):
        choose_backend("varlen", "cuda", torch.float16)


@pytest.mark.parametrize(
    ("name", "device", "dtype", "said"),
    [
        ("eager", "cpu", torch.float32, "no attention called 'eager'; there are: auto, flash, varlen, sdpa"),
        ("varlen", "cpu", torch.bfloat16, "--attention varlen cannot run here: it needs --device cuda"),
        ("varlen", "cuda", torch.float32, "--attention varlen cannot run here: it needs --dtype bfloat16"),
        ("flash", "cpu", torch.float32, "--attention flash cannot run here"),
    ],
)
def test_a_backend_that_cannot_run_says_why(name: str, device: str, dtype: torch.dtype, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_backend(name, device, dtype)
    assert said in str(caught.value)
