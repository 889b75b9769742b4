from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.models.base import LoadOptions
from harness.models.generating.fun_asr import extractor_class
from harness.models.generating.model import Generating
from harness.models.registry import load_model
from tests.harness.models.generating.clips import clips
from tests.harness.models.generating.made import AUDIO, CHAT, byte_tokenizer, library, save, small, speak

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.types import Clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Fun-ASR-Nano, whose extractor the library does not make without torchaudio."""
    from transformers.models.fun_asr_nano.processing_fun_asr_nano import FunAsrNanoProcessor

    to = tmp_path_factory.mktemp("tiny") / "fun_asr_nano"
    tokenizer = byte_tokenizer(padding_side="left")
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    adaptor = {"hidden_size": 32, "num_hidden_layers": 1, "projector_hidden_size": 24, "intermediate_size": 8}
    config = library().FunAsrNanoConfig(
        adaptor_config={"num_attention_heads": 2, **adaptor},
        audio_config={
            "num_mel_bins": 16,
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_timestamp_prediction_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
        },
        text_config=small("qwen3", len(tokenizer), **ids),
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        tie_word_embeddings=False,
    )
    network = library().FunAsrNanoForConditionalGeneration(config)
    speak(network, tokenizer)
    extractor = extractor_class()(feature_size=16)
    processor = FunAsrNanoProcessor(extractor, tokenizer, chat_template=CHAT, audio_token=AUDIO)
    save(to, network, processor, **ids)
    return to


def _texts(model: Generating, some: Sequence[Clip]) -> list[str]:
    return [made.text for made in model.text(model.infer(model.transfer(model.features(some))))]


def _load(folder: Path, **options: tuple[str, ...]) -> Generating:
    model = load_model(str(folder), LoadOptions(**options))  # type: ignore[arg-type]
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


def test_neighbors_change_nothing_since_attention_is_named(folder: Path) -> None:
    model = _load(folder)
    alone = [_texts(model, [clip])[0] for clip in clips()]
    assert len(set(alone)) >= 4
    assert _texts(model, clips()) == alone
    assert _texts(model, clips()[::-1]) == alone[::-1]
    assert model._network.config._attn_implementation == "sdpa"


def test_it_is_the_librarys_transcript(folder: Path) -> None:
    import torch

    model = _load(folder)
    clip = clips()[3]
    processor, network = model._parts.processor, model._network
    inputs = processor.apply_transcription_request([clip.waveform], language="en", text_kwargs={"padding": True})
    with torch.inference_mode():
        tokens = network.generate(**inputs, max_new_tokens=52)[0, inputs["input_ids"].shape[1] :]
    assert _texts(model, [clip]) == [processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()]


def test_hot_words_are_in_the_prompt(folder: Path) -> None:
    plain, told = _load(folder), _load(folder, keywords=("Ada", "Grace"), model_option=("prompt=About engines.",))
    prompts = [
        model._parts.tokenizer.decode(model.features(clips()[:1]).calls[0].tensors["input_ids"][0])
        for model in (plain, told)
    ]
    assert "Ada" not in prompts[0]
    assert "About engines.Ada,Grace" in prompts[1]
