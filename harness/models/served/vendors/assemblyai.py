"""AssemblyAI's pre-recorded audio: https://www.assemblyai.com/docs/api-reference/transcripts/submit."""

from __future__ import annotations

import json
from typing import Any

from harness.models.served.messages import Call, Exchange, Request, check_seconds, json_of, number, objects, texts
from harness.models.served.vendors.base import Ask, Vendor, job_id, spoken, until_done
from harness.types import Word


def exchange(ask: Ask, call: Call) -> Exchange:
    """Three steps: the audio is uploaded, a job is made of it, and asked after."""
    headers = {"Content-Type": "application/octet-stream"}
    upload = Request(url=f"{ask.url}/v2/upload", headers=headers, body=call.audio, seconds=call.seconds)
    place = texts(json_of((yield upload)).get("upload_url"), "upload_url")
    job: dict[str, Any] = {"audio_url": place, "speech_models": [ask.model], "punctuate": True, "format_text": True}
    job |= {"language_code": call.language} if call.language else {"language_detection": True}
    job |= {"keyterms_prompt": list(ask.keywords)} if ask.keywords else {}
    job |= {"speaker_labels": True} if ask.speakers else {}
    body = json.dumps(job).encode()
    headers = {"Content-Type": "application/json"}
    made = job_id((yield Request(url=f"{ask.url}/v2/transcript", headers=headers, body=body, asks_again=True)))
    found = yield from until_done(
        f"{ask.url}/v2/transcript/{made}", lambda said: said.get("status"), "completed", ["error"]
    )
    check_seconds(found.get("audio_duration"), call, "audio_duration")
    entries = [
        (
            Word(
                texts(word.get("text"), "words[].text"),
                number(word.get("start"), "words[].start") / 1000,
                number(word.get("end"), "words[].end") / 1000,
            ),
            word.get("speaker"),
        )
        for word in objects(found.get("words"), "words")
    ]
    silent = found.get("text") is None and found.get("words") == []
    return spoken("" if silent else texts(found.get("text")), entries, ask, call)


VENDOR = Vendor(
    name="assemblyai",
    title="AssemblyAI",
    url="https://api.assemblyai.com",
    model="universal-3-pro",
    keys=("ASSEMBLYAI_API_KEY",),
    header="Authorization",
    exchange=exchange,
)
