"""Tiny checkpoints of the families whose decoder stands beside the encoder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.harness.models.generating.made import (
    ALPHABET,
    PARAKEET,
    SIZES,
    WORDS,
    ids,
    library,
    pieces_tokenizer,
    prefer,
    save,
    sentence_pieces,
    stir,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPECIAL = ("<unk>", "<s>", "</s>", "<pad>")
LANGUAGES = ("en", "de", "fr")

CANARY = (
    "<|startofcontext|>",
    "<|startoftranscript|>",
    "<|emo:undefined|>",
    "<|pnc|>",
    "<|nopnc|>",
    "<|noitn|>",
    "<|notimestamp|>",
    "<|nodiarize|>",
    *(f"<|{language}|>" for language in LANGUAGES),
)
"""What Canary and Cohere are prompted with."""
CANARY_PROMPT = """\
{%- for message in messages -%}{%- for content in message['content'] -%}{%- if content['type'] == 'text' -%}
<|startofcontext|><|startoftranscript|><|emo:undefined|><|{{ content['source_language'] }}|>\
<|{{ content['target_language'] }}|>{{ '<|pnc|>' if content['punctuation'] else '<|nopnc|>' }}\
<|noitn|><|notimestamp|><|nodiarize|>
{%- endif -%}{%- endfor -%}{%- endfor -%}"""

CONFORMER = {**PARAKEET, "scale_input": False}
"""The encoder of Parakeet, as Canary and Cohere have it."""


def _tokenizer(*more: str) -> Any:
    """A tokenizer of letters, with further special tokens."""
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    return pieces_tokenizer([*SPECIAL, *more], **names)


def _finish(folder: Path, network: Any, processor: Any, **generation: Any) -> None:
    """Has a network say letters, words and, now and then, the end, and writes it with its processor."""
    stir(network)
    tokenizer = processor.tokenizer
    wanted = tokenizer.convert_tokens_to_ids([*WORDS, "</s>"])
    prefer(network.get_output_embeddings(), [token for token in wanted if token != tokenizer.unk_token_id])
    save(folder, network, processor, **generation)


def canary(folder: Path) -> None:
    """Canary."""
    tokenizer = _tokenizer(*CANARY)
    decoder = {
        **SIZES,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 128,
        "vocab_size": len(tokenizer),
        **ids(tokenizer),
    }
    config = library().CanaryConfig(
        tie_word_embeddings=False,  # or each token would say itself
        encoder_config={"model_type": "parakeet_encoder", **CONFORMER},
        decoder_config=decoder,
        vocab_size=len(tokenizer),
        decoder_start_token_id=tokenizer.convert_tokens_to_ids("<|startofcontext|>"),
        **ids(tokenizer),
    )
    network = library().CanaryForConditionalGeneration(config)
    extractor = library().ParakeetFeatureExtractor(feature_size=16)
    processor = library().CanaryProcessor(extractor, tokenizer, chat_template=CANARY_PROMPT)
    _finish(folder, network, processor)


def cohere_asr(folder: Path) -> None:
    """Cohere Transcribe."""
    tokenizer = _tokenizer(*CANARY)
    config = library().CohereAsrConfig(
        encoder_config=CONFORMER,
        vocab_size=len(tokenizer),
        **SIZES,
        max_position_embeddings=128,
        **ids(tokenizer),
    )
    network = library().CohereAsrForConditionalGeneration(config)
    extractor = library().CohereAsrFeatureExtractor(feature_size=16)
    _finish(folder, network, library().CohereAsrProcessor(extractor, tokenizer))


def moonshine(folder: Path) -> None:
    """Moonshine."""
    tokenizer = _tokenizer()
    config = library().MoonshineConfig(
        tie_word_embeddings=False,  # or each token would say itself
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        encoder_num_hidden_layers=2,
        decoder_num_hidden_layers=2,
        encoder_num_attention_heads=2,
        decoder_num_attention_heads=2,
        decoder_start_token_id=tokenizer.bos_token_id,
        **ids(tokenizer),
    )
    network = library().MoonshineForConditionalGeneration(config)
    extractor = library().Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True)
    _finish(folder, network, library().Wav2Vec2Processor(extractor, tokenizer))


def moonshine_streaming(folder: Path) -> None:
    """Moonshine Streaming, whole clips."""
    tokenizer = _tokenizer()
    config = library().MoonshineStreamingConfig(
        encoder_config={
            **SIZES,
            "num_key_value_heads": 2,
            "sliding_windows": ((16, 4), (16, 0)),
        },
        vocab_size=len(tokenizer),
        **SIZES,
        num_key_value_heads=2,
        decoder_start_token_id=tokenizer.bos_token_id,
        **ids(tokenizer),
    )
    network = library().MoonshineStreamingForConditionalGeneration(config)
    extractor = library().Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True)
    _finish(folder, network, library().MoonshineStreamingProcessor(extractor, tokenizer))


def speech_to_text(folder: Path) -> None:
    """Speech2Text."""
    folder.mkdir(parents=True)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *ALPHABET]
    (folder / "sentencepiece.bpe.model").write_bytes(sentence_pieces(pieces))
    (folder / "vocab.json").write_text(json.dumps({piece: place for place, piece in enumerate(pieces)}), "utf-8")
    tokenizer = library().Speech2TextTokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))
    config = library().Speech2TextConfig(
        tie_word_embeddings=False,  # or each token would say itself
        vocab_size=len(pieces),
        encoder_layers=2,
        decoder_layers=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        d_model=32,
        conv_channels=32,
        input_feat_per_channel=16,
        max_source_positions=600,
        max_target_positions=64,
    )
    network = library().Speech2TextForConditionalGeneration(config)
    extractor = library().Speech2TextFeatureExtractor(feature_size=16, num_mel_bins=16)
    _finish(folder, network, library().Speech2TextProcessor(extractor, tokenizer))


def speecht5(folder: Path) -> None:
    """SpeechT5, for speech to text."""
    folder.mkdir(parents=True)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *ALPHABET]
    (folder / "spm_char.model").write_bytes(sentence_pieces(pieces))
    tokenizer = library().SpeechT5Tokenizer(str(folder / "spm_char.model"))
    config = library().SpeechT5Config(
        tie_word_embeddings=False,  # or each token would say itself
        vocab_size=len(tokenizer),
        hidden_size=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        conv_dim=(16, 16, 16),
        conv_kernel=(10, 8, 4),
        conv_stride=(8, 5, 4),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        max_text_positions=64,
    )
    network = library().SpeechT5ForSpeechToText(config)
    extractor = library().SpeechT5FeatureExtractor(do_normalize=True)
    _finish(folder, network, library().SpeechT5Processor(extractor, tokenizer))


def _seamless(folder: Path, name: str) -> None:
    languages = ["__eng__", "__deu__", "__fra__"]
    pieces = ["<pad>", "<unk>", "<s>", "</s>", *(f"▁{letter}" for letter in ALPHABET), "▁", *ALPHABET]
    tokenizer = library().SeamlessM4TTokenizer(
        vocab={piece: place for place, piece in enumerate(pieces)},
        merges=[],
        additional_special_tokens=languages,
        src_lang="eng",
        tgt_lang="eng",
    )
    half = {"ffn_dim": 48, "attention_heads": 2, "layers": 2}
    config = getattr(library(), f"{name}Config")(
        tie_word_embeddings=False,
        vocab_size=len(tokenizer),
        hidden_size=32,
        **{f"{side}_{key}": value for side in ("encoder", "decoder") for key, value in half.items()},
        speech_encoder_layers=2,
        speech_encoder_attention_heads=2,
        speech_encoder_intermediate_size=48,
        feature_projection_input_dim=32,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        max_position_embeddings=64,
        adaptor_kernel_size=4,
        adaptor_stride=4,
        # the parts that speak are not loaded for speech to text, but must be small in the configuration
        t2u_vocab_size=8,
        t2u_encoder_layers=1,
        t2u_decoder_layers=1,
    )
    network = getattr(library(), f"{name}ForSpeechToText")(config)
    codes = {token.strip("_"): tokenizer.convert_tokens_to_ids(token) for token in languages}
    extractor = library().SeamlessM4TFeatureExtractor(feature_size=16, num_mel_bins=16)
    _finish(folder, network, library().SeamlessM4TProcessor(extractor, tokenizer), text_decoder_lang_to_code_id=codes)


def speech_encoder_decoder(folder: Path) -> None:
    """An encoder of wav2vec2 and a decoder of mBART, as wav2vec2-xls-r-300m-21-to-en has them."""
    tokenizer = _tokenizer()
    encoder = library().Wav2Vec2Config(
        **SIZES,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        conv_dim=(16, 16, 16),
        conv_kernel=(10, 8, 4),
        conv_stride=(8, 5, 4),
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
        add_adapter=True,
        num_adapter_layers=1,
        output_hidden_size=32,
    )
    decoder = library().MBartConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        decoder_layers=2,
        decoder_ffn_dim=48,
        decoder_attention_heads=2,
        max_position_embeddings=64,
        is_decoder=True,
        add_cross_attention=True,
        **ids(tokenizer),
    )
    config = library().SpeechEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    begin = {"decoder_start_token_id": tokenizer.bos_token_id, **ids(tokenizer)}
    for name, value in begin.items():
        setattr(config, name, value)
    network = library().SpeechEncoderDecoderModel(config)
    extractor = library().Wav2Vec2FeatureExtractor(return_attention_mask=True)
    _finish(folder, network, library().Wav2Vec2Processor(extractor, tokenizer), **begin)


BUILDERS: dict[str, Callable[[Path], None]] = {
    "canary": canary,
    "cohere_asr": cohere_asr,
    "moonshine": moonshine,
    "moonshine_streaming": moonshine_streaming,
    "speech_to_text": speech_to_text,
    "speecht5": speecht5,
    "seamless_m4t": lambda folder: _seamless(folder, "SeamlessM4T"),
    "seamless_m4t_v2": lambda folder: _seamless(folder, "SeamlessM4Tv2"),
    "speech-encoder-decoder": speech_encoder_decoder,
}
