"""Any CTC model of transformers: wav2vec2, HuBERT, WavLM, Parakeet, Granite Speech 5 TurboCTC, and their kin.

A transcript must not depend on what else was in the batch, so

* features are made clip by clip and padded afterwards: the edges, maximum and mean of a spectrogram are the clip's;
* families whose network masks what is padded run in padded batches. wav2vec2's group norm takes its mean over time and
  was trained without a mask; here it takes it over the clip's own frames, which is what it does with the clip alone;
* families that let padding leak into their neighbors (`_LEAK`) run in groups of clips of the same length.

Decoding is greedy: repeated labels are merged, then blanks dropped. In this order and on ids: a tokenizer that is asked
to skip special tokens drops the blanks first, so that "hello" becomes "helo".
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.errors import ModelError
from harness.models._device_features import DeviceExtractor
from harness.models._flops import METHOD, network_flops, shapes_of
from harness.models._granite_speech5 import GraniteSpeech5Features
from harness.models._per_clip import finite
from harness.models._transformers import Tensors, TorchModel, card_of, load_network, load_part, to_device
from harness.models.base import Adapter, LoadOptions
from harness.models.hub import Checkpoint, fetch
from harness.models.versions import TORCH
from harness.types import SAMPLE_RATE, Clip, Hypothesis

MODEL_TYPES = (
    "data2vec-audio",
    "granite_speech5_ctc",
    "hubert",
    "lasr_ctc",
    "parakeet_ctc",
    "sew",
    "sew-d",
    "unispeech",
    "unispeech-sat",
    "wav2vec2",
    "wav2vec2-bert",
    "wav2vec2-conformer",
    "wavlm",
)

_LEAK = frozenset({"data2vec-audio", "lasr_ctc", "sew", "sew-d", "wav2vec2-bert", "wav2vec2-conformer"})
"""Families whose convolutions, poolings or pieces of speech cross from padding into the clip."""

MIN_SAMPLES = SAMPLE_RATE // 10
"""Shorter clips are filled up with silence: wav2vec2's convolutions need 400 samples to give one frame."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Clips that go through the network together."""

    places: list[int]
    """Where each of them stands among all."""
    tensors: Tensors
    """What the network takes, each of shape ``[clips, longest, ...]``."""
    frames: list[int]
    """Length of each clip on the axis that was padded; once there are labels, the frames that are its own."""
    labels: Any = None
    """The network's answer, ``[clips, frames]`` on the device."""
    numbers: Any = None
    """Whether it is numbers, bool ``[clips]`` on the device."""


@dataclass(frozen=True, slots=True)
class _Batches:
    ids: list[str]
    batches: list[_Batch]


