"""Any generating model of transformers, one transcript a clip whatever its batch; a `Family` says what is particular.

Greedy always: what a checkpoint's generation_config.json says of sampling and beams is not followed; what it suppresses
or penalizes, and its max_new_tokens, is. Inputs are made clip by clip; each row ends at its own limit of tokens.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import ModelError
from harness.models._per_clip import finite
from harness.models._transformers import TorchModel, card_of, load_network, load_part, to_device
from harness.models.generating.collate import as_tensors, group, prompt_length, together
from harness.models.generating.family import Asked, Family, Parts, Request, Row
from harness.models.generating.limits import own_limits, watched, without_sampling
from harness.models.granite_speech.lora import has_lora, put_in
from harness.types import SAMPLE_RATE, Clip, Hypothesis, Usage

if TYPE_CHECKING:
    from harness.models._transformers import Tensors
    from harness.models.base import LoadOptions
    from harness.models.hub import Checkpoint

_GREEDY = {"do_sample": False, "num_beams": 1, "num_return_sequences": 1}
_PLACEHOLDERS, _FILLED = 64, 1024
"""How many tokens more, or fewer, than the network's a tokenizer may have."""
_LEAKS = "padding may leak: only clips of equal length share a batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """One clip, ready to share a call."""

    place: int
    """Where it stands among all."""
    request: Request
    tensors: Tensors
    limit: int
    frames: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """Clips that go through the network together."""

    clips: list[_Prepared]
    tensors: Tensors
    tokens: Any = None
    """``[clips, longest]`` on the device, once they are known."""
    begin: int = 0
    """Tokens before the first generated one."""
    durations: Any = None
    """``[clips, longest]``, of transducers."""
    numbers: Any = None
    """Whether what the network gave is numbers, bool ``[clips]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    ids: list[str]
    calls: list[_Call]


