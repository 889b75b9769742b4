"""One request, one answer: what is sent, what is read, and what goes wrong, without a network."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from harness.errors import ModelError
from harness.load_generator.asking import ask, asker
from harness.load_generator.sending import GaveUpError, Reply
from harness.models.served.messages import Answer, Call, Exchange, Pause, Request, Response
from harness.models.served.transport import Late, Lost, Trouble

if TYPE_CHECKING:
    from harness.models.served.model import ServedModel

SECRET = "sk-secret-1234"


class Stand:
    """A model whose server gives these answers in turn."""

    def __init__(self, *answers: Response | Trouble, first: float | None = None, pauses: int = 0) -> None:
        self.answers, self.first, self.pauses = list(answers), first, pauses
        self.sent: list[tuple[Request, dict[str, str]]] = []
        self.service = self
        key = SimpleNamespace(header=lambda: {"authorization": SECRET}, hide=lambda text: text.replace(SECRET, "***"))
        self.client = SimpleNamespace(transport=self, key=key)

    def exchange(self, call: Call) -> Exchange:
        response = yield Request(url="http://x/v1", body=call.audio, seconds=call.seconds)
        for _ in range(self.pauses):
            yield Pause(0.0)
            response = yield Request(url="http://x/again", asks_again=True, seconds=call.seconds)
        first = None if self.first is None else time.monotonic() + self.first
        return Answer(text=response.body.decode(), first_at=first)

    def send(self, request: Request, secret: dict[str, str]) -> Response:
        self.sent.append((request, secret))
        answer = self.answers.pop(0)
        if isinstance(answer, Trouble):
            raise answer
        return answer

    @property
    def model(self) -> ServedModel:
        return cast("ServedModel", cast("Any", self))


def call(name: str = "a") -> Call:
    return Call(id=name, seconds=7.0, language="en", audio=name.encode(), format="wav")


def test_a_transcript_and_what_was_sent_for_it() -> None:
    stand = Stand(Response(status=200, body=b"said"))
    assert ask(stand.model, call()) == Reply("said", None)
    ((request, secret),) = stand.sent
    assert request.seconds == 0.0, "no time-out but the one that was asked for"
    assert (request.body, secret) == (b"a", {"authorization": SECRET})


def test_the_first_piece_of_a_streamed_answer() -> None:
    reply = ask(Stand(Response(status=200, body=b"said"), first=5.0).model, call())
    assert reply.first is not None
    assert reply.first >= 5.0


def test_services_that_have_to_be_asked_again_are() -> None:
    stand = Stand(*(Response(status=200, body=text) for text in (b"wait", b"wait", b"said")), pauses=2)
    assert ask(stand.model, call()).text == "said"
    assert [request.url[-5:] for request, _ in stand.sent] == ["/x/v1", "again", "again"]


def test_nothing_is_sent_again() -> None:
    for answer in (Response(status=503, body=b"busy"), Lost("the connection ended"), Late("not in time")):
        stand = Stand(answer, Response(status=200, body=b"said"))
        with pytest.raises(ModelError if not isinstance(answer, Late) else GaveUpError):
            ask(stand.model, call())
        assert len(stand.sent) == 1


def test_what_is_said_of_an_error_does_not_hold_the_key() -> None:
    body = f'{{"error": {{"message": "no right for {SECRET}"}}}}'.encode()
    with pytest.raises(ModelError, match=r"^the server answered 401: no right for \*\*\*$"):
        ask(Stand(Response(status=401, body=body)).model, call())
    with pytest.raises(ModelError, match=r"^lost by \*\*\*$"):
        ask(Stand(Lost(f"lost by {SECRET}")).model, call())


def test_the_clip_of_each_number() -> None:
    stand = Stand(*(Response(status=200, body=b"said") for _ in range(2)))
    send = asker(stand.model, [call("a"), call("b")])
    send(1)
    send(0)
    assert [request.body for request, _ in stand.sent] == [b"b", b"a"]
