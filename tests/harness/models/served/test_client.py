"""The client on scripted outcomes, by a clock of its own: what it sends, counts, pays, and when it gives up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from harness.errors import CostLimitError, ServerError
from harness.models.served.client import FAILED_IN_A_ROW, Client
from harness.models.served.key import Key
from harness.models.served.messages import Answer, AnswerError, Exchange, Pause, Request, RequestError, Response
from harness.models.served.purse import Purse
from harness.models.served.retry import Policy
from harness.models.served.transport import Late, Lost, Transport, Trouble, Unreachable
from harness.types import Usage

KEY = "sk-0123456789abcdef"
Outcome = Response | Trouble


def ok(text: str = "hello") -> Response:
    return Response(status=200, body=json.dumps({"text": text}).encode())


def error(status: int, text: str = "why", **headers: str) -> Response:
    return Response(status=status, headers=headers, body=text.encode())


@dataclass
class Scripted(Transport):
    """Gives outcomes in order, each after a second by the clock; the last again and again."""

    outcomes: list[Outcome]
    there: bool = True
    now: float = 100.0
    waits: list[float] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    secrets: list[dict[str, str]] = field(default_factory=list, repr=False)
    closed: bool = False

    def send(self, request: Request, secret: dict[str, str]) -> Response:
        self.sent.append(request)
        self.secrets.append(secret)
        self.now += 1.0
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Trouble):
            raise outcome
        return outcome

    def reachable(self) -> bool:
        return self.there

    def close(self) -> None:
        self.closed = True

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def client(*outcomes: Outcome, there: bool = True, purse: Purse | None = None) -> tuple[Client, Scripted]:
    transport = Scripted(list(outcomes), there)
    made = Client(
        name="http://server",
        transport=transport,
        key=Key(KEY),
        policy=Policy(attempts=3, first=1.0),
        purse=purse or Purse(),
        clock=lambda: transport.now,
        wait=transport.wait,
        timeout=10.0,
    )
    return made, transport


def asking() -> Exchange:
    response = yield Request(url="http://server/x")
    return Answer(text=json.loads(response.body)["text"], tokens=7)


def polling(rounds: int, seconds: float = 1.0) -> Callable[[], Exchange]:
    def steps() -> Exchange:
        yield Request(url="http://server/jobs")
        for _ in range(rounds):
            yield Pause(seconds)
            yield Request(method="GET", url="http://server/jobs/1", asks_again=True)
        return Answer(text="done")

    return steps


def test_an_answer_and_what_it_took() -> None:
    made, transport = client(error(503), Lost("x"), ok())
    done = made.transcribe(asking, "c1", 60.0)
    assert done.answer.text == "hello"
    assert (done.usage.tokens, done.usage.requests, done.usage.retries) == (7, 3, 2)
    assert done.usage.latency == pytest.approx(3.0 + sum(transport.waits))
    assert transport.waits == [made.policy.wait("c1", 1), made.policy.wait("c1", 2)]
    assert transport.secrets == [{"Authorization": f"Bearer {KEY}"}] * 3


def test_latency_counts_from_when_it_should_have_begun() -> None:
    made, _ = client(ok())
    assert made.transcribe(asking, "c1", 1.0, intended=70.0).usage.latency == 31.0


def test_the_first_token_too() -> None:
    made, _ = client(ok())

    def streamed() -> Exchange:
        yield Request(url="http://server/x")
        return Answer(text="hello", first_at=100.25)

    assert made.transcribe(streamed, "c1", 1.0, intended=100.0).usage.first_token == 0.25


def test_a_refused_clip_costs_that_clip() -> None:
    made, _ = client(ok(), error(400, "audio too short"), ok())
    made.transcribe(asking, "c1", 1.0)
    with pytest.raises(RequestError, match=r"^the server answered 400: audio too short$") as caught:
        made.transcribe(asking, "c2", 1.0)
    assert caught.value.usage == Usage(latency=1.0, requests=1, retries=0)
    assert made.transcribe(asking, "c3", 1.0).answer.text == "hello"


def test_an_answer_that_is_none_costs_its_clip_and_is_not_asked_for_again() -> None:
    made, transport = client(ok())

    def bad() -> Exchange:
        yield Request(url="http://server/x")
        raise AnswerError("no transcript")

    with pytest.raises(AnswerError, match="no transcript"):
        made.transcribe(bad, "c1", 1.0)
    assert len(transport.sent) == 1


@pytest.mark.parametrize(
    ("outcome", "there", "words"),
    [
        (
            Unreachable("no connection (refused)"),
            False,
            r"server: no connection \(refused\) \(tried 3 times\); what",
        ),
        (Lost("it broke"), False, r"server is gone: it broke \(tried 3 times\); what was done is journalled"),
        (Late("nothing for 60 s"), False, r"server is gone: nothing for 60 s \(tried 2 times\)"),
        (error(401, f"bad key {KEY}"), True, r"server: the server answered 401, the key is refused: bad key \[key\]"),
    ],
)
def test_a_server_that_is_gone_ends_it_for_all(outcome: Outcome, there: bool, words: str) -> None:
    made, transport = client(ok(), outcome, there=there)
    made.transcribe(asking, "c1", 1.0)
    with pytest.raises(ServerError, match=words) as caught:
        made.transcribe(asking, "c2", 1.0)
    assert caught.value.exit_status == 4
    assert caught.value.ends_run
    sent = len(transport.sent)
    with pytest.raises(ServerError, match=words):
        made.transcribe(asking, "c3", 1.0)
    assert len(transport.sent) == sent


def test_a_clip_that_breaks_the_connection_of_a_server_that_is_there_costs_that_clip() -> None:
    made, _ = client(Lost("it broke"), Lost("it broke"), Lost("it broke"), ok())
    with pytest.raises(RequestError, match=r"^it broke \(tried 3 times\)$"):
        made.transcribe(asking, "c1", 1.0)
    assert made.transcribe(asking, "c2", 1.0).answer.text == "hello"


def test_so_many_failures_in_a_row_are_the_servers() -> None:
    made, _ = client(ok(), error(500, "boom"))
    made.transcribe(asking, "c0", 1.0)
    for number in range(FAILED_IN_A_ROW - 1):
        with pytest.raises(RequestError):
            made.transcribe(asking, f"c{number}", 1.0)
    with pytest.raises(ServerError, match="the last 10 requests all failed, at last: the server answered 500: boom"):
        made.transcribe(asking, "c", 1.0)


def test_a_success_between_starts_the_count_again() -> None:
    bad = [error(500), error(500)]
    made, _ = client(*bad * (FAILED_IN_A_ROW - 1), ok(), *bad * FAILED_IN_A_ROW)
    for _ in range(FAILED_IN_A_ROW - 1):
        with pytest.raises(RequestError):
            made.transcribe(asking, "c", 1.0)
    made.transcribe(asking, "c", 1.0)
    for _ in range(FAILED_IN_A_ROW - 1):
        with pytest.raises(RequestError):
            made.transcribe(asking, "c", 1.0)
    with pytest.raises(ServerError):
        made.transcribe(asking, "c", 1.0)


def test_refused_clips_say_nothing_of_the_server_once_it_answered() -> None:
    made, _ = client(ok(), error(413))
    made.transcribe(asking, "c", 1.0)
    for _ in range(3 * FAILED_IN_A_ROW):
        with pytest.raises(RequestError):
            made.transcribe(asking, "c", 1.0)
    never, _ = client(error(400, "unknown field"))
    for _ in range(FAILED_IN_A_ROW - 1):
        with pytest.raises(RequestError):
            never.transcribe(asking, "c", 1.0)
    with pytest.raises(ServerError, match="400: unknown field"):
        never.transcribe(asking, "c", 1.0)


def test_a_service_that_is_asked_again_counts_its_first_request_and_has_an_end() -> None:
    made, transport = client(ok())
    done = made.transcribe(polling(3), "c1", 5.0)
    assert (done.usage.requests, done.usage.retries) == (1, 0)
    assert transport.waits == [1.0] * 3
    transport.sent.clear()
    with pytest.raises(RequestError, match="the service has not finished after 15 s"):
        made.transcribe(polling(100, 4.0), "c2", 5.0)
    assert len(transport.sent) == 4  # at 0, 5, 10 and 15 s, each answered after a second; 20 s would be too late


def test_costs_are_taken_before_and_given_back_where_nothing_was_done() -> None:
    purse = Purse(price=6.0, most=1.0)
    made, transport = client(error(400), ok(), purse=purse)
    with pytest.raises(RequestError) as caught:
        made.transcribe(asking, "c1", 5.0)
    assert purse.spent == 0.0
    assert caught.value.usage is not None
    assert caught.value.usage.cost is None
    assert made.transcribe(asking, "c2", 5.0).usage.cost == pytest.approx(0.5)
    with pytest.raises(CostLimitError, match="would pass --max-cost 1"):
        made.transcribe(asking, "c3", 6.0)
    with pytest.raises(CostLimitError):  # smaller, but the run is over: what is left out must not depend on luck
        made.transcribe(asking, "c4", 1.0)
    assert len(transport.sent) == 2


def test_what_a_server_may_have_done_is_paid_for() -> None:
    purse = Purse(price=6.0)
    made, transport = client(Lost("x"), purse=purse)
    with pytest.raises(RequestError) as caught:
        made.transcribe(asking, "c1", 5.0)
    assert len(transport.sent) > 1
    assert purse.spent == pytest.approx(0.5 * len(transport.sent))
    assert caught.value.usage is not None
    assert caught.value.usage.cost == pytest.approx(0.5 * len(transport.sent))
    made, transport = client(Lost("x"), Late("y"), ok(), purse=Purse(price=6.0))
    assert made.transcribe(asking, "c1", 5.0).usage.cost == pytest.approx(1.5)


def test_a_request_is_not_sent_again_for_money_that_is_not_there() -> None:
    made, transport = client(Lost("x"), purse=Purse(price=6.0, most=1.2))
    with pytest.raises(CostLimitError, match=r"would pass --max-cost 1\.2: 1\.0000 USD are spent or under way"):
        made.transcribe(asking, "c1", 5.0)
    assert len(transport.sent) == 2


def test_those_under_way_end_well_when_the_money_does() -> None:
    purse = Purse(price=6.0, most=0.1)
    made, _ = client(ok(), purse=purse)
    seen: list[Exception] = []

    def steps() -> Exchange:
        yield Request(url="http://server/jobs")
        with pytest.raises(CostLimitError) as caught:
            made.transcribe(asking, "c2", 1.0)
        seen.append(caught.value)
        yield Pause(1.0)
        yield Request(url="http://server/jobs/1", asks_again=True)
        return Answer(text="done")

    assert made.transcribe(steps, "c1", 1.0).answer.text == "done"
    assert len(seen) == 1


@pytest.mark.parametrize("said", [f"no: {KEY}", f"no: {KEY[:12]}"])
def test_the_key_is_in_no_message(said: str) -> None:
    made, _ = client(error(400, said))
    with pytest.raises(RequestError, match=r"no: \[key\]") as caught:
        made.transcribe(asking, "c1", 1.0)
    assert "sk-01234" not in repr(caught.value) + repr(made) + repr(caught.value.__context__)


def test_an_answer_that_repeats_the_key_is_not_kept() -> None:
    made, _ = client(ok(f"your key is {KEY}"))
    with pytest.raises(AnswerError, match="holds the key"):
        made.transcribe(asking, "c1", 1.0)


def test_asking_about_the_server() -> None:
    request = Request(method="GET", url="http://server/models")
    answers: Iterator[tuple[Outcome, bool]] = iter([(ok(), True), (error(404), False), (error(500), False)])
    for outcome, told in answers:
        made, _ = client(outcome)
        assert (made.ask(request) is not None) is told
    ends: list[tuple[Outcome, str]] = [
        (Unreachable("no connection"), "no connection"),
        (error(401, KEY), r"refused: \[key\]"),
    ]
    for bad, words in ends:
        made, transport = client(bad)
        with pytest.raises(ServerError, match=f"^http://server: .*{words}"):
            made.ask(request)
        assert len(transport.sent) <= 2


def test_the_end_wakes_whoever_waits() -> None:
    made, transport = client(error(503), error(401))
    made.wait = None
    made.policy = Policy(first=3600.0, longest=3600.0)
    failures: list[Exception] = []

    def ask() -> None:
        try:
            made.transcribe(asking, "c1", 1.0)
        except ServerError as failure:
            failures.append(failure)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    while not transport.sent:
        threading.Event().wait(0.005)
    with pytest.raises(ServerError, match="401"):
        made.transcribe(asking, "c2", 1.0)
    thread.join(30)
    assert not thread.is_alive()
    assert "401" in str(failures[0])


def test_closing_wakes_whoever_waits() -> None:
    made, transport = client(error(503))
    made.wait = None
    waiting = threading.Event()
    transport_send = transport.send

    def send(request: Request, secret: dict[str, str]) -> Response:
        waiting.set()
        return transport_send(request, secret)

    transport.send = send  # type: ignore[method-assign]
    made.policy = Policy(first=3600.0, longest=3600.0)
    failures: list[Exception] = []

    def ask() -> None:
        try:
            made.transcribe(asking, "c1", 1.0)
        except ServerError as failure:  # not the clip's: it is asked again by the next command
            failures.append(failure)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    waiting.wait(30)
    made.close()
    thread.join(30)
    assert not thread.is_alive()
    assert str(failures[0]) == "http://server: the client was closed"
    assert transport.closed