class Generating(TorchModel):
    """A network with `generate`, driven by its family's declaration."""

    def __init__(self, checkpoint: Checkpoint, family: Family, options: LoadOptions, asked: Asked) -> None:
        import transformers

        self.family, self._asked = family, asked
        attention = None if family.attention == "library" else family.attention
        auto_class = getattr(transformers, family.auto_class)
        self._network = load_network(auto_class, checkpoint, options, attention=attention)
        note = family.note
        if family.lora is not None:
            put_in(self._network, checkpoint.folder / family.lora)
            if not has_lora(checkpoint.folder / family.lora):
                note = f"without the LoRA that it hears with: there is no {family.lora} beside its weights"
        self.device = self._network.device
        self._parts = load_parts(checkpoint, family)
        check_tokenizer(self._network, self._parts.tokenizer, checkpoint)
        self._rate = int(getattr(self._parts.extractor, "sampling_rate", None) or family.rate)
        config = self._network.generation_config
        without_sampling(config)
        for name, value in _GREEDY.items():
            setattr(config, name, value)
        ends = config.eos_token_id
        self._ends = frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])
        padding = getattr(self._parts.tokenizer, "pad_token_id", None)
        self._pad = padding if isinstance(padding, int) else min(self._ends, default=0)
        if family.prepare is not None:
            family.prepare(self._network, self._parts, asked)
        longest = family.max_seconds
        card = card_of(
            checkpoint,
            self._network,
            max_seconds=longest(self._parts, self._network) if callable(longest) else longest,
            batch_invariant=True,
            note="; ".join(filter(None, (note, "" if family.pads else _LEAKS))),
        )
        self.card = replace(card, languages=tuple(family.languages) or card.languages)

    def features(self, clips: Sequence[Clip]) -> _Batch:
        """What `generate` takes, each clip's made as if it were alone.

        Raises:
            ModelError: a clip is too long, or its language is one that the model does not know.
        """
        prepared: dict[Hashable, list[_Prepared]] = {}
        for place, clip in enumerate(clips):
            if not len(clip.waveform):
                continue
            request = self._request(clip)
            with np.errstate(all="ignore"):  # silence is normalized by some, which divides by 0
                tensors = as_tensors(self.family.inputs(self._parts, request))
            self._check_whole(clip, tensors)
            one = _Prepared(
                place=place,
                request=request,
                tensors=tensors,
                limit=self._limit(clip, tensors),
                frames=None if self.family.frames is None else self.family.frames(self._network, tensors),
            )
            told = tuple(sorted(self._told(request).items()))
            prepared.setdefault((told, group(tensors, pads=self.family.pads)), []).append(one)
        calls = [
            _Call(clips=some, tensors=together([one.tensors for one in some], self._pad)) for some in prepared.values()
        ]
        return _Batch(ids=[clip.id for clip in clips], calls=calls)

    def transfer(self, features: _Batch) -> _Batch:
        """The tensors on the device, in the network's dtype."""
        return replace(
            features, calls=[replace(call, tensors=to_device(call.tensors, self._network)) for call in features.calls]
        )

    def infer(self, features: _Batch) -> _Batch:
        """The likeliest token, and then the likeliest token, and so on."""
        return replace(features, calls=[self._generate(call) for call in features.calls])

    def text(self, output: _Batch) -> list[Hypothesis]:
        """One hypothesis a clip, with the tokens that it took.

        Raises:
            ModelError: the network's output for a clip is not a number.
        """
        made = [Hypothesis(text="", usage=Usage(tokens=0)) for _ in output.ids]
        for call in output.calls:
            self.check_numbers([output.ids[one.place] for one in call.clips], call.numbers)
            durations = [None] * len(call.clips) if call.durations is None else call.durations.tolist()
            for one, tokens, lasted in zip(call.clips, call.tokens.tolist(), durations, strict=True):
                end = call.begin + one.limit
                own = tokens[call.begin : end]
                made[one.place] = self._read(one, own, None if lasted is None else lasted[call.begin : end])
        return made

    def _request(self, clip: Clip) -> Request:
        """The clip as the family's inputs take it."""
        longest, known = self.card.max_seconds, self.family.languages
        if longest is not None and clip.duration > longest:
            raise ModelError(f"{clip.id}: {clip.duration:.1f} s is over the {longest:.0f} s that {self.card.id} hears")
        if known and clip.language not in known:
            raise ModelError(
                f"{clip.id}: {self.card.id} does not know the language {clip.language!r}; it knows {', '.join(known)}"
            )
        waveform = np.array(finite(clip.waveform))
        if self._rate != SAMPLE_RATE:
            import soxr

            waveform = soxr.resample(waveform, SAMPLE_RATE, self._rate, quality="HQ")
        lacking = int(self.family.shortest * self._rate) - len(waveform)
        if lacking > 0:
            waveform = np.pad(waveform, (0, lacking))
        return Request(waveform=waveform, rate=self._rate, language=known.get(clip.language), asked=self._asked)

    def _told(self, request: Request) -> Mapping[str, str]:
        """Arguments of `generate` that are the clip's own."""
        return self.family.told(request) if self.family.told is not None else {}

    def _check_whole(self, clip: Clip, tensors: Tensors) -> None:
        """Raises where the library made several prompts of one clip, which it does to clips over its limit."""
        rows = {tensors[name].shape[0] for name in ("input_ids", "decoder_input_ids") if name in tensors}
        if rows - {1}:
            raise ModelError(f"{clip.id}: the library cut {clip.duration:.1f} s into {max(rows)} pieces by itself")

    def _limit(self, clip: Clip, tensors: Tensors) -> int:
        """The most tokens that the clip may get: by its own length, within the decoder's positions."""
        limit = self.family.limit(self._network, tensors, clip.duration)
        stated = self._network.generation_config.max_new_tokens
        if isinstance(stated, int):
            limit = min(limit, stated)
        room = decoder_positions(self._network)
        if room is None:
            return limit
        left = room - max(prompt_length(tensors), 1)
        if left < 1:
            raise ModelError(f"{clip.id}: the prompt leaves no room for text among {room} positions of {self.card.id}")
        return min(limit, left)

    def _generate(self, call: _Call) -> _Call:
        import torch

        limits = [one.limit for one in call.clips]
        stop, watch = own_limits(limits), watched(len(limits))
        with torch.inference_mode():
            output = self._network.generate(
                **call.tensors,
                **self.family.extra,
                **self._told(call.clips[0].request),
                **_GREEDY,
                **({"cache_implementation": "static"} if self._asked.static_cache else {}),
                max_new_tokens=max(limits),
                stopping_criteria=[stop],
                logits_processor=[watch],
            )
        return replace(
            call,
            tensors={},
            tokens=output if isinstance(output, torch.Tensor) else output.sequences,
            durations=getattr(output, "durations", None),
            begin=stop.begin or 0,
            numbers=watch.numbers,
        )

    def _read(self, one: _Prepared, tokens: list[int], durations: list[int] | None) -> Hypothesis:
        """The transcript of one clip's own tokens."""
        size = next((place + 1 for place, token in enumerate(tokens) if token in self._ends), 0)
        limited = not size and len(tokens) == one.limit and bool(self._ends)
        size = size or len(tokens)
        if durations is not None and one.frames is not None:
            size = min(size, own_steps(durations, one.frames))
        kept = [token for token in tokens[:size] if token not in self._ends]
        row = Row(
            tokens=kept,
            durations=None if durations is None else durations[: len(kept)],
            request=one.request,
            frames=one.frames,
        )
        return replace(self.family.read(self._parts, row), usage=Usage(tokens=size, limited=int(limited) or None))


