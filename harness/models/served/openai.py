"""Any server with OpenAI's ``/audio/transcriptions``: what is asked, and how the answer is read. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from harness.models.served.events import read_stream
from harness.models.served.form import form
from harness.models.served.messages import (
    Answer,
    AnswerError,
    Call,
    Exchange,
    Request,
    Response,
    check_seconds,
    check_words,
    counted,
    json_of,
    number,
    objects,
    text_of,
    texts,
)
from harness.types import Turn, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcriptions:
    """Asks a server for transcripts."""

    url: str
    model: str
    format: str = "json"
    """``json``, ``verbose_json``, ``text`` or ``diarized_json``."""
    words: bool = False
    """Whether each word's time is asked for."""
    stream: bool = False
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    """As fields of their own, for models that take them so."""
    in_prompt: bool = False
    """Whether keywords are the end of the prompt instead."""
    temperature: str | None = None

    def exchange(self, call: Call) -> Exchange:
        """One request, one answer."""
        response = yield self.request(call)
        return self.answer(response, call)

    def request(self, call: Call) -> Request:
        """What is sent."""
        fields = [("model", self.model), ("response_format", self.format)]
        fields += [("language", call.language)] if call.language else []
        keywords = (*self.keywords, *call.keywords)
        prompts = [self.prompt, ", ".join(keywords) if self.in_prompt else None]
        prompt = " ".join(part for part in prompts if part)
        fields += [("prompt", prompt)] if prompt else []
        fields += [("temperature", self.temperature)] if self.temperature is not None else []
        fields += [("timestamp_granularities[]", "word")] if self.words else []
        fields += [("keywords[]", word) for word in keywords if not self.in_prompt]
        fields += [("chunking_strategy", "auto")] if self.format == "diarized_json" else []
        fields += [("stream", "true")] if self.stream else []
        headers, body = form(fields, call)
        return Request(url=f"{self.url}/audio/transcriptions", headers=headers, body=body, seconds=call.seconds)

    def answer(self, response: Response, call: Call) -> Answer:
        """What came back.

        Raises:
            AnswerError: it is no transcript of the clip.
        """
        if self.stream and response.media_type != "application/json":
            return self._streamed(response, call)
        if self.format == "text":
            return Answer(text=text_of(response))
        found = json_of(response)
        text = texts(found.get("text"))
        check_seconds(found.get("duration"), call)
        if self.format == "diarized_json":
            return _diarized(text, found.get("segments"), call, _tokens(found.get("usage"), call))
        words = _words(found.get("words"), call) if self.words else None
        if self.words and words is None and text.strip():
            raise AnswerError("the server gave no times of words; leave out timestamps=word")
        return Answer(text=text, words=words, tokens=_tokens(found.get("usage"), call))

    def _streamed(self, response: Response, call: Call) -> Answer:
        found = read_stream(response)
        text, first, tokens = found.text, found.first_at, _tokens(found.usage, call)
        if self.format == "diarized_json" and found.segments:
            return _diarized(text, found.segments, call, tokens, first)
        return Answer(text=text, tokens=tokens, first_at=first)


def _words(found: object, call: Call) -> tuple[Word, ...] | None:
    """Words with times; None where the server has none."""
    if found is None:
        return None
    words = tuple(
        Word(
            texts(each.get("word"), "word").strip(), number(each.get("start"), "start"), number(each.get("end"), "end")
        )
        for each in objects(found, "words")
    )
    check_words(words, call)
    return words


def _diarized(text: str, found: object, call: Call, tokens: int | None, first_at: float | None = None) -> Answer:
    """A transcript with speakers: those of its segments, one for each word; and its turns where these have times."""
    parts, speakers = [], []
    turns: list[Turn] = []
    for segment in objects(found, "segments"):
        check_seconds(segment.get("end"), call, "a segment ends at")
        part = texts(segment.get("text"), "segments[].text").strip()
        parts.append(part)
        who = texts(segment.get("speaker"), "segments[].speaker")
        speakers += [who] * len(part.split())
        if segment.get("start") is not None and segment.get("end") is not None:
            times = (number(segment.get(key), f"segments[].{key}") for key in ("start", "end"))
            turns.append(Turn(who, part, *times))
    whole = text if len(text.split()) == len(speakers) else " ".join(parts)
    if not speakers and text.strip():
        raise AnswerError("the server gave no speakers; give response_format=json")
    known = tuple(turns) if turns and len(turns) == len(parts) else None
    return Answer(text=whole, speakers=tuple(speakers), turns=known, tokens=tokens, first_at=first_at)


def _tokens(usage: object, call: Call) -> int | None:
    """Tokens that were generated, where the server counts them; the seconds that it counts must be the clip's."""
    if isinstance(usage, dict) and usage.get("type") == "duration":
        check_seconds(usage.get("seconds"), call, "billed seconds")
    return counted(usage, "output_tokens", "completion_tokens")
