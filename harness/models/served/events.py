"""Streamed answers: server-sent events, as the transcription and the chat endpoints send them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.models.served.messages import AnswerError, Response, objects, said, texts
from harness.records.codec import loads

END = "[DONE]"


class Event(NamedTuple):
    """One event."""

    data: str
    size: int
    """Bytes of the body up to its end."""


def events(body: bytes) -> Iterator[Event]:
    """The events of a body; one that breaks off at its end is given as far as it goes."""
    lines: list[str] = []
    size = 0
    for raw in body.splitlines(keepends=True):
        size += len(raw)
        line = raw.decode(errors="replace").rstrip("\r\n")
        if line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
        elif not line and lines:
            yield Event("\n".join(lines), size)
            lines = []
    if lines:
        yield Event("\n".join(lines), size)


@dataclass(slots=True)
class Streamed:
    """What the events of an answer say, taken together."""

    parts: list[str] = field(default_factory=list)
    final: dict[str, Any] | None = None
    """The event that holds the whole transcript, where there is one."""
    segments: list[dict[str, Any]] = field(default_factory=list)
    """Parts with speaker and times."""
    first_at: float | None = None
    """When the first text was there."""
    ended: bool = False
    """Whether the server said that it was through."""
    usage: dict[str, Any] = field(default_factory=dict)
    stated: dict[str, Any] = field(default_factory=dict)
    """The first event: it states the model."""

    @property
    def text(self) -> str:
        """The transcript."""
        return texts(self.final.get("text")) if self.final is not None else "".join(self.parts)


def read_stream(response: Response) -> Streamed:
    """Takes a streamed answer together.

    Raises:
        AnswerError: it breaks off, is none, or reports an error.
    """
    found = Streamed()
    for event in events(response.body):
        if event.data.strip() == END:
            found.ended = True
            break
        try:
            data = loads(event.data)
        except ValueError:
            raise AnswerError(f"the stream has an event that is no JSON: {event.data[:60]!r}") from None
        if not isinstance(data, dict):
            raise AnswerError(f"the stream has an event that is no JSON object: {event.data[:60]!r}")
        if data.get("error") or data.get("type") == "error":
            raise AnswerError(f"the stream ends with an error: {said(Response(status=200, body=event.data.encode()))}")
        _take(found, data)
        if found.first_at is None and (found.text or found.segments):
            found.first_at = response.arrived(event.size)
    if not found.ended:
        raise AnswerError(
            "the stream breaks off before its end" if response.body else "the server answered with nothing"
        )
    return found


def _take(found: Streamed, data: dict[str, Any]) -> None:
    """Adds an event, of either form."""
    found.stated = found.stated or data
    if isinstance(data.get("usage"), dict):
        found.usage = data["usage"]
    kind = data.get("type")
    if kind == "transcript.text.delta":
        found.parts.append(texts(data.get("delta"), "delta"))
    elif kind == "transcript.text.segment":
        found.segments.append(data)
    elif kind == "transcript.text.done":
        found.final, found.ended = data, True
    for choice in objects(data.get("choices"), "choices"):
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        if content is not None:
            found.parts.append(texts(content, "content"))
        found.ended |= choice.get("finish_reason") is not None