def own_steps(durations: Sequence[int], frames: int) -> int:
    """Steps of a transducer until a clip's own frames are used up; those after it listened to its padding."""
    passed = 0
    for step, duration in enumerate(durations):
        passed += duration
        if passed >= frames:
            return step + 1
    return len(durations)


def decoder_positions(network: Any) -> int | None:
    """How many tokens a decoder beside an encoder has positions for; None where that is no limit."""
    config = network.config
    if not getattr(config, "is_encoder_decoder", False):
        return None
    decoder = config.get_text_config(decoder=True)
    for name in ("max_target_positions", "max_text_positions", "max_position_embeddings"):
        positions = getattr(decoder, name, None)
        if isinstance(positions, int):
            return positions
    return None


def check_tokenizer(network: Any, tokenizer: Any, checkpoint: Checkpoint) -> None:
    """Raises ModelError where the tokenizer is of another model: its tokens are far more or fewer than the network's.

    A few tokens more are placeholders that audio takes the place of; some hundreds fewer are rows that fill the output
    layer up to a round number.
    """
    rows = getattr(network.config.get_text_config(decoder=True), "vocab_size", None)
    if tokenizer is None or not isinstance(rows, int):
        return
    tokens = len(tokenizer)
    if tokens > rows + _PLACEHOLDERS or tokens < rows - _FILLED:
        raise ModelError(
            f"the tokenizer in {checkpoint.folder} has {tokens:,} tokens and the network says {rows:,}: it is of"
            " another model; put the files of its own beside the weights"
        )


def load_parts(checkpoint: Checkpoint, family: Family) -> Parts:
    """What stands beside the network.

    Raises:
        ModelError: its files are missing or broken.
    """
    import transformers

    if family.loads is not None:
        parts = family.loads(checkpoint)
    elif family.parts == "processor":
        processor = load_part(transformers.AutoProcessor, checkpoint)
        parts = Parts(
            processor=processor,
            tokenizer=getattr(processor, "tokenizer", None),
            extractor=getattr(processor, "feature_extractor", None),
        )
    else:
        tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
        parts = Parts(tokenizer=tokenizer, extractor=load_part(transformers.AutoFeatureExtractor, checkpoint))
    if parts.tokenizer is not None:
        parts.tokenizer.padding_side = "left"  # some checkpoints say right, which beats what their processor says
    return parts
