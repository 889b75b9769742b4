"""The network: clips in, embeddings of what was heard, token ids out; no clip's depend on its neighbors.

    features -> Encoder (native, packed) -> hidden states -> Q-Former over windows -> audio embeddings
    [prompt | audio embeddings | prompt] of each clip, filled on the left -> Granite -> tokens, one after the other

The library's own encoder has no mask for padding, so that there a clip's text depends on the clips beside it; here it
runs on packed rows. The library's projector looks at one window at a time, and its decoder honors its mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness.models.generating.limits import own_limits, watched
from harness.models.granite_nar.packing import Blocks, PackedLengths

if TYPE_CHECKING:
    from harness.models.granite_nar.encoder import Encoded, Encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What encoder and projector made of a packed batch."""

    encoded: Encoded
    middle: Tensor
    """Hidden states of the self-conditioning layer, after the injection, ``[total frames, hidden]``."""
    frames: PackedLengths
    audio: Tensor
    """Embeddings for the decoder, ``[total tokens, hidden]``."""
    tokens: PackedLengths

    def numbers(self) -> Tensor:
        """Whether what was made of each clip is numbers: bool ``[clips]``."""
        good = torch.ones(len(self.tokens.lengths), dtype=torch.bool, device=self.audio.device)
        good[self.tokens.owners[~self.audio.isfinite().all(-1)]] = False
        return good


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids before and after the audio."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.before) + len(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What the decoder wrote for one clip."""

    ids: list[int]
    """Without the end token."""
    ended: bool
    """Whether it came to its end; else it was cut at its limit."""
    numbers: bool = True
    """Whether all logits were numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a checkpoint is made of."""

    encoder: Encoder
    """The native one, with the checkpoint's weights."""
    joined: tuple[int, ...]
    """Encoder layers whose output stands beside the last one's before the projector (-plus), ascending."""
    projector: Any
    """The library's; takes ``[windows, frames, joined hidden]``."""
    window: int
    """Frames of one of its windows."""
    decoder: Any
    """The library's language model with its head."""
    ends: tuple[int, ...]
    """Token ids that end a text."""
    pad: int
    """The token that fills what stands after it."""


class SpeechNetwork:
    """A Granite Speech checkpoint's parts, put together."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.encoder, self.decoder = parts, parts.encoder, parts.decoder
        self.device: torch.device = parts.encoder.input_linear.weight.device

    def hear(self, features: Tensor, frames: PackedLengths) -> Heard:
        """Features ``[total frames, input_dim]`` of a packed batch to audio embeddings."""
        middle = self.encoder.config.self_conditioning_layer
        encoded = self.encoder.forward(features, frames, (*self.parts.joined, middle))
        hidden = torch.cat([*encoded.states[:-1], encoded.last], dim=-1)
        windows = Blocks(frames, self.parts.window)
        audio = self.parts.projector(windows.spread(hidden))
        tokens = PackedLengths(windows.counts * audio.shape[1], frames.device)
        return Heard(
            encoded=encoded, middle=encoded.states[-1], frames=frames, audio=audio.flatten(0, 1), tokens=tokens
        )

    def rows(self, heard: Heard, prompts: Sequence[Prompt]) -> list[Tensor]:
        """The decoder's input of each clip, ``[tokens, hidden]``, by its own prompt."""
        around = {one: (self.embedded(one.before), self.embedded(one.after)) for one in dict.fromkeys(prompts)}
        pieces = heard.audio.split(heard.tokens.lengths.tolist())
        each = zip(pieces, (around[one] for one in prompts), strict=True)
        return [torch.cat([before, piece.to(before.dtype), after]) for piece, (before, after) in each]

    def embedded(self, ids: Sequence[int]) -> Tensor:
        """Embeddings of token ids, ``[tokens, hidden]``."""
        found: Tensor = self.decoder.get_input_embeddings()(torch.tensor(ids, dtype=torch.long, device=self.device))
        return found

    def generate(self, rows: Sequence[Tensor], limits: Sequence[int], beams: int = 1) -> list[Generated]:
        """Writes after each of some inputs ``[tokens, hidden]``, until it ends or has as many tokens as its limit.

        With `beams`, all limits must be the same: the library has no limit of a beam's own.
        """
        length = max(len(row) for row in rows)
        given = rows[0].new_zeros(len(rows), length, rows[0].shape[1])
        mask = torch.zeros(len(rows), length, dtype=torch.long, device=self.device)
        for place, row in enumerate(rows):
            given[place, length - len(row) :] = row
            mask[place, length - len(row) :] = 1
        watch = watched(len(rows) * beams)
        output = self.decoder.generate(
            inputs_embeds=given,
            attention_mask=mask,
            do_sample=False,
            num_beams=beams,
            early_stopping=beams > 1,
            max_new_tokens=max(limits),
            eos_token_id=list(self.parts.ends),
            pad_token_id=self.parts.pad,
            stopping_criteria=[own_limits(limits)] if beams == 1 else [],
            logits_processor=[watch],
        )
        numbers = watch.numbers.view(len(rows), beams).all(dim=1).tolist()
        return [
            self._own(ids, limit, numbers=good)
            for ids, limit, good in zip(output.tolist(), limits, numbers, strict=True)
        ]

    def _own(self, ids: list[int], limit: int, *, numbers: bool) -> Generated:
        """What one clip was given, without what the library filled up after it."""
        end = next((place for place, token in enumerate(ids[:limit]) if token in self.parts.ends), None)
        return Generated(ids=ids[:limit] if end is None else ids[:end], ended=end is not None, numbers=numbers)
