"""AssemblyAI's documented API."""

from __future__ import annotations

from typing import Any

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented


def answer(**fields: Any) -> dict[str, Any]:
    words = [
        {"text": "Hello,", "start": 100, "end": 500, "speaker": "0"},
        {"text": "you.", "start": 600, "end": 1000, "speaker": "1"},
    ]
    done = {
        "id": "t/1",
        "status": "completed",
        "text": "Hello, you.",
        "words": words,
        "audio_duration": 2,
        "error": None,
    }
    return {**done, **fields}


def check(asked: list[Asked]) -> None:
    upload, job, *polls = asked
    assert upload.body[:4] == b"fLaC"
    assert upload.headers["content-type"] == "application/octet-stream"
    assert job.json == {
        "audio_url": "https://cdn.example/1",
        "speech_models": ["universal-3-pro"],
        "punctuate": True,
        "format_text": True,
        "language_code": "en",
        "keyterms_prompt": ["Zoë", "a b"],
        "speaker_labels": True,
    }
    assert [poll.path for poll in polls] == ["/v2/transcript/t%2F1"] * 2


JOB = {"POST /v2/upload": {"upload_url": "https://cdn.example/1"}, "POST /v2/transcript": {"id": "t/1"}}
API = Documented(
    header=("authorization", KEY),
    answers={**JOB, "GET /v2/transcript/t%2F1": [{"status": "queued", "error": None}, answer()]},
    checks=check,
    silence={**JOB, "GET /v2/transcript/t%2F1": answer(text=None, words=[])},
    bad=("GET /v2/transcript/t%2F1", answer(text=None)),
    other=("GET /v2/transcript/t%2F1", answer(audio_duration=30)),
    unknown_language=lambda asked: asked[1].json["language_detection"] is True,
)
