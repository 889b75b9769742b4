"""Tiny checkpoints of families that were made to stream, or that come with Mistral's own tokenizer."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tests.harness.models.generating.made import byte_tokenizer, library, prefer, save, small, stir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPECIAL = [
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]"),
    *("[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]"),
    *("[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]", "[ARGS]", "[CALL_ID]"),
    *("<SPECIAL_22>", "<SPECIAL_23>", "[AUDIO]", "[BEGIN_AUDIO]", "[TRANSCRIBE]"),
    *("[STREAMING_PAD]", "[STREAMING_WORD]"),
]
"""Special tokens of Mistral's tokenizers; the processor of Voxtral wants [AUDIO] at 24."""
END, PAD = SPECIAL.index("</s>"), SPECIAL.index("<pad>")
LETTERS = [len(SPECIAL) + code for code in (*range(ord("a"), ord("z") + 1), ord(" "))]


def _tekken(folder: Path, audio: dict[str, Any]) -> Any:
    """Writes tekken.json, a vocabulary of bytes, and gives the tokenizer."""
    vocabulary = [
        {"rank": place, "token_bytes": base64.b64encode(bytes([place])).decode(), "token_str": None}
        for place in range(256)
    ]
    special = [{"rank": place, "token_str": name, "is_control": True} for place, name in enumerate(SPECIAL)]
    config = {
        "pattern": r"[^\s]+|\s",
        "num_vocab_tokens": 256,
        "default_vocab_size": 256 + len(SPECIAL),
        "default_num_special_tokens": len(SPECIAL),
        "version": "v11",
    }
    spectrogram = {"num_mel_bins": 16, "hop_length": 160, "window_size": 400}
    audio = {"sampling_rate": 16_000, "frame_rate": 12.5, "audio_encoding_config": spectrogram, **audio}
    made = {"vocab": vocabulary, "special_tokens": special, "config": config, "version": 1, "type": "Tekken"}
    folder.mkdir(parents=True)
    (folder / "tekken.json").write_text(json.dumps({**made, "audio": audio}), "utf-8")
    return library().MistralCommonBackend.from_pretrained(folder)


_IDS = {"bos_token_id": 1, "eos_token_id": END, "pad_token_id": PAD}


def voxtral(folder: Path) -> None:
    """Voxtral, whose clips are filled up to 30 s."""
    tokenizer = _tekken(folder, {"chunk_length_s": 30.0})
    config = library().VoxtralConfig(
        audio_config={
            "num_mel_bins": 16,
            "hidden_size": 16,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        },
        text_config=small("llama", 256 + len(SPECIAL), **_IDS),
        audio_token_id=24,
    )
    network = library().VoxtralForConditionalGeneration(config)
    stir(network)
    prefer(network.get_output_embeddings(), [*LETTERS, END])
    extractor = library().WhisperFeatureExtractor(feature_size=16)
    save(folder, network, library().VoxtralProcessor(extractor, tokenizer), **_IDS)


def voxtral_realtime(folder: Path) -> None:
    """Voxtral Realtime, whole clips: a token for every 80 ms."""
    tokenizer = _tekken(
        folder,
        {
            "transcription_format": "streaming",
            "transcription_delay_ms": 160.0,
            "streaming_look_ahead_ms": 2.5,
            "streaming_look_back_ms": 52.5,
            "streaming_n_left_pad_tokens": 4,
        },
    )
    config = library().VoxtralRealtimeConfig(
        audio_config={
            "num_mel_bins": 16,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "head_dim": 8,
        },
        text_config=small("voxtral_realtime_text", 256 + len(SPECIAL), **_IDS),
        default_num_delay_tokens=2,
    )
    network = library().VoxtralRealtimeForConditionalGeneration(config)
    stir(network)
    prefer(network.get_output_embeddings(), LETTERS)
    extractor = library().VoxtralRealtimeFeatureExtractor(feature_size=16)
    processor = library().VoxtralRealtimeProcessor(extractor, tokenizer)
    save(folder, network, processor, exponential_decay_length_penalty=None, **_IDS)


def kyutai_speech_to_text(folder: Path) -> None:
    """Kyutai's speech to text, whole clips at 24 kHz: a token for every frame of its codec, most of them padding."""
    import torch

    tokenizer = byte_tokenizer()
    codebooks, codes = 4, 16
    config = library().KyutaiSpeechToTextConfig(
        codebook_vocab_size=codes + 1,
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        ffn_dim=48,
        sliding_window=64,
        num_codebooks=codebooks,
        audio_bos_token_id=codes,
        audio_pad_token_id=len(tokenizer) + codebooks * (codes + 1),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=len(tokenizer) - 1,
        eos_token_id=None,
        codec_config={
            "model_type": "mimi",
            "hidden_size": 16,
            "num_filters": 2,
            "codebook_size": codes,
            "codebook_dim": 8,
            "vector_quantization_hidden_dimension": 8,
            "num_quantizers": codebooks,
            "upsample_groups": 16,
            "num_hidden_layers": 1,
            "intermediate_size": 32,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "layer_scale_initial_scale": 1.0,
        },
    )
    network = library().KyutaiSpeechToTextForConditionalGeneration(config)
    stir(network)
    generator = torch.Generator().manual_seed(1)
    for name, buffer in network.codec_model.named_buffers():  # codes are chosen by what no gradient reaches
        if name.endswith("embed_sum"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator) * 3)
    wanted = tokenizer.convert_tokens_to_ids([*"abcdefghijklmnopqrstuvwxyz", "Ġ"])
    prefer(network.get_output_embeddings(), [*wanted, tokenizer.pad_token_id])
    extractor = library().KyutaiSpeechToTextFeatureExtractor(audio_delay_seconds=0.5, audio_silence_prefix_seconds=0.0)
    processor = library().KyutaiSpeechToTextProcessor(extractor, tokenizer)
    save(folder, network, processor, exponential_decay_length_penalty=None)


BUILDERS: dict[str, Callable[[Path], None]] = {
    "voxtral": voxtral,
    "voxtral_realtime": voxtral_realtime,
    "kyutai_speech_to_text": kyutai_speech_to_text,
}
