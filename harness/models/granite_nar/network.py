"""The whole network: features in, draft and final token ids out.

features -> Encoder -> pooled -> token head -> draft ids ----------------.
               |                                                        v
               '-> hidden states -> Projector -> audio embeddings, text slots -> Editor -> final ids
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from harness.models.granite_nar import decode
from harness.models.granite_nar.attention import PackedAttention
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.editor import Editor
from harness.models.granite_nar.encoder import Encoded, Encoder
from harness.models.granite_nar.packing import PackedLengths
from harness.models.granite_nar.projector import Projector


@dataclass(frozen=True, slots=True)
class Transcribed:
    """Token ids of each clip of a batch."""

    draft: list[NDArray[np.int64]]
    """What the encoder's token head said."""
    final: list[NDArray[np.int64]]
    """What the editor made of it."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The editor's hidden states of a packed batch."""

    audio: Tensor
    """``[audio tokens, hidden]``."""
    text: Tensor
    """``[text slots, hidden]``."""
    slots: PackedLengths
    """Text slots of each clip."""


class GraniteNar(nn.Module):
    """Encoder, projector and editor; names of parameters are those of the published checkpoint (layout B)."""

    def __init__(self, config: GraniteNarConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config.encoder)
        self.projector = Projector(config.projector)
        self.language_model = Editor(config.editor)

    def encode(self, features: Tensor, frames: PackedLengths) -> Encoded:
        """Features ``[total frames, input_dim]`` to hidden states."""
        return self.encoder.forward(features, frames, self.config.encoder_layer_indices)

    def prepare(self, frames: PackedLengths) -> None:
        """Makes the index tensors of a batch beforehand, which another thread may do while the device is busy."""
        self.encoder.prepare(frames)
        self.projector.prepare(frames)

    def draft(self, encoded: Encoded, frames: PackedLengths) -> list[NDArray[np.int64]]:
        """The draft's token ids of each clip. Waits for the device."""
        return self.begin_draft(encoded, frames)()

    def begin_draft(self, encoded: Encoded, frames: PackedLengths) -> Callable[[], list[NDArray[np.int64]]]:
        """Starts the draft; what it returns waits for the device, and gives the token ids of each clip."""
        pooled, windows = self.encoder.pooled(encoded, frames)
        head = self.encoder.out_bpe
        classes = decode.on_its_way(decode.best_classes(pooled, head.weight, head.bias))
        shifted = self.config.shifted_blank
        blank = 0 if shifted else self.config.blank_token_id
        return lambda: decode.collapse_each(classes(), windows.starts, blank, shift=int(shifted))

    def edit(
        self, audio: Tensor, tokens: PackedLengths, drafts: Sequence[NDArray[np.int64]], attention: str = "sdpa"
    ) -> Edited:
        """Runs the editor over audio embeddings ``[total tokens, hidden]`` and the slots of each clip's draft."""
        config = self.config
        filled = [decode.slots(each, config.blank_token_id, config.min_edit_sequence_length) for each in drafts]
        return self.edit_slots(audio, tokens, filled, attention)

    def edit_slots(
        self, audio: Tensor, tokens: PackedLengths, filled: Sequence[NDArray[np.int64]], attention: str = "sdpa"
    ) -> Edited:
        """As `edit`, with the slots' token ids themselves."""
        config = self.config
        text = PackedLengths([len(each) for each in filled], tokens.device)
        clips = PackedLengths(tokens.lengths + text.lengths, tokens.device)
        embedding = self.language_model.model.embed_tokens
        if config.scale_projected_embeddings:
            audio = audio / config.editor.embedding_multiplier
        audio_rows = tokens.slots(clips.lengths)
        text_rows = clips.on_device(_tail_rows(clips, text))
        rows = audio.new_empty(clips.total, audio.shape[1])
        rows = rows.index_copy_(0, audio_rows, audio)
        rows = rows.index_copy_(0, text_rows, embedding(clips.on_device(decode.joined(filled))))
        hidden = self.language_model.model(rows, clips.positions, PackedAttention(clips, attention))
        return Edited(hidden[audio_rows], hidden[text_rows], text)

    def final(self, edited: Edited) -> list[NDArray[np.int64]]:
        """The final token ids of each clip. Waits for the device."""
        # Dividing the logits by 8 would not change which is the greatest.
        classes = decode.best_classes(edited.text, self.language_model.model.embed_tokens.weight, None).cpu().numpy()
        return decode.collapse_each(classes, edited.slots.starts, self.config.blank_token_id)

    @torch.inference_mode()
    def transcribe(
        self, features: Tensor, frames: PackedLengths, attention: str = "sdpa", steps: int = 1
    ) -> Transcribed:
        """Features ``[total frames, input_dim]`` to the token ids of each clip.

        The editor runs in so many `steps`, each on what the last one said; fewer where that changes nothing any more.
        """
        if not len(frames.lengths):
            return Transcribed([], [])
        encoded = self.encode(features, frames)
        draft = self.begin_draft(encoded, frames)
        audio, tokens = self.projector(encoded.states, frames)  # the device works on it while the draft is looked at
        said = drafts = draft()
        for _ in range(steps):
            before, said = said, self.final(self.edit(audio, tokens, said, attention))
            if all(map(np.array_equal, before, said)):  # so it would be in every further step
                break
        return Transcribed(drafts, said)


def _tail_rows(clips: PackedLengths, tail: PackedLengths) -> NDArray[np.int64]:
    """Rows of `clips` that belong to the last `tail.lengths[i]` rows of each clip."""
    first = clips.starts[1:] - tail.lengths
    return np.repeat(first - tail.starts[:-1], tail.lengths) + np.arange(tail.total)
