"""The network behind the runner's protocol: clips in; transcripts, words with times or speakers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from harness.errors import ModelError, UsageError
from harness.models._staging import Staging
from harness.models._transformers import TorchModel, card_of
from harness.models.granite_nar.features import PackedAudio, log_mel, pack_audio
from harness.models.granite_speech import loading, lora
from harness.models.granite_speech.speculative import Speculation, Spoken
from harness.models.granite_speech.tags import Tagged, read_times, read_turns
from harness.models.granite_speech.tasks import BASE, KNOWN, Task, Variant, listening, special_in, task_of, variant_of
from harness.types import Clip, Hypothesis, Usage

if TYPE_CHECKING:
    from torch import Tensor

    from harness.models.base import LoadOptions
    from harness.models.granite_nar.packing import PackedLengths
    from harness.models.granite_speech.network import Generated, Prompt
    from harness.models.hub import Checkpoint

SHORTEST = 320
"""Samples of one frame; shorter clips are continued with silence."""

AUDIO_TOKENS = 10
"""Of a second of audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    ids: list[str]
    places: list[int]
    """Clips that have samples; the others say nothing."""
    seconds: list[float]
    """Of those."""
    prompts: list[Prompt]
    """Of those."""
    audio: PackedAudio | None
    rows: Tensor | None = None
    """float32 ``[frames, 160]`` on the device."""
    frames: PackedLengths | None = None
    said: Sequence[Generated | Spoken] = ()
    numbers: Tensor | None = None
    """Whether what was heard is numbers, bool ``[clips]``."""


class GraniteSpeech(TorchModel):
    """A granite_speech or granite_speech_plus checkpoint, asked for one task."""

    def __init__(self, checkpoint: Checkpoint, variant: Variant, task: Task, options: LoadOptions) -> None:
        speculates = options.option("decoding") == "speculative"
        self.network, self._tokenizer, whole = loading.load_speech(checkpoint, options, token_head=speculates)
        self.device, self.task = self.network.device, task
        self._staging = Staging.of(self.device)
        folder, config = checkpoint.folder, self.network.decoder.config
        self._features = loading.feature_config(folder, self.network.encoder.config.input_dim)
        self._row_keywords, self._positions = options.row_keywords, config.max_position_embeddings
        self._audio_token, self._folder = loading.audio_token(folder), folder
        self._prompt = self._prompt_of(task)
        self._speculation = Speculation(self.network, self._tokenizer) if speculates else None
        most = longest(task, config.max_position_embeddings, len(self._prompt))
        card = card_of(checkpoint, whole, batch_invariant=True, max_seconds=most, note=self._note())
        self.card = replace(card, languages=card.languages or variant.languages)

    @property
    def speculates(self) -> bool:
        """Whether drafts are verified."""
        return self._speculation is not None

    def _note(self) -> str:
        """How it was asked, for who reads the results."""
        if self._speculation is None:
            return f"mode {self.task.name}, greedy"
        rule, encoder = self._speculation.rule, self.network.encoder.config
        return (
            f"mode {self.task.name}, speculative: drafts by the {'token' if encoder.bpe_output_dim else 'character'}"
            f" head, confidence {rule.confidence}, entropy gate {rule.gate}, {rule.beams} beams where one is refused"
        )

    def features(self, clips: Sequence[Clip]) -> _Batch:
        """Waveforms one after the other, on the host.

        Raises:
            ModelError: a clip is longer than the model takes.
        """
        prompts = [self._listening(clip) for clip in clips]
        for clip, prompt in zip(clips, prompts, strict=True):
            most = self.card.max_seconds or 0.0
            if prompt is not self._prompt:
                most = min(most, longest(self.task, self._positions, len(prompt)))
            if clip.duration > most:
                raise ModelError(f"{clip.id}: {clip.duration:.1f} s is over the {most:g} s that {self.card.id} hears")
        places = [place for place, clip in enumerate(clips) if len(clip.waveform)]
        waveforms = [clips[place].waveform for place in places]
        return _Batch(
            ids=[clip.id for clip in clips],
            places=places,
            seconds=[clips[place].duration for place in places],
            prompts=[prompts[place] for place in places],
            audio=pack_audio(waveforms, self._features, SHORTEST, centered=True, staging=self._staging)
            if places
            else None,
        )

    def _prompt_of(self, task: Task) -> Prompt:
        return loading.prompt_of(self._tokenizer, task, self._audio_token, self._folder)

    def _listening(self, clip: Clip) -> Prompt:
        """The prompt of a clip, with its own keywords where they were asked for.

        Raises:
            ModelError: a keyword could be taken for the model's own signs.
        """
        if not self._row_keywords or not clip.keywords:
            return self._prompt
        if special := special_in(clip.keywords):
            raise ModelError(f"{clip.id}: the keyword {special!r} holds <|, which begins the model's own signs")
        return self._prompt_of(listening(self.task, clip.keywords))

    def transfer(self, features: _Batch) -> _Batch:
        """To the device, where the log-mel features are made."""
        if features.audio is None:
            return features
        rows, frames = log_mel(features.audio, self._features, self.device)
        return replace(features, audio=None, rows=rows, frames=frames)

    @torch.inference_mode()
    def infer(self, features: _Batch) -> _Batch:
        """Token ids, greedily, or drafted and verified."""
        if features.rows is None or features.frames is None:
            return features
        heard = self.network.hear(features.rows, features.frames)
        limits = [self.task.mode.tokens.limit(seconds) for seconds in features.seconds]
        said: Sequence[Generated | Spoken]
        if self._speculation is None:
            said = self.network.generate(self.network.rows(heard, features.prompts), limits)
        else:
            said = self._speculation.transcribe(heard, self._prompt, limits)
        return replace(features, rows=None, frames=None, said=said, numbers=heard.numbers())

    def text(self, output: _Batch) -> list[Hypothesis]:
        """One hypothesis a clip, with the tokens that it took.

        Raises:
            ModelError: the network's output for a clip is not a number.
        """
        made = [Hypothesis(text="", usage=Usage(tokens=0)) for _ in output.ids]
        if output.numbers is not None:
            wrote = [one.generated if isinstance(one, Spoken) else one for one in output.said]
            logits = torch.tensor([one is None or one.numbers for one in wrote])
            self.check_numbers([output.ids[place] for place in output.places], output.numbers.cpu() & logits)
        for place, seconds, one in zip(output.places, output.seconds, output.said, strict=True):
            made[place] = self._spoken(one) if isinstance(one, Spoken) else self._generated(one, seconds)
        return made

    def _generated(self, one: Generated, seconds: float) -> Hypothesis:
        text = self._tokenizer.decode(one.ids, skip_special_tokens=True).strip()
        gives = self.task.mode.gives
        read = (
            read_times(text, seconds)
            if gives == "times"
            else read_turns(text)
            if gives == "speakers"
            else Tagged(text=text)
        )
        return Hypothesis(
            text=read.text,
            words=read.words,
            speakers=read.speakers,
            usage=Usage(
                tokens=len(one.ids) + one.ended, limited=None if one.ended else 1, malformed=read.malformed or None
            ),
        )

    def _spoken(self, one: Spoken) -> Hypothesis:
        own = one.generated
        tokens = one.drafted if own is None else len(own.ids) + own.ended
        limited = None if own is None or own.ended else 1
        usage = Usage(tokens=tokens, limited=limited, drafted=one.drafted, accepted=one.drafted if one.accepted else 0)
        return Hypothesis(text=one.text.strip(), draft=one.draft, usage=usage)


