"""Transducers: each frame of the encoder says tokens until it says a blank, so that tokens come with their times."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.models.generating.family import Asked, Family, Parts, Request, Row
from harness.types import Hypothesis, Word

if TYPE_CHECKING:
    from harness.models._transformers import Tensors

_PLAIN = "en es hi ar fr de ru pt ko it nl pl tr uk ro el cs hu sv da fi no nb nn sk hr bg lt et lv sl"
_LOCALES = (
    "zh-CN ja-JP th-TH vi-VN id-ID ms-MY bn-IN ur-PK fa-IR ta-IN te-IN mr-IN gu-IN kn-IN ml-IN si-LK ne-NP km-KH sw-KE"
    " am-ET ha-NG zu-ZA yo-NG ig-NG af-ZA rw-RW so-SO ny-MW ln-CD or-KE he-IL ku-TR az-AZ ka-GE hy-AM uz-UZ tg-TJ"
    " ky-KG qu-PE ay-BO gn-PY nah-MX mi-NZ haw-US sm-WS to-TO mt-MT"
)
_LANGUAGES = {code: code for code in _PLAIN.split()} | {code.split("-")[0]: code for code in _LOCALES.split()}
"""Nemotron's name of each language: where it has several countries, the one that it takes for the language."""


def _waveform(parts: Parts, request: Request) -> Any:
    return parts.processor(request.waveform, sampling_rate=request.rate)


def _in_language(parts: Parts, request: Request) -> Any:
    return parts.processor(
        request.waveform, sampling_rate=request.rate, language=request.asked.locale or request.language
    )


def _frames(network: Any, tensors: Tensors) -> int:
    """Frames of the encoder, as the library counts them before it begins."""
    return int(network._get_subsampling_output_length(tensors["attention_mask"].sum(-1)).item())


def _limit(network: Any, tensors: Tensors, _seconds: float) -> int:
    """The most symbols at every frame; what is said at the last one is one more than the library's own limit allows."""
    return _frames(network, tensors) * int(network.max_symbols_per_step)


def _longest(parts: Parts, network: Any) -> float:
    """As long as its positions suffice for a position each frame."""
    return float(network.config.encoder_config.max_position_embeddings * _seconds_of_a_frame(parts, network))


def _seconds_of_a_frame(parts: Parts, network: Any) -> float:
    extractor = parts.extractor
    return float(network.config.encoder_config.subsampling_factor * extractor.hop_length / extractor.sampling_rate)


def _timed(parts: Parts, row: Row) -> Hypothesis:
    """The text, and its words with the times of their tokens."""
    import torch

    if not row.tokens:
        return Hypothesis(text="")
    texts, pieces = parts.processor.decode(
        torch.tensor([row.tokens]), durations=torch.tensor([row.durations]), skip_special_tokens=True
    )
    text = str(texts[0]).strip()
    words = words_of(pieces[0], row.request.seconds)
    return Hypothesis(text=text, words=words if " ".join(word.text for word in words) == text else None)


def words_of(pieces: list[dict[str, Any]], seconds: float) -> tuple[Word, ...]:
    """Words of timed pieces of text: one that begins with a space begins a word.

    Args:
        pieces: each with ``token``, and ``start`` and ``end`` in seconds.
        seconds: where the clip ends, beyond which the last frame and its duration may reach.
    """
    words: list[Word] = []
    begins = True
    for piece in pieces:
        said, start, end = str(piece["token"]), min(piece["start"], seconds), min(piece["end"], seconds)
        begins = begins or said.startswith(" ")
        if not said.strip():
            continue
        if begins:
            words.append(Word(said.strip(), start, end))
        else:
            words[-1] = Word(words[-1].text + said, words[-1].start, end)
        begins = False
    return tuple(words)


def _look_ahead(network: Any, parts: Parts, asked: Asked) -> None:
    """Sets how many frames after its own a frame may hear: what the user asked for, or the processor's default."""
    processor = parts.processor
    if asked.lookahead is not None:
        supported = [int(frames) for frames in processor.supported_num_lookahead_tokens]
        if asked.lookahead not in supported:
            has = ", ".join(map(str, supported))
            raise UsageError(f"--model-option lookahead={asked.lookahead}: this checkpoint has {has}")
        processor.set_num_lookahead_tokens(asked.lookahead)
    network.config.encoder_config.default_num_lookahead_tokens = processor.default_num_lookahead_tokens
    known = getattr(processor, "prompt_dictionary", {})
    if asked.locale is not None and asked.locale not in known:
        near = sorted(name for name in known if name.split("-")[0] == asked.locale.split("-")[0]) or sorted(known)
        raise UsageError(f"--model-option locale={asked.locale}: this checkpoint has {', '.join(near)}, auto")


_transducer = partial(
    Family,
    auto_class="AutoModelForRNNT",
    inputs=_waveform,
    read=_timed,
    max_seconds=_longest,
    pads=True,
    limit=_limit,
    frames=_frames,
    gives=("words",),
)
"""What all transducers have in common."""

FAMILIES = (
    _transducer(
        name="parakeet_tdt",
        summary="Parakeet TDT: tokens and their durations, so words with times",
        auto_class="AutoModelForTDT",
        hub=("nvidia/parakeet-tdt-0.6b-v3", "nvidia/parakeet-tdt-0.6b-v2", "nvidia/parakeet-tdt-1.1b"),
    ),
    _transducer(
        name="parakeet_rnnt",
        summary="Parakeet RNN-T, with words' times to a frame of 80 ms",
        hub=("nvidia/parakeet-rnnt-1.1b", "nvidia/parakeet-rnnt-0.6b"),
    ),
    _transducer(
        name="nemotron_asr_streaming",
        summary="Nemotron Speech Streaming, whole clips; lookahead=13, 6, 1 or 0 frames of 80 ms",
        prepare=_look_ahead,
        asks=("lookahead",),
        hub=("nvidia/nemotron-speech-streaming-en-0.6b",),
    ),
    _transducer(
        name="nemotron3_5_asr",
        summary="Nemotron 3.5 ASR, whole clips: about 80 languages; locale=en-GB and the like, or locale=auto",
        inputs=_in_language,
        languages=_LANGUAGES,
        prepare=_look_ahead,
        asks=("lookahead", "locale"),
        hub=("nvidia/nemotron-3.5-asr-streaming-0.6b",),
    ),
)
