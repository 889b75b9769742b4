"""Any Whisper of transformers, decoded greedily.

Every clip is filled up with silence to 30 s, as the model was trained, so that no clip sees another one's length.
Multilingual checkpoints are told the clip's language and to transcribe; English ones know neither. What a checkpoint's
generation_config.json suppresses stays suppressed; what it should say and does not, the tokenizer tells.

A longer clip is, by `long_form`, cut at pauses by the runner (``cut``); heard in windows, each of which begins where
the timestamps of the last one end (``sequential``, the library's long-form `generate`); or heard in windows that
overlap by a third, their tokens merged where they agree (``chunked``, as the library's pipeline does).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError, UsageError
from harness.models._device_features import DeviceExtractor
from harness.models._flops import METHOD, network_flops, shapes_of
from harness.models._per_clip import finite
from harness.models._transformers import Tensors, TorchModel, card_of, load_network, load_part, quiet, to_device
from harness.models._whisper_ids import complete
from harness.models._whisper_options import long_form, task_of, whisper_options, word_times
from harness.models.base import Adapter, LoadOptions, ModelCard
from harness.models.hub import Checkpoint, fetch, read_json
from harness.models.versions import TORCH
from harness.types import SAMPLE_RATE, Clip, Hypothesis, Usage, Word

_PROMPT = 4
"""Tokens before the text: start of transcript, language, task, no timestamps."""

_TIME = 0.02
"""Seconds from one timestamp token to the next."""

LONG_FORM = "cut"
"""What is done with long clips unless the user says."""

Stride = tuple[float, float, float]
"""Seconds of a window, and of what it shares with the windows before and after it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What goes through the network at a time."""

    places: list[int]
    """Whose row each is, among the clips of the batch; all the same where a clip is in windows that overlap."""
    languages: list[str]
    tensors: Tensors
    """``input_features [rows, mels, frames]`` and ``attention_mask [rows, frames]``; 3000 frames, or more."""
    strides: list[Stride] | None = None
    tokens: Any = None
    """Of each row, ``[its tokens]``, once they are known; with times of each, where words have them."""
    times: Any = None
    numbers: Any = None
    """Whether what the encoder heard is numbers, ``[rows]``."""


@dataclass(frozen=True, slots=True)
class _Batch:
    ids: list[str]
    parts: list[_Part]
    """Of clips that have samples; the others say nothing."""


class Whisper(TorchModel):
    """A `WhisperForConditionalGeneration` with its feature extractor and tokenizer."""

    def __init__(self, checkpoint: Checkpoint, options: LoadOptions) -> None:
        import transformers

        self._long_form, self._word_times = long_form(options, LONG_FORM), word_times(options)
        self._network = load_network(transformers.AutoModelForSpeechSeq2Seq, checkpoint, options)
        self.device = self._network.device
        self._extractor: Any = DeviceExtractor(load_part(transformers.AutoFeatureExtractor, checkpoint), self.device)
        self._tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
        self._languages, note = complete(self._network, self._tokenizer, checkpoint.name)
        self._task = task_of(options, checkpoint.name, multilingual=self._languages is not None)
        if self._word_times and not getattr(self._network.generation_config, "alignment_heads", None):
            raise UsageError(
                f"--model-option word_times=yes: {checkpoint.name} does not say which heads follow the sound"
                " (alignment_heads in generation_config.json); leave it out"
            )
        self._shapes: Any = None
        self._numbers: Any = None
        self._network.get_encoder().register_forward_hook(self._look)
        self._window = float(self._extractor.chunk_length)  # 30 s in all that were published
        limit = self._window if self._long_form == "cut" else None
        self.card = card_of(
            checkpoint,
            self._network,
            max_seconds=limit,
            window_seconds=self._window,
            clip_bytes=clip_bytes(self._network.config, self._network.dtype.itemsize),
            batch_invariant=True,
            note="; ".join(filter(None, (note, self._extractor.note))),
        )

    def features(self, clips: Sequence[Clip]) -> _Batch:
        """Log-mel spectrograms of 30 s, and of long clips whole or in windows that overlap.

        Raises:
            ModelError: a clip is longer than it may be, or its language is one that the model does not know.
        """
        together: list[int] = []
        parts: list[_Part] = []
        for place, clip in enumerate(clips):
            self._check(clip)
            if not len(clip.waveform):
                continue
            if clip.duration > self._window:
                parts.append(self._long(place, clip))
            elif self._word_times:  # the library's times of a row depend on how long its neighbors speak
                parts.append(self._part([place], [clip]))
            else:
                together.append(place)
        if together:
            parts.append(self._part(together, [clips[place] for place in together]))
        return _Batch([clip.id for clip in clips], parts)

    def _check(self, clip: Clip) -> None:
        if self._long_form == "cut" and clip.duration > self._window:
            raise ModelError(
                f"{clip.id}: {clip.duration:.1f} s is over the {self._window:.0f} s that {self.card.id} hears"
            )
        if self._languages is not None and f"<|{clip.language}|>" not in self._languages:
            raise ModelError(f"{clip.id}: {self.card.id} does not know the language {clip.language!r}")

    def _part(self, places: list[int], clips: Sequence[Clip], **extractor: Any) -> _Part:
        waveforms = [np.array(finite(clip.waveform)) for clip in clips]
        made = self._extractor(
            waveforms, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True, **extractor
        )
        return _Part(places, [clip.language for clip in clips], dict(made.items()))

    def _long(self, place: int, clip: Clip) -> _Part:
        if self._long_form == "sequential":
            return self._part([place], [clip], truncation=False, padding="longest")
        pieces = list(overlapping(clip.waveform, round(self._window * SAMPLE_RATE)))
        made = self._part([place] * len(pieces), [replace(clip, waveform=piece) for piece, _ in pieces])
        return replace(made, strides=[stride for _, stride in pieces])

    def transfer(self, features: _Batch) -> _Batch:
        """The tensors on the device, in the network's dtype."""
        parts = [replace(part, tensors=to_device(part.tensors, self._network)) for part in features.parts]
        return replace(features, parts=parts)

    def infer(self, features: _Batch) -> _Batch:
        """The likeliest token, and then the likeliest token, and so on."""
        return replace(features, parts=[self._generate(part) for part in features.parts])

    def _generate(self, part: _Part) -> _Part:
        import torch

        told: dict[str, Any] = {}
        if self._languages is not None:
            told = {"language": part.languages, "task": self._task}
        if self._word_times:
            told["return_token_timestamps"] = True
        by_time = self._long_form == "sequential" or (self._word_times and part.strides is not None)
        self._numbers = None
        with torch.inference_mode(), quiet():
            made = self._network.generate(
                **part.tensors,
                **told,
                do_sample=False,
                num_beams=1,
                return_timestamps=by_time,
                return_segments=True,
                condition_on_prev_tokens=False,
                max_new_tokens=self._network.config.max_target_positions - _PROMPT,
            )
        none = torch.zeros(0, dtype=torch.long)
        rows = made["segments"]
        tokens = [torch.cat([none, *(one["tokens"].cpu() for one in segments)]) for segments in rows]
        times = None
        if self._word_times:
            times = [torch.cat([none, *(one["token_timestamps"].cpu() for one in segments)]) for segments in rows]
        return replace(part, tensors={}, tokens=tokens, times=times, numbers=self._numbers)

    def text(self, output: _Batch) -> list[Hypothesis]:
        """One hypothesis a clip.

        Raises:
            ModelError: the network's output for a clip is not a number.
        """
        nothing = Hypothesis(text="", words=() if self._word_times else None, usage=Usage(tokens=0))
        said = [nothing] * len(output.ids)
        for part in output.parts:
            self.check_numbers([output.ids[place] for place in part.places], part.numbers)
            if part.strides is not None:
                said[part.places[0]] = self._said(part, range(len(part.places)))
                continue
            for row, place in enumerate(part.places):
                said[place] = self._said(part, [row])
        return said

    def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
        """Of as many windows of 30 s as the clip takes, each with its share of the tokens, decoded with a cache."""
        import torch
        import transformers

        if self._shapes is None:
            self._shapes = shapes_of(transformers.AutoModelForSpeechSeq2Seq, self._network.config)
        windows = max(1, math.ceil(seconds / self._window))
        inputs = {
            "input_features": torch.empty(1, self._network.config.num_mel_bins, self._extractor.nb_max_frames),
            "decoder_input_ids": torch.zeros(1, _PROMPT + math.ceil(tokens / windows), dtype=torch.long),
        }
        return windows * network_flops(self._shapes, inputs), f"{METHOD}, with the tokens that were written"

    def _said(self, part: _Part, rows: Sequence[int]) -> Hypothesis:
        """What the rows of a clip say: one row, or windows that overlap."""
        usage = Usage(tokens=sum(len(part.tokens[row]) for row in rows))
        if part.strides is None and not self._word_times:
            return Hypothesis(
                text=self._tokenizer.decode(part.tokens[rows[0]], skip_special_tokens=True).strip(), usage=usage
            )
        outputs = []
        for row in rows:
            one = {"tokens": part.tokens[row][None]}
            if part.strides is not None:
                one["stride"] = part.strides[row]
            if self._word_times:
                one["token_timestamps"] = part.times[row][None]
            outputs.append(one)
        with quiet():
            text, more = self._tokenizer._decode_asr(  # what the library's own pipeline calls
                outputs,
                return_timestamps="word" if self._word_times else None,
                return_language=None,
                time_precision=_TIME,
            )
        words = tuple(map(_word, more["chunks"])) if self._word_times else None
        return Hypothesis(text=text.strip(), words=words, usage=usage)

    def _look(self, _module: Any, _inputs: Any, output: Any) -> None:
        """Notes which rows the encoder made numbers of, the first time: later windows may be of fewer rows."""
        if self._numbers is None:
            self._numbers = output[0].isfinite().flatten(1).all(1)


