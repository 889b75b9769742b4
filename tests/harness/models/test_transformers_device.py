"""What is asked of torch where a GPU is meant; there is none here, so torch's answers are stand-ins."""

from __future__ import annotations

import pytest
import torch

from harness.config import Settings
from harness.models import _transformers
from harness.models._transformers import torch_device
from harness.models.base import LoadOptions, ModelCard
from harness.models.whisper import clip_bytes
from harness.runner.plan import Budget, plan

GIB = 2**30


@pytest.mark.parametrize("wanted", [False, True])
def test_cudnn_attends_only_where_it_is_asked_to(wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(_transformers, "is_here", lambda _kind: True)
    monkeypatch.setattr(torch.backends.cuda, "enable_cudnn_sdp", told.append)
    torch_device(LoadOptions(device="cpu", cudnn_attention=wanted))
    assert told == []
    torch_device(LoadOptions(device="cuda", cudnn_attention=wanted))
    assert told == [wanted]
    assert Settings(cudnn_attention=wanted).as_dict()["cudnn_attention"] is wanted


def large_v3() -> object:
    import transformers

    return transformers.WhisperConfig(
        d_model=1280,
        encoder_layers=32,
        decoder_layers=32,
        encoder_attention_heads=20,
        decoder_attention_heads=20,
        encoder_ffn_dim=5120,
        decoder_ffn_dim=5120,
        num_mel_bins=128,
    )


def test_what_a_window_of_large_v3_holds() -> None:
    """As its shapes have it: 32 layers x (448 + 1500) positions x 1280 x (key, value), and the encoder's states."""
    cache = 32 * (448 + 1500) * 1280 * 2 * 2
    assert cache == 319_160_320
    assert clip_bytes(large_v3(), 2) == cache + 2 * 1500 * (4 * 1280 + 5120)


class Gpu:
    """As much of a device's properties as is asked for."""

    total_memory = 80 * GIB


def test_a_batch_of_whisper_is_bound_by_windows_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short clips were planned by their length: 2,147 of 0.5 s in one batch, and 491 GiB of caches."""
    card = ModelCard(id="w", window_seconds=30.0, clip_bytes=clip_bytes(large_v3(), 2), weight_bytes=3 * GIB)
    on_gpu, lengths = Settings(device="cuda", dtype="bfloat16"), [0.5] * 5000
    budget = on_gpu.budget(card)
    assert budget == Budget(seconds=4800.0, clips=None, window=30.0)
    assert max(map(len, plan(lengths, budget))) == 160
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: Gpu())
    assert card.clip_bytes is not None
    most = (40 * GIB - 3 * GIB) // card.clip_bytes
    assert most == 113
    assert max(map(len, plan(lengths, on_gpu.budget(card)))) == most
    assert on_gpu.budget(ModelCard(id="w", clip_bytes=card.clip_bytes, weight_bytes=50 * GIB)).clips == 1
    told = Settings(device="cuda", batch_size=200)
    assert told.budget(card) == Budget(clips=200, window=30.0), "what the user says is not second-guessed"
    assert Settings(device="cuda", batch_seconds=60).budget(card) == Budget(seconds=60.0, window=30.0)
    assert Settings(device="cpu").budget(card) == Budget(seconds=480.0, window=30.0)


def test_a_window_counts_in_full_in_plan_and_padding() -> None:
    budget = Budget(seconds=90.0, window=30.0)
    assert plan([1.0, 40.0, 2.0, 3.0, 4.0], budget) == [[1, 4], [3, 2, 0]]
    wider = Budget(seconds=100.0, window=30.0)
    assert plan([40.0] + [1.0] * 7, wider) == [[0, 1], [2, 3, 4], [5, 6, 7]], "also the first clip of a later batch"
    assert budget.cost([1.0, 2.0]) == 60.0
    assert budget.cost([40.0, 2.0]) == 80.0
    assert budget.halved([1.0, 2.0]) == Budget(seconds=30.0, clips=1, window=30.0)
    assert Budget(clips=4).within(budget) == Budget(seconds=90.0, clips=4, window=30.0)
