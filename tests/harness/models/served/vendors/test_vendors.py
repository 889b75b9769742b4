"""Each vendor's documented API, spoken by a stand-in: what is sent, what is read, and what is no transcript."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from harness.errors import ServerError, UsageError
from harness.models.base import LoadOptions
from harness.models.registry import check_model, load_model
from harness.models.served.client import Client
from harness.models.served.messages import RequestError
from harness.models.servers import VENDORS
from harness.types import Clip, Hypothesis, Word
from tests.harness.models.served.conftest import Start, clip
from tests.harness.models.served.standin import Asked, Reply, StandIn, told

KEY = "vendor-key-0123456789"
HELLO = (Word("Hello,", 0.1, 0.5), Word("you.", 0.6, 1.0))


@dataclass(frozen=True)
class Documented:
    """A vendor's API as it is documented: answers by path, and what a request must be."""

    header: tuple[str, str]
    answers: Mapping[str, Any]
    """What is answered to ``METHOD path``; a list gives one after another."""
    checks: Callable[[list[Asked]], None]
    """Asserts what was sent for a clip of English with every option."""
    silence: Mapping[str, Any]
    """Answers in which nothing is said."""
    bad: tuple[str, Any] = ("", {})
    """An answer without a transcript."""
    other: tuple[str, Any] | None = None
    """An answer about audio of half a minute."""
    options: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ("0", "1")
    text: str = "Hello, you."
    unknown_language: Callable[[list[Asked]], bool] | None = field(default=None)
    """Whether the vendor was told to find the language out; None where it cannot."""


def query(asked: Asked) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(asked.path).query)


def field_of(asked: Asked, name: str) -> Any:
    return json.loads(dict(asked.fields)[name])


def deepgram(transcript: str = "Hello, you.", duration: float = 1.2) -> dict[str, Any]:
    words = [
        {"word": "hello", "punctuated_word": "Hello,", "start": 0.1, "end": 0.5, "speaker": 0},
        {"word": "you", "punctuated_word": "you.", "start": 0.6, "end": 1.0, "speaker": 1},
    ]
    best = {"transcript": transcript, "confidence": 0.99, "words": words if transcript else []}
    return {"metadata": {"duration": duration}, "results": {"channels": [{"alternatives": [best]}]}}


def check_deepgram(asked: list[Asked]) -> None:
    (one,) = asked
    assert one.body[:4] == b"fLaC"
    assert one.headers["content-type"] == "audio/flac"
    expected = [("model", "nova-3"), ("punctuate", "true"), ("language", "en"), ("keyterm", "Zoë"), ("keyterm", "a b")]
    assert query(one) == [*expected, ("diarize", "true")]


def assemblyai(**fields: Any) -> dict[str, Any]:
    words = [
        {"text": "Hello,", "start": 100, "end": 500, "speaker": "0"},
        {"text": "you.", "start": 600, "end": 1000, "speaker": "1"},
    ]
    done = {
        "id": "t/1",
        "status": "completed",
        "text": "Hello, you.",
        "words": words,
        "audio_duration": 2,
        "error": None,
    }
    return {**done, **fields}


def check_assemblyai(asked: list[Asked]) -> None:
    upload, job, *polls = asked
    assert upload.body[:4] == b"fLaC"
    assert upload.headers["content-type"] == "application/octet-stream"
    assert job.json == {
        "audio_url": "https://cdn.example/1",
        "speech_models": ["universal-3-pro"],
        "punctuate": True,
        "format_text": True,
        "language_code": "en",
        "keyterms_prompt": ["Zoë", "a b"],
        "speaker_labels": True,
    }
    assert [poll.path for poll in polls] == ["/v2/transcript/t%2F1"] * 2


JOBS = {"POST /v2/upload": {"upload_url": "https://cdn.example/1"}, "POST /v2/transcript": {"id": "t/1"}}

