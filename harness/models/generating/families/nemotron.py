"""Nemotron 3.5 Transcribe: an encoder and a diarizer side by side, and a language model with state spaces.

Padding leaks: measured on a tiny checkpoint, a clip beside longer ones got another last token than alone.
"""

from __future__ import annotations

import re

from harness.models.generating.families.audio_llm import requested
from harness.models.generating.family import Family, Parts, Row, per_second
from harness.types import Hypothesis

_SPEAKER = re.compile(r"<spk:(\d+)>", re.IGNORECASE)


def _turns(parts: Parts, row: Row) -> Hypothesis:
    """The words, each with the speaker whose tag stands before it; without speakers where there is no tag."""
    text = str(parts.tokenizer.decode(row.tokens, skip_special_tokens=True)).strip()
    first, *tagged = _SPEAKER.split(text)
    if not tagged:
        return Hypothesis(text=text)
    words = first.split()
    speakers = [""] * len(words)
    for speaker, said in zip(tagged[::2], tagged[1::2], strict=True):
        words += said.split()
        speakers += [speaker] * len(said.split())
    return Hypothesis(text=" ".join(words), speakers=tuple(speakers))


FAMILIES = (
    Family(
        name="nemo_speechlm",
        summary="Nemotron 3.5 Transcribe, with speakers",
        auto_class="AutoModelForMultimodalLM",
        inputs=requested(return_tensors="pt"),
        read=_turns,
        limit=per_second(40, 96),
        asks=("prompt",),
        gives=("speakers",),
        hub=("nvidia/NVIDIA-Nemotron-3.5-Transcribe-30B-A4B",),
    ),
)
