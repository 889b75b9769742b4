"""ElevenLabs' Scribe: https://elevenlabs.io/docs/api-reference/speech-to-text/convert."""

from __future__ import annotations

from harness.models.served.form import form
from harness.models.served.messages import Call, Exchange, Request, json_of, number, objects, texts
from harness.models.served.vendors.base import Ask, Vendor, spoken
from harness.types import Word


def exchange(ask: Ask, call: Call) -> Exchange:
    """One form; laughter and the like are not written out."""
    fields = [("model_id", ask.model), ("tag_audio_events", "false"), ("timestamps_granularity", "word")]
    fields += [("language_code", call.language)] if call.language else []
    fields += [("diarize", "true")] if ask.speakers else []
    fields += [("keyterms", word) for word in ask.keywords]
    headers, body = form(fields, call)
    request = Request(url=f"{ask.url}/v1/speech-to-text", headers=headers, body=body, seconds=call.seconds)
    found = json_of((yield request))
    entries = [
        (
            Word(
                texts(word.get("text"), "words[].text"),
                number(word.get("start"), "words[].start"),
                number(word.get("end"), "words[].end"),
            ),
            word.get("speaker_id"),
        )
        for word in objects(found.get("words"), "words")
        if word.get("type") == "word"
    ]
    return spoken(texts(found.get("text")), entries, ask, call)


VENDOR = Vendor(
    name="elevenlabs",
    title="ElevenLabs",
    url="https://api.elevenlabs.io",
    model="scribe_v2",
    keys=("ELEVENLABS_API_KEY",),
    header="xi-api-key",
    exchange=exchange,
)