ELEVEN = {
    "text": "Hello, you.",
    "words": [
        {"text": "Hello,", "start": 0.1, "end": 0.5, "type": "word", "speaker_id": "0"},
        {"text": " ", "start": 0.5, "end": 0.6, "type": "spacing", "speaker_id": "0"},
        {"text": "you.", "start": 0.6, "end": 1.0, "type": "word", "speaker_id": "1"},
        {"text": "(laughs)", "start": 1.0, "end": 1.1, "type": "audio_event", "speaker_id": "1"},
    ],
}


def check_elevenlabs(asked: list[Asked]) -> None:
    (one,) = asked
    assert one.fields == [
        ("model_id", "scribe_v2"),
        ("tag_audio_events", "false"),
        ("timestamps_granularity", "word"),
        ("language_code", "en"),
        ("diarize", "true"),
        ("keyterms", "Zoë"),
        ("keyterms", "a b"),
    ]
    assert one.file[0] == "clip.flac"


AZURE = {
    "durationMilliseconds": 1200,
    "combinedPhrases": [{"text": "Hello, you."}],
    "phrases": [
        {"speaker": 0, "words": [{"text": "Hello,", "offsetMilliseconds": 100, "durationMilliseconds": 400}]},
        {"speaker": 1, "words": [{"text": "you.", "offsetMilliseconds": 600, "durationMilliseconds": 400}]},
    ],
}


def check_azure(asked: list[Asked]) -> None:
    (one,) = asked
    assert query(one) == [("api-version", "2025-10-15")]
    phrases = {"phrases": ["Zoë", "a b"]}
    expected = {"locales": ["en-US"], "diarization": {"enabled": True}, "phraseList": phrases}
    assert field_of(one, "definition") == expected
    assert 'name="audio"' in str(one.parts[1]["content-disposition"])


def google(duration: str = "1.2s") -> dict[str, Any]:
    first = {"startTime": "0.100s", "endTime": "0.500s", "word": "Hello,", "speakerTag": 0}
    second = {"startTime": "0.600s", "endTime": "1s", "word": "you.", "speakerTag": 1}
    return {
        "results": [
            {"alternatives": [{"transcript": "Hello,", "words": [first]}], "resultEndTime": duration},
            {"alternatives": [{"transcript": " you.", "words": [second]}], "resultEndTime": duration},
            {"alternatives": [{"words": [first, second]}]},
        ],
        "totalBilledTime": "2s",
    }


def check_google(asked: list[Asked]) -> None:
    (one,) = asked
    assert base64.b64decode(one.json["audio"]["content"])[:4] == b"fLaC"
    assert one.json["config"] == {
        "encoding": "FLAC",
        "sampleRateHertz": 16000,
        "languageCode": "en-GB",
        "model": "latest_long",
        "enableAutomaticPunctuation": True,
        "enableWordTimeOffsets": True,
        "speechContexts": [{"phrases": ["Zoë", "a b"]}],
        "diarizationConfig": {"enableSpeakerDiarization": True},
    }


def speechmatics(duration: float = 1.2, results: list[Any] | None = None) -> dict[str, Any]:
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


def check_speechmatics(asked: list[Asked]) -> None:
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


def rev(monologues: list[Any] | None = None) -> dict[str, Any]:
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


def check_rev(asked: list[Asked]) -> None:
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


SPEECHMATICS = {
    "POST /v2/jobs": {"id": "j1"},
    "GET /v2/jobs/j1": [{"job": {"status": "running"}}, {"job": {"status": "done"}}],
}
REV_DONE = {"id": "j1", "status": "transcribed", "duration_seconds": 1.2}
REV = {
    "POST /speechtotext/v1/jobs": {"id": "j1", "status": "in_progress"},
    "GET /speechtotext/v1/jobs/j1": [{"id": "j1", "status": "in_progress"}, REV_DONE],
}

