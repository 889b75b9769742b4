"""ElevenLabs' documented API."""

from __future__ import annotations

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented

ANSWER = {
    "text": "Hello, you.",
    "words": [
        {"text": "Hello,", "start": 0.1, "end": 0.5, "type": "word", "speaker_id": "0"},
        {"text": " ", "start": 0.5, "end": 0.6, "type": "spacing", "speaker_id": "0"},
        {"text": "you.", "start": 0.6, "end": 1.0, "type": "word", "speaker_id": "1"},
        {"text": "(laughs)", "start": 1.0, "end": 1.1, "type": "audio_event", "speaker_id": "1"},
    ],
}


def check(asked: list[Asked]) -> None:
    (one,) = asked
    assert one.fields == [
        ("model_id", "scribe_v2"),
        ("tag_audio_events", "false"),
        ("timestamps_granularity", "word"),
        ("language_code", "en"),
        ("diarize", "true"),
        ("keyterms", "Zoë"),
        ("keyterms", "a b"),
    ]
    assert one.file[0] == "clip.flac"


API = Documented(
    header=("xi-api-key", KEY),
    answers={"POST /v1/speech-to-text": ANSWER},
    checks=check,
    silence={"POST /v1/speech-to-text": {"text": "", "words": []}},
    bad=("POST /v1/speech-to-text", {"language_code": "en"}),
    unknown_language=lambda asked: "language_code" not in dict(asked[0].fields),
)
