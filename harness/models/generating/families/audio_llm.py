"""Families that put what an encoder heard into the prompt of a language model."""

from __future__ import annotations

from typing import Any

from harness.models.generating.family import Family, Inputs, Parts, Request, Row, per_second
from harness.models.generating.fun_asr import load_parts as load_fun_asr
from harness.types import Hypothesis

_QWEN3 = "ar yue zh cs da nl en fil fi fr de el hi hu id it ja ko mk ms fa pl pt ro ru es sv th tr vi"
_MULTIMODAL = "AutoModelForMultimodalLM"
_SEGMENTED = per_second(40, 96)
"""Texts with speakers and times around each segment take more tokens than their words."""


def requested(**arguments: Any) -> Inputs:
    """Inputs by the processor's own transcription request, with the user's prompt where there is one."""

    def made(parts: Parts, request: Request) -> Any:
        prompt = {} if request.asked.prompt is None else {"prompt": [request.asked.prompt]}
        return parts.processor.apply_transcription_request([request.waveform], **prompt, **arguments)

    return made


def chat(instruction: str, *, audio_first: bool = True) -> Inputs:
    """Inputs by the checkpoint's chat template, with an instruction of ours or of the user."""

    def made(parts: Parts, request: Request) -> Any:
        content = [
            {"type": "audio", "audio": request.waveform},
            {"type": "text", "text": request.asked.prompt or instruction},
        ]
        return parts.processor.apply_chat_template(
            [[{"role": "user", "content": content if audio_first else content[::-1]}]],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )

    return made


def _qwen3_asr(parts: Parts, request: Request) -> Any:
    """Its prompt holds what the audio is about: hot words, or the user's text."""
    about = " ".join((*request.asked.keywords, *([request.asked.prompt] if request.asked.prompt else [])))
    return parts.processor.apply_transcription_request(
        [request.waveform], language=[request.language], **({"prompt": [about]} if about else {})
    )


def _keywords(request: Request) -> dict[str, Any]:
    return {"keywords": [list(request.asked.keywords)]} if request.asked.keywords else {}


def _fun_asr_nano(parts: Parts, request: Request) -> Any:
    return requested(language=[request.language], text_kwargs={"padding": True}, **_keywords(request))(parts, request)


def _moss(parts: Parts, request: Request) -> Any:
    return requested(return_tensors="pt", text_kwargs={"padding": True}, **_keywords(request))(parts, request)


def _transcription(parts: Parts, row: Row) -> Hypothesis:
    """What the processor takes for the transcript."""
    return Hypothesis(text=str(parts.processor.decode(row.tokens, return_format="transcription_only")).strip())


def _unframed(parts: Parts, row: Row) -> Hypothesis:
    """Without the sentence that the transcript is put into."""
    (text,) = parts.processor.decode([row.tokens], skip_special_tokens=True, strip_prefix=True)
    return Hypothesis(text=str(text).strip())


def _segments(parts: Parts, row: Row) -> Hypothesis:
    """The words of all segments, each with its segment's speaker; as it is written where it is no segments."""
    parsed = parts.processor.decode(row.tokens, return_format="parsed")
    if isinstance(parsed, str):
        return Hypothesis(text=parsed.strip())
    words: list[str] = []
    speakers: list[str] = []
    for segment in parsed:
        said = str(segment.get("Content", "")).split()
        words += said
        speakers += [str(segment.get("Speaker", ""))] * len(said)
    return Hypothesis(text=" ".join(words), speakers=tuple(speakers))


def chunk(parts: Parts, _network: Any) -> float:
    """The window of the extractor, beyond which it drops what it is given."""
    return float(parts.extractor.chunk_length)


def _stated(parts: Parts, _network: Any) -> float:
    """The whole windows in what its processor says it takes: it cuts the rest off, with a warning that nobody sees."""
    window = parts.extractor.chunk_length
    return float(parts.processor.max_audio_len // window * window)


FAMILIES = (
    Family(
        name="qwen3_asr",
        summary="Qwen3-ASR: 30 languages",
        inputs=_qwen3_asr,
        read=_transcription,
        max_seconds=1200.0,
        languages={code: code for code in _QWEN3.split()},
        pads=True,
        asks=("keywords", "prompt"),
        hub=("Qwen/Qwen3-ASR-1.7B-hf", "Qwen/Qwen3-ASR-0.6B-hf"),
    ),
    Family(
        name="fun_asr_nano",
        summary="Fun-ASR-Nano: Chinese, English, Japanese",
        inputs=_fun_asr_nano,
        max_seconds=60.0,
        languages={"zh": "zh", "en": "en", "ja": "ja"},
        pads=True,
        asks=("keywords", "prompt"),
        loads=load_fun_asr,
        hub=("FunAudioLLM/Fun-ASR-Nano-2512",),
    ),
    Family(
        name="glmasr",
        summary="GLM-ASR",
        auto_class=_MULTIMODAL,
        inputs=requested(),
        max_seconds=_stated,
        pads=True,
        asks=("prompt",),
        hub=("zai-org/GLM-ASR-Nano-2512",),
    ),
    Family(
        name="audioflamingo3",
        summary="Audio Flamingo 3",
        auto_class="AutoModelForSeq2SeqLM",
        inputs=requested(),
        read=_unframed,
        max_seconds=_stated,
        pads=True,
        asks=("prompt",),
        hub=("nvidia/audio-flamingo-3-hf",),
    ),
    Family(
        name="musicflamingo",
        summary="Music Flamingo",
        auto_class="AutoModelForSeq2SeqLM",
        inputs=chat("Transcribe the input speech.", audio_first=False),
        max_seconds=_stated,
        pads=True,
        asks=("prompt",),
        hub=("nvidia/music-flamingo-hf",),
    ),
    Family(
        name="moss_transcribe_diarize",
        summary="MOSS-Transcribe-Diarize: long recordings, with speakers",
        auto_class=_MULTIMODAL,
        inputs=_moss,
        read=_segments,
        max_seconds=5400.0,
        limit=_SEGMENTED,
        pads=True,
        asks=("keywords", "prompt"),
        gives=("speakers",),
        hub=("OpenMOSS-Team/MOSS-Transcribe-Diarize",),
    ),
    Family(
        name="vibevoice_asr",
        summary="VibeVoice-ASR: long recordings at 24 kHz, with speakers",
        inputs=requested(),
        read=_segments,
        rate=24_000,
        max_seconds=3600.0,
        limit=_SEGMENTED,
        attention="library",
        pads=True,
        extra={"sample": False},
        asks=("prompt",),
        gives=("speakers",),
        hub=("microsoft/VibeVoice-ASR-HF",),
    ),
    Family(
        name="qwen2_audio",
        summary="Qwen2-Audio, asked to transcribe",
        auto_class=_MULTIMODAL,
        inputs=chat("Transcribe the speech."),
        max_seconds=chunk,
        pads=True,
        asks=("prompt",),
        hub=("Qwen/Qwen2-Audio-7B-Instruct",),
    ),
)
