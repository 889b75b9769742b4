"""`--model openai:...` as it is loaded: options, keys, what costs, what the server says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.errors import HarnessError, ServerError, UsageError
from harness.models.base import LoadOptions, Model
from harness.models.registry import adapters, check_model, is_served, load_model, text_options
from harness.types import Clip, Usage
from tests.harness.models.served.conftest import Start, clip
from tests.harness.models.served.standin import Asked, Reply, StandIn, told

KEY = "sk-0123456789abcdef"


def load(server: StandIn, *said: str, model: str = "m", adapter: str = "openai", **fields: Any) -> Model:
    return load_model(f"{adapter}:{server.url}#{model}", LoadOptions(model_option=said, **fields))


def heard(model: Model, *clips: Clip) -> list[str]:
    output = [model.infer(model.transfer(model.features([each]))) for each in clips]
    try:
        return [model.text(each)[0].text for each in output]
    finally:
        model.close()


def test_a_transcript_and_its_card(start: Start) -> None:
    server = start()
    model = load(server, concurrency=2)
    assert heard(model, clip()) == ["hello world"]
    card = model.card
    assert (card.served, card.in_flight, card.max_batch, card.batch_invariant) == (True, 6, 1, True)
    assert card.revision == "root r1"
    assert card.note == "the weights behind an address can change at any time; clips were sent as 16-bit FLAC at 16 kHz"
    (asked,) = server.asked
    assert asked.path == "/v1/audio/transcriptions"
    assert "authorization" not in asked.headers
    assert asked.fields == [("model", "m"), ("response_format", "json"), ("language", "en")]


@pytest.mark.parametrize("language", ["und", "", "mul", "zxx"])
def test_a_language_that_is_none_is_not_sent(start: Start, language: str) -> None:
    server = start()
    heard(load(server), clip(language=language))
    assert "language" not in dict(server.asked[0].fields)


def test_nothing_is_sent_for_a_clip_without_a_sample(start: Start) -> None:
    server = start()
    model = load(server)
    empty = Clip(id="e", language="en", waveform=np.zeros(0, np.float32))
    (hypothesis,) = model.text(model.infer(model.features([empty])))
    assert (hypothesis.text, hypothesis.usage) == ("", Usage(requests=0, retries=0))
    assert server.asked == []
    model.close()


def test_prompt_and_keywords(start: Start) -> None:
    server = start()
    heard(load(server, "prompt=A talk.", keywords=("Zoë", "b c")), clip())
    assert dict(server.asked[0].fields)["prompt"] == "A talk. Zoë, b c"
    heard(load(server, "keywords_as=field", keywords=("Zoë", "b c")), clip())
    assert [value for name, value in server.asked[1].fields if name == "keywords[]"] == ["Zoë", "b c"]
    assert "prompt" not in dict(server.asked[1].fields)


def test_keywords_of_a_clip_are_asked_for_where_that_was_said(start: Start) -> None:
    server = start()
    said = replace(clip(), keywords=("Ada", "d"))
    heard(load(server, "prompt=A talk.", keywords=("Zoë",), row_keywords=True), said, clip())
    assert [dict(asked.fields)["prompt"] for asked in server.asked] == ["A talk. Zoë, Ada, d", "A talk. Zoë"]
    heard(load(server, "keywords_as=field", row_keywords=True), said)
    assert [value for name, value in server.asked[2].fields if name == "keywords[]"] == ["Ada", "d"]
    heard(load(server), said)
    assert "prompt" not in dict(server.asked[3].fields)
    chat = start(told({"choices": [{"message": {"content": "hello"}}]}))
    heard(load(chat, "prompt=Write.", adapter="openai-chat", keywords=("Zoë",), row_keywords=True), said)
    (asked,) = chat.asked
    assert asked.json["messages"][0]["content"][1]["text"] == "Write. Words that may occur: Zoë, Ada, d."


def test_formats_follow_from_what_is_asked(start: Start) -> None:
    words = [{"word": "hello", "start": 0.0, "end": 0.4}]
    segments = [{"speaker": "A", "text": "hello", "start": 0.0, "end": 0.4}]
    server = start(told({"text": "hello", "words": words, "segments": segments}))
    for said, model, form in [
        ((), "m", "json"),
        (("timestamps=word",), "m", "verbose_json"),
        ((), "gpt-4o-transcribe-diarize", "diarized_json"),
        (("response_format=verbose_json",), "m", "verbose_json"),
    ]:
        heard(load(server, *said, model=model), clip())
        assert dict(server.asked[-1].fields)["response_format"] == form
    with pytest.raises(UsageError, match="timestamps=word needs response_format=verbose_json, not text"):
        load(server, "timestamps=word", "response_format=text")


def test_chat(start: Start) -> None:
    server = start(told({"choices": [{"message": {"content": "hello"}}]}))
    model = load(server, "system=Be exact.", "audio=wav", adapter="openai-chat", keywords=("Zoë",))
    assert model.card.max_seconds == pytest.approx(607.8, abs=0.1)
    assert heard(model, clip()) == ["hello"]
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.json["messages"][0] == {"role": "system", "content": "Be exact."}
    assert asked.json["messages"][1]["content"][0]["input_audio"]["format"] == "wav"


def test_streams_give_the_first_token(start: Start) -> None:
    body = (
        b'data: {"type": "transcript.text.delta", "delta": "hello"}\n\n'
        b'data: {"type": "transcript.text.done", "text": "hello"}\n\n'
    )
    server = start(Reply(body, kind="text/event-stream", way="chunks"))
    model = load(server, "stream=yes")
    (hypothesis,) = model.text(model.infer(model.features([clip()])))
    model.close()
    usage = hypothesis.usage
    assert usage is not None
    assert usage.first_token is not None
    assert usage.latency is not None
    assert 0 < usage.first_token <= usage.latency


def test_limits_become_the_longest_clip(start: Start) -> None:
    server = start()
    assert load(server).card.max_seconds == pytest.approx(810.6, abs=0.1)
    assert load(server, "max_bytes=1000000").card.max_seconds == pytest.approx(30.4, abs=0.1)
    assert load(server, "max_seconds=12.5").card.max_seconds == 12.5


def test_as_many_at_a_time_as_were_asked_for(start: Start) -> None:
    server = start()
    gate, answer = server.over, server.reply

    def reply(asked: Asked) -> Reply:
        while server.most_at_once < 3 and not gate.wait(0.005):
            pass
        return answer(asked)

    server.reply = reply
    model = load(server, concurrency=3)
    assert heard(model, *[clip(name=f"c{number}") for number in range(6)]) == ["hello world"] * 6
    assert server.most_at_once == 3


def test_the_key_goes_to_nobody_else(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    heard(load(server), clip())
    assert "authorization" not in server.asked[0].headers  # it is OpenAI's, and this server is not
    monkeypatch.setenv("HARNESS_API_KEY", "other-key-1234")
    heard(load(server), clip())
    assert server.asked[1].headers["authorization"] == "Bearer other-key-1234"
    assert server.listed[1].headers["authorization"] == "Bearer other-key-1234"


@pytest.mark.parametrize(
    ("name", "fields", "key", "words"),
    [
        ("openai:https://api.openai.com/v1#whisper-1", {}, "", "needs a key: set OPENAI_API_KEY or HARNESS_API_KEY"),
        ("openai:https://api.openai.com/v1#whisper-1", {}, KEY, "may bill each request; add --yes-this-costs"),
        ("openai:http://93.184.216.34/v1#m", {"yes_this_costs": True}, KEY, "would go to 93.184.216.34 unencrypted"),
        ("openai-chat:https://example.com/v1#m", {}, "", "example.com may bill each request"),
    ],
)
def test_nothing_is_sent_that_may_cost_or_show_the_key(
    name: str, fields: dict[str, Any], key: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", key)
    with pytest.raises(UsageError, match=words) as caught:
        load_model(name, LoadOptions(**fields))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "fields", "words"),
    [
        (("price=free",), {}, "price=free: give a positive number"),
        (("timeout=-1",), {}, "timeout=-1: give a positive number"),
        (("max_bytes=inf",), {}, "max_bytes=inf: give a positive number"),
        (("attempts=1.5",), {}, "attempts=1.5: give a whole number"),
        (("temperature=hot",), {}, "temperature=hot: give a number"),
        (("temperature=nan",), {}, "temperature=nan: give a number"),
        (("colour=red",), {}, "has no such option"),
        (("audio=mp3",), {}, "is one of flac, wav"),
        ((), {"max_cost": 1.0}, "--max-cost needs the price"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    start: Start, said: tuple[str, ...], fields: dict[str, Any], words: str
) -> None:
    server = start()
    with pytest.raises(UsageError, match=words):
        load(server, *said, **fields)
    assert server.asked == server.listed == []


@pytest.mark.parametrize("tokens", ["0.5", "1.5", "0", "²", ""])
def test_tokens_of_a_reply_are_whole(start: Start, tokens: str) -> None:
    server = start()
    name, said = f"openai-chat:{server.url}#m", (f"max_tokens={tokens}",)
    with pytest.raises(UsageError, match=f"max_tokens={tokens}: give a whole number from 1 up"):
        load_model(name, LoadOptions(model_option=said))
    assert server.asked == server.listed == []


def test_addresses_are_refused_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match="names no model"):
        check_model("openai:http://127.0.0.1:1/v1")
    assert check_model("openai:http://127.0.0.1:1/v1#m") is None


@pytest.mark.parametrize(
    ("models", "revision"),
    [
        ({"data": [{"id": "m", "created": 1, "owned_by": "x"}]}, None),
        ({"data": [{"id": "m", "revision": "abc", "digest": "d"}]}, "revision abc, digest d"),
        ({"data": [{"id": "other", "root": "r"}]}, None),
        ({"data": "none"}, None),
        ([1], None),
        (None, None),
    ],
)
def test_what_the_server_says_of_itself(start: Start, models: object, revision: str | None) -> None:
    server = start(Reply(status=404))
    server.models = models
    assert load(server).card.revision == revision


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_ends_it_at_once(start: Start, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", KEY)
    server = start(told({"error": f"no such key {KEY}"}, status=status))
    server.models = None
    with pytest.raises(
        ServerError, match=rf"^{server.url}: the server answered {status}, .* refused: no such key \[key\]"
    ):
        load(server)


def test_no_server_is_one_line_with_exit_status_4() -> None:
    gone = StandIn()
    gone.__enter__()
    gone.stop()
    with pytest.raises(
        HarnessError, match=rf"^{gone.url}: no connection \(Connection refused\) \(tried 2 times\)$"
    ) as it:
        load(gone)
    assert it.value.exit_status == 4


def test_which_options_can_change_a_transcript() -> None:
    given = ("attempts=9", "price=1", "prompt=x", "silence=5", "timeout=9")
    assert text_options("openai:http://a/v1#m", given) == ("prompt=x",)
    assert text_options("some/model", given) == given
    assert is_served("openai:http://a/v1#m")
    assert not is_served("some/model")
    assert {"openai", "openai-chat"} <= set(adapters())
