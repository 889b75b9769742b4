"""Families made to be heard while somebody speaks, here given whole clips; and Voxtral, which shares a tokenizer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.models.generating.family import Asked, Family, Parts, Request

if TYPE_CHECKING:
    from harness.models._transformers import Tensors

_MISTRAL = {"mistral_common": "'mistral-common[soundfile]>=1.11.7'"}
_VOXTRAL = ("en", "es", "fr", "pt", "hi", "de", "nl", "it")


def _kyutai(parts: Parts, request: Request) -> Any:
    """By name: the first positional of a generic processor is images. Delay and silence are added by its extractor."""
    return parts.processor(audio=request.waveform, sampling_rate=request.rate, padding=True)


def _kyutai_frames(network: Any, tensors: Tensors, _seconds: float) -> int:
    """A token a frame of the codec; the library counts the frames of the batch's longest clip."""
    return int(tensors["input_values"].shape[-1] // network.config.codec_config.frame_size)


def _voxtral(parts: Parts, request: Request) -> Any:
    """Its tokenizer reads the clip from a file in memory, of 16 bits a sample."""
    return parts.processor.apply_transcription_request(
        [request.waveform],
        model_id="voxtral",
        language=[request.language],
        sampling_rate=request.rate,
        format=["wav"],
    )


def _realtime(parts: Parts, request: Request) -> Any:
    """What is the same in all clips, how many tokens the text is behind, is the network's default."""
    made = dict(parts.processor(audio=[request.waveform], return_tensors="pt"))
    made.pop("num_delay_tokens", None)
    return made


def _realtime_tokens(network: Any, tensors: Tensors, _seconds: float) -> int:
    """A token for every 80 ms, those before the first generated one included."""
    tokens = math.ceil(tensors["input_features"].shape[-1] / network.config.audio_length_per_tok)
    return int(tokens - tensors["input_ids"].shape[1])


def _delay(network: Any, parts: Parts, _asked: Asked) -> None:
    network.config.default_num_delay_tokens = parts.processor.num_delay_tokens


FAMILIES = (
    Family(
        name="kyutai_speech_to_text",
        summary="Kyutai speech to text, whole clips at 24 kHz",
        inputs=_kyutai,
        rate=24_000,
        max_seconds=None,
        limit=_kyutai_frames,
        pads=True,
        hub=("kyutai/stt-2.6b-en-trfs", "kyutai/stt-1b-en_fr-trfs"),
    ),
    Family(
        name="voxtral",
        summary="Voxtral: eight languages; clips are filled up to multiples of 30 s",
        inputs=_voxtral,
        max_seconds=1800.0,
        languages={code: code for code in _VOXTRAL},
        pads=True,
        needs=_MISTRAL,
        hub=("mistralai/Voxtral-Mini-3B-2507", "mistralai/Voxtral-Small-24B-2507"),
    ),
    Family(
        name="voxtral_realtime",
        summary="Voxtral Realtime, whole clips: a token for every 80 ms",
        inputs=_realtime,
        limit=_realtime_tokens,
        pads=True,
        needs=_MISTRAL,
        hub=("mistralai/Voxtral-Mini-4B-Realtime-2602",),
    ),
)
