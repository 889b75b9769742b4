"""Families with a decoder that stands beside an encoder of speech and attends to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.models.generating.family import Asked, Family, Parts, Request, Row, per_second, plain
from harness.models.generating.moonshine import mask_norm

if TYPE_CHECKING:
    from harness.models._transformers import Tensors
    from harness.types import Hypothesis

_CANARY = "bg hr cs da nl en et fi fr de el hu it lv lt mt pl pt ro sk sl es sv ru uk"
_COHERE = "ar de el en es fr it ja ko nl pl pt vi zh"
_SEAMLESS = (
    "af afr am amh ar arb as asm az azj be bel bg bul bn ben bs bos ca cat cs ces cy cym da dan de deu el ell en eng "
    "es spa et est eu eus fa pes fi fin fr fra ga gle gl glg gu guj he heb hi hin hr hrv hu hun hy hye id ind ig ibo "
    "is isl it ita ja jpn jv jav ka kat kk kaz km khm kn kan ko kor ky kir lg lug lo lao lt lit lv lvs mk mkd ml mal "
    "mn khk mr mar ms zsm mt mlt my mya nb nob ne npi nl nld nn nno ny nya or ory pa pan pl pol ps pbt pt por ro ron "
    "ru rus sd snd sk slk sl slv sn sna so som sr srp sv swe sw swh ta tam te tel tg tgk th tha tl tgl tr tur uk ukr "
    "ur urd uz uzn vi vie yo yor yue yue zh cmn zu zul"
)
_PARENTHESES = re.compile(r"[()\s]+")


def _same(codes: str) -> dict[str, str]:
    return {code: code for code in codes.split()}


def _pairs(codes: str) -> dict[str, str]:
    names = iter(codes.split())
    return dict(zip(names, names, strict=True))


def _waveform(parts: Parts, request: Request) -> Any:
    """The extractor's features and mask."""
    extract = parts.processor if parts.extractor is None else parts.extractor
    return extract([request.waveform], sampling_rate=request.rate, return_tensors="pt", return_attention_mask=True)


def _canary(parts: Parts, request: Request) -> Any:
    asked = request.asked
    return parts.processor.apply_transcription_request(
        [request.waveform],
        source_language=[request.language],
        target_language=None if asked.translate is None else [asked.translate],
        punctuation=asked.punctuation is not False,
    )


def _cohere(parts: Parts, request: Request) -> Any:
    return parts.processor(
        audio=[request.waveform],
        language=request.language,
        punctuation=request.asked.punctuation is not False,
        sampling_rate=request.rate,
    )


def _without_parentheses(parts: Parts, row: Row) -> Hypothesis:
    """Their contents are words that were said, which normalizers take for remarks; the leaderboard drops them too."""
    made = plain(parts, row)
    return replace(made, text=_PARENTHESES.sub(" ", made.text).strip())


def _moonshine(parts: Parts, request: Request) -> Any:
    return parts.processor(
        audio=[request.waveform],
        sampling_rate=request.rate,
        padding=True,
        return_attention_mask=True,
        return_tensors="pt",
    )


def _moonshine_tokens(_network: Any, _tensors: Tensors, seconds: float) -> int:
    """The authors' rule: a model this small falls into loops, and nobody says more than 6.5 tokens a second."""
    return int(seconds * 6.5) + 2


def _moonshine_longest(_parts: Parts, network: Any) -> float:
    """As long as its positions suffice for the tokens of `_moonshine_tokens`."""
    return float(min(30.0, (network.config.max_position_embeddings - 3) / 6.5))


def _in_language(request: Request) -> Mapping[str, str]:
    """The language to write: that of the clip, or the one to translate into."""
    return {"tgt_lang": request.asked.translate or request.language or "eng"}


