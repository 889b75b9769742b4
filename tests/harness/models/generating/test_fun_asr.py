from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.models.base import LoadOptions
from harness.models.generating.fun_asr import extractor_class
from harness.models.generating.model import Generating
from harness.models.registry import load_model
from tests.harness.models.generating.clips import clips

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _load(folder: Path, options: LoadOptions) -> Generating:
    model = load_model(str(folder), options)
    assert isinstance(model, Generating)
    return model


@pytest.mark.parametrize(
    ("bands", "first"),
    [(80, [-7.0642176, -6.3472943, -6.651597, -5.8021827]), (16, [-3.9796102, -3.9194465, -3.1730077, -1.8211378])],
)
def test_log_mel_energies_are_kaldis(bands: int, first: list[float]) -> None:
    # made with kaldi-native-fbank 1.23.0: hamming, no dither, 20 Hz to 8 kHz
    import torch

    waveform = (0.1 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32)
    energies = extractor_class()(feature_size=bands)._extract_fbank_features(torch.from_numpy(waveform))
    assert energies.shape == (98, bands)
    assert energies[0, :4].tolist() == pytest.approx(first, abs=2e-4)


def test_attention_is_named_since_without_it_the_adaptor_hears_padding(tiny: Callable[[str], Path]) -> None:
    model = _load(tiny("fun_asr_nano"), LoadOptions())
    assert model._network.config._attn_implementation == "sdpa"
    alone = [model.text(model.infer(model.transfer(model.features([clip]))))[0] for clip in clips()]
    assert model.text(model.infer(model.transfer(model.features(clips())))) == alone


def test_hot_words_are_in_the_prompt(tiny: Callable[[str], Path]) -> None:
    told = LoadOptions(keywords=("Ada", "Grace"), model_option=("prompt=About engines.",))
    plain, asked = (_load(tiny("fun_asr_nano"), options) for options in (LoadOptions(), told))
    prompts = [
        model._parts.tokenizer.decode(model.features(clips()[:1]).calls[0].tensors["input_ids"][0])
        for model in (plain, asked)
    ]
    assert "Ada" not in prompts[0]
    assert "About engines." in prompts[1]
    assert "Ada,Grace" in prompts[1]
