"""Deepgram's documented API."""

from __future__ import annotations

from typing import Any

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented, query


def answer(transcript: str = "Hello, you.", duration: float = 1.2) -> dict[str, Any]:
    words = [
        {"word": "hello", "punctuated_word": "Hello,", "start": 0.1, "end": 0.5, "speaker": 0},
        {"word": "you", "punctuated_word": "you.", "start": 0.6, "end": 1.0, "speaker": 1},
    ]
    best = {"transcript": transcript, "confidence": 0.99, "words": words if transcript else []}
    return {"metadata": {"duration": duration}, "results": {"channels": [{"alternatives": [best]}]}}


def check(asked: list[Asked]) -> None:
    (one,) = asked
    assert one.body[:4] == b"fLaC"
    assert one.headers["content-type"] == "audio/flac"
    expected = [("model", "nova-3"), ("punctuate", "true"), ("language", "en"), ("keyterm", "Zoë"), ("keyterm", "a b")]
    assert query(one) == [*expected, ("diarize", "true")]


API = Documented(
    header=("authorization", f"Token {KEY}"),
    answers={"POST /v1/listen": answer()},
    checks=check,
    silence={"POST /v1/listen": answer("")},
    bad=("POST /v1/listen", {"results": {"channels": []}}),
    other=("POST /v1/listen", answer(duration=30.0)),
    unknown_language=lambda asked: ("detect_language", "true") in query(asked[0]),
)
