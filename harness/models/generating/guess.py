"""The plainest declaration for a family that nobody has declared: ``--family guess``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.models.generating.families.audio_llm import chat
from harness.models.generating.family import Family, Parts, Request

if TYPE_CHECKING:
    from harness.models.hub import HubConfig

AUTO_CLASSES = {
    "AutoModelForSpeechSeq2Seq": "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES",
    "AutoModelForMultimodalLM": "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES",
    "AutoModelForSeq2SeqLM": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "AutoModelForTDT": "MODEL_FOR_TDT_MAPPING_NAMES",
    "AutoModelForRNNT": "MODEL_FOR_RNNT_MAPPING_NAMES",
}
"""Classes of transformers that may fit, the likeliest first, and the tables of the types that they load."""

PROMPT = "Transcribe the speech."


def guessed(name: str, config: HubConfig) -> Family:
    """A declaration that assumes nothing: clips of equal length share a call, and no language is told.

    Raises:
        UsageError: no class of transformers that generates loads this type.
    """
    from transformers.models.auto import modeling_auto

    kind = str(config.model_type)
    fits = [one for one, table in AUTO_CLASSES.items() if kind in getattr(modeling_auto, table)]
    if not fits:
        raise UsageError(f"{name} is of type {kind!r}, which no class of transformers that generates text loads")
    return Family(
        name="guess",
        summary="the plainest declaration",
        note=f"a guess: {kind} by {fits[0]}, with the plainest inputs",
        model_types=(kind,),
        auto_class=fits[0],
        inputs=_plainest,
        attention="library",
        asks=("prompt",),
    )


def _plainest(parts: Parts, request: Request) -> Any:
    """A transcription request where the processor has one, else its chat template, else the waveform alone."""
    processor, prompt = parts.processor, request.asked.prompt
    if hasattr(processor, "apply_transcription_request"):
        takes = inspect.signature(processor.apply_transcription_request).parameters
        told = {} if prompt is None or "prompt" not in takes else {"prompt": [prompt]}
        return processor.apply_transcription_request(
            [request.waveform], **told, return_tensors="pt", text_kwargs={"padding": True}
        )
    if getattr(processor, "chat_template", None):
        return chat(PROMPT)(parts, request)
    return processor(audio=[request.waveform], sampling_rate=request.rate, return_tensors="pt")
