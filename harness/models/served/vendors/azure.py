"""Azure's fast transcription: https://learn.microsoft.com/azure/ai-services/speech-service/fast-transcription-create."""

from __future__ import annotations

import json
from typing import Any

from harness.models.served.form import form
from harness.models.served.messages import (
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
from harness.models.served.vendors.base import Ask, Vendor, located, spoken
from harness.types import Word

VERSION = "2025-10-15"
"""Of the API."""


def exchange(ask: Ask, call: Call) -> Exchange:
    """One form; without a language the service finds it out."""
    locale = located(ask, call)
    definition: dict[str, Any] = {"locales": [locale] if locale else []}
    definition |= {"diarization": {"enabled": True}} if ask.speakers else {}
    definition |= {"phraseList": {"phrases": list(ask.keywords)}} if ask.keywords else {}
    headers, body = form([("definition", json.dumps(definition))], call, "audio")
    url = f"{ask.url}/speechtotext/transcriptions:transcribe?api-version={VERSION}"
    found = json_of((yield Request(url=url, headers=headers, body=body, seconds=call.seconds)))
    if "combinedPhrases" not in found:
        raise AnswerError("the server's answer has no transcript: 'combinedPhrases' is missing")
    milliseconds = found.get("durationMilliseconds")
    check_seconds(number(milliseconds, "durationMilliseconds") / 1000 if milliseconds is not None else None, call)
    whole = " ".join(texts(each.get("text")) for each in objects(found["combinedPhrases"], "combinedPhrases"))
    entries = [
        (_word(word), phrase.get("speaker"))
        for phrase in objects(found.get("phrases"), "phrases")
        for word in objects(phrase.get("words"), "phrases[].words")
    ]
    return spoken(whole, entries, ask, call)


def _word(found: dict[str, Any]) -> Word:
    start = number(found.get("offsetMilliseconds"), "words[].offsetMilliseconds") / 1000
    length = number(found.get("durationMilliseconds"), "words[].durationMilliseconds") / 1000
    return Word(texts(found.get("text"), "words[].text"), start, start + length)


VENDOR = Vendor(
    name="azure",
    title="Azure Speech",
    url=None,
    model="fast",
    keys=("AZURE_SPEECH_KEY",),
    header="Ocp-Apim-Subscription-Key",
    exchange=exchange,
    longest=7_200.0,
)
