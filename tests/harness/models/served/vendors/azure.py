"""Azure's documented API."""

from __future__ import annotations

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented, field_of, query

ANSWER = {
    "durationMilliseconds": 1200,
    "combinedPhrases": [{"text": "Hello, you."}],
    "phrases": [
        {"speaker": 0, "words": [{"text": "Hello,", "offsetMilliseconds": 100, "durationMilliseconds": 400}]},
        {"speaker": 1, "words": [{"text": "you.", "offsetMilliseconds": 600, "durationMilliseconds": 400}]},
    ],
}


def check(asked: list[Asked]) -> None:
    (one,) = asked
    assert query(one) == [("api-version", "2025-10-15")]
    phrases = {"phrases": ["Zoë", "a b"]}
    expected = {"locales": ["en-US"], "diarization": {"enabled": True}, "phraseList": phrases}
    assert field_of(one, "definition") == expected
    assert 'name="audio"' in str(one.parts[1]["content-disposition"])


API = Documented(
    header=("ocp-apim-subscription-key", KEY),
    answers={"POST /speechtotext/transcriptions:transcribe": ANSWER},
    checks=check,
    silence={"POST /speechtotext/transcriptions:transcribe": {"combinedPhrases": [], "phrases": []}},
    bad=("POST /speechtotext/transcriptions:transcribe", {"durationMilliseconds": 1200}),
    other=("POST /speechtotext/transcriptions:transcribe", {**ANSWER, "durationMilliseconds": 30_000}),
    unknown_language=lambda asked: field_of(asked[0], "definition")["locales"] == [],
)
