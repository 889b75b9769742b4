"""Tiny checkpoints of the families that put audio into the prompt of a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness.models.generating.made import (
    AUDIO,
    AUDIO_END,
    AUDIO_START,
    CHAT,
    END,
    byte_tokenizer,
    finish,
    ids,
    library,
    small,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMED = {"audio_token": AUDIO, "audio_bos_token": AUDIO_START, "audio_eos_token": AUDIO_END}


def _whisper_like(**more: Any) -> dict[str, Any]:
    """An encoder with the names that Whisper gave them."""
    return {
        "num_mel_bins": 16,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        **more,
    }


def qwen3_asr(folder: Path) -> None:
    """Qwen3-ASR."""
    tokenizer = byte_tokenizer(extra_special_tokens=NAMED)
    config = library().Qwen3ASRConfig(
        audio_config={
            "num_mel_bins": 16,
            "d_model": 16,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 32,
            "downsample_hidden_size": 8,
            "output_dim": 32,
        },
        text_config=small("qwen3", len(tokenizer)),
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        timestamp_token_id=len(tokenizer) - 1,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=[tokenizer.eos_token_id],
        tie_word_embeddings=False,
    )
    network = library().Qwen3ASRForConditionalGeneration(config)
    extractor = library().Qwen3ASRFeatureExtractor(feature_size=16)
    processor = library().Qwen3ASRProcessor(extractor, tokenizer, chat_template=CHAT)
    finish(folder, network, processor)


def fun_asr_nano(folder: Path) -> None:
    """Fun-ASR-Nano, whose feature extractor the library hides where there is no torchaudio."""
    from transformers.models.fun_asr_nano.feature_extraction_fun_asr_nano import FunAsrNanoFeatureExtractor

    extractor_class: Any = FunAsrNanoFeatureExtractor
    tokenizer = byte_tokenizer(padding_side="left")
    config = library().FunAsrNanoConfig(
        adaptor_config={
            "hidden_size": 32,
            "num_attention_heads": 2,
            "intermediate_size": 8,
            "num_hidden_layers": 1,
            "projector_hidden_size": 24,
        },
        audio_config={
            "num_mel_bins": 16,
            "hidden_size": 16,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_timestamp_prediction_layers": 1,
        },
        text_config=small("qwen3", len(tokenizer), **ids(tokenizer)),
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        tie_word_embeddings=False,
    )
    network = library().FunAsrNanoForConditionalGeneration(config)
    extractor = extractor_class(feature_size=16)
    processor = library().FunAsrNanoProcessor(extractor, tokenizer, chat_template=CHAT, audio_token=AUDIO)
    finish(folder, network, processor)


def glmasr(folder: Path) -> None:
    """GLM-ASR; its windows are of 4 s here, not 30."""
    tokenizer = byte_tokenizer()
    config = library().GlmAsrConfig(
        audio_config=_whisper_like(intermediate_size=64, max_position_embeddings=200),
        text_config=small("llama", len(tokenizer), **ids(tokenizer)),
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        tie_word_embeddings=False,
    )
    network = library().GlmAsrForConditionalGeneration(config)
    extractor = library().WhisperFeatureExtractor(feature_size=16, chunk_length=4)
    processor = library().GlmAsrProcessor(extractor, tokenizer, chat_template=CHAT, audio_token=AUDIO)
    finish(folder, network, processor)


def audioflamingo3(folder: Path) -> None:
    """Audio Flamingo 3; its windows are of 3 s here, not 30."""
    tokenizer = byte_tokenizer()
    config = library().AudioFlamingo3Config(
        audio_config=_whisper_like(max_source_positions=150),
        text_config=small("qwen2", len(tokenizer), **ids(tokenizer)),
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
    )
    network = library().AudioFlamingo3ForConditionalGeneration(config)
    extractor = library().WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    processor = library().AudioFlamingo3Processor(extractor, tokenizer, chat_template=CHAT, audio_token=AUDIO)
    finish(folder, network, processor)


def musicflamingo(folder: Path) -> None:
    """Music Flamingo."""
    tokenizer = byte_tokenizer()
    audio, begin, end = tokenizer.convert_tokens_to_ids([AUDIO, AUDIO_START, AUDIO_END])
    config = library().MusicFlamingoConfig(
        audio_config=_whisper_like(model_type="audioflamingo3_encoder", max_source_positions=150),
        text_config=small("qwen2", len(tokenizer), **ids(tokenizer)),
        audio_token_id=audio,
        audio_bos_token_id=begin,
        audio_eos_token_id=end,
    )
    network = library().MusicFlamingoForConditionalGeneration(config)
    extractor = library().WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    template = CHAT.replace("<|audio_start|><|audio|><|audio_end|>", "<|audio|>")  # its processor adds the marks
    processor = library().MusicFlamingoProcessor(extractor, tokenizer, chat_template=template, **NAMED)
    finish(folder, network, processor)


def moss_transcribe_diarize(folder: Path) -> None:
    """MOSS-Transcribe-Diarize; its windows are of 3 s here, not 30."""
    tokenizer = byte_tokenizer(padding_side="left")
    config = library().MossTranscribeDiarizeConfig(
        audio_config=_whisper_like(max_source_positions=150),
        text_config=small("qwen3", len(tokenizer), **ids(tokenizer)),
        audio_token_id=tokenizer.convert_tokens_to_ids(AUDIO),
        audio_chunk_size=48_000,
        tie_word_embeddings=False,
    )
    network = library().MossTranscribeDiarizeForConditionalGeneration(config)
    extractor = library().MossTranscribeDiarizeFeatureExtractor(feature_size=16, chunk_length=3)
    processor = library().MossTranscribeDiarizeProcessor(extractor, tokenizer, chat_template=CHAT, **NAMED)
    finish(folder, network, processor)


def vibevoice_asr(folder: Path) -> None:
    """VibeVoice-ASR, at 24 kHz."""
    tokenizer = byte_tokenizer((*byte_tokenizer().get_added_vocab(), "<|AUDIO_DURATION|>"))
    audio, begin, end = tokenizer.convert_tokens_to_ids([AUDIO, AUDIO_START, AUDIO_END])
    encoder = {
        "model_type": "vibevoice_acoustic_tokenizer_encoder",
        "hidden_size": 8,
        "num_filters": 2,
        "depths": [1, 1, 1, 1, 1, 1, 1],
    }
    config = library().VibeVoiceAsrConfig(
        acoustic_tokenizer_encoder_config=encoder,
        semantic_tokenizer_encoder_config={**encoder, "hidden_size": 12},
        text_config=small("qwen2", len(tokenizer), **ids(tokenizer)),
        audio_token_id=audio,
        audio_bos_token_id=begin,
        audio_eos_token_id=end,
    )
    network = library().VibeVoiceAsrForConditionalGeneration(config)
    extractor = library().VibeVoiceAcousticTokenizerFeatureExtractor()
    template = CHAT.replace("<|audio_end|>", "<|audio_end|>This is a <|AUDIO_DURATION|> seconds audio")
    processor = library().VibeVoiceAsrProcessor(extractor, tokenizer, chat_template=template, **NAMED)
    finish(folder, network, processor)


def qwen2_audio(folder: Path) -> None:
    """Qwen2-Audio; it hears 3 s here, not 30."""
    names = {"audio_token": "<|AUDIO|>", "audio_bos_token": "<|audio_bos|>", "audio_eos_token": "<|audio_eos|>"}
    tokenizer = byte_tokenizer(("<|pad|>", "<|im_start|>", END, *names.values()), padding_side="left")
    config = library().Qwen2AudioConfig(
        audio_config={
            "num_mel_bins": 16,
            "d_model": 16,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 32,
            "max_source_positions": 150,
        },
        text_config=small("qwen2", len(tokenizer), **ids(tokenizer)),
        audio_token_index=tokenizer.convert_tokens_to_ids("<|AUDIO|>"),
    )
    network = library().Qwen2AudioForConditionalGeneration(config)
    extractor = library().WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    finish(folder, network, library().Qwen2AudioProcessor(extractor, tokenizer))


BUILDERS: dict[str, Callable[[Path], None]] = {
    "qwen3_asr": qwen3_asr,
    "fun_asr_nano": fun_asr_nano,
    "glmasr": glmasr,
    "audioflamingo3": audioflamingo3,
    "musicflamingo": musicflamingo,
    "moss_transcribe_diarize": moss_transcribe_diarize,
    "vibevoice_asr": vibevoice_asr,
    "qwen2_audio": qwen2_audio,
}
