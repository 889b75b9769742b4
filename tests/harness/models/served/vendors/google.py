"""Google's documented API."""

from __future__ import annotations

import base64
from typing import Any

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented


def answer(duration: str = "1.2s") -> dict[str, Any]:
    first = {"startTime": "0.100s", "endTime": "0.500s", "word": "Hello,", "speakerTag": 0}
    second = {"startTime": "0.600s", "endTime": "1s", "word": "you.", "speakerTag": 1}
    return {
        "results": [
            {"alternatives": [{"transcript": "Hello,", "words": [first]}], "resultEndTime": duration},
            {"alternatives": [{"transcript": " you.", "words": [second]}], "resultEndTime": duration},
            {"alternatives": [{"words": [first, second]}]},
        ],
        "totalBilledTime": "2s",
    }


def check(asked: list[Asked]) -> None:
    (one,) = asked
    assert base64.b64decode(one.json["audio"]["content"])[:4] == b"fLaC"
    assert one.json["config"] == {
        "encoding": "FLAC",
        "sampleRateHertz": 16000,
        "languageCode": "en-GB",
        "model": "latest_long",
        "enableAutomaticPunctuation": True,
        "enableWordTimeOffsets": True,
        "speechContexts": [{"phrases": ["Zoë", "a b"]}],
        "diarizationConfig": {"enableSpeakerDiarization": True},
    }


API = Documented(
    header=("x-goog-api-key", KEY),
    answers={"POST /v1/speech:recognize": answer()},
    checks=check,
    silence={"POST /v1/speech:recognize": {"totalBilledTime": "2s"}},
    bad=("POST /v1/speech:recognize", {}),
    other=("POST /v1/speech:recognize", answer("30s")),
    options=("locale=en-GB",),
)
