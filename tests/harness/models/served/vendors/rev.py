"""Rev AI's documented API."""

from __future__ import annotations

from typing import Any

from tests.harness.models.served.standin import Asked
from tests.harness.models.served.vendors.documented import KEY, Documented, field_of


def answer(monologues: list[Any] | None = None) -> dict[str, Any]:
    said = [
        {
            "speaker": 0,
            "elements": [
                {"type": "text", "value": "Hello,", "ts": 0.1, "end_ts": 0.5},
                {"type": "punct", "value": " "},
            ],
        },
        {"speaker": 1, "elements": [{"type": "text", "value": "you.", "ts": 0.6, "end_ts": 1.0}]},
    ]
    return {"monologues": said if monologues is None else monologues}


def check(asked: list[Asked]) -> None:
    job, *polls, result = asked
    assert field_of(job, "options") == {
        "transcriber": "machine",
        "language": "en",
        "skip_diarization": False,
        "custom_vocabularies": [{"phrases": ["Zoë", "a b"]}],
    }
    assert 'name="media"' in str(job.parts[1]["content-disposition"])
    assert [poll.path for poll in polls] == ["/speechtotext/v1/jobs/j1"] * 2
    assert result.path == "/speechtotext/v1/jobs/j1/transcript"
    assert result.headers["accept"] == "application/vnd.rev.transcript.v1.0+json"


DONE = {"id": "j1", "status": "transcribed", "duration_seconds": 1.2}
JOB = {
    "POST /speechtotext/v1/jobs": {"id": "j1", "status": "in_progress"},
    "GET /speechtotext/v1/jobs/j1": [{"id": "j1", "status": "in_progress"}, DONE],
}
API = Documented(
    header=("authorization", f"Bearer {KEY}"),
    answers={**JOB, "GET /speechtotext/v1/jobs/j1/transcript": answer()},
    checks=check,
    silence={**JOB, "GET /speechtotext/v1/jobs/j1/transcript": answer([])},
    bad=("GET /speechtotext/v1/jobs/j1/transcript", {"text": "Hello"}),
    other=("GET /speechtotext/v1/jobs/j1", {**DONE, "duration_seconds": 30.0}),
)
