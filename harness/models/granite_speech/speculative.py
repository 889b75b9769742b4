"""Speculative decoding as the Open ASR leaderboard runs Granite Speech: a CTC draft, verified in one pass.

The encoder's CTC head drafts a text. A draft that the head is sure of is taken as it is; else the language model reads
prompt, audio and draft at once, and takes the draft if each of its tokens has a probability of at least `confidence`;
else it writes the text itself, with a beam of two. A draft is taken whole or not at all.

The rule is that of the board's scripts (granite/run_eval_speculative.py and _bpe.py of its repository): the draft is
spelled and tokenized anew before it is verified; entropies are in nats, the greatest over a clip's steps counts; and
what weighs frames for the token head is the character head's blank *after* the middle layer's injection, for which the
script's hook holds a tensor that the library changes in place. Two things differ: each clip is as if it were alone, as
everywhere here, and one over 30 s may get more than the script's 200 tokens where it is written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.models.granite_nar.decode import collapse_each

if TYPE_CHECKING:
    from torch import Tensor, nn

    from harness.models.granite_nar.packing import PackedLengths
    from harness.models.granite_speech.network import Generated, Heard, Prompt, SpeechNetwork

CHUNK = 1024
"""Steps whose probabilities are held at a time: of 100,353 classes they take 0.4 GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The numbers of the board's scripts."""

    confidence: float
    """The least probability of each token of a draft that is taken."""
    gate: float
    """The greatest entropy up to which a draft is not verified."""
    beams: int = 2


TOKENS = Rule(confidence=0.4, gate=0.0)
"""Of drafts by the token head, as for granite-speech-4.1-2b."""
CHARACTERS = Rule(confidence=0.2, gate=0.7)
"""Of drafts by the character head, as for granite-4.0-1b-speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a CTC head said of a clip."""

    text: str
    entropy: float
    """The greatest over its steps, in nats; infinite where nothing was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The text of one clip, and how it came about."""

    text: str
    draft: str
    drafted: int
    """Tokens of the draft."""
    accepted: bool
    """Whether the text is the draft."""
    generated: Generated | None = None
    """What was written in the draft's place."""


class Speculation:
    """Drafts, verifies, and writes what was not taken.

    Args:
        network: the checkpoint's.
        tokenizer: of transformers.
    """

    def __init__(self, network: SpeechNetwork, tokenizer: Any) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._by_tokens = bool(network.encoder.config.bpe_output_dim)
        self.rule = TOKENS if self._by_tokens else CHARACTERS

    def draft(self, heard: Heard) -> list[Draft]:
        """A draft of each clip."""
        encoder = self._network.encoder
        if not self._by_tokens:
            return self._read(heard.encoded.last, heard.frames, encoder.out, lambda ids: "".join(map(chr, ids)), 0)
        importance = 1.0 - encoder.out(heard.middle).float().softmax(dim=-1)[:, 0]
        pooled, windows = encoder.pooled(replace(heard.encoded, importance=importance), heard.frames)
        return self._read(pooled, windows, encoder.out_bpe, self._tokenizer.decode, 1)

    def _read(
        self, hidden: Tensor, steps: PackedLengths, head: nn.Linear, spell: Callable[[list[int]], str], shift: int
    ) -> list[Draft]:
        """Drafts of hidden states ``[total steps, hidden]`` by a head whose class 0 is its blank."""
        classes, entropies = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for piece in hidden.split(CHUNK):
            likely = head(piece).float().softmax(dim=-1)
            classes.append(likely.argmax(dim=-1).cpu().numpy())
            entropies.append(-(likely * (likely + 1e-10).log()).sum(dim=-1).cpu().numpy())
        greatest = np.maximum.reduceat(np.concatenate(entropies), steps.starts[:-1])
        tokens = [ids.tolist() for ids in collapse_each(np.concatenate(classes), steps.starts, 0, shift)]
        return [
            Draft(text=spell(ids) if ids else "", entropy=float(most) if ids else float("inf"))
            for ids, most in zip(tokens, greatest, strict=True)
        ]

    def transcribe(self, heard: Heard, prompt: Prompt, limits: Sequence[int]) -> list[Spoken]:
        """The text of each clip, which gets as many tokens as its limit where it is written anew."""
        drafts = [replace(draft, text=draft.text.strip()) for draft in self.draft(heard)]
        ids = [self._tokenizer.encode(draft.text, add_special_tokens=False) if draft.text else [] for draft in drafts]
        rows = self._network.rows(heard, [prompt] * len(drafts))
        taken = [bool(draft.text) and draft.entropy <= self.rule.gate for draft in drafts]
        asked = [place for place, done in enumerate(taken) if not done and ids[place]]
        for place, good in zip(
            asked, self.verify([rows[one] for one in asked], [ids[one] for one in asked]), strict=True
        ):
            taken[place] = good
        written = self._write(rows, limits, [place for place, done in enumerate(taken) if not done])
        return [
            Spoken(
                text=draft.text
                if taken[place]
                else self._tokenizer.decode(written[place].ids, skip_special_tokens=True),
                draft=draft.text,
                drafted=len(ids[place]),
                accepted=taken[place],
                generated=written.get(place),
            )
            for place, draft in enumerate(drafts)
        ]

    def verify(self, rows: Sequence[Tensor], ids: Sequence[Sequence[int]]) -> list[bool]:
        """Whether the language model would say each of some drafts, after inputs ``[tokens, hidden]``."""
        if not rows:
            return []
        given = [torch.cat([row, self._network.embedded(draft)]) for row, draft in zip(rows, ids, strict=True)]
        padded = torch.nn.utils.rnn.pad_sequence(given, batch_first=True)  # on the right, where nothing looks at it
        mask = torch.nn.utils.rnn.pad_sequence(
            [row.new_ones(len(row), dtype=torch.long) for row in given], batch_first=True
        )
        decoder = self._network.decoder
        hidden = decoder.base_model(inputs_embeds=padded, attention_mask=mask, use_cache=False).last_hidden_state
        # The token at place t is foretold at t - 1: the first of the draft at the last of the prompt.
        before = torch.cat(
            [
                states[len(row) - 1 : len(row) - 1 + len(draft)]
                for states, row, draft in zip(hidden, rows, ids, strict=True)
            ]
        )
        said = torch.tensor([token for draft in ids for token in draft], device=before.device)
        scaling = getattr(decoder.config, "logits_scaling", 1.0)
        likely = [
            (decoder.lm_head(piece) / scaling).float().softmax(dim=-1).gather(1, tokens[:, None])[:, 0]
            for piece, tokens in zip(before.split(CHUNK), said.split(CHUNK), strict=True)
        ]
        sure = torch.cat(likely).split([len(draft) for draft in ids])
        return [bool((each >= self.rule.confidence).all()) for each in sure]

    def _write(self, rows: Sequence[Tensor], limits: Sequence[int], places: Sequence[int]) -> dict[int, Generated]:
        """What the language model writes itself, by place; clips of one limit share a call."""
        found: dict[int, Generated] = {}
        for limit in sorted({limits[place] for place in places}):
            own = [place for place in places if limits[place] == limit]
            made = self._network.generate([rows[place] for place in own], [limit] * len(own), self.rule.beams)
            found.update(zip(own, made, strict=True))
        return found
