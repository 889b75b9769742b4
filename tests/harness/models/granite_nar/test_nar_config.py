from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import ModelError
from harness.models.granite_nar.config import GraniteNarConfig, from_json
from harness.models.hub import read_json
from tools.tiny_nar.saving import to_json

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED: dict[str, Any] = {
    "architectures": ["GraniteSpeechNarForASR"],
    "model_type": "granite_speech_nar",
    "dtype": "bfloat16",
    "blank_token_id": 100257,
    "encoder_layer_indices": [4, 8, 12, -1],
    "scale_projected_embeddings": True,
    "min_edit_sequence_length": 8,
    "audio_token_id": 3,
    "encoder_config": {"num_layers": 16, "hidden_dim": 1024, "dropout": 0.1, "bpe_output_dim": 100352, "new_key": [1]},
    "projector_config": {"mlp_ratio": 2, "mlp_bias": True, "layernorm_eps": 1e-6},
    "text_config": {
        "embedding_multiplier": 12,
        "logits_scaling": 8,
        "rope_parameters": {"rope_theta": 10000, "rope_type": "default"},
        "hidden_size": 2048,
        "num_attention_heads": 16,
        "pad_token_id": None,
    },
}


def test_the_published_config_is_the_default() -> None:
    config = from_json(PUBLISHED)
    assert config == GraniteNarConfig()
    assert isinstance(config.editor.embedding_multiplier, float)
    assert not config.shifted_blank


def test_the_first_release() -> None:
    config = from_json(
        {
            "model_type": "nle",
            "encoder_config": {"bpe_output_dim": 100353},
            "llm_config": {"vocab_size": 100352, "rope_theta": 10000, "eos_token_id": 100257},
        }
    )
    assert config.shifted_blank
    assert config.blank_token_id == 100257


def test_the_native_conversion() -> None:
    config = from_json(
        {
            "model_type": "granite_speech_nar",
            "vocabulary_size": 100352,
            "blank_token_id": 100257,
            "encoder_config": {
                "num_hidden_layers": 16,
                "num_attention_heads": 8,
                "pooling_window": 4,
                "cat_hidden_layers": [4, 8, 12],
            },
            "projector_config": {
                "num_hidden_layers": 2,
                "num_attention_heads": 32,
                "window_size": 15,
                "layer_norm_eps": 1e-6,
                "intermediate_size": 4096,
                "hidden_size": 2048,
            },
            "text_config": {"model_type": "granite_speech_nar_text", "rope_parameters": {"rope_theta": 10000.0}},
        }
    )
    assert config == GraniteNarConfig()


def test_what_is_written_is_read_back(small_config: GraniteNarConfig) -> None:
    assert from_json(json.loads(json.dumps(to_json(small_config)))) == small_config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encoder_config": {"num_layers": "many"}}, "encoder_config.num_layers is 'many', which is no number"),
        ({"encoder_config": {"num_layers": 2.5}}, "encoder_config.num_layers is 2.5, which is no whole number"),
        (
            {"encoder_config": {"hidden_dim": 8}, "projector_config": {"encoder_dim": 9}},
            "hidden_dim 8 is not projector",
        ),
        ({"encoder_config": {"bpe_output_dim": 7}}, "bpe_output_dim 7 is neither vocab_size 100352 nor one more"),
        ({"encoder_config": 5}, "encoder_config is 5, which is no object"),
        ({"encoder_layer_indices": 5}, "encoder_layer_indices is 5, which is no list"),
        ({"encoder_layer_indices": ["x"]}, "encoder_layer_indices is 'x', which is no number"),
        (
            {"projector_config": {"intermediate_size": "x"}},
            "projector_config.intermediate_size is 'x', which is no number",
        ),
        ({"encoder_layer_indices": [4, 99]}, "leave the 16 layers"),
        ({"projector_config": {"block_size": 16}}, "block_size 16 is no multiple of downsample_rate 5"),
        ({"blank_token_id": 100352}, "blank_token_id 100352 is outside of the vocabulary"),
        ({"encoder_config": {"context_size": 600}}, "context_size 600 exceeds max_pos_emb 512"),
        ({"encoder_config": {"input_dim": 80}}, "input_dim 80 is not two frames of 80 mels"),
    ],
)
def test_a_config_that_cannot_be_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        from_json(change)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "has no config.json"), ("{", "cannot be read: "), ("[1]", "holds a list, not a JSON object")],
)
def test_a_file_that_is_no_config_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=said):
        read_json(tmp_path / "config.json")