APIS: dict[str, Documented] = {
    "deepgram": Documented(
        header=("authorization", f"Token {KEY}"),
        answers={"POST /v1/listen": deepgram()},
        checks=check_deepgram,
        silence={"POST /v1/listen": deepgram("")},
        bad=("POST /v1/listen", {"results": {"channels": []}}),
        other=("POST /v1/listen", deepgram(duration=30.0)),
        unknown_language=lambda asked: ("detect_language", "true") in query(asked[0]),
    ),
    "assemblyai": Documented(
        header=("authorization", KEY),
        answers={**JOBS, "GET /v2/transcript/t%2F1": [{"status": "queued", "error": None}, assemblyai()]},
        checks=check_assemblyai,
        silence={**JOBS, "GET /v2/transcript/t%2F1": assemblyai(text=None, words=[])},
        bad=("GET /v2/transcript/t%2F1", assemblyai(text=None)),
        other=("GET /v2/transcript/t%2F1", assemblyai(audio_duration=30)),
        unknown_language=lambda asked: asked[1].json["language_detection"] is True,
    ),
    "elevenlabs": Documented(
        header=("xi-api-key", KEY),
        answers={"POST /v1/speech-to-text": ELEVEN},
        checks=check_elevenlabs,
        silence={"POST /v1/speech-to-text": {"text": "", "words": []}},
        bad=("POST /v1/speech-to-text", {"language_code": "en"}),
        unknown_language=lambda asked: "language_code" not in dict(asked[0].fields),
    ),
    "azure": Documented(
        header=("ocp-apim-subscription-key", KEY),
        answers={"POST /speechtotext/transcriptions:transcribe": AZURE},
        checks=check_azure,
        silence={"POST /speechtotext/transcriptions:transcribe": {"combinedPhrases": [], "phrases": []}},
        bad=("POST /speechtotext/transcriptions:transcribe", {"durationMilliseconds": 1200}),
        other=("POST /speechtotext/transcriptions:transcribe", {**AZURE, "durationMilliseconds": 30_000}),
        unknown_language=lambda asked: field_of(asked[0], "definition")["locales"] == [],
    ),
    "google": Documented(
        header=("x-goog-api-key", KEY),
        answers={"POST /v1/speech:recognize": google()},
        checks=check_google,
        silence={"POST /v1/speech:recognize": {"totalBilledTime": "2s"}},
        bad=("POST /v1/speech:recognize", {}),
        other=("POST /v1/speech:recognize", google("30s")),
        options=("locale=en-GB",),
    ),
    "speechmatics": Documented(
        header=("authorization", f"Bearer {KEY}"),
        answers={**SPEECHMATICS, "GET /v2/jobs/j1/transcript": speechmatics()},
        checks=check_speechmatics,
        silence={**SPEECHMATICS, "GET /v2/jobs/j1/transcript": speechmatics(results=[])},
        bad=("GET /v2/jobs/j1/transcript", {"format": "2.9"}),
        other=("GET /v2/jobs/j1/transcript", speechmatics(30.0)),
        speakers=("S1", "S2"),
        unknown_language=lambda asked: field_of(asked[0], "config")["transcription_config"]["language"] == "auto",
    ),
    "rev": Documented(
        header=("authorization", f"Bearer {KEY}"),
        answers={**REV, "GET /speechtotext/v1/jobs/j1/transcript": rev()},
        checks=check_rev,
        silence={**REV, "GET /speechtotext/v1/jobs/j1/transcript": rev([])},
        bad=("GET /speechtotext/v1/jobs/j1/transcript", {"text": "Hello"}),
        other=("GET /speechtotext/v1/jobs/j1", {**REV_DONE, "duration_seconds": 30.0}),
    ),
}
NAMES = tuple(APIS)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are asked after without a wait, and every vendor has a key."""
    monkeypatch.setattr(Client, "_pause", lambda _client, _seconds: None)
    for vendor in VENDORS:
        monkeypatch.setenv(vendor.keys[0], KEY)


def speak(answers: Mapping[str, Any]) -> Callable[[Asked], Reply]:
    """Answers by method and path; lists one after another, the last again and again."""
    lists = {where: list(each) if isinstance(each, list) else [each] for where, each in answers.items()}

    def reply(asked: Asked) -> Reply:
        left = lists.get(f"{asked.method} {urlsplit(asked.path).path}")
        if left is None:
            return told({"error": f"no such address: {asked.path}"}, 404)
        return told(left.pop(0) if len(left) > 1 else left[0])

    return reply


def heard(
    server: StandIn, name: str, *said: str, one: Clip | None = None, keywords: tuple[str, ...] = ()
) -> Hypothesis:
    vendor = next(vendor for vendor in VENDORS if vendor.name == name)
    base = server.url.removesuffix("/v1")
    options = LoadOptions(model_option=(f"url={base}", *said), keywords=keywords, yes_this_costs=True)
    model = load_model(f"{name}:{vendor.model}", options)
    try:
        (found,) = model.text(model.infer(model.features([one or clip(1.2)])))
        return found
    finally:
        model.close()


def test_every_vendor_is_here() -> None:
    assert {vendor.name for vendor in VENDORS} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_asked_for(start: Start, name: str) -> None:
    api = APIS[name]
    server = start(speak(api.answers))
    said = ("speakers=yes", "timestamps=word", *api.options)
    found = heard(server, name, *said, keywords=("Zoë", "a b"))
    assert found.text == api.text
    assert found.words == HELLO
    assert found.speakers == api.speakers
    assert found.usage is not None
    assert (found.usage.requests, found.usage.retries) == (1, 0)
    api.checks(server.asked)
    for asked in server.asked:
        assert asked.headers[api.header[0]] == api.header[1]
        assert KEY not in asked.path
        assert KEY.encode() not in asked.body


@pytest.mark.parametrize("name", NAMES)
def test_the_plainest_answer(start: Start, name: str) -> None:
    api = APIS[name]
    found = heard(start(speak(api.answers)), name)
    assert (found.text, found.words, found.speakers) == (api.text, None, None)


@pytest.mark.parametrize("name", NAMES)
def test_silence_is_an_empty_transcript(start: Start, name: str) -> None:
    found = heard(start(speak(APIS[name].silence)), name, "timestamps=word", "speakers=yes")
    assert (found.text, found.words or (), found.speakers or ()) == ("", (), ())


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_without_a_transcript_is_none(start: Start, name: str) -> None:
    api = APIS[name]
    where, what = api.bad
    with pytest.raises(RequestError, match="no transcript"):
        heard(start(speak({**api.answers, where: what})), name)


@pytest.mark.parametrize("name", [name for name in NAMES if APIS[name].other])
def test_an_answer_about_other_audio_is_refused(start: Start, name: str) -> None:
    api = APIS[name]
    assert api.other is not None
    where, what = api.other
    with pytest.raises(RequestError, match=r"about other audio: .* 30 s where the clip has 1.20 s"):
        heard(start(speak({**api.answers, where: what})), name)


@pytest.mark.parametrize("name", NAMES)
def test_an_error_in_the_answer_costs_its_clip(start: Start, name: str) -> None:
    answers = {where: {"error": "bad audio"} for where in APIS[name].answers}
    with pytest.raises(RequestError, match="bad audio"):
        heard(start(speak(answers)), name)


@pytest.mark.parametrize("name", NAMES)
def test_a_language_that_is_not_known(start: Start, name: str) -> None:
    api = APIS[name]
    server = start(speak(api.answers))
    unknown = clip(1.2, language="und")
    if api.unknown_language is None:
        with pytest.raises(RequestError, match="has to be told the language"):
            heard(server, name, one=unknown)
        assert server.asked == []
    else:
        assert heard(server, name, one=unknown).text == api.text
        assert api.unknown_language(server.asked)


@pytest.mark.parametrize("name", ["azure", "google"])
def test_a_language_without_a_region_here(start: Start, name: str) -> None:
    server = start(speak(APIS[name].answers))
    with pytest.raises(RequestError, match="no region is known here for 'eu'; give --model-option locale="):
        heard(server, name, one=clip(1.2, language="eu"))
    assert heard(server, name, "locale=eu-ES", one=clip(1.2, language="eu")).text == "Hello, you."


@pytest.mark.parametrize(
    ("name", "where", "failed", "words"),
    [
        ("assemblyai", "GET /v2/transcript/t%2F1", {"status": "error", "error": "bad audio"}, "bad audio"),
        (
            "speechmatics",
            "GET /v2/jobs/j1",
            {"job": {"status": "rejected", "errors": [{"message": "bad"}]}},
            "rejected",
        ),
        (
            "rev",
            "GET /speechtotext/v1/jobs/j1",
            {"status": "failed", "failure_detail": "bad audio"},
            "failed: bad audio",
        ),
        ("rev", "GET /speechtotext/v1/jobs/j1", {"status": "failed"}, "it does not say why"),
        ("speechmatics", "POST /v2/jobs", {"id": ".."}, "names no job"),
        ("rev", "POST /speechtotext/v1/jobs", {"id": 7}, "names no job"),
        ("speechmatics", "GET /v2/jobs/j1", {"job": "gone"}, "'status' is missing"),
    ],
)
def test_jobs_that_fail(start: Start, name: str, where: str, failed: object, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        heard(start(speak({**APIS[name].answers, where: failed})), name)


def test_texts_and_labels_are_as_many(start: Start) -> None:
    answer = deepgram("Hello you and me.")  # more words than have times
    found = heard(start(speak({"POST /v1/listen": answer})), "deepgram", "speakers=yes")
    assert (found.text, found.speakers) == ("Hello, you.", ("0", "1"))


def test_chinese_has_other_names_and_no_spaces(start: Start) -> None:
    said = speechmatics()
    said["metadata"]["language_pack_info"]["word_delimiter"] = ""
    server = start(speak({**SPEECHMATICS, "GET /v2/jobs/j1/transcript": said}))
    assert heard(server, "speechmatics", one=clip(1.2, language="zh")).text == "Hello,you."
    assert field_of(server.asked[0], "config")["transcription_config"]["language"] == "cmn"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_sent_without_a_yes_and_a_key(name: str, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start()
    vendor = next(vendor for vendor in VENDORS if vendor.name == name)
    said = (f"url={server.url}",)
    with pytest.raises(UsageError, match="may bill each request; add --yes-this-costs"):
        load_model(f"{name}:{vendor.model}", LoadOptions(model_option=said))
    for variable in vendor.keys:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UsageError, match=f"needs a key: set {' or '.join(vendor.keys)} in the environment"):
        load_model(f"{name}:{vendor.model}", LoadOptions(model_option=said, yes_this_costs=True))
    assert server.asked == server.listed == []


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("deepgram:", "give the name of a model, such as deepgram:nova-3"),
        ("deepgram:no va", "give the name of a model"),
        ("rev:human", "rev:human is no recognizer; give a model, such as rev:machine"),
    ],
)
def test_names_that_are_none(model: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_model(model)


def test_addresses() -> None:
    yes: dict[str, Any] = {"yes_this_costs": True}
    with pytest.raises(UsageError, match=r"Azure Speech has an address for each customer; give --model-option url="):
        load_model("azure:fast", LoadOptions(**yes))
    with pytest.raises(UsageError, match=r"--model-option url: the URL holds a user or a password"):
        load_model("deepgram:nova-3", LoadOptions(model_option=("url=https://a:s3cret@b.c",), **yes))
    with pytest.raises(UsageError, match=r"the key would go to 93.184.216.34 unencrypted"):
        load_model("deepgram:nova-3", LoadOptions(model_option=("url=http://93.184.216.34",), **yes))


@pytest.mark.parametrize("name", NAMES)
def test_no_service_is_one_line_at_once(name: str) -> None:
    gone = StandIn()
    gone.__enter__()
    gone.stop()
    with pytest.raises(ServerError, match=rf"^http://127.0.0.1:{gone.port}: no connection$"):
        heard(gone, name)


def test_limits_of_the_services(start: Start) -> None:
    base = f"url={start().url}"
    longest = {
        name: load_model(name, LoadOptions(model_option=(base,), yes_this_costs=True)).card.max_seconds
        for name in ("google:latest_long", "azure:fast", "deepgram:nova-3")
    }
    assert longest["google:latest_long"] == 59.0
    assert longest["azure:fast"] == longest["deepgram:nova-3"] == pytest.approx(3243.9, abs=0.1)
