"""Chat with audio in the message."""

from __future__ import annotations

import base64
import json

import pytest

from harness.models.served.messages import Answer, AnswerError, Response
from harness.models.served.openai_chat import PROMPT, Chat
from tests.harness.models.served.conftest import call

AUDIO = base64.b64encode(b"fLaC-bytes").decode()


def reply(body: object) -> Answer:
    data = json.dumps(body).encode()
    response = Response(status=200, headers={"content-type": "application/json"}, body=data)
    return Chat(url="http://s/v1", model="m").answer(response)


def test_the_plainest_request() -> None:
    request = Chat(url="http://s/v1", model="m").request(call())
    assert (request.method, request.url, request.seconds) == ("POST", "http://s/v1/chat/completions", 2.0)
    audio = {"type": "input_audio", "input_audio": {"data": AUDIO, "format": "flac"}}
    content = [audio, {"type": "text", "text": PROMPT}]
    expected = {"model": "m", "messages": [{"role": "user", "content": content}], "temperature": 0.0}
    assert json.loads(request.body) == expected


def test_everything_that_can_be_asked() -> None:
    chat = Chat(
        url="http://s/v1",
        model="m",
        prompt="Write {language}.",
        system="Be exact.",
        keywords=("Zoë", "b"),
        part="audio_url",
        max_tokens=9,
        temperature="0.5",
        stream=True,
    )
    body = json.loads(chat.request(call()).body)
    system, user = body["messages"]
    assert system == {"role": "system", "content": "Be exact."}
    assert user["content"] == [
        {"type": "audio_url", "audio_url": {"url": f"data:audio/flac;base64,{AUDIO}"}},
        {"type": "text", "text": "Write en. Words that may occur: Zoë, b."},
    ]
    assert (body["max_tokens"], body["temperature"]) == (9, 0.5)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    unknown = json.loads(chat.request(call(language=None)).body)
    assert unknown["messages"][1]["content"][1]["text"].startswith("Write the language that is spoken.")


def test_replies() -> None:
    message = {"role": "assistant", "content": "Hello."}
    usage = {"completion_tokens": 4}
    assert reply({"choices": [{"message": message}], "usage": usage}) == Answer(text="Hello.", tokens=4)
    stated = {"model": "m-2026", "system_fingerprint": "fp_1"}
    assert reply({"choices": [{"message": message}], **stated}).made_by == "m-2026, fp_1"
    assert reply({"choices": [{"message": message}], "system_fingerprint": None}).made_by is None
    parts = [{"type": "text", "text": "Hel"}, {"type": "audio"}, {"type": "text", "text": "lo"}]
    assert reply({"choices": [{"message": {"content": parts}, "finish_reason": "length"}]}).text == "Hello"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "has no message"),
        ({"choices": []}, "has no message"),
        ({"choices": [{"message": "x"}]}, "has no message"),
        ({"choices": [{"message": {"content": None}}]}, "'content' is missing"),
        ({"choices": [{"message": {"refusal": "I cannot hear.", "content": None}}]}, "model refused: I cannot hear."),
        ({"error": "busy"}, "with an error: busy"),
    ],
)
def test_what_is_no_reply(body: object, words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        reply(body)
