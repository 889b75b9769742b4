"""What tiny checkpoints of all families share: a tokenizer, small parts of networks, and weights that hear.

Weights of the usual random start are so small that every clip gets the same text, and a test of equality would say
nothing. These are larger, from a fixed seed, and letters and the end of the text are likelier than other tokens.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SEED = 7
ENDS = [6, 2.0]
"""A setting of generation_config.json, exponential_decay_length_penalty: after so many tokens the end grows likelier.

So every text ends by itself, after 6 to 20 tokens, whatever limit a program sets.
"""
ALPHABET = [chr(code) for code in range(ord("a"), ord("z") + 1)]
LETTERS = [*ALPHABET, "Ġ"]
"""What the networks mostly say, as byte-level tokens; the last is the space."""
WORDS = [*ALPHABET, *(f"▁{letter}" for letter in ALPHABET)]
"""The same as pieces: letters, and letters that begin a word."""

END = "<|im_end|>"
PAD = "<|pad|>"
START = "<|im_start|>"
AUDIO, AUDIO_START, AUDIO_END = "<|audio|>", "<|audio_start|>", "<|audio_end|>"
SPECIAL = (PAD, START, END, AUDIO, AUDIO_START, AUDIO_END)

SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
"""Of most parts of networks."""
PARAKEET = {**SIZES, "num_mel_bins": 16, "subsampling_conv_channels": 8}
"""Parakeet's encoder."""

_CHOOSES = re.compile(r"(q|k)_proj|linear_[qk]\b|\.(query|key)\b")
_CROSSES = re.compile(r"encoder_attn.*(v|out|o)_proj|cross_attn.*(v|out|o)_proj")

CHAT = """\
{%- for message in messages -%}
<|im_start|>{{ message['role'] }}
{% for content in message['content'] -%}
{%- if content['type'] == 'audio' -%}<|audio_start|><|audio|><|audio_end|>
{%- elif content['type'] == 'text' -%}{{ content['text'] }}
{%- elif content['type'] == 'keywords' -%}{{ content['keywords'] | join(',') }}
{%- elif content['type'] == 'language' -%}{{ content['language'] }}
{%- endif -%}
{%- endfor -%}
{%- if not (loop.last and message['role'] == 'assistant') -%}<|im_end|>
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""
"""A chat template as the families have them: roles, audio between its marks, words, keywords, language."""


def library() -> Any:
    """Transformers, which has no types."""
    import transformers

    return transformers


def byte_tokenizer(special: Iterable[str] = SPECIAL, **names: Any) -> Any:
    """A byte-level tokenizer of 256 bytes and the special tokens, in a class of the library.

    Args:
        special: their tokens follow the bytes.
        names: what the tokenizer calls its tokens (`pad_token`, `eos_token`, ...), and what else its class takes.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={piece: place for place, piece in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    inner.add_special_tokens(list(special))
    return library().PreTrainedTokenizerFast(
        tokenizer_object=inner, **{"pad_token": PAD, "eos_token": END, "bos_token": None, **names}
    )


def pieces_tokenizer(special: Sequence[str], *, last: Sequence[str] = (), kind: Any = None, **names: Any) -> Any:
    """A tokenizer of letters with and without a word before them, as SentencePiece makes them.

    Args:
        special: tokens at the beginning of the vocabulary; `last`: those at its end.
        kind: its class in the library.
        names: what the tokenizer calls its tokens.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = [*special, *(f"▁{letter}" for letter in ALPHABET), "▁", *ALPHABET, *last]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    inner.add_special_tokens([*special, *last])
    return (kind or library().PreTrainedTokenizerFast)(tokenizer_object=inner, **names)


def ids(tokenizer: Any) -> dict[str, Any]:
    """The ids that configurations and generation_config.json name."""
    return {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "eos", "bos")}


def small(kind: str, vocabulary: int, **more: Any) -> dict[str, Any]:
    """The configuration of a small language model of that type."""
    return {
        "model_type": kind,
        "vocab_size": vocabulary,
        **SIZES,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": False,
        **more,
    }


def stir(network: Any, seed: int = SEED, gain: float = 1.5) -> None:
    """Random weights large enough that the output depends on the input, and norms that are not the identity.

    Attention is made to choose, and what a decoder hears of its encoder is loud; else all frames would be averaged.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    seen: set[int] = set()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if id(parameter) in seen or not parameter.is_floating_point():
                continue
            seen.add(id(parameter))
            random = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                size = parameter.shape[-1] if ".experts." in name else parameter[0].numel()
                loud = 2.0 if _CHOOSES.search(name) else 3.0 if _CROSSES.search(name) else 1.0
                parameter.copy_(random * (loud * gain / max(size, 1) ** 0.5))
            else:
                parameter.add_(random * 0.2)


def prefer(head: Any, wanted: Iterable[int], rest: float = 0.1) -> None:
    """Makes tokens that are not wanted unlikely: their rows of the output layer are small, their bias too.

    Args:
        head: a linear layer to the vocabulary, changed in place.
    """
    import torch

    keep = torch.zeros(head.weight.shape[0], dtype=torch.bool)
    keep[list(wanted)] = True
    with torch.no_grad():
        head.weight[~keep] *= rest
        if getattr(head, "bias", None) is not None:
            head.bias[~keep] *= rest


def speak(network: Any, tokenizer: Any, end: str | None = END, seed: int = SEED) -> None:
    """Weights of a network that says letters, spaces and, now and then, the end."""
    stir(network, seed)
    wanted = [*LETTERS, *([end] if end else [])]
    prefer(network.get_output_embeddings(), tokenizer.convert_tokens_to_ids(wanted))


def finish(folder: Path, network: Any, processor: Any) -> None:
    """Has a network speak, and writes it with its processor."""
    speak(network, processor.tokenizer)
    save(folder, network, processor, **ids(processor.tokenizer))


def save(folder: Path, network: Any, *parts: Any, **generation: Any) -> None:
    """Writes a checkpoint as a user has it on disk.

    Args:
        parts: processor, or feature extractor and tokenizer.
        generation: what is set in its generation_config.json.
    """
    own = network.generation_config.to_dict()
    own.pop("_from_model_config", None)
    settings = {**own, "exponential_decay_length_penalty": ENDS, **generation}
    network.generation_config = library().GenerationConfig(**settings)
    network.save_pretrained(folder)
    for part in parts:
        part.save_pretrained(folder)


def sentence_pieces(pieces: Sequence[str]) -> bytes:
    """The file of a SentencePiece model of letters: its first four pieces are special, the fourth the unknown one."""
    from sentencepiece import sentencepiece_model_pb2

    messages: Any = sentencepiece_model_pb2
    model = messages.ModelProto()
    kinds = model.SentencePiece
    for place, piece in enumerate(pieces):
        kind = kinds.NORMAL if place > 3 else kinds.UNKNOWN if place == 3 else kinds.CONTROL
        model.pieces.add(piece=piece, score=-float(place), type=kind)
    model.trainer_spec.model_type = model.trainer_spec.CHAR
    model.trainer_spec.unk_id, model.trainer_spec.bos_id = 3, 0
    model.trainer_spec.eos_id, model.trainer_spec.pad_id = 2, 1
    model.normalizer_spec.name = "identity"
    return bytes(model.SerializeToString())
