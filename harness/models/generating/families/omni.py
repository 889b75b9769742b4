"""Models that also see, asked to write down what they hear; their parts for sight are not loaded into the processor."""

from __future__ import annotations

from typing import Any

from harness.models.generating.families.audio_llm import chat, chunk
from harness.models.generating.family import Family, Parts, Request
from harness.models.generating.hearing import without_sight

_MULTIMODAL = "AutoModelForMultimodalLM"
_ASKED = "Transcribe the speech."


def _tokens(parts: Parts, _network: Any) -> float:
    """As many tokens as its processor lets audio take."""
    return float(parts.processor.audio_seq_length * parts.processor.audio_ms_per_token / 1000)


def _nemotron(parts: Parts, request: Request) -> Any:
    """As the leaderboard asks it: without thinking, and with words alone in its chat template."""
    words = request.asked.prompt or "Transcribe the audio clip into text. Return only the transcription."
    said = [
        {"role": "system", "content": "/no_think"},
        {"role": "user", "content": f"{parts.processor.audio_token}\n{words}"},
    ]
    text = parts.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    return parts.processor(text=[text], audio=[request.waveform], return_tensors="pt")


FAMILIES = (
    Family(
        name="qwen2_5_omni",
        summary="Qwen2.5-Omni, its thinker asked to transcribe",
        model_types=("qwen2_5_omni", "qwen2_5_omni_thinker"),
        auto_class="Qwen2_5OmniThinkerForConditionalGeneration",
        inputs=chat(_ASKED),
        loads=without_sight("Qwen2_5OmniProcessor"),
        max_seconds=chunk,
        pads=True,
        asks=("prompt",),
        hub=("Qwen/Qwen2.5-Omni-7B", "Qwen/Qwen2.5-Omni-3B"),
    ),
    Family(
        name="qwen3_omni_moe",
        summary="Qwen3-Omni, its thinker asked to transcribe",
        model_types=("qwen3_omni_moe", "qwen3_omni_moe_thinker"),
        auto_class="Qwen3OmniMoeThinkerForConditionalGeneration",
        inputs=chat(_ASKED),
        loads=without_sight("Qwen3OmniMoeProcessor"),
        max_seconds=chunk,
        asks=("prompt",),
        hub=("Qwen/Qwen3-Omni-30B-A3B-Instruct",),
    ),
    Family(
        name="nemotron_h_omni",
        summary="Nemotron 3 Nano Omni, asked to transcribe",
        auto_class=_MULTIMODAL,
        inputs=_nemotron,
        loads=without_sight("NemotronH_Omni_Reasoning_V3Processor"),
        max_seconds=1200.0,
        attention="library",
        pads=True,
        asks=("prompt",),
        hub=("nvidia/Nemotron-3-Nano-Omni-30B-A3B-Reasoning-BF16",),
    ),
    Family(
        name="gemma3n",
        summary="Gemma 3n, asked to transcribe",
        auto_class=_MULTIMODAL,
        inputs=chat("Transcribe the following speech segment."),
        loads=without_sight("Gemma3nProcessor"),
        max_seconds=30.0,  # of its 188 tokens of audio; it cuts the rest off without a word
        attention="library",
        asks=("prompt",),
        needs={"timm": "timm"},
        hub=("google/gemma-3n-E2B-it", "google/gemma-3n-E4B-it"),
        tried="",
    ),
    Family(
        name="gemma4",
        summary="Gemma 4, asked to transcribe",
        auto_class=_MULTIMODAL,
        inputs=chat(_ASKED),
        loads=without_sight("Gemma4Processor"),
        max_seconds=_tokens,
        attention="library",
        pads=True,
        asks=("prompt",),
        hub=("google/gemma-4-e2b-it",),
    ),
    Family(
        name="phi4_multimodal",
        summary="Phi-4 multimodal, asked to transcribe",
        auto_class=_MULTIMODAL,
        inputs=chat("Transcribe the audio clip into text."),
        loads=without_sight("Phi4MultimodalProcessor"),
        max_seconds=40.0,
        lora="speech-lora",
        asks=("prompt",),
        hub=("microsoft/Phi-4-multimodal-instruct",),
    ),
)
