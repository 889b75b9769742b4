"""Streamed answers of both forms, whole, broken off, and when their first word was there."""

from __future__ import annotations

import json

import pytest

from harness.models.served.events import events, read_stream
from harness.models.served.messages import AnswerError, Response
from harness.models.served.openai import Transcriptions
from harness.models.served.openai_chat import Chat
from tests.harness.models.served.conftest import call


def stream(*sent: object, end: str = "") -> bytes:
    return "".join(f"data: {json.dumps(each)}\n\n" for each in sent).encode() + end.encode()


DELTAS = stream(
    {"type": "transcript.text.delta", "delta": "Hel"},
    {"type": "transcript.text.delta", "delta": "lo"},
    {"type": "transcript.text.done", "text": "Hello.", "usage": {"output_tokens": 3}},
)
CHUNKS = stream(
    {"model": "m-1", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"delta": {"content": "Hel"}}]},
    {"choices": [{"delta": {"content": "lo"}, "finish_reason": None}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"completion_tokens": 2}},
    end="data: [DONE]\n\n",
)


def response(body: bytes, *, size: int | None = None) -> Response:
    """As if so many bytes had arrived at 1.0, and the rest at 2.0."""
    arrivals = [(len(body) if size is None else size, 1.0), (len(body), 2.0)]
    return Response(status=200, headers={"content-type": "text/event-stream"}, body=body, arrivals=arrivals)


def test_events_end_with_an_empty_line_of_any_kind() -> None:
    body = b": comment\ndata: a\ndata:b\n\nevent: x\r\ndata: c\r\n\r\nid: 4\n\ndata: d"
    assert [(event.data, event.size) for event in events(body)] == [("a\nb", 26), ("c", 47), ("d", len(body))]


def test_openai_s_own_form() -> None:
    found = read_stream(response(DELTAS))
    assert (found.text, found.usage, found.first_at) == ("Hello.", {"output_tokens": 3}, 1.0)


def test_the_form_of_chat() -> None:
    found = read_stream(response(CHUNKS))
    assert (found.text, found.usage) == ("Hello", {"completion_tokens": 2})


@pytest.mark.parametrize("body", [DELTAS, CHUNKS], ids=["deltas", "chunks"])
def test_the_first_token_is_there_when_its_whole_event_is(body: bytes) -> None:
    size = body.index(b"Hel")
    assert read_stream(response(body, size=size)).first_at == 2.0
    assert read_stream(response(body, size=body.index(b"\n\n", size) + 2)).first_at == 1.0
    assert read_stream(response(body, size=body.index(b"\n\n", size) + 1)).first_at == 2.0


def test_silence_has_no_first_token() -> None:
    found = read_stream(response(stream({"type": "transcript.text.done", "text": ""})))
    assert (found.text, found.first_at) == ("", None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "answered with nothing"),
        (stream({"type": "transcript.text.delta", "delta": "Hel"}), "breaks off before its end"),
        (DELTAS[:-20], "event that is no JSON"),
        (stream("text"), "no JSON object"),
        (stream({"error": {"message": "out of memory"}}), "ends with an error: out of memory"),
        (stream({"type": "error", "message": "boom"}), "ends with an error: boom"),
        (stream({"type": "transcript.text.delta", "delta": 5}), "'delta' is of type int"),
        (stream({"choices": 3}), "'choices' is no list"),
    ],
)
def test_streams_that_are_none(body: bytes, words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        read_stream(response(body))


def test_services_read_streams() -> None:
    service = Transcriptions(url="http://s", model="m", stream=True)
    answer = service.answer(response(DELTAS), call())
    assert (answer.text, answer.tokens, answer.first_at) == ("Hello.", 3, 1.0)
    chat = Chat(url="http://s", model="m", stream=True).answer(response(CHUNKS))
    assert (chat.text, chat.tokens, chat.first_at, chat.made_by) == ("Hello", 2, 1.0, "m-1")


def test_a_server_that_does_not_stream_is_read_all_the_same() -> None:
    whole = Response(status=200, headers={"content-type": "application/json"}, body=b'{"text": "Hello"}')
    answer = Transcriptions(url="http://s", model="m", stream=True).answer(whole, call())
    assert (answer.text, answer.first_at) == ("Hello", None)


def test_streamed_speakers() -> None:
    body = stream(
        {"type": "transcript.text.segment", "speaker": "A", "text": "Hi you", "start": 0.0, "end": 1.0},
        {"type": "transcript.text.segment", "speaker": "B", "text": "Hi", "start": 1.0, "end": 1.5},
        {"type": "transcript.text.done", "text": "Hi you Hi"},
    )
    service = Transcriptions(url="http://s", model="m", stream=True, format="diarized_json")
    answer = service.answer(response(body), call())
    assert (answer.text, answer.speakers, answer.first_at) == ("Hi you Hi", ("A", "A", "B"), 1.0)
