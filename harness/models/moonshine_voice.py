"""Moonshine Tiny for English through Moonshine's own engine; its weights come with the package moonshine-voice.

Source: https://github.com/moonshine-ai/moonshine. The engine cuts what it hears by voice activity, with a detector that
keeps its state from clip to clip: the same clip after another one had other cuts, and words that nobody said ("You")
before speech. With a threshold of 0 everything is speech and a clip is one piece. Longer clips are cut at pauses by the
runner: the engine cuts its pieces after 15 s unless it is told otherwise, wherever that is.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from harness.models._per_clip import PerClipModel
from harness.models.base import Adapter, ModelCard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "moonshine-voice"
LONGEST = 30.0
"""Seconds."""

CARD = ModelCard(
    id=NAME,
    languages=("en",),
    license="MIT",
    max_seconds=LONGEST,
    batch_invariant=True,
    max_batch=1,
    note="Moonshine Tiny, 8-bit, in the engine of the package, without its voice activity detection; runs on the CPU",
)


class MoonshineVoice(PerClipModel):
    """The package's transcriber with the model that it carries."""

    def __init__(self) -> None:
        from moonshine_voice import ModelArch, get_model_path
        from moonshine_voice.transcriber import Transcriber

        self.card = replace(CARD, revision=_revision())
        options = {
            "vad_threshold": 0,
            "vad_max_segment_duration": 2 * LONGEST,
            "return_audio_data": "false",
        }
        self._transcriber = Transcriber(get_model_path("tiny-en"), ModelArch.TINY, options=options)

    def transcribe(self, waveform: NDArray[np.float32]) -> str:
        """The text of all lines; the engine takes a list of numbers."""
        found = self._transcriber.transcribe_without_streaming(waveform.tolist(), 16_000)
        return " ".join(line.text.strip() for line in found.lines if line.text.strip())

    def close(self) -> None:
        """Frees the engine's memory."""
        self._transcriber.close()


def _revision() -> str:
    return f"moonshine-voice {version('moonshine-voice')}"


ADAPTER = Adapter(
    name=NAME,
    summary="Moonshine Tiny, English, in Moonshine's own engine; its weights come with the package",
    accepts=lambda name: name == NAME,
    load=lambda _name, _options: MoonshineVoice(),
    devices=("cpu",),
    card=CARD,
    tried="its own weights, on real speech: 12.73 % WER on 70 clips of LibriSpeech test-other",
    identify=lambda _name: _revision(),
    requires=("moonshine_voice",),
    packages=frozenset({"moonshine-voice"}),
    extra="moonshine",
)
