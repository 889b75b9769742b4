"""Deepgram's pre-recorded audio: https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded."""

from __future__ import annotations

from urllib.parse import urlencode

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
from harness.models.served.vendors.base import Ask, Vendor, spoken
from harness.types import Word


def exchange(ask: Ask, call: Call) -> Exchange:
    """One request; the audio is its body."""
    query = [("model", ask.model), ("punctuate", "true")]
    query += [("language", call.language) if call.language else ("detect_language", "true")]
    query += [("keyterm" if ask.model.startswith("nova-3") else "keywords", word) for word in ask.keywords]
    query += [("diarize", "true")] if ask.speakers else []
    url = f"{ask.url}/v1/listen?{urlencode(query)}"
    response = yield Request(url=url, headers={"Content-Type": call.media_type}, body=call.audio, seconds=call.seconds)
    found = json_of(response)
    results, metadata = found.get("results"), found.get("metadata")
    channels = objects(results.get("channels") if isinstance(results, dict) else None, "results.channels")
    alternatives = objects(channels[0].get("alternatives"), "alternatives") if channels else []
    if not alternatives:
        raise AnswerError("the server's answer has no transcript: 'results.channels[0].alternatives[0]' is missing")
    check_seconds(metadata.get("duration") if isinstance(metadata, dict) else None, call)
    best = alternatives[0]
    entries = [
        (
            Word(
                texts(word.get("punctuated_word", word.get("word")), "words[].word"),
                number(word.get("start"), "words[].start"),
                number(word.get("end"), "words[].end"),
            ),
            word.get("speaker"),
        )
        for word in objects(best.get("words"), "words")
    ]
    return spoken(texts(best.get("transcript"), "transcript"), entries, ask, call)


VENDOR = Vendor(
    name="deepgram",
    title="Deepgram",
    url="https://api.deepgram.com",
    model="nova-3",
    keys=("DEEPGRAM_API_KEY",),
    header="Authorization",
    form="Token {}",
    exchange=exchange,
)