def clip_bytes(config: Any, itemsize: int) -> int:
    """What a window holds on the device while it is decoded.

    Keys and values of every decoder layer, of its own positions and of the encoder's, and what the encoder's last
    layer has at a time: four states, and its hidden layer.
    """
    positions = config.max_target_positions + config.max_source_positions
    cached = 2 * config.decoder_layers * positions * config.d_model
    return int(itemsize * (cached + config.max_source_positions * (4 * config.d_model + config.encoder_ffn_dim)))


def _expected(card: ModelCard, folder: Path, itemsize: int) -> ModelCard:
    """With the window that each clip costs, and what it holds."""
    import transformers

    library: Any = transformers  # its functions are not typed
    config = library.WhisperConfig(**read_json(folder / "config.json"))
    extractor = library.AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
    return replace(card, window_seconds=float(extractor.chunk_length), clip_bytes=clip_bytes(config, itemsize))


def overlapping(waveform: NDArray[np.float32], length: int) -> Iterator[tuple[NDArray[np.float32], Stride]]:
    """Windows of `length` samples that share a sixth with the one before and a sixth with the one after."""
    shared = length // 6
    for begin in range(0, len(waveform), length - 2 * shared):
        window, last = waveform[begin : begin + length], begin + length >= len(waveform)
        yield (
            window,
            (
                len(window) / SAMPLE_RATE,
                shared / SAMPLE_RATE if begin else 0.0,
                0.0 if last else shared / SAMPLE_RATE,
            ),
        )
        if last:
            return


def _word(chunk: dict[str, Any]) -> Word:
    start, end = chunk["timestamp"]
    return Word(chunk["text"].strip(), float(start), float(start if end is None else end))


ADAPTER = Adapter(
    name="whisper",
    tried="tiny random checkpoints, multilingual, English, distilled, against transformers alone; base, converted",
    summary="any Whisper of transformers, greedy; long clips cut, in sequence or in chunks; word times",
    load=lambda name, options: Whisper(fetch(name, options.revision), options),
    expects=_expected,
    options=whisper_options(LONG_FORM),
    translation="task=translate",
    translates_into=("en",),
    model_types=("whisper",),
    requires=("torch", "transformers"),
    packages=TORCH,
)
