"""Models that hear through ``/chat/completions``: a message with the audio in it, and the reply. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.models.served.events import read_stream
from harness.models.served.messages import (
    Answer,
    AnswerError,
    Call,
    Exchange,
    Request,
    Response,
    counted,
    json_of,
    objects,
    texts,
)

PROMPT = "Transcribe the audio word for word in the language that is spoken. Reply with the transcript only."
"""What is asked, where the user says nothing else."""

TOKENS = "completion_tokens"
"""What the server calls the tokens of its reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Asks a chat model for transcripts."""

    url: str
    model: str
    prompt: str = PROMPT
    system: str | None = None
    keywords: tuple[str, ...] = ()
    """Added to the prompt."""
    part: Literal["input_audio", "audio_url"] = "input_audio"
    """How the audio stands in the message."""
    max_tokens: int | None = None
    temperature: str = "0"
    stream: bool = False

    def exchange(self, call: Call) -> Exchange:
        """One request, one reply."""
        response = yield self.request(call)
        return self.answer(response)

    def request(self, call: Call) -> Request:
        """What is sent. A prompt may name ``{language}``."""
        data = base64.b64encode(call.audio).decode()
        audio: dict[str, Any] = {"type": "input_audio", "input_audio": {"data": data, "format": call.format}}
        if self.part == "audio_url":
            audio = {"type": "audio_url", "audio_url": {"url": f"data:{call.media_type};base64,{data}"}}
        prompt = self.prompt.replace("{language}", call.language or "the language that is spoken")
        if keywords := (*self.keywords, *call.keywords):
            prompt += f" Words that may occur: {', '.join(keywords)}."
        messages: list[dict[str, Any]] = [{"role": "system", "content": self.system}] if self.system else []
        messages.append({"role": "user", "content": [audio, {"type": "text", "text": prompt}]})
        body: dict[str, Any] = {"model": self.model, "messages": messages, "temperature": float(self.temperature)}
        if self.max_tokens is not None:
            body["max_tokens"] = self.max_tokens
        if self.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return Request(
            url=f"{self.url}/chat/completions",
            headers={"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
            seconds=call.seconds,
        )

    def answer(self, response: Response) -> Answer:
        """The reply. One that was cut at its token limit counts as it is, as a local model's does.

        Raises:
            AnswerError: there is none.
        """
        if self.stream and response.media_type != "application/json":
            found = read_stream(response)
            made_by = _made_by(found.stated)
            return Answer(
                text=found.text, tokens=counted(found.usage, TOKENS), made_by=made_by, first_at=found.first_at
            )
        reply = json_of(response)
        choices = objects(reply.get("choices"), "choices")
        message = choices[0].get("message") if choices else None
        if not isinstance(message, dict):
            raise AnswerError("the server's answer has no message")
        if message.get("refusal"):
            raise AnswerError(f"the model refused: {texts(message['refusal'], 'refusal')[:200]}")
        text, tokens = _content(message.get("content")), counted(reply.get("usage"), TOKENS)
        return Answer(text=text, tokens=tokens, made_by=_made_by(reply))


def _content(found: object) -> str:
    """The text of a message, which may be in parts."""
    if isinstance(found, list):
        return "".join(
            texts(part.get("text"), "content[].text")
            for part in objects(found, "content")
            if part.get("type") == "text"
        )
    return texts(found, "content")


def _made_by(reply: Mapping[str, object]) -> str | None:
    """The model and the fingerprint of the system, as far as the server states them."""
    stated = (reply.get("model"), reply.get("system_fingerprint"))
    return ", ".join(each for each in stated if isinstance(each, str) and each) or None
