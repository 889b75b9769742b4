"""What every vendor's declaration says, and what their conversations share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.models.served.messages import (
    Answer,
    AnswerError,
    Call,
    Exchange,
    Pause,
    Request,
    RequestError,
    Response,
    check_words,
    json_of,
    texts,
)

if TYPE_CHECKING:
    from harness.models.base import ModelOption
    from harness.types import Word

PAUSES = (1.0, 1.0, 2.0, 2.0, 3.0)
"""Seconds before a job is asked after again; the last again and again."""

LOCALES = {
    "ar": "ar-SA",
    "cs": "cs-CZ",
    "da": "da-DK",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "hi": "hi-IN",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ru": "ru-RU",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "uk": "uk-UA",
    "zh": "zh-CN",
}
"""The region of each language, for vendors that want one, where the user does not name another with ``locale=``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a vendor is asked for, the same for every clip."""

    url: str
    model: str
    keywords: tuple[str, ...] = ()
    words: bool = False
    """Whether words' times are kept."""
    speakers: bool = False
    locale: str | None = None
    """In place of that of each clip's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor."""

    name: str
    """Of the adapter: ``name:MODEL``."""
    title: str
    url: str | None
    """Where its API is; None where each customer has an address, to be given with ``url=``."""
    model: str
    """A model of it, as an example."""
    keys: tuple[str, ...]
    """Variables of the environment."""
    header: str
    """That takes the key."""
    form: str = "{}"
    """How that header has it."""
    exchange: Callable[[Ask, Call], Exchange]
    longest: float | None = None
    """Seconds of the longest clip."""
    max_bytes: int = 100 << 20
    base64: bool = False
    """Whether the audio goes into JSON."""
    keywords: bool = True
    options: tuple[ModelOption, ...] = ()
    """Beside those that all have."""
    refused: tuple[str, ...] = ()
    """Models that are no recognizers."""


@dataclass(frozen=True, slots=True)
class VendorService:
    """A vendor, asked for something."""

    vendor: Vendor
    ask: Ask

    def exchange(self, call: Call) -> Exchange:
        """The conversation about one call."""
        return self.vendor.exchange(replace(self.ask, keywords=(*self.ask.keywords, *call.keywords)), call)


def located(ask: Ask, call: Call) -> str | None:
    """The language with its region; None where it is not known.

    Raises:
        RequestError: no region is known for the language.
    """
    if ask.locale is not None or call.language is None:
        return ask.locale
    if call.language not in LOCALES:
        raise RequestError(f"no region is known here for {call.language!r}; give --model-option locale=")
    return LOCALES[call.language]


def until_done(
    url: str, status: Callable[[dict[str, Any]], object], done: str, failed: Sequence[str]
) -> Generator[Request | Pause, Response, dict[str, Any]]:
    """Asks after a job until it is done.

    Args:
        url: of the job.
        status: reads the job's status.
        done: the status of one that is through.
        failed: those of one that never will be.

    Returns:
        What was said of it last.

    Raises:
        RequestError: it failed.
    """
    for number in range(1_000_000):
        yield Pause(PAUSES[min(number, len(PAUSES) - 1)])
        said = json_of((yield Request(method="GET", url=url, asks_again=True)))
        now = texts(status(said), "status")
        if now == done:
            return said
        if now in failed:
            raise RequestError(f"the service says that the job is {now}: {_why(said)}")
    raise AssertionError("the client ends it long before")


def job_id(response: Response) -> str:
    """The name of a job, as a part of an address.

    Raises:
        AnswerError: there is none.
    """
    found = json_of(response).get("id")
    if not isinstance(found, str) or not found.strip("."):
        raise AnswerError("the server's answer names no job")
    return quote(found, safe="")


def spoken(text: str, entries: Iterable[tuple[Word, object]], ask: Ask, call: Call) -> Answer:
    """The answer with what was asked for of its words.

    Args:
        text: the whole transcript.
        entries: words with times, each with its speaker, as the vendor names them; None is not known.
        ask: what was asked for.
        call: whose words must not end after its audio.
    """
    entries = list(entries)
    check_words([word for word, _ in entries], call)
    words = tuple(word for word, _ in entries)
    if not ask.speakers:
        return Answer(text=text, words=words if ask.words else None)
    labels = [(str(speaker), len(word.text.split())) for word, speaker in entries]
    speakers = tuple(label for label, count in labels for _ in range(count))
    if len(speakers) != len(text.split()):  # one label a word: then the words are the text
        text = " ".join(word.text for word in words)
    return Answer(text=text, words=words if ask.words else None, speakers=speakers)


def _why(said: dict[str, Any]) -> str:
    """What a service says of a failed job."""
    job = said.get("job")
    inner = job if isinstance(job, dict) else said
    for key in ("failure_detail", "failure", "errors", "error"):
        if inner.get(key):
            return str(inner[key])[:200]
    return "it does not say why"
