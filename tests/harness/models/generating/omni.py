"""Tiny checkpoints of families whose networks are made of several others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.models.generating.made import (
    AUDIO,
    CHAT,
    byte_tokenizer,
    library,
    pieces_tokenizer,
    save,
    speak,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def nemo_speechlm(folder: Path) -> None:
    """Nemotron 3.5 Transcribe: an encoder, a diarizer beside it, and a language model with state spaces and experts."""
    tokenizer = byte_tokenizer(padding_side="left")
    alignment = pieces_tokenizer(["<unk>", "<pad>"], unk_token="<unk>", pad_token="<pad>")
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    encoder = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = library().Nemotron3_5TranscribeConfig(
        audio_config={
            "asr_config": {**encoder, "num_mel_bins": 16},
            "diarization_config": {
                "model_type": "nemotron3_diarization",
                "audio_config": {**encoder, "num_mel_bins": 16},
                "head_config": {"hidden_size": 16, "num_speakers": 4, "audio_hidden_size": 32},
                "streaming_config": {"num_speakers": 4, "speaker_cache_length": 32},
            },
        },
        text_config={
            "model_type": "nemotron_h",
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "layers_block_type": ["linear_attention", "moe", "full_attention", "mlp"],
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "intermediate_size": 48,
            "ssm_state_size": 8,
            "mamba_num_heads": 4,
            "mamba_head_dim": 8,
            "n_groups": 2,
            "chunk_size": 16,
            "n_routed_experts": 4,
            "moe_intermediate_size": 24,
            "moe_shared_expert_intermediate_size": 24,
            **ids,
        },
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        word_timestamp_config={
            **encoder,
            "num_hidden_layers": 1,
            "vocab_size": len(alignment) + 1,
            "blank_token_id": len(alignment),
        },
    )
    network = library().Nemotron3_5TranscribeForConditionalGeneration(config)
    speak(network, tokenizer)
    extractor = library().NemotronAsrStreamingFeatureExtractor(feature_size=16)
    processor = library().Nemotron3_5TranscribeProcessor(
        extractor, tokenizer, alignment, chat_template=CHAT, audio_token=AUDIO
    )
    save(folder, network, processor, **ids)


BUILDERS: dict[str, Callable[[Path], None]] = {"nemo_speechlm": nemo_speechlm}
