"""Features where the network is, with extractors that do there what they are made to do: there is no GPU here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from harness.models._device_features import DeviceExtractor
from harness.models._granite_speech5 import GraniteSpeech5Features
from harness.models._transformers import load_part, to_device
from harness.models.base import LoadOptions
from harness.models.hub import fetch
from harness.models.registry import load_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.types import Clip

GPU = torch.device("cuda", 1)


class Extractor:
    """Gives the waveform, and on a device what `there` makes of it."""

    chunk_length = 30

    def __init__(self, there: Callable[[torch.Tensor], torch.Tensor] = lambda values: values) -> None:
        self.there, self.asked = there, list[str]()

    def __call__(self, waveforms: Any, device: str = "cpu", **_: Any) -> dict[str, torch.Tensor]:
        self.asked.append(device)
        values = torch.from_numpy(np.stack(waveforms))
        return {"input_features": values if device == "cpu" else self.there(values)}


def broken(_values: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("Expected all tensors\nto be on the same device")


def test_an_extractor_that_gives_the_same_is_asked_to_give_it_there() -> None:
    inner = Extractor(lambda values: values + 1e-5)
    extractor = DeviceExtractor(inner, GPU)
    assert (extractor.on_device, extractor.note, extractor.chunk_length) == (True, "", 30)
    extractor([np.zeros(5, np.float32)], sampling_rate=16000)
    assert inner.asked == ["cpu", "cuda:1", "cuda:1"]  # both when it was loaded


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (lambda values: values * 1.01, r"there input_features differs by 0\.00\d+"),
        (lambda values: values * torch.nan, "there input_features differs by nan"),
        (lambda values: values[:, 1:], r"there input_features is of shape \[1, 16076\], not \[1, 16077\]"),
        (broken, r"there they fail \(RuntimeError: Expected all tensors to be on the same device\)"),
    ],
)
def test_one_that_does_not_stays_on_the_processor_and_it_is_said(there: Any, why: str) -> None:
    inner = Extractor(there)
    extractor = DeviceExtractor(inner, GPU)
    assert not extractor.on_device
    assert pytest.approx(0) == len(extractor([np.zeros(0, np.float32)])["input_features"][0])
    assert inner.asked == ["cpu", "cuda:1", "cpu"]
    with pytest.raises(AssertionError, match=f"^features are made on the processor, for {why}$"):
        raise AssertionError(extractor.note)


def test_on_a_processor_nothing_is_tried() -> None:
    inner = Extractor(broken)
    extractor = DeviceExtractor(inner, torch.device("cpu"))
    assert (extractor.on_device, extractor.note, inner.asked) == (False, "", [])
    without = DeviceExtractor(lambda waveforms, **_: {}, GPU)  # as wav2vec2's: there is nothing to compute
    assert (without.on_device, without.note) == (False, "")


@pytest.mark.parametrize("kind", ["whisper", "granite_speech5_ctc"])
def test_the_models_own_extractors_can_be_asked(
    kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]
) -> None:
    """With `device` they make what they make without, to the bit where it is the same device."""
    folder = checkpoint(kind)
    found = fetch(str(folder), None)
    extractor: Any = GraniteSpeech5Features(found)
    if kind == "whisper":
        import transformers

        extractor = load_part(transformers.AutoFeatureExtractor, found)
    options = {"sampling_rate": 16000, "return_tensors": "pt", "return_attention_mask": True}
    waveform = np.array(clips[0].waveform)
    plain, there = extractor([waveform], **options), extractor([waveform], **options, device="cpu")
    assert set(plain) == set(there)
    assert all(torch.equal(plain[name], there[name]) for name in plain)
    assert load_model(str(folder), LoadOptions()).card.note.find("processor") == -1


def test_what_is_on_the_gpu_is_not_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor of another device cannot be pinned: torch raises."""
    pinned: list[torch.device] = []

    class Network:
        device, dtype = torch.device("cuda"), torch.float32

    def move(tensor: torch.Tensor, *arguments: Any, **_: Any) -> torch.Tensor:
        return tensor

    def pin(tensor: torch.Tensor) -> torch.Tensor:
        pinned.append(tensor.device)
        return tensor

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    monkeypatch.setattr(torch.Tensor, "to", move)
    there = torch.empty(2, device="meta")
    to_device({"one": torch.zeros(2), "two": there}, Network())
    assert pinned == [torch.device("cpu")]
