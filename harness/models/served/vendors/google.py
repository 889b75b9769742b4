"""Google's synchronous recognition: https://cloud.google.com/speech-to-text/docs/reference/rest/v1/speech/recognize."""

from __future__ import annotations

import base64
import json
from typing import Any

from harness.models.served.messages import (
    AnswerError,
    Call,
    Exchange,
    Request,
    RequestError,
    check_seconds,
    json_of,
    objects,
    texts,
)
from harness.models.served.vendors.base import Ask, Vendor, located, spoken
from harness.types import SAMPLE_RATE, Word


def exchange(ask: Ask, call: Call) -> Exchange:
    """One request with the audio in it, which must be shorter than a minute."""
    locale = located(ask, call)
    if locale is None:
        raise RequestError("the service has to be told the language; give --language, or --model-option locale=")
    config: dict[str, Any] = {
        "encoding": "FLAC" if call.format == "flac" else "LINEAR16",
        "sampleRateHertz": SAMPLE_RATE,
        "languageCode": locale,
        "model": ask.model,
        "enableAutomaticPunctuation": True,
        "enableWordTimeOffsets": True,
    }
    config |= {"speechContexts": [{"phrases": list(ask.keywords)}]} if ask.keywords else {}
    config |= {"diarizationConfig": {"enableSpeakerDiarization": True}} if ask.speakers else {}
    body = json.dumps({"config": config, "audio": {"content": base64.b64encode(call.audio).decode()}}).encode()
    headers = {"Content-Type": "application/json"}
    url = f"{ask.url}/v1/speech:recognize"
    found = json_of((yield Request(url=url, headers=headers, body=body, seconds=call.seconds)))
    if "results" not in found and "totalBilledTime" not in found:  # silence has the second alone
        raise AnswerError("the server's answer has no transcript: 'results' is missing")
    parts: list[str] = []
    entries: list[tuple[Word, object]] = []
    for result in objects(found.get("results"), "results"):
        if result.get("resultEndTime") is not None:
            check_seconds(_seconds(result["resultEndTime"]), call, "a result ends at")
        best = next(iter(objects(result.get("alternatives"), "alternatives")), {})
        if best.get("transcript"):
            parts.append(texts(best["transcript"], "transcript").strip())
        words = [(_word(word), word.get("speakerTag")) for word in objects(best.get("words"), "words")]
        # With speakers, the last result has the words of all of them once more, each with its speaker.
        entries = words if ask.speakers else [*entries, *words]
    return spoken(" ".join(parts), entries, ask, call)


def _word(found: dict[str, Any]) -> Word:
    start, end = _seconds(found.get("startTime", "0s")), _seconds(found.get("endTime", "0s"))
    return Word(texts(found.get("word"), "words[].word"), start, end)


def _seconds(found: object) -> float:
    """A duration such as ``1.400s``."""
    try:
        return float(texts(found, "time").removesuffix("s"))
    except ValueError:
        raise AnswerError(f"the server's answer: {found!r} is no time") from None


VENDOR = Vendor(
    name="google",
    title="Google Cloud Speech-to-Text v1",
    url="https://speech.googleapis.com",
    model="latest_long",
    keys=("GOOGLE_API_KEY",),
    header="X-Goog-Api-Key",
    exchange=exchange,
    longest=59.0,
    max_bytes=10_000_000,
    base64=True,
)
