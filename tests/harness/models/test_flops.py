"""Operations counted on the meta device: those of the real forward pass, and those of the formula."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from harness.models._flops import counted, network_flops, shapes_of
from harness.models.base import LoadOptions
from harness.models.ctc import CTC
from harness.models.hub import fetch
from harness.models.whisper import Whisper
from harness.types import SAMPLE_RATE, Clip


def clip(seconds: float) -> Clip:
    return Clip(id="u", language="en", waveform=np.zeros(round(seconds * SAMPLE_RATE), np.float32))


def test_two_operations_a_multiply_add() -> None:
    layer = torch.nn.Linear(3, 5)
    assert counted(lambda: layer(torch.zeros(7, 3))) == 2 * 7 * 3 * 5
    assert counted(lambda: torch.zeros(9).exp()) == 0


@pytest.mark.parametrize("kind", ["wav2vec2-group", "hubert", "wavlm", "parakeet_ctc", "granite_speech5_ctc"])
def test_a_ctc_model_s_are_those_of_its_real_forward_pass(kind: str, checkpoint: Callable[[str], Path]) -> None:
    """With attention written out, since fused kernels of the processor are not counted."""
    folder = checkpoint(kind)
    model = CTC(fetch(str(folder), None), LoadOptions())
    real = transformers.AutoModelForCTC.from_pretrained(folder, attn_implementation="eager").eval()
    before = 0.0
    for seconds in (2.0, 5.0):
        found = model.flops(seconds, 0.0)
        (batch,) = model.features([clip(seconds)]).batches
        tensors = {name: one for name, one in batch.tensors.items() if "mask" not in name}
        assert found == (counted(lambda: real(**tensors)), "counted on the meta device, clip by clip")  # noqa: B023
        assert found[0] > 2 * before
        before = found[0]


def test_whisper_s_are_those_of_the_formula() -> None:
    """Encoder, keys and values of what it heard, decoder, vocabulary: by hand for the size of Whisper base."""
    width, layers, tokens, vocabulary = 512, 6, 54, 51865
    config = transformers.WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
    )
    shapes = shapes_of(transformers.AutoModelForSpeechSeq2Seq, config)
    inputs = {
        "input_features": torch.empty(1, 80, 3000),
        "decoder_input_ids": torch.zeros(1, tokens, dtype=torch.long),
    }
    convolutions = 80 * width * 3 * 3000 + width * width * 3 * 1500
    encoder = layers * (1500 * 12 * width**2 + 2 * 1500**2 * width)
    heard = layers * 2 * 1500 * width**2
    decoder = layers * (tokens * 14 * width**2 + 2 * tokens * (tokens + 1500) * width) + tokens * width * vocabulary
    assert network_flops(shapes, inputs) == 2 * (convolutions + encoder + heard + decoder)


def test_a_long_clip_of_whisper_is_so_many_windows(checkpoint: Callable[[str], Path]) -> None:
    model = Whisper(fetch(str(checkpoint("whisper")), None), LoadOptions())  # whose window is 3 s
    short, long = model.flops(3.0, 8.0), model.flops(8.5, 24.0)
    assert short is not None
    assert long is not None
    assert long[0] == 3 * short[0]  # three windows with eight tokens each
    assert short[1] == "counted on the meta device, clip by clip, with the tokens that were written"
