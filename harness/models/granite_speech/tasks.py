"""What each Granite Speech model can be asked for, and the words in which it is asked: verbatim from its card.

A prompt differs from model to model in its case and even in a space, and a prompt that is not the model's own is
answered with worse transcripts, or with something else.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.errors import UsageError

AUDIO = "<|audio|>"
"""Stands for the audio in a prompt."""

LANGUAGES = {
    "en": "English",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "pt": "Portuguese",
    "ja": "Japanese",
    "it": "Italian",
    "zh": "Mandarin",
}
"""Languages to translate into, as prompts name them. Cards: from English to each, and from the first six to English."""

_SYSTEM = (
    "Knowledge Cutoff Date: April 2024.\nToday's Date: December 19, 2024.\n"
    "You are Granite, developed by IBM. You are a helpful AI assistant"
)
"""The dates are those of training and no one's today."""

_RAW = "can you transcribe the speech into a written format?"

Gives = Literal["text", "speakers", "times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How many tokens a clip may get: `least`, and more where it is long, up to `most`."""

    least: int
    a_second: float
    most: int | None = None
    free_seconds: float = 0.0
    """Seconds that `least` is good for."""

    def limit(self, seconds: float) -> int:
        """The most tokens of a clip."""
        limit = self.least + math.ceil(self.a_second * max(0.0, seconds - self.free_seconds))
        return limit if self.most is None else min(limit, self.most)


SHORT = Tokens(least=200, a_second=200 / 30, free_seconds=30.0)
"""The card's and the leaderboard's 200, which IBM's library takes for 30 s and multiplies for longer clips."""
PLUS = Tokens(least=200, a_second=20.0, most=2000)
"""The card's 2,000, which a short clip that runs away need not reach; fast speech takes 7 tokens a second."""
TIMES = Tokens(least=200, a_second=60.0, most=10_000)
"""The card's 10,000; speech with times takes about 14 tokens a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One thing that a model can be asked for."""

    user: str
    """The prompt; ``{language}`` is the language to translate into."""
    keywords: bool = False
    """Whether keywords may be added."""
    gives: Gives = "text"
    tokens: Tokens = SHORT
    seconds: float | None = None
    """The longest clip that the card states; None where it states none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What the models of one release have in common."""

    summary: str
    """One line."""
    tried: str = "tiny random checkpoint, against transformers alone"
    """What was run here, for docs/models.md."""
    modes: Mapping[str, Mode]
    """By the value of ``--model-option mode``; a name that ends in ``:`` is followed by a language."""
    system: str | None = None
    """The system prompt."""
    speculative: bool = True
    """Whether a draft of its encoder is verified with `decoding=speculative`."""
    languages: tuple[str, ...] = ()
    """BCP-47 primary subtags of what it hears."""


_BASE = {
    "raw": Mode(user=f"{AUDIO}{_RAW}"),
    "punctuated": Mode(user=f"{AUDIO}transcribe the speech with proper punctuation and capitalization."),
    "keywords": Mode(user=f"{AUDIO}transcribe the speech to text.", keywords=True),
    "translate:": Mode(user=f"{AUDIO}translate the speech to {{language}}.", keywords=True),
    "translate-punctuated:": Mode(
        user=f"{AUDIO}translate the speech to {{language}} with proper punctuation and capitalization."
    ),
}
_PLUS_RAW = Mode(user=f"{AUDIO} {_RAW}", keywords=True, tokens=PLUS, seconds=540.0)

BASE = Variant(
    summary="transcripts with or without punctuation, keywords, translation",
    tried="random weights, full size and tiny, these against transformers alone",
    modes=_BASE,
    languages=("en", "fr", "de", "es", "pt", "ja"),
)
"""granite-speech-4.1-2b."""

FOUR = Variant(
    summary="transcripts, keywords, translation",
    modes={name: _BASE[name] for name in ("raw", "keywords", "translate:")},
    languages=BASE.languages,
)
"""granite-4.0-1b-speech: no punctuation is documented."""

THREE = Variant(
    summary="transcripts; with the LoRA beside its weights",
    tried="tiny random checkpoint with a LoRA, against merged weights and peft",
    modes={"raw": _BASE["raw"]},
    system=_SYSTEM,
    speculative=False,
    languages=("en", "fr", "de", "es", "pt"),
)
"""granite-speech-3.3."""

PLUS_VARIANT = Variant(
    summary="transcripts with times of words or with speakers, keywords",
    modes={
        "raw": _PLUS_RAW,
        "keywords": _PLUS_RAW,
        "speakers": Mode(
            user=f"{AUDIO} Speaker attribution: Transcribe and denote who is speaking by adding [Speaker 1]: and"
            " [Speaker 2]: tags before speaker turns.",
            keywords=True,
            gives="speakers",
            tokens=PLUS,
            seconds=540.0,
        ),
        "timestamps": Mode(
            user=f"{AUDIO} Timestamps: Transcribe the speech. After each word, add a timestamp tag showing the end time"
            " in centiseconds, e.g. hello [T:45] world [T:82]",
            keywords=True,
            gives="times",
            tokens=TIMES,
            seconds=300.0,
        ),
    },
    system=_SYSTEM,
    languages=("en", "fr", "de", "es", "pt"),
)
"""granite-speech-4.1-2b-plus."""

KNOWN = {
    "ibm-granite/granite-speech-4.1-2b": BASE,
    "ibm-granite/granite-speech-4.1-2b-plus": PLUS_VARIANT,
    "ibm-granite/granite-4.0-1b-speech": FOUR,
    "ibm-granite/granite-speech-3.3-2b": THREE,
    "ibm-granite/granite-speech-3.3-8b": THREE,
}
"""By hub id; their published figures are in `harness.reporting.published`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a model was asked for."""

    name: str
    """The mode as the user says it."""
    mode: Mode
    user: str
    """The prompt in full."""
    system: str | None = field(default=None)

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation for a chat template."""
        said = [{"role": "user", "content": self.user}]
        return said if self.system is None else [{"role": "system", "content": self.system}, *said]


def variant_of(name: str, model_type: object, *, lora: bool) -> Variant:
    """What a checkpoint can be asked for: by its hub id, else by its config.

    Args:
        name: hub id or folder.
        model_type: of its config.json.
        lora: whether it comes with a LoRA, as 3.3 does and nothing after it.
    """
    if name in KNOWN:
        return KNOWN[name]
    if model_type == "granite_speech_plus":
        return PLUS_VARIANT
    return THREE if lora else BASE


def modes_of(variant: Variant) -> list[str]:
    """The modes as a user says them."""
    return [f"{name}LANG" if name.endswith(":") else name for name in variant.modes]


def task_of(name: str, variant: Variant, asked: str | None, keywords: tuple[str, ...], *, rows: bool = False) -> Task:
    """What the user asks a model for; with keywords and no mode, to listen for them.

    Args:
        name: of the model.
        variant: what it can be asked for.
        asked: the mode.
        keywords: for all clips.
        rows: whether clips have keywords of their own (`listening`).

    Raises:
        UsageError: the model cannot be asked for it.
    """
    listens = bool(keywords) or rows
    asked = asked or ("keywords" if listens and "keywords" in variant.modes else "raw")
    key, colon, language = asked.partition(":")
    mode = variant.modes.get(key + colon)
    if mode is None:
        raise UsageError(f"--model-option mode={asked}: {name} has {', '.join(modes_of(variant))}")
    if colon and language not in LANGUAGES:
        raise UsageError(f"--model-option mode={asked}: translations are into {', '.join(LANGUAGES)}")
    if listens and not mode.keywords:
        able = ", ".join(
            shown for shown, one in zip(modes_of(variant), variant.modes.values(), strict=True) if one.keywords
        )
        how = f"give them with mode={able}" if able else "it takes none in any mode"
        flag = "--keywords" if keywords else "--row-keywords"
        raise UsageError(f"{flag}: {name} takes none in mode {asked}; {how}")
    if asked == "keywords" and not listens:
        raise UsageError("--model-option mode=keywords: give the words with --keywords FILE or --keywords A,B")
    if special := special_in(keywords):
        raise UsageError(f"--keywords: {special!r} holds <|, which begins the model's own signs")
    user = mode.user.format(language=LANGUAGES.get(language))
    return listening(Task(name=asked, mode=mode, user=user, system=variant.system), keywords)


def listening(task: Task, keywords: Sequence[str]) -> Task:
    """The same task with more keywords to listen for."""
    if not keywords:
        return task
    after = ", " if _LISTEN in task.user else _LISTEN
    return replace(task, user=f"{task.user}{after}{', '.join(keywords)}")


def special_in(keywords: Iterable[str]) -> str | None:
    """A keyword that could be taken for the model's own signs; None where there is none."""
    return next((word for word in keywords if "<|" in word), None)


_LISTEN = " Keywords: "
