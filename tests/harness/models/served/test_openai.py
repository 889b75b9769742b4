"""What is asked of a transcription endpoint, and how each of its formats is read, good and bad."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from harness.models.served.messages import Answer, AnswerError, Response
from harness.models.served.openai import Transcriptions
from harness.types import Turn, Word
from tests.harness.models.served.conftest import call
from tests.harness.models.served.standin import Asked

BASE: dict[str, Any] = {"url": "http://s/v1", "model": "m"}


def asked(service: Transcriptions, language: str | None = "en") -> Asked:
    request = service.request(call(language=language))
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Asked(request.method, request.url, headers, request.body)


def response(body: object, kind: str = "application/json") -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=200, headers={"content-type": f"{kind}; charset=utf-8"}, body=data)


def read(body: object, kind: str = "application/json", seconds: float = 2.0, **fields: Any) -> Answer:
    return Transcriptions(**BASE, **fields).answer(response(body, kind), call(seconds))


def test_the_plainest_request() -> None:
    found = asked(Transcriptions(**BASE))
    assert (found.method, found.path) == ("POST", "http://s/v1/audio/transcriptions")
    assert found.fields == [("model", "m"), ("response_format", "json"), ("language", "en")]
    assert found.file == ("clip.flac", "audio/flac", b"fLaC-bytes")


def test_everything_that_can_be_asked() -> None:
    service = Transcriptions(
        **BASE, format="verbose_json", words=True, stream=True, prompt="Ünï", keywords=("a b", "c"), temperature="0.2"
    )
    assert asked(service, language=None).fields == [
        ("model", "m"),
        ("response_format", "verbose_json"),
        ("prompt", "Ünï"),
        ("temperature", "0.2"),
        ("timestamp_granularities[]", "word"),
        ("keywords[]", "a b"),
        ("keywords[]", "c"),
        ("stream", "true"),
    ]
    assert ("chunking_strategy", "auto") in asked(Transcriptions(**BASE, format="diarized_json")).fields


def test_the_same_clip_makes_the_same_bytes() -> None:
    service = Transcriptions(**BASE)
    assert service.request(call()) == service.request(call())
    assert service.request(call(3.5)).seconds == 3.5


def test_json() -> None:
    usage = {"type": "tokens", "input_tokens": 30, "output_tokens": 9}
    assert read({"text": " Hello. ", "usage": usage}) == Answer(text=" Hello. ", tokens=9)
    assert read({"text": ""}) == Answer(text="")


def test_text() -> None:
    assert read("Hëllo\n".encode(), "text/plain", format="text") == Answer(text="Hëllo")
    assert read(b"\n", "text/plain", format="text") == Answer(text="")
    with pytest.raises(AnswerError, match="answered with nothing"):
        read(b"", "text/plain", format="text")
    with pytest.raises(AnswerError, match="not UTF-8"):
        read(b"\xff\xfe", "text/plain", format="text")


def test_words_with_times() -> None:
    words = [{"word": " Hello", "start": 0.1, "end": 0.5}, {"word": "you", "start": 1, "end": 1.5}]
    found = read({"text": "Hello you", "words": words, "duration": 1.5}, format="verbose_json", words=True)
    assert found.words == (Word("Hello", 0.1, 0.5), Word("you", 1.0, 1.5))
    assert read({"text": "", "words": None}, format="verbose_json", words=True).words is None
    assert read({"text": "x", "words": words}, format="verbose_json").words is None
    with pytest.raises(AnswerError, match="no times of words"):
        read({"text": "x", "words": None, "segments": []}, format="verbose_json", words=True)


def test_speakers_one_a_word() -> None:
    segments = [
        {"speaker": "A", "text": " Good morning.", "start": 0.0, "end": 0.9},
        {"speaker": "B", "text": "You too!", "start": 1.0, "end": 1.9},
    ]
    found = read({"text": "Good morning. You too!", "segments": segments}, format="diarized_json")
    assert (found.text, found.speakers) == ("Good morning. You too!", ("A", "A", "B", "B"))
    assert found.turns == (Turn("A", "Good morning.", 0.0, 0.9), Turn("B", "You too!", 1.0, 1.9))
    untimed = [segments[0], {"speaker": "B", "text": "You too!"}]
    assert read({"text": "Good morning. You too!", "segments": untimed}, format="diarized_json").turns is None
    assert (
        read({"text": "Good morning.", "segments": segments}, format="diarized_json").text == "Good morning. You too!"
    )
    with pytest.raises(AnswerError, match="no speakers"):
        read({"text": "Good morning."}, format="diarized_json")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": "x", "duration": 30.0}, r"about other audio: duration 30 s where the clip has 2.00 s"),
        ({"text": "x", "duration": "30.0"}, "about other audio"),
        ({"text": "x", "usage": {"type": "duration", "seconds": 30}}, "about other audio: billed seconds 30 s"),
        ({"text": "x", "words": [{"word": "x", "start": 0, "end": 30.0}]}, "about other audio: last word ends at 30 s"),
    ],
)
def test_the_answer_about_another_clip(body: Mapping[str, object], words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        read(body, format="verbose_json", words="words" in body)
    assert read(body, seconds=29.0, format="verbose_json", words="words" in body).text == "x"


def test_rounded_and_shorter_durations_are_not_another_clips() -> None:
    for duration in (0.0, 1.2, 2.0, 3.0, 3.6, "2", "long", None):
        assert read({"text": "x", "duration": duration}).text == "x"
    with pytest.raises(AnswerError):
        read({"text": "x", "duration": 3.7})


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "application/json", "^the server answered with nothing$"),
        (b" \n", "application/json", "answered with nothing"),
        (
            b"<html><style>p{}</style><p>Sign  in</p></html>",
            "text/html",
            "^the server answered with a web page: Sign in$",
        ),
        (b"<!DOCTYPE html><p>Hi", "application/json", "web page: Hi"),
        (b'{"text": "hel', "application/json", 'is no JSON, or breaks off: \'{"text": "hel\''),
        (b"\xff\xfe\x00", "application/json", "is no JSON"),
        (b"[1]", "application/json", "is no JSON object"),
        (b'"hello"', "application/json", "is no JSON object"),
        (b"{}", "application/json", "'text' is missing"),
        (b'{"text": null}', "application/json", "'text' is missing"),
        (b'{"text": 5}', "application/json", "'text' is of type int"),
        (b'{"error": {"message": "model is loading"}}', "application/json", "with an error: model is loading"),
        (b'{"text": "x", "words": 3}', "application/json", "'words' is no list of objects"),
        (b'{"text": "x", "words": [{"word": "x"}]}', "application/json", "'start' is None, where a number should be"),
        (b"[" * 100_000, "application/json", "is no JSON"),
    ],
)
def test_what_is_no_transcript(body: bytes, kind: str, words: str) -> None:
    with pytest.raises(AnswerError, match=words) as caught:
        read(body, kind, format="verbose_json", words=True)
    assert len(str(caught.value)) < 300


def test_a_web_page_is_no_text_either() -> None:
    with pytest.raises(AnswerError, match="web page"):
        read(b"<!doctype html><h1>Welcome</h1>", "text/plain", format="text")
