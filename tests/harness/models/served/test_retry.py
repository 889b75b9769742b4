"""What outcomes mean, attempt by attempt."""

from __future__ import annotations

import json

import pytest

from harness.models.served.messages import Response
from harness.models.served.retry import Again, Done, End, GiveUp, Policy, Tries, Verdict, retry_after
from harness.models.served.transport import Late, Lost, TooLarge, Trouble, Unreachable, Untrusted

POLICY = Policy(attempts=4, broken=2, late=2, first=1.0, longest=3.0, patience=60.0)


def judged(outcome: Response | Trouble, times: int = 9) -> list[Verdict]:
    """The verdicts on the same outcome again and again, up to the last."""
    tries = Tries("c1", POLICY)
    found: list[Verdict] = []
    for _ in range(times):
        found.append(tries.judge(outcome))
        if not isinstance(found[-1], Again):
            return found
    raise AssertionError("it is tried for ever")


def error(status: int, text: str = "why", **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=names, body=json.dumps({"error": {"message": text}}).encode())


def test_success_is_done() -> None:
    response = Response(status=200, body=b"{}")
    assert judged(response) == [Done(response)]
    assert isinstance(judged(Response(status=202))[0], Done)


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 529])
def test_a_busy_server_is_asked_again_up_to_the_limit(status: int) -> None:
    *again, last = judged(error(status))
    assert len(again) == 3
    assert last == GiveUp(f"the server answered {status}: why (tried 4 times)")


def test_a_broken_one_once_more_only() -> None:
    again, last = judged(error(500, "Internal Server Error"))
    assert isinstance(again, Again)
    assert last == GiveUp("the server answered 500: Internal Server Error (tried 2 times)")


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_a_request_that_is_refused_costs_its_clip(status: int) -> None:
    assert judged(error(status)) == [GiveUp(f"the server answered {status}: why", refused=True)]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "401, the key is refused: why"),
        (402, "402, payment is required: why"),
        (403, "403, access is refused: why"),
        (404, "404, there is no such model or address: why"),
        (405, "405, this is no address for it: why"),
    ],
)
def test_what_no_further_clip_would_change_ends_the_run(status: int, words: str) -> None:
    assert judged(error(status)) == [End(f"the server answered {words}")]


def test_an_empty_account_ends_it_and_a_full_queue_does_not() -> None:
    (end,) = judged(error(429, "You exceeded your current quota, please check your plan"))
    assert isinstance(end, End)
    assert "no credit left" in end.why
    assert isinstance(judged(error(429, "Rate limit reached"))[0], Again)


def test_a_redirect_ends_it_and_its_query_is_not_shown() -> None:
    (end,) = judged(error(302, location="https://other.example/v2?key=secret"))
    expected = (
        "the server answered 302, a redirect to https://other.example/v2, which is not followed; give that address"
    )
    assert end == End(expected)
    assert "http://127.0.0.1:8001/x," in str(judged(error(307, location="http://me:pw@127.0.0.1:8001/x"))[0])
    assert "/v2," in str(judged(error(308, location="/v2?x=1"))[0])
    assert "nowhere" in str(judged(error(308))[0])


def test_connections() -> None:
    *again, last = judged(Unreachable("no connection"))
    assert len(again) == 3
    assert last == End("no connection (tried 4 times)")
    *again, last = judged(Lost("it broke"))
    assert len(again) == 3
    assert last == GiveUp("it broke (tried 4 times)", asks=True)
    *again, last = judged(Late("nothing"))
    assert len(again) == 1
    assert last == GiveUp("nothing (tried 2 times)", asks=True)
    assert judged(Untrusted("no certificate")) == [End("no certificate")]
    assert judged(TooLarge("100 MB")) == [GiveUp("100 MB")]


def test_a_mixture_of_causes_ends_too() -> None:
    tries = Tries("c1", POLICY)
    outcomes: list[Response | Trouble] = [error(503), Lost("x"), error(503)]
    assert all(isinstance(tries.judge(outcome), Again) for outcome in outcomes)
    assert isinstance(tries.judge(Lost("x")), GiveUp)
    assert tries.made == 4


def test_waits_double_up_to_the_longest_and_are_random_by_seed_clip_and_attempt() -> None:
    for attempt, whole in enumerate([1.0, 2.0, 3.0, 3.0], start=1):
        wait = POLICY.wait("c1", attempt)
        assert whole / 2 <= wait <= whole
        assert wait == POLICY.wait("c1", attempt)
    assert POLICY.wait("c1", 1) != POLICY.wait("c2", 1)
    assert POLICY.wait("c1", 3) != POLICY.wait("c1", 4)
    assert Policy(seed=1).wait("c1", 1) != Policy(seed=2).wait("c1", 1)


def test_what_the_server_asks_for_is_waited_at_least() -> None:
    assert judged(error(429, retry_after="45"))[0] == Again(45.0)
    assert judged(error(503, retry_after="0"))[0] == Again(POLICY.wait("c1", 1))
    (end,) = judged(error(429, retry_after="61"))
    assert end == End("the server answered 429 and asks to wait 61 s; the same command goes on then")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Wed, 25 Nov 2026 20:00:30 GMT", "date": "Wed, 25 Nov 2026 20:00:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 25 Nov 2026 19:00:30 GMT", "date": "Wed, 25 Nov 2026 20:00:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 25 Nov 1998 19:00:30 GMT"}, 0.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
