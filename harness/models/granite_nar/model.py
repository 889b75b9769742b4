"""The network behind the runner's protocol: clips in, transcripts with their drafts out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.errors import ModelError
from harness.models._staging import Staging
from harness.models._transformers import TorchModel, card_of, torch_device
from harness.models.base import LoadOptions, ModelCard
from harness.models.granite_nar import fp8
from harness.models.granite_nar.attention import choose_backend
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.faster import hasten
from harness.models.granite_nar.features import PackedAudio, log_mel, pack_audio
from harness.models.granite_nar.flops import METHOD, flops
from harness.models.granite_nar.loading import Loaded, load_folder
from harness.models.granite_nar.network import Transcribed
from harness.models.granite_nar.packing import PackedLengths
from harness.models.hub import Checkpoint
from harness.types import Clip, Hypothesis

POSITIONS_A_SECOND = 18
"""Rows of the editor that a second of fast speech takes: 10 of audio, and two slots for each of four tokens."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the network takes."""

    rows: Tensor
    """float32 ``[frames, 160]`` on the device."""
    frames: PackedLengths


def max_seconds(config: GraniteNarConfig) -> float:
    """The longest clip whose audio and text fit into the editor's positions, in whole seconds."""
    return float(config.editor.max_position_embeddings // POSITIONS_A_SECOND)


class GraniteNarModel(TorchModel):
    """A granite_speech_nar checkpoint."""

    def __init__(self, loaded: Loaded, card: ModelCard, attention: str, steps: int = 1) -> None:
        self.card, self._steps = card, steps
        self.network, self.tokenizer = loaded.network, loaded.tokenizer
        weight = self.network.encoder.input_linear.weight
        self.device = weight.device
        self.attention = choose_backend(attention, self.device, weight.dtype)
        self._config = self.network.config
        self._staging = Staging.of(self.device)

    def features(self, clips: Sequence[Clip]) -> PackedAudio:
        """Waveforms one after the other, on the host.

        Raises:
            ModelError: a clip is longer than the model takes.
        """
        longest = self.card.max_seconds
        for clip in clips:
            if longest is not None and clip.duration > longest:
                raise ModelError(
                    f"{clip.id}: {clip.duration:.1f} s is longer than the {longest:g} s that {self.card.id} takes;"
                    " cut it to shorter clips"
                )
        return pack_audio([clip.waveform for clip in clips], self._config.features, staging=self._staging)

    def transfer(self, features: PackedAudio) -> Features:
        """To the device, where the log-mel features are made; and what the network will look up in."""
        rows, frames = log_mel(features, self._config.features, self.device)
        self.network.prepare(frames)
        return Features(rows, frames)

    def infer(self, features: Features) -> Transcribed:
        """Token ids of draft and final text."""
        return self.network.transcribe(features.rows, features.frames, self.attention, self._steps)

    def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
        """Of encoder, projector, editor and both heads."""
        return flops(self._config, seconds, self._steps), METHOD

    def text(self, output: Transcribed) -> list[Hypothesis]:
        """One hypothesis a clip, its draft with it."""
        texts, drafts = self.tokenizer.decode(output.final), self.tokenizer.decode(output.draft)
        return [Hypothesis(text=text, draft=draft) for text, draft in zip(texts, drafts, strict=True)]


def load_checkpoint(checkpoint: Checkpoint, options: LoadOptions, **facts: str) -> GraniteNarModel:
    """Loads a checkpoint in the hub's format; `facts` of the card stand where they are not those of the checkpoint.

    Raises:
        UsageError: the device or attention cannot be had here.
        ModelError: the files are not a whole granite_speech_nar.
    """
    device, dtype, steps = torch_device(options), getattr(torch, options.dtype), options.whole("editing_steps") or 1
    kernels, eighth = options.option("kernels") or "plain", options.option("products") == "fp8"
    choose_backend(options.attention, device, dtype)  # fails before gigabytes are read
    if eighth:
        fp8.check(device, dtype, kernels)
    loaded = load_folder(checkpoint.folder, device, dtype)
    notes = [facts.pop("note", ""), hasten(loaded.network, kernels, products="fp8" if eighth else "dtype")]
    if eighth and device.type == "cpu":
        notes.append("products=fp8 rounds as a GPU would, and multiplies in float32")
    card = card_of(
        checkpoint,
        loaded.network,
        max_seconds=max_seconds(loaded.network.config),
        non_autoregressive=True,
        batch_invariant=True,
        packs=True,
        note="; ".join(filter(None, notes)),
        **facts,
    )
    return GraniteNarModel(loaded, card, options.attention, steps)