def _mask_adapter(network: Any, _parts: Parts, _asked: Asked) -> None:
    """Lets the strided convolutions after the encoder see silence behind a clip's end, as they do when it is alone.

    Else they would look into its padding, which the encoder has made something of. What is the clip's own is told by
    its features and not by its mask: the mask leaves out a last frame that is half filled, which they see when alone.
    """
    own: list[Any] = []
    adapter = network.speech_encoder.adapter

    def note(_encoder: Any, args: Any, kwargs: Any) -> None:
        features = kwargs.get("input_features", args[0] if args else None)
        own[:] = [features.ne(0).any(-1)]

    def mask(_convolution: Any, args: Any) -> Any:
        states = args[0]
        frames = own[0][:, None] if own[0].shape[1] == states.shape[2] else None  # of the first layer
        return args if frames is None else (states * frames.to(states.dtype),)

    network.speech_encoder.register_forward_pre_hook(note, with_kwargs=True)
    for layer in adapter.layers:
        layer.residual_conv.register_forward_pre_hook(mask)
        layer.self_attn_conv.register_forward_pre_hook(mask)


FAMILIES = (
    Family(
        name="canary",
        summary="Canary: 25 languages of Europe, and translation between English and the others",
        inputs=_canary,
        max_seconds=40.0,
        languages=_same(_CANARY),
        pads=True,
        asks=("punctuation", "translate"),
        hub=("nvidia/canary-1b-v2", "nvidia/canary-1b-flash", "nvidia/canary-180m-flash"),
    ),
    Family(
        name="cohere_asr",
        summary="Cohere Transcribe: 14 languages",
        inputs=_cohere,
        read=_without_parentheses,
        max_seconds=lambda parts, _network: float(parts.extractor.max_audio_clip_s),
        languages=_same(_COHERE),
        pads=True,
        asks=("punctuation",),
        hub=("CohereLabs/cohere-transcribe-03-2026",),
    ),
    Family(
        name="moonshine",
        summary="Moonshine: small, reads raw samples",
        inputs=_moonshine,
        max_seconds=_moonshine_longest,
        limit=_moonshine_tokens,
        pads=True,
        prepare=mask_norm,
        hub=("usefulsensors/moonshine-base", "usefulsensors/moonshine-tiny"),
    ),
    Family(
        name="moonshine_streaming",
        summary="Moonshine Streaming, whole clips",
        inputs=lambda parts, request: parts.processor(audio=[request.waveform], sampling_rate=request.rate),
        max_seconds=_moonshine_longest,
        limit=_moonshine_tokens,
        hub=(
            "usefulsensors/moonshine-streaming-medium",
            "usefulsensors/moonshine-streaming-small",
            "usefulsensors/moonshine-streaming-tiny",
        ),
    ),
    Family(
        name="speech_to_text",
        summary="Speech2Text of fairseq",
        inputs=_waveform,
        max_seconds=lambda _parts, network: network.config.max_source_positions / 100,
        attention="library",
        needs={"sentencepiece": "sentencepiece"},
        hub=("facebook/s2t-large-librispeech-asr", "facebook/s2t-small-librispeech-asr"),
    ),
    Family(
        name="speecht5",
        summary="SpeechT5, for speech to text",
        inputs=lambda parts, request: parts.extractor(
            audio=[request.waveform], sampling_rate=request.rate, return_tensors="pt", return_attention_mask=True
        ),
        max_seconds=30.0,
        limit=per_second(25, 32),
        attention="library",
        needs={"sentencepiece": "sentencepiece"},
        hub=("microsoft/speecht5_asr",),
    ),
    Family(
        name="seamless_m4t",
        summary="SeamlessM4T and v2, for speech to text: about 90 languages, and translation between them",
        model_types=("seamless_m4t", "seamless_m4t_v2"),
        inputs=_waveform,
        max_seconds=60.0,
        languages=_pairs(_SEAMLESS),
        told=_in_language,
        pads=True,
        prepare=_mask_adapter,
        asks=("translate",),
        hub=("facebook/seamless-m4t-v2-large", "facebook/hf-seamless-m4t-medium"),
    ),
    Family(
        name="speech-encoder-decoder",
        summary="an encoder of speech and a decoder of text, put together",
        inputs=_waveform,
        max_seconds=30.0,
        attention="library",
        hub=("facebook/wav2vec2-xls-r-300m-21-to-en",),
    ),
)
