"""The nouns that the runner and the models share: Clip in, Hypothesis out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples per second of every waveform that a model is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One decoded utterance, as a model hears it."""

    id: str
    """Unique in its benchmark."""
    language: str
    """BCP-47 primary subtag, lower case: ``en``, ``de``."""
    waveform: NDArray[np.float32]
    """Mono samples at 16 kHz in [-1, 1], shape ``[samples]``."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.waveform) / SAMPLE_RATE


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A word with its place in the clip; stored as ``[text, start, end]``."""

    text: str
    start: float
    """Seconds from the beginning of the clip."""
    end: float
    """Seconds from the beginning of the clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What a model made of one clip."""

    text: str
    """The transcript, raw: normalization happens when it is scored."""
    draft: str | None = None
    """What a drafting stage said before it was edited, where the model has one."""
    words: tuple[Word, ...] | None = None
    """Words with times, where the model has them."""
    speakers: tuple[str, ...] | None = None
    """One label a word, where the model has them."""