def longest(task: Task, positions: int, prompt: int) -> float:
    """The longest clip in whole seconds: as the card states, and such that its text fits into the positions too.

    Args:
        task: what is asked for.
        positions: of the decoder.
        prompt: tokens of the prompt.
    """
    tokens = task.mode.tokens
    stated = task.mode.seconds or float(positions)
    fits = (
        seconds
        for seconds in range(int(stated), 0, -1)
        if AUDIO_TOKENS * seconds + 3 + prompt + tokens.limit(seconds) <= positions
    )
    found = next(fits, 0)
    if not found:
        raise ModelError(f"config.json: {positions} positions are too few for a prompt of {prompt} tokens and a text")
    return float(found)


def load_checkpoint(checkpoint: Checkpoint, options: LoadOptions) -> GraniteSpeech:
    """Loads a checkpoint in the hub's format for the task that the options ask for.

    Raises:
        UsageError: the model cannot be asked for that; device or attention cannot be had here.
        ModelError: the files are not a whole Granite Speech.
    """
    name = checkpoint.name
    variant = variant_of(name, checkpoint.config.model_type, lora=lora.has_lora(checkpoint.folder))
    task = task_of(name, variant, options.option("mode"), options.keywords, rows=options.row_keywords)
    if options.option("decoding") == "speculative":
        if not variant.speculative:
            raise UsageError(f"--model-option decoding=speculative: {name} has no published way of it; leave it out")
        if task.name != "raw":
            raise UsageError(f"--model-option decoding=speculative: drafts are of mode raw, not {task.name}")
    if name not in KNOWN or not variant.speculative:
        lora.check_whole(checkpoint.folder)
    model = GraniteSpeech(checkpoint, variant, task, options)
    if model.speculates and KNOWN.get(name) is BASE and not model.network.encoder.config.bpe_output_dim:
        raise ModelError(
            f"{checkpoint.folder} has no {loading.HEAD}, whose drafts are those of {name}; fetch the repository anew"
        )
    return model
