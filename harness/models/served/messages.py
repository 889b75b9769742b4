"""What goes to a server and what comes back, as values: services build and read them, the client carries them."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import ModelError
from harness.records.codec import loads

if TYPE_CHECKING:
    from harness.types import Turn, Usage, Word

AudioFormat = Literal["flac", "wav"]

SAID_CHARACTERS = 200
"""How much of what a server says of an error is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A clip to be transcribed."""

    id: str
    seconds: float
    language: str | None
    """BCP-47 primary subtag; None where it is not known."""
    audio: bytes = field(repr=False)
    """A whole file."""
    format: AudioFormat
    keywords: tuple[str, ...] = ()
    """Words to listen for in this clip, beside those for all."""

    @property
    def media_type(self) -> str:
        """Of the audio."""
        return f"audio/{self.format}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. The key is not in it: the client adds it on the way out."""

    method: Literal["GET", "POST", "DELETE"] = "POST"
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    """Of the audio in it: an answer may take that much longer."""
    asks_again: bool = False
    """Whether it only asks how far the work is, so that it counts neither as a request nor as a retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = field(default=b"", repr=False)
    arrivals: Sequence[tuple[int, float]] = ()
    """How many bytes of the body were there at what time of the client's clock, for streamed answers."""

    @property
    def media_type(self) -> str:
        """Without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def arrived(self, size: int) -> float | None:
        """When so many bytes of the body were there."""
        return next((at for total, at in self.arrivals if total >= size), None)


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait before the next request, where the service has to be asked again."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service made of a call."""

    text: str
    words: tuple[Word, ...] | None = None
    speakers: tuple[str, ...] | None = None
    """One label a word."""
    turns: tuple[Turn, ...] | None = None
    """Who says what from when to when."""
    tokens: int | None = None
    made_by: str | None = None
    """What the server says that it answered with."""
    first_at: float | None = None
    """When the first token was there, by the client's clock."""


Exchange = Generator[Request | Pause, Response, Answer]
"""A conversation about one call: yields what to send, is sent what came back, returns the answer.

Only responses with a status of success are sent into it. It does no input or output of its own.
"""


class RequestError(ModelError):
    """A call that came to nothing: its clip fails, the run goes on."""

    usage: Usage | None = None
    """What it took all the same."""
    refused = False
    """Whether the server did not like this one request, as `harness.models.served.retry.GiveUp` has it."""


class AnswerError(RequestError):
    """The server answered with success, but what it said is no transcript of the clip."""


def json_of(response: Response) -> dict[str, Any]:
    """The JSON object in a response.

    Raises:
        AnswerError: there is none, or an error stands in it.
    """
    if not response.body.strip():
        raise AnswerError("the server answered with nothing")
    if _is_page(response):
        raise AnswerError(f"the server answered with a web page: {said(response)}")
    try:
        found = loads(response.body)
    except ValueError:
        raise AnswerError(f"the server's answer is no JSON, or breaks off: {_start(response.body)!r}") from None
    if not isinstance(found, dict):
        raise AnswerError(f"the server's answer is no JSON object: {_start(response.body)!r}")
    if found.get("error"):
        raise AnswerError(f"the server answered with an error: {said(response)}")
    return found


def text_of(response: Response) -> str:
    """A response that is the transcript itself; a line end alone is the transcript of silence.

    Raises:
        AnswerError: it is empty, no text, or a web page.
    """
    if not response.body:
        raise AnswerError("the server answered with nothing")
    if _is_page(response):
        raise AnswerError(f"the server answered with a web page: {said(response)}")
    try:
        return response.body.decode().strip()
    except UnicodeDecodeError:
        raise AnswerError("the server's answer is not UTF-8") from None


def texts(found: object, what: str = "text") -> str:
    """A value that has to be a text.

    Raises:
        AnswerError: it is not there, or none.
    """
    if not isinstance(found, str):
        kind = "missing" if found is None else f"of type {type(found).__name__}"
        raise AnswerError(f"the server's answer has no transcript: {what!r} is {kind}")
    return found


def number(found: object, what: str) -> float:
    """A value that has to be a number.

    Raises:
        AnswerError: it is none.
    """
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise AnswerError(f"the server's answer: {what!r} is {found!r}, where a number should be")
    return float(found)


def objects(found: object, what: str) -> list[dict[str, Any]]:
    """A value that has to be a list of objects; nothing where it is null.

    Raises:
        AnswerError: it is something else.
    """
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise AnswerError(f"the server's answer: {what!r} is no list of objects")
    return found


def counted(usage: object, *names: str) -> int | None:
    """The first of these counts in what a server says was used; None where it does not count."""
    found = next((usage[name] for name in names if name in usage), None) if isinstance(usage, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def check_seconds(stated: object, call: Call, what: str = "duration") -> None:
    """Refuses an answer about audio that is longer than the clip: it is another clip's.

    Some servers state the end of the last word, so a shorter one says nothing.

    Raises:
        AnswerError: it is longer, by more than rounding makes it.
    """
    if isinstance(stated, str):
        try:
            stated = float(stated)
        except ValueError:
            return
    if isinstance(stated, int | float) and stated > 1.05 * call.seconds + 1.5:
        raise AnswerError(
            f"the server's answer is about other audio: {what} {stated:g} s where the clip has {call.seconds:.2f} s"
        )


def check_words(words: Sequence[Word], call: Call) -> None:
    """Refuses words after the end of the clip, as `check_seconds` does."""
    if words:
        check_seconds(max(word.end for word in words), call, "last word ends at")


def said(response: Response) -> str:
    """What a server says of an error, in one short line."""
    try:
        found = loads(response.body)
    except ValueError:
        found = response.body.decode(errors="replace")
        found = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", found, flags=re.DOTALL | re.IGNORECASE)
    line = " ".join(_message(found).split())
    return line[:SAID_CHARACTERS] or "(no words)"


def _message(found: object) -> str:
    """The words in an error object; services put them in different places."""
    if isinstance(found, str):
        return found
    if isinstance(found, list):
        return "; ".join(_message(each) for each in found[:3])
    if isinstance(found, dict):
        for key in ("error", "message", "detail", "err_msg", "msg", "reason", "title", "status"):
            if found.get(key):
                return _message(found[key])
    return json.dumps(found)


def _is_page(response: Response) -> bool:
    return response.media_type == "text/html" or response.body.lstrip()[:9].lower() in {b"<!doctype", b"<html>"}


def _start(body: bytes) -> str:
    return body[:60].decode(errors="replace")
