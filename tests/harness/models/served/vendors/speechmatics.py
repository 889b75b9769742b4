"""Speechmatics' documented API."""

from __future__ import annotations

from typing import Any

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented, field_of


def answer(duration: float = 1.2, results: list[Any] | None = None) -> dict[str, Any]:
    def part(kind: str, content: str, start: float, end: float, speaker: str) -> dict[str, Any]:
        best = {"content": content, "confidence": 1.0, "speaker": speaker}
        found: dict[str, Any] = {"type": kind, "start_time": start, "end_time": end, "alternatives": [best]}
        return {**found, "attaches_to": "previous"} if kind == "punctuation" else found

    said = [
        part("word", "Hello", 0.1, 0.5, "S1"),
        part("punctuation", ",", 0.5, 0.5, "S1"),
        part("word", "you", 0.6, 1.0, "S2"),
        part("punctuation", ".", 1.0, 1.0, "S2"),
    ]
    pack = {"language_pack_info": {"word_delimiter": " "}}
    return {
        "format": "2.9",
        "job": {"duration": duration},
        "metadata": pack,
        "results": said if results is None else results,
    }


def check(asked: list[Asked]) -> None:
    job, *polls, result = asked
    assert field_of(job, "config") == {
        "type": "transcription",
        "transcription_config": {
            "language": "en",
            "model": "enhanced",
            "additional_vocab": [{"content": "Zoë"}, {"content": "a b"}],
            "diarization": "speaker",
        },
    }
    assert 'name="data_file"' in str(job.parts[1]["content-disposition"])
    assert [poll.path for poll in polls] == ["/v2/jobs/j1"] * 2
    assert result.path == "/v2/jobs/j1/transcript?format=json-v2"


JOB = {
    "POST /v2/jobs": {"id": "j1"},
    "GET /v2/jobs/j1": [{"job": {"status": "running"}}, {"job": {"status": "done"}}],
}
API = Documented(
    header=("authorization", f"Bearer {KEY}"),
    answers={**JOB, "GET /v2/jobs/j1/transcript": answer()},
    checks=check,
    silence={**JOB, "GET /v2/jobs/j1/transcript": answer(results=[])},
    bad=("GET /v2/jobs/j1/transcript", {"format": "2.9"}),
    other=("GET /v2/jobs/j1/transcript", answer(30.0)),
    speakers=("S1", "S2"),
    unknown_language=lambda asked: field_of(asked[0], "config")["transcription_config"]["language"] == "auto",
)
