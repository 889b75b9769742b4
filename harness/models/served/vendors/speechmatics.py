"""Speechmatics' batch jobs: https://docs.speechmatics.com/api-ref/batch."""

from __future__ import annotations

import json
from typing import Any

from harness.models.served.form import form
from harness.models.served.messages import (
    Answer,
    AnswerError,
    Call,
    Exchange,
    Request,
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


def exchange(ask: Ask, call: Call) -> Exchange:
    """A job, asked after, and its transcript."""
    language = LANGUAGES.get(call.language, call.language) if call.language else "auto"
    config: dict[str, Any] = {"language": language, "model": ask.model}
    config |= {"additional_vocab": [{"content": word} for word in ask.keywords]} if ask.keywords else {}
    config |= {"diarization": "speaker"} if ask.speakers else {}
    stated = json.dumps({"type": "transcription", "transcription_config": config})
    headers, body = form([("config", stated)], call, "data_file")
    request = Request(url=f"{ask.url}/v2/jobs", headers=headers, body=body, seconds=call.seconds)
    place = f"{ask.url}/v2/jobs/{job_id((yield request))}"
    yield from until_done(place, _status, "done", ["rejected", "deleted", "expired"])
    result = Request(method="GET", url=f"{place}/transcript?format=json-v2", asks_again=True)
    found = json_of((yield result))
    if "results" not in found:
        raise AnswerError("the server's answer has no transcript: 'results' is missing")
    job, metadata = found.get("job"), found.get("metadata")
    check_seconds(job.get("duration") if isinstance(job, dict) else None, call)
    pack = metadata.get("language_pack_info") if isinstance(metadata, dict) else None
    between = pack.get("word_delimiter", " ") if isinstance(pack, dict) else " "
    return _answer(objects(found["results"], "results"), texts(between, "word_delimiter"), ask, call)


def _answer(results: list[dict[str, Any]], between: str, ask: Ask, call: Call) -> Answer:
    """Words and marks put together: a mark that belongs to the word before it stands at its end."""
    entries: list[tuple[Word, object]] = []
    for each in results:
        alternatives = objects(each.get("alternatives"), "alternatives")
        if not alternatives:
            continue
        content = texts(alternatives[0].get("content"), "content")
        start, end = number(each.get("start_time"), "start_time"), number(each.get("end_time"), "end_time")
        if each.get("attaches_to") == "previous" and entries:
            word, speaker = entries[-1]
            entries[-1] = (Word(word.text + content, word.start, word.end), speaker)
        else:
            entries.append((Word(content, start, end), alternatives[0].get("speaker")))
    return spoken(between.join(word.text for word, _ in entries), entries, ask, call)


def _status(said: dict[str, Any]) -> object:
    job = said.get("job")
    return job.get("status") if isinstance(job, dict) else None


VENDOR = Vendor(
    name="speechmatics",
    title="Speechmatics",
    url="https://eu1.asr.api.speechmatics.com",
    model="enhanced",
    keys=("SPEECHMATICS_API_KEY",),
    header="Authorization",
    form="Bearer {}",
    exchange=exchange,
)
