"""What one family of generating models declares: everything that `model.py` has to know of it, and nothing else.

A family is one `Family`, in a module of `harness.models.generating.families`; all that has to do with batches, limits,
prompts and devices is shared. Audio goes to the library one clip at a time, and what comes back is put together here:
so no clip's features, prompt or length can depend on its neighbors, however the library would have padded them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from harness.types import SAMPLE_RATE, Hypothesis

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.models._transformers import Tensors
    from harness.models.hub import Checkpoint

Ask = Literal["keywords", "prompt", "punctuation", "translate", "lookahead", "locale"]
"""What a user may ask of a family: `--keywords`, and the options of that name."""

Gives = Literal["speakers", "words"]
"""What a family's transcripts hold beside their text."""

Attention = Literal["sdpa", "eager", "library"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What stands beside the network in a checkpoint; what a family does not have is None."""

    processor: Any = None
    tokenizer: Any = None
    extractor: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked for; empty or None is the model's own way."""

    keywords: tuple[str, ...] = ()
    """Words to listen for."""
    prompt: str | None = None
    """The instruction, or what the audio is about, in place of the family's own."""
    punctuation: bool | None = None
    """Whether to write punctuation and capitals."""
    translate: str | None = None
    """The language to translate into, as the library calls it."""
    static_cache: bool = False
    """Whether keys and values are kept in tensors of a fixed size, with which a GPU's decoding steps are compiled."""
    lookahead: int | None = None
    """Frames of the encoder that a streaming model hears before it says something."""
    locale: str | None = None
    """A language and country, or ``auto``, in place of each clip's language; as the library calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One clip, as a family's `inputs` gets it."""

    waveform: NDArray[np.float32]
    """Mono samples at the family's rate, shape ``[samples]``; finite, at least `Family.shortest` seconds."""
    rate: int
    """Samples per second of the waveform."""
    language: str | None
    """As the library calls it; None where the family is told none."""
    asked: Asked

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.waveform) / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the network generated for one clip, as a family's `read` gets it: its own, whatever its neighbors got."""

    tokens: list[int]
    """Without the prompt; without the end token and what came after it; at most the clip's own limit."""
    durations: list[int] | None = None
    """Frames that each token took, of transducers."""
    request: Request
    frames: int | None = None
    """Frames that are the clip's own, of families that say `frames`."""


Inputs = Callable[[Parts, Request], Any]
"""Makes the arguments of `generate` for one clip: a mapping of tensors whose first axis is 1, or the clip's windows."""

Read = Callable[[Parts, Row], Hypothesis]
"""Makes the transcript of one clip's tokens."""

Limit = Callable[[Any, "Tensors", float], int]
"""The most tokens that a clip may get: of the network, the clip's tensors as `inputs` made them, and its seconds."""

Longest = Callable[[Parts, Any], "float | None"]
"""The longest clip in seconds, of the parts and the network."""


def per_second(tokens: float, more: int) -> Limit:
    """A limit that grows with a clip's length: so many tokens a second, and some more."""
    return lambda _network, _tensors, seconds: math.ceil(seconds * tokens) + more


USUAL_LIMIT = per_second(20, 32)
"""Twice the tokens of fast speech in the languages that take most; what runs away ends there."""


def plain(parts: Parts, row: Row) -> Hypothesis:
    """Tokens as they are spelled, without special ones."""
    tokenizer = parts.tokenizer if parts.tokenizer is not None else parts.processor.tokenizer
    return Hypothesis(text=str(tokenizer.decode(row.tokens, skip_special_tokens=True)).strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of generating models of transformers. What is left out is the commonest."""

    name: str
    """What `--family` takes."""
    summary: str
    """One line for `list models`."""
    inputs: Inputs
    read: Read = plain

    model_types: tuple[str, ...] = ()
    """Values of ``model_type`` in config.json; its name unless others are said."""
    auto_class: str = "AutoModelForSpeechSeq2Seq"
    """The class of transformers that loads the network."""

    parts: Literal["processor", "extractor and tokenizer"] = "processor"
    """What is loaded beside the network; a processor's own tokenizer and extractor are in `Parts` too."""
    loads: Callable[[Checkpoint], Parts] | None = None
    """Loads that instead, where the library's own way cannot be used."""
    rate: int = SAMPLE_RATE
    """Samples per second that it hears; waveforms are resampled."""
    max_seconds: float | Longest | None = None
    """The longest clip, which the runner cuts longer ones to; a function where the checkpoint says it."""
    shortest: float = 0.1
    """Clips shorter than so many seconds are filled up with silence: their frames would be none."""

    languages: Mapping[str, str] = field(default_factory=dict)
    """What the library calls each language, by BCP-47 primary subtag; empty where it is told none."""
    told: Callable[[Request], Mapping[str, str]] | None = None
    """Arguments of `generate` that a clip wants, such as its language: those that want the same share a call."""

    pads: bool = False
    """Whether padding is without effect on other clips; else only clips of equal length share a call."""
    attention: Attention = "sdpa"
    """What the network is loaded with unless the user says otherwise; ``library`` leaves it to the library."""

    limit: Limit = USUAL_LIMIT
    frames: Callable[[Any, Tensors], int] | None = None
    """Frames of a clip on the axis that durations count, of transducers: its tokens end where they are used up."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More arguments of `generate`."""
    prepare: Callable[[Any, Parts, Asked], None] | None = None
    """Changes the network once it is loaded, such as a norm over time to one over a clip's own frames.

    Raises UsageError where this checkpoint cannot do what was asked."""

    lora: str | None = None
    """A folder of the checkpoint with a LoRA that is on where there is audio, in the form of peft."""

    asks: tuple[Ask, ...] = ()
    """What a user may ask for."""
    gives: tuple[Gives, ...] = ()
    """What transcripts hold beside their text."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Modules that must be importable, and what to install for each."""
    hub: tuple[str, ...] = ()
    """Hub ids that are known."""
    note: str = ""
    """What a reader of its results should know."""

    tried: str = "tiny random checkpoint"
    """What was run here, for docs/models.md; empty is nothing."""

    def __post_init__(self) -> None:
        if not self.model_types:
            object.__setattr__(self, "model_types", (self.name,))
