"""Any Whisper of transformers, decoded greedily.

Every clip is filled up with silence to 30 s, as the model was trained, so that no clip sees another one's length; a
longer clip is refused, not cut. Multilingual checkpoints are told the clip's language and to transcribe; English ones
know neither. What a checkpoint's generation_config.json suppresses stays suppressed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.errors import ModelError
from harness.models._per_clip import finite
from harness.models._transformers import Tensors, TorchModel, card_of, load_network, load_part, to_device
from harness.models.base import Adapter, LoadOptions
from harness.models.hub import Checkpoint, fetch
from harness.types import SAMPLE_RATE, Clip, Hypothesis

_PROMPT = 4
"""Tokens before the text: start of transcript, language, task, no timestamps."""


@dataclass(frozen=True, slots=True)
class _Batch:
    ids: list[str]
    places: list[int]
    """Clips that have samples; the others say nothing."""
    languages: list[str]
    tensors: Tensors
    """``input_features [clips, mels, 3000]`` and ``attention_mask [clips, 3000]``."""
    tokens: Any = None
    """``[clips, longest]`` on the device, once they are known."""
    numbers: Any = None
    """Whether what the encoder heard is numbers, ``[clips]``."""


class Whisper(TorchModel):
    """A `WhisperForConditionalGeneration` with its feature extractor and tokenizer."""

    def __init__(self, checkpoint: Checkpoint, options: LoadOptions) -> None:
        import transformers

        self._network = load_network(transformers.AutoModelForSpeechSeq2Seq, checkpoint, options)
        self.device = self._network.device
        self._extractor = load_part(transformers.AutoFeatureExtractor, checkpoint)
        self._tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
        config = self._network.generation_config
        self._languages: dict[str, int] | None = getattr(config, "lang_to_id", None)
        if not getattr(config, "is_multilingual", self._languages is not None):
            self._languages = None
        self._numbers: Any = None
        self._network.get_encoder().register_forward_hook(self._look)
        window = float(self._extractor.chunk_length)  # 30 s in all that were published
        self.card = card_of(checkpoint, self._network, max_seconds=window, batch_invariant=True)

    def features(self, clips: Sequence[Clip]) -> _Batch:
        """Log-mel spectrograms of 30 s.

        Raises:
            ModelError: a clip is longer, or its language is one that the model does not know.
        """
        longest = self.card.max_seconds or 0.0
        for clip in clips:
            if clip.duration > longest:
                raise ModelError(
                    f"{clip.id}: {clip.duration:.1f} s is over the {longest:.0f} s that {self.card.id} hears"
                )
            if self._languages is not None and f"<|{clip.language}|>" not in self._languages:
                raise ModelError(f"{clip.id}: {self.card.id} does not know the language {clip.language!r}")
        places = [place for place, clip in enumerate(clips) if len(clip.waveform)]
        tensors: Tensors = {}
        if places:
            waveforms = [np.array(finite(clips[place].waveform)) for place in places]
            made = self._extractor(
                waveforms, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True
            )
            tensors = dict(made.items())
        return _Batch([clip.id for clip in clips], places, [clips[place].language for place in places], tensors)

    def transfer(self, features: _Batch) -> _Batch:
        """The tensors on the device, in the network's dtype."""
        return replace(features, tensors=to_device(features.tensors, self._network))

    def infer(self, features: _Batch) -> _Batch:
        """The likeliest token, and then the likeliest token, and so on."""
        import torch

        if not features.places:
            return features
        told: dict[str, str | list[str]] = {}
        if self._languages is not None:
            told = {"language": features.languages, "task": "transcribe"}
        self._numbers = None
        with torch.inference_mode():
            tokens = self._network.generate(
                **features.tensors,
                **told,
                do_sample=False,
                num_beams=1,
                return_timestamps=False,
                max_new_tokens=self._network.config.max_target_positions - _PROMPT,
            )
        return replace(features, tokens=tokens, numbers=self._numbers)

    def text(self, output: _Batch) -> list[Hypothesis]:
        """One hypothesis a clip.

        Raises:
            ModelError: the network's output for a clip is not a number.
        """
        texts = [""] * len(output.ids)
        if output.places:
            self.check_numbers([output.ids[place] for place in output.places], output.numbers)
            spelled = self._tokenizer.batch_decode(output.tokens, skip_special_tokens=True)
            for place, text in zip(output.places, spelled, strict=True):
                texts[place] = text.strip()
        return [Hypothesis(text=text) for text in texts]

    def _look(self, _module: Any, _inputs: Any, output: Any) -> None:
        """Notes which clips the encoder made numbers of, the first time: later windows may be of fewer clips."""
        if self._numbers is None:
            self._numbers = output[0].isfinite().flatten(1).all(1)


ADAPTER = Adapter(
    name="whisper",
    tried="tiny random checkpoints, multilingual and English, against transformers alone",
    summary="any Whisper of transformers, greedy; clips up to 30 s",
    load=lambda name, options: Whisper(fetch(name, options.revision), options),
    model_types=("whisper",),
    requires=("torch", "transformers"),
)
