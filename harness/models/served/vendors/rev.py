"""Rev AI's asynchronous jobs: https://docs.rev.ai/api/asynchronous/reference."""

from __future__ import annotations

import json
from typing import Any

from harness.models.served.form import form
from harness.models.served.messages import (
    AnswerError,
    Call,
    Exchange,
    Request,
    RequestError,
    check_seconds,
    json_of,
    number,
    objects,
    texts,
)
from harness.models.served.vendors.base import Ask, Vendor, job_id, spoken, until_done
from harness.types import Word

LANGUAGES = {"zh": "cmn"}
"""What the service calls otherwise."""

TRANSCRIPT = "application/vnd.rev.transcript.v1.0+json"


def exchange(ask: Ask, call: Call) -> Exchange:
    """A job, asked after, and its transcript."""
    if call.language is None:
        raise RequestError("the service has to be told the language; give --language")
    options: dict[str, Any] = {
        "transcriber": ask.model,
        "language": LANGUAGES.get(call.language, call.language),
        "skip_diarization": not ask.speakers,
    }
    options |= {"custom_vocabularies": [{"phrases": list(ask.keywords)}]} if ask.keywords else {}
    headers, body = form([("options", json.dumps(options))], call, "media")
    request = Request(url=f"{ask.url}/speechtotext/v1/jobs", headers=headers, body=body, seconds=call.seconds)
    place = f"{ask.url}/speechtotext/v1/jobs/{job_id((yield request))}"
    job = yield from until_done(place, lambda said: said.get("status"), "transcribed", ["failed"])
    check_seconds(job.get("duration_seconds"), call, "duration_seconds")
    result = Request(method="GET", url=f"{place}/transcript", headers={"Accept": TRANSCRIPT}, asks_again=True)
    found = json_of((yield result))
    if "monologues" not in found:
        raise AnswerError("the server's answer has no transcript: 'monologues' is missing")
    parts, entries = [], []
    for monologue in objects(found["monologues"], "monologues"):
        elements = objects(monologue.get("elements"), "elements")
        parts.append("".join(texts(each.get("value"), "value") for each in elements).strip())
        entries += [(word, monologue.get("speaker")) for word in map(_word, elements) if word is not None]
    return spoken(" ".join(part for part in parts if part), entries, ask, call)


def _word(element: dict[str, Any]) -> Word | None:
    """A word with its times; None for marks, and for what was not understood, which has none."""
    if element.get("type") != "text":
        return None
    return Word(
        texts(element.get("value"), "value"), number(element.get("ts"), "ts"), number(element.get("end_ts"), "end_ts")
    )


VENDOR = Vendor(
    name="rev",
    title="Rev AI",
    url="https://api.rev.ai",
    model="machine",
    keys=("REVAI_ACCESS_TOKEN", "REVAI_API_KEY"),
    header="Authorization",
    form="Bearer {}",
    exchange=exchange,
    refused=("human",),
)
