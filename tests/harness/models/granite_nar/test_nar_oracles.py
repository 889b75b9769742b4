"""Against the field's own code with the same random weights: transformers' conformer and Granite, librosa's mel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import librosa
import numpy as np
import pytest
import torch
from transformers import GraniteConfig, GraniteModel
from transformers.models.granite_speech.configuration_granite_speech import GraniteSpeechEncoderConfig
from transformers.models.granite_speech.modeling_granite_speech import GraniteSpeechCTCEncoder

from harness.models.granite_nar.attention import PackedAttention
from harness.models.granite_nar.config import FeatureConfig
from harness.models.granite_nar.features import log_mel, pack_audio
from harness.models.granite_nar.packing import PackedLengths

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from harness.models.granite_nar.network import GraniteNar


@pytest.mark.parametrize("frames", [16, 5, 37, 48])
def test_the_encoder_is_the_conformer_of_transformers(small_network: GraniteNar, frames: int) -> None:
    own = small_network.encoder
    config = own.config
    oracle: Any = GraniteSpeechCTCEncoder(
        GraniteSpeechEncoderConfig(
            input_dim=config.input_dim,
            num_layers=config.num_layers,
            hidden_dim=config.hidden_dim,
            feedforward_mult=config.feedforward_mult,
            num_heads=config.num_heads,
            dim_head=config.dim_head,
            output_dim=config.output_dim,
            context_size=config.context_size,
            max_pos_emb=config.max_pos_emb,
            conv_kernel_size=config.conv_kernel_size,
            conv_expansion_factor=config.conv_expansion_factor,
        )
    )
    oracle.eval()
    weights = {name: tensor for name, tensor in own.state_dict().items() if not name.startswith("out_bpe.")}
    assert set(weights) == set(oracle.state_dict())
    oracle.load_state_dict(weights)
    features = torch.randn(3, frames, 160, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        expected = oracle(features).last_hidden_state.flatten(0, 1)
    got = own(features.flatten(0, 1), PackedLengths([frames] * 3), (-1,)).last
    torch.testing.assert_close(got, expected, atol=2e-5, rtol=1e-4)
    assert expected.std() > 0.1


def test_the_editor_is_granite_without_its_causal_mask(small_network: GraniteNar) -> None:
    own = small_network.language_model
    config = own.config
    oracle: Any = GraniteModel(
        GraniteConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.hidden_size,
            intermediate_size=config.intermediate_size,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads,
            num_key_value_heads=config.num_key_value_heads,
            rms_norm_eps=config.rms_norm_eps,
            embedding_multiplier=config.embedding_multiplier,
            attention_multiplier=config.attention_multiplier,
            residual_multiplier=config.residual_multiplier,
            logits_scaling=config.logits_scaling,
            rope_parameters={"rope_theta": config.rope_theta, "rope_type": "default"},
            pad_token_id=0,
        )
    )
    oracle.eval()
    assert set(own.model.state_dict()) == set(oracle.state_dict())
    oracle.load_state_dict(own.model.state_dict())
    lengths = [11, 30, 1]
    rows = torch.randn(sum(lengths), config.hidden_size, generator=torch.Generator().manual_seed(5))
    packing = PackedLengths(lengths)
    got = own.model(rows, packing.positions, PackedAttention(packing, "sdpa"))
    for start, length in zip(packing.starts, lengths, strict=False):
        piece = rows[start : start + length][None]
        with torch.no_grad():
            expected = oracle(
                inputs_embeds=piece, attention_mask=torch.zeros(1, 1, length, length), use_cache=False
            ).last_hidden_state[0]
        torch.testing.assert_close(got[start : start + length], expected, atol=2e-5, rtol=1e-4)
        assert expected.std() > 0.1


def librosa_features(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    mel = librosa.feature.melspectrogram(
        y=waveform, sr=16000, n_fft=512, win_length=400, hop_length=160, window="hann", center=True, pad_mode="reflect",
        power=2.0, n_mels=80, fmin=0.0, fmax=8000.0, htk=True, norm=None,
    )  # fmt: skip
    logs = np.log10(np.maximum(mel.T[: 2 * (len(waveform) // 320)], 1e-10))
    features: NDArray[np.float64] = (np.maximum(logs, logs.max() - 8.0) / 4.0 + 1.0).reshape(-1, 160)
    return features


def test_features_are_librosas_for_each_clip_of_a_batch(noise: Callable[..., list[NDArray[np.float32]]]) -> None:
    waveforms = noise(16000, 5003, 33333, 1600, 4160, 1919)
    config = FeatureConfig()
    rows, frames = log_mel(pack_audio(waveforms, config), config)
    assert frames.lengths.tolist() == [len(waveform) // 320 for waveform in waveforms]
    for number, waveform in enumerate(waveforms):
        expected = librosa_features(waveform)
        got = rows[frames.starts[number] : frames.starts[number + 1]].numpy()
        assert got.shape == expected.shape
        # librosa's filterbank is made in float64; ours, like torchaudio's, in float32.
        assert np.abs(got - expected).max() < 1e-4
