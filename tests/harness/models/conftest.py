"""Tiny checkpoints with random weights, saved in the hub's format by the library that defines it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.types import Clip

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(os.environ.get("ASR_TEST_DATA", Path(__file__).parents[4] / "shared"))

LETTERS = "EHLO'TAIN"
CHARACTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS]
"""Labels of a wav2vec2-like model; the first is the blank."""
PIECES = ["<pad>", "<unk>", "▁h", "e", "l", "o", "▁the", "r", "▁", "d"]
"""Labels of a Parakeet-like model; the first is the blank."""

_SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def _library() -> Any:
    import transformers

    return transformers


def _wav2vec2_like(name: str, config: dict[str, Any], folder: Path) -> None:
    config = {
        **_SMALL,
        "conv_dim": (16, 16, 16),
        "conv_kernel": (10, 8, 4),
        "conv_stride": (8, 5, 4),
        "vocab_size": len(CHARACTERS),
        "pad_token_id": 0,
        **config,
    }
    network = getattr(_library(), f"{name}ForCTC")(getattr(_library(), f"{name}Config")(**config))
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({label: place for place, label in enumerate(CHARACTERS)}))
    tokenizer = _library().Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    group = config.get("feat_extract_norm") == "group"
    extractor = _library().Wav2Vec2FeatureExtractor(return_attention_mask=not group)
    _library().Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    _save(network, folder)


def _pieces_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    inner = Tokenizer(
        models.BPE(vocab={piece: place for place, piece in enumerate(PIECES)}, merges=[], unk_token="<unk>")
    )
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.decoder = decoders.Metaspace()
    return _library().ParakeetTokenizer(tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>")


def _parakeet(folder: Path) -> None:
    encoder = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "num_mel_bins": 16,
        "subsampling_conv_channels": 8,
    }
    config = _library().ParakeetCTCConfig(vocab_size=len(PIECES), pad_token_id=0, encoder_config=encoder)
    extractor = _library().ParakeetFeatureExtractor(feature_size=16)
    _library().ParakeetProcessor(extractor, _pieces_tokenizer()).save_pretrained(folder)
    _save(_library().ParakeetForCTC(config), folder)


def _granite(folder: Path) -> None:
    encoder = {
        "vocab_size": len(PIECES),
        "hidden_size": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "num_mel_bins": 16,
        "context_size": 16,
        "max_position_embeddings": 32,
    }
    config = _library().GraniteSpeech5CTCConfig(vocab_size=len(PIECES), encoder_config=encoder)
    _pieces_tokenizer().save_pretrained(folder)
    # GraniteSpeech5FeatureExtractor cannot be made without torchaudio; this is what it saves
    extractor = {
        "feature_extractor_type": "GraniteSpeech5FeatureExtractor",
        "processor_class": "GraniteSpeech5Processor",
        "num_mel_bins": 16,
        "sampling_rate": 16000,
        "n_fft": 512,
        "win_length": 400,
        "hop_length": 160,
        "delta_win_length": 3,
        "logmel_floor_db": 8.0,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(extractor))
    _save(_library().GraniteSpeech5ForCTC(config), folder)


def whisper_checkpoint(
    folder: Path,
    *,
    multilingual: bool,
    encoder_layers: int = 2,
    decoder_layers: int = 2,
    positions: int = 16,
    seconds: int = 3,
) -> None:
    """A tiny Whisper that hears a few seconds at a time; few decoder layers are what distilled and turbo ones have."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>", "<|startoftranscript|>"]
    if multilingual:
        special += ["<|en|>", "<|de|>"]
    special += [
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
    ]
    times = [f"<|{place * 0.02:.2f}|>" for place in range(50 * seconds + 1)]
    inner = Tokenizer(models.BPE(vocab={piece: place for place, piece in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    inner.add_special_tokens(special)
    inner.add_tokens(times)
    ids: dict[str, Any] = {token: inner.token_to_id(token) for token in special}
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    tokenizer = _library().WhisperTokenizer(
        tokenizer_object=inner, unk_token=special[0], bos_token=special[0], eos_token=special[0], pad_token=special[0]
    )
    config = _library().WhisperConfig(
        vocab_size=len(alphabet) + len(special) + len(times),
        d_model=32,
        encoder_layers=encoder_layers,
        decoder_layers=decoder_layers,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        num_mel_bins=80,
        max_target_positions=positions,
        max_source_positions=50 * seconds,
        decoder_start_token_id=start,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    network = _library().WhisperForConditionalGeneration(config)
    generation: dict[str, Any] = {
        "decoder_start_token_id": start,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "no_timestamps_token_id": ids["<|notimestamps|>"],
        "is_multilingual": multilingual,
        "max_length": positions,
        "alignment_heads": [[decoder_layers - 1, 0]],
    }
    if multilingual:
        generation["lang_to_id"] = {"<|en|>": ids["<|en|>"], "<|de|>": ids["<|de|>"]}
        generation["task_to_id"] = {"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]}
    network.generation_config = _library().GenerationConfig(**generation)
    _library().WhisperProcessor(_library().WhisperFeatureExtractor(chunk_length=seconds), tokenizer).save_pretrained(
        folder
    )
    _save(network, folder)


def to_ctranslate2(folder: Path, out: Path, quantization: str | None = None) -> None:
    """The checkpoint by CTranslate2's own converter."""
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(folder), copy_files=["tokenizer.json"]).convert(str(out), quantization=quantization)


def _stir(network: Any) -> None:
    """Random weights large enough that the output depends on the input, and norms that are not the identity."""
    import torch

    generator = torch.Generator().manual_seed(7)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            fan = parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) * (1.5 / fan**0.5)
        else:
            parameter.data += torch.randn(parameter.shape, generator=generator) * 0.2


def _save(network: Any, folder: Path) -> None:
    _stir(network)
    network.save_pretrained(folder)


KINDS: dict[str, Callable[[Path], None]] = {
    "wav2vec2-group": lambda folder: _wav2vec2_like("Wav2Vec2", {"feat_extract_norm": "group"}, folder),
    "wav2vec2-layer": lambda folder: _wav2vec2_like(
        "Wav2Vec2", {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}, folder
    ),
    "wav2vec2-conformer": lambda folder: _wav2vec2_like(
        "Wav2Vec2Conformer", {"feat_extract_norm": "layer", "conv_depthwise_kernel_size": 7}, folder
    ),
    "data2vec-audio": lambda folder: _wav2vec2_like("Data2VecAudio", {"conv_pos_kernel_size": 7}, folder),
    "hubert": lambda folder: _wav2vec2_like("Hubert", {"feat_extract_norm": "group"}, folder),
    "wavlm": lambda folder: _wav2vec2_like("WavLM", {"feat_extract_norm": "group"}, folder),
    "unispeech": lambda folder: _wav2vec2_like("UniSpeech", {"feat_extract_norm": "group"}, folder),
    "unispeech-sat": lambda folder: _wav2vec2_like("UniSpeechSat", {"feat_extract_norm": "group"}, folder),
    "sew": lambda folder: _wav2vec2_like("SEW", {"feat_extract_norm": "group"}, folder),
    "parakeet_ctc": _parakeet,
    "granite_speech5_ctc": _granite,
    "whisper": lambda folder: whisper_checkpoint(folder, multilingual=True),
    "whisper.en": lambda folder: whisper_checkpoint(folder, multilingual=False),
    "whisper.long": lambda folder: whisper_checkpoint(folder, multilingual=True, positions=40),
    "whisper.distil": lambda folder: whisper_checkpoint(folder, multilingual=True, encoder_layers=3, decoder_layers=1),
}


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Called with a kind, gives a folder that holds such a checkpoint; it is not to be changed."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            import torch
            from transformers.utils import logging

            library: Any = logging
            library.set_verbosity_error()
            library.disable_progress_bar()
            torch.set_num_threads(1)  # two that share a busy processor wait for each other a hundred times as long
            torch.manual_seed(7)
            made[kind] = tmp_path_factory.mktemp("checkpoints") / kind
            KINDS[kind](made[kind])
        return made[kind]

    return make


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of data that is shared between checkouts; it may not be there."""
    return DATA


@pytest.fixture(scope="session")
def clips() -> list[Clip]:
    """Twelve clips of noise with a melody in it, of 0.02 to 2.6 s, two of the same length."""
    random = np.random.default_rng(3)
    lengths = [320, 1600, 5000, 8000, 8000, 16000, 16160, 20001, 30000, 31999, 40000, 41600]
    made = []
    for place, samples in enumerate(lengths):
        time = np.arange(samples) / 16000
        tone = sum(np.sin(2 * np.pi * pitch * time * (1 + time)) for pitch in random.uniform(100, 3000, 3))
        waveform = (0.1 * tone + random.normal(0, 0.05, samples)).astype(np.float32)
        made.append(Clip(id=f"clip-{place}", language="en", waveform=waveform))
    return made