class CTC(TorchModel):
    """A network of `AutoModelForCTC` with its feature extractor and tokenizer."""

    def __init__(self, checkpoint: Checkpoint, options: LoadOptions) -> None:
        import transformers

        self._family = str(checkpoint.config.model_type)
        self._network = load_network(transformers.AutoModelForCTC, checkpoint, options)
        self.device = self._network.device
        if self._family == "granite_speech5_ctc":
            self._extractor = DeviceExtractor(GraniteSpeech5Features(checkpoint), self.device)
        else:
            self._extractor = DeviceExtractor(load_part(transformers.AutoFeatureExtractor, checkpoint), self.device)
        self._tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
        self._last = max(self._tokenizer.get_vocab().values(), default=-1)
        self._blank = self._network.config.pad_token_id
        if not isinstance(self._blank, int):
            raise ModelError(f"{checkpoint.folder}: config.json names no pad_token_id, which is the blank of CTC")
        rate = getattr(self._extractor, "sampling_rate", SAMPLE_RATE)
        if rate != SAMPLE_RATE:
            raise ModelError(f"{checkpoint.name} hears {rate} Hz; models here are given {SAMPLE_RATE} Hz")
        self._shapes: Any = None
        self._pads = self._family not in _LEAK
        self._norms = _mask_group_norms(self._network) if self._pads else []
        alike = "" if self._pads else f"{self._family} lets padding leak: only clips of equal length share a batch"
        self.card = card_of(
            checkpoint,
            self._network,
            non_autoregressive=True,
            batch_invariant=True,
            note="; ".join(filter(None, (alike, self._extractor.note))),
        )

    def features(self, clips: Sequence[Clip]) -> _Batches:
        """What the network takes, each clip's computed as if alone."""
        made = [(place, self._extract(clip)) for place, clip in enumerate(clips) if len(clip.waveform)]
        groups = [made] if made else []
        if not self._pads:
            made.sort(key=lambda one: _length(one[1]))
            groups = [list(group) for _, group in itertools.groupby(made, key=lambda one: _length(one[1]))]
        batches = []
        for group in groups:
            places, tensors = zip(*group, strict=True)
            batches.append(_Batch(list(places), _padded(tensors), list(map(_length, tensors))))
        return _Batches(ids=[clip.id for clip in clips], batches=batches)

    def transfer(self, features: _Batches) -> _Batches:
        """The tensors on the device, in the network's dtype."""
        moved = [replace(batch, tensors=to_device(batch.tensors, self._network)) for batch in features.batches]
        return replace(features, batches=moved)

    def infer(self, features: _Batches) -> _Batches:
        """The most likely label of each frame."""
        import torch

        answered = []
        with torch.inference_mode():
            for batch in features.batches:
                for norm in self._norms:
                    norm.samples = batch.frames
                logits = self._network(**batch.tensors).logits
                own = self._own_frames(batch, logits.shape[1])
                valid = (
                    torch.arange(logits.shape[1], device=logits.device) < torch.tensor(own).to(logits.device)[:, None]
                )
                numbers = (torch.isfinite(logits).all(-1) | ~valid).all(-1)
                answered.append(replace(batch, frames=own, labels=logits.argmax(-1), numbers=numbers))
        return replace(features, batches=answered)

    def text(self, output: _Batches) -> list[Hypothesis]:
        """One hypothesis a clip.

        Raises:
            ModelError: the network's output for a clip is not a number.
        """
        texts = [""] * len(output.ids)
        for batch in output.batches:
            self.check_numbers([output.ids[place] for place in batch.places], batch.numbers)
            for place, row, frames in zip(batch.places, batch.labels.tolist(), batch.frames, strict=True):
                texts[place] = self._spell(row[:frames], output.ids[place])
        return [Hypothesis(text=text) for text in texts]

    def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
        """Of the network for a clip alone, whose features are made of silence."""
        import transformers

        if self._shapes is None:
            self._shapes = shapes_of(transformers.AutoModelForCTC, self._network.config)
        silence = Clip(id="", language="en", waveform=np.zeros(round(seconds * SAMPLE_RATE), np.float32))
        made = {name: tensor[None] for name, tensor in self._extract(silence).items()}
        return network_flops(self._shapes, made), METHOD

    def _extract(self, clip: Clip) -> Tensors:
        """One clip's tensors of shape ``[length, ...]``."""
        waveform = finite(clip.waveform)
        if len(waveform) < MIN_SAMPLES:
            waveform = np.pad(waveform, (0, MIN_SAMPLES - len(waveform)))
        made = self._extractor(
            [np.array(waveform)], sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True
        )
        return {name: tensor[0] for name, tensor in made.items()}

    def _own_frames(self, batch: _Batch, frames: int) -> list[int]:
        """How many of the network's output frames belong to each clip."""
        if not self._pads:
            return [frames] * len(batch.places)
        import torch

        lengths = torch.tensor(batch.frames)
        if "input_values" in batch.tensors:
            counted = self._network._get_feat_extract_output_lengths(lengths)
        else:
            counted = self._network._get_subsampling_output_length(lengths)
        return [min(int(count), frames) for count in counted]

    def _spell(self, labels: list[int], clip: str) -> str:
        """Text of one clip's labels, a label a frame.

        Raises:
            ModelError: the tokenizer, which would pass over it, has no such label.
        """
        merged = [label for label, _ in itertools.groupby(labels) if label != self._blank]
        if not merged:
            return ""
        if max(merged) > self._last:
            raise ModelError(
                f"{clip}: the network wrote label {max(merged)}, the tokenizer beside it ends at {self._last}: it is of"
                " another model; put the files of its own beside the weights"
            )
        text = self._tokenizer.decode(
            merged, skip_special_tokens=True, group_tokens=False, clean_up_tokenization_spaces=False
        )
        return str(text).strip()


def _length(tensors: Tensors) -> int:
    """Length on the axis that is padded, without what the extractor padded itself."""
    mask = tensors.get("attention_mask")
    if mask is not None:
        return int(mask.sum())
    return len(tensors["input_values" if "input_values" in tensors else "input_features"])


def _padded(clips: Sequence[Tensors]) -> Tensors:
    """Clips' tensors ``[length, ...]`` as ``[clips, longest, ...]``, filled with zeros, which mask what is filled."""
    from torch.nn.utils.rnn import pad_sequence

    return {name: pad_sequence([clip[name] for clip in clips], batch_first=True) for name in clips[0]}


def _mask_group_norms(network: Any) -> list[Any]:
    """Lets the group norm of a wav2vec2-like feature encoder take its mean over each clip's own frames.

    Returns:
        The norms, whose ``samples`` must be set to the lengths of the waveforms before each batch.
    """
    import torch
    from torch import nn

    class ClipGroupNorm(nn.Module):
        """A group norm with one channel a group, over the own frames of ``[clips, channels, frames]``."""

        def __init__(self, norm: nn.GroupNorm, kernel: int, stride: int) -> None:
            super().__init__()
            self.norm, self.kernel, self.stride = norm, kernel, stride
            self.samples: list[int] = []

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            # Clip by clip: over a mask, whole batches would be held five times, in float32.
            out = torch.zeros_like(hidden)
            for row, samples in enumerate(self.samples):
                own = (samples - self.kernel) // self.stride + 1
                out[row, :, :own] = self.norm(hidden[row : row + 1, :, :own])[0]
            return out

    norms = []
    for layer in list(network.modules()):
        norm = getattr(layer, "layer_norm", None)
        if isinstance(norm, nn.GroupNorm) and isinstance(getattr(layer, "conv", None), nn.Conv1d):
            layer.layer_norm = ClipGroupNorm(norm, layer.conv.kernel_size[0], layer.conv.stride[0])
            norms.append(layer.layer_norm)
    return norms


ADAPTER = Adapter(
    name="ctc",
    tried="tiny random checkpoints of each type, against transformers alone",
    summary="any CTC model of transformers: wav2vec2, hubert, wavlm, parakeet_ctc, granite_speech5_ctc, ...",
    load=lambda name, options: CTC(fetch(name, options.revision), options),
    model_types=MODEL_TYPES,
    requires=("torch", "transformers"),
    packages=TORCH,
)
