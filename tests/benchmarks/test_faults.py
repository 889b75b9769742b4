"""Which faults of a hub are met again, and which end it: a request is counted, and no pause is waited for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.dataset import Entry, HubUnreachableError
from benchmarks.sources.faults import ATTEMPTS, FIRST_PAUSE, LONGEST_PAUSE, ask, explain
from benchmarks.sources.split import HubSplit
from harness.errors import AccessError, DataError
from tests.benchmarks.hub_server import http_library

if TYPE_CHECKING:
    from collections.abc import Callable

SPLIT = HubSplit(repo="a/b", config="default", split="test", entry=lambda _: Entry(id="1", reference=""), language="en")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are not waited for, but written down."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


def failing(error: Exception, calls: list[int], *, times: int = 1_000) -> Callable[[], str]:
    """A request that fails so often, and writes down its calls."""

    def request() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "answer"

    return request


@pytest.mark.parametrize("kind", ["ConnectTimeout", "ConnectError"])
def test_a_hub_that_does_not_take_the_connection_is_not_asked_again(pauses: list[float], kind: str) -> None:
    calls: list[int] = []
    with pytest.raises(HubUnreachableError, match=r"^a/b default/test: the hub at .* cannot be reached \(no way\)"):
        ask(SPLIT, failing(getattr(http_library(), kind)("no way"), calls))
    assert (len(calls), pauses) == (1, [])


@pytest.mark.parametrize("kind", ["ReadTimeout", "RemoteProtocolError", "ReadError", "WriteError", "PoolTimeout"])
def test_a_connection_that_breaks_is_made_again(pauses: list[float], kind: str) -> None:
    error, calls = getattr(http_library(), kind)("cut"), list[int]()
    assert ask(SPLIT, failing(error, calls, times=ATTEMPTS - 1)) == "answer"
    assert (len(calls), pauses) == (ATTEMPTS, [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE])
    calls.clear()
    with pytest.raises(HubUnreachableError):
        ask(SPLIT, failing(error, calls))
    assert len(calls) == ATTEMPTS


def status(code: int, **headers: str) -> Exception:
    """An answer with that status."""
    http = http_library()
    request = http.Request("GET", "http://127.0.0.1/")
    response = http.Response(code, headers=headers, request=request)
    error: Exception = http.HTTPStatusError(str(code), request=request, response=response)
    return error


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
def test_answers_that_may_pass_are_asked_for_again(pauses: list[float], code: int) -> None:
    calls: list[int] = []
    with pytest.raises(AccessError, match=f"the hub answers {code}, again and again; try again later"):
        ask(SPLIT, failing(status(code), calls))
    assert (len(calls), len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 501])
def test_answers_that_will_stay_are_taken_at_once(pauses: list[float], code: int) -> None:
    calls: list[int] = []
    with pytest.raises(AccessError):
        ask(SPLIT, failing(status(code), calls))
    assert (len(calls), pauses) == (1, [])


def test_the_hub_says_how_long_to_wait_within_bounds(pauses: list[float]) -> None:
    for said, waited in (("7", 7.0), ("3600", LONGEST_PAUSE), ("soon", FIRST_PAUSE)):
        pauses.clear()
        ask(SPLIT, failing(status(429, **{"Retry-After": said}), [], times=1))
        assert pauses == [waited]


def test_a_full_disk_is_no_fault_of_the_hub(pauses: list[float]) -> None:
    calls: list[int] = []
    with pytest.raises(DataError, match="its files cannot be stored or read here: No space left on device"):
        ask(SPLIT, failing(OSError(28, "No space left on device"), calls))
    assert (len(calls), pauses) == (1, [])


def test_offline_it_says_what_the_cache_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for error in (OSError("no network"), FileNotFoundError(2, "No such file or directory")):
        assert str(explain(SPLIT, error)) == "a/b default/test is not in the cache and HF_HUB_OFFLINE is set: unset it"
    assert "cannot be stored or read here" in str(explain(SPLIT, PermissionError(13, "Permission denied")))
