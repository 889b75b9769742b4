"""Each vendor's documented API, spoken by a stand-in: what is sent, what is read, and what is no transcript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.errors import ServerError, UsageError
from harness.models.base import LoadOptions
from harness.models.registry import check_model, load_model
from harness.models.served.client import Client
from harness.models.served.messages import RequestError
from harness.models.servers import VENDORS
from harness.types import Clip, Hypothesis
from tests.harness.models.served.conftest import Start, clip
from tests.harness.models.served.standin import Asked, Reply, StandIn, told
from tests.harness.models.served.vendors import assemblyai, azure, deepgram, elevenlabs, google, rev, speechmatics
from tests.harness.models.served.vendors.documented import HELLO, KEY, TEXT, Documented, field_of

APIS: dict[str, Documented] = {
    "deepgram": deepgram.API,
    "assemblyai": assemblyai.API,
    "elevenlabs": elevenlabs.API,
    "azure": azure.API,
    "google": google.API,
    "speechmatics": speechmatics.API,
    "rev": rev.API,
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
    server: StandIn, name: str, *said: str, one: Clip | None = None, keywords: tuple[str, ...] = (), rows: bool = False
) -> Hypothesis:
    vendor = next(vendor for vendor in VENDORS if vendor.name == name)
    base = server.url.removesuffix("/v1")
    options = LoadOptions(
        model_option=(f"url={base}", *said), keywords=keywords, row_keywords=rows, yes_this_costs=True
    )
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
    assert found.text == TEXT
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
def test_keywords_of_a_clip_are_asked_for_like_those_of_all(start: Start, name: str) -> None:
    api = APIS[name]
    server = start(speak(api.answers))
    one = replace(clip(1.2), keywords=("a b",))
    heard(server, name, "speakers=yes", "timestamps=word", *api.options, one=one, keywords=("Zoë",), rows=True)
    api.checks(server.asked)


@pytest.mark.parametrize("name", NAMES)
def test_the_plainest_answer(start: Start, name: str) -> None:
    api = APIS[name]
    found = heard(start(speak(api.answers)), name)
    assert (found.text, found.words, found.speakers) == (TEXT, None, None)


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
        assert heard(server, name, one=unknown).text == TEXT
        assert api.unknown_language(server.asked)


@pytest.mark.parametrize("name", ["azure", "google"])
def test_a_language_without_a_region_here(start: Start, name: str) -> None:
    server = start(speak(APIS[name].answers))
    with pytest.raises(RequestError, match="no region is known here for 'eu'; give --model-option locale="):
        heard(server, name, one=clip(1.2, language="eu"))
    assert heard(server, name, "locale=eu-ES", one=clip(1.2, language="eu")).text == TEXT


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
    answer = deepgram.answer("Hello you and me.")  # more words than have times
    found = heard(start(speak({"POST /v1/listen": answer})), "deepgram", "speakers=yes")
    assert (found.text, found.speakers) == ("Hello, you.", ("0", "1"))


def test_chinese_has_other_names_and_no_spaces(start: Start) -> None:
    said = speechmatics.answer()
    said["metadata"]["language_pack_info"]["word_delimiter"] = ""
    server = start(speak({**speechmatics.JOB, "GET /v2/jobs/j1/transcript": said}))
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
