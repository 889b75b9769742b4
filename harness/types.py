"""The nouns that the runner and the models share: Clip in, Hypothesis out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples per second of every waveform that a model is given."""


WarningKind = Literal[
    "bytes_missing",
    "header_length",
    "beyond_end",
    "decoder_complains",
    "mix_cancels",
    "dead_channel",
    "noise_channel",
    "integer_scale",
    "clipped",
    "silence",
]
"""What can be odd about audio that is decoded; docs/your_own_data.md says what each means."""


class AudioWarning(msgspec.Struct, frozen=True, array_like=True):
    """Something that is odd about a clip's audio; stored as ``[kind, text]``."""

    kind: WarningKind
    text: str
    """One line for people, without the clip's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One decoded utterance, as a model hears it."""

    id: str
    """Unique in its benchmark."""
    language: str
    """BCP-47 primary subtag, lower case: ``en``, ``de``."""
    waveform: NDArray[np.float32]
    """Mono samples at 16 kHz in [-1, 1], shape ``[samples]``."""
    warnings: tuple[AudioWarning, ...] = ()
    """What is to be said of the audio, although it could be decoded."""
    keywords: tuple[str, ...] = ()
    """Names and terms of the utterance's own list, for models that are told to listen for them."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.waveform) / SAMPLE_RATE


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a transcript took, as far as the model can tell; None is not known."""

    tokens: int | None = None
    """Tokens that were generated."""
    limited: int | None = None
    """1 where the text ended at its limit of tokens and not by itself; so many pieces where a clip was cut."""
    malformed: int | None = None
    """Signs of time and speaker that could not be read, or that were missing, where the text is to have them."""
    drafted: int | None = None
    """Tokens that were drafted for it by speculation."""
    accepted: int | None = None
    """Drafted tokens that were kept."""
    latency: float | None = None
    """Seconds from the intended start of the request to the whole answer."""
    first_token: float | None = None
    """Seconds from the intended start to the first token."""
    requests: int | None = None
    """Requests that were sent, those that were tried again included."""
    retries: int | None = None
    """Requests that were sent again."""
    cost: float | None = None
    """US dollars, by the price that the user stated."""
    made_by: str | None = None
    """What a server says that it answered with: a dated model, a fingerprint of its system."""


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A word with its place in the clip; stored as ``[text, start, end]``."""

    text: str
    start: float
    """Seconds from the beginning of the clip."""
    end: float
    """Seconds from the beginning of the clip."""


class Turn(msgspec.Struct, frozen=True, array_like=True):
    """What one speaker says in one go; stored as ``[speaker, text, start, end]``."""

    speaker: str
    """Empty where nobody says who it is."""
    text: str
    """Raw; empty where all that is known is who speaks."""
    start: float | None
    """Seconds from the beginning of the clip; null where it is not known, as is `end` then."""
    end: float | None
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
    turns: tuple[Turn, ...] | None = None
    """Who says what from when to when, where the model gives times of turns and not of words."""
    usage: Usage | None = None
    """What it took, where the model knows."""
