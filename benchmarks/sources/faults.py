"""What can go wrong between here and a hub, each as one line that says which data set, why, and how to go on.

cannot connect, no name, no answer     HubUnreachableError at once: nothing else on that hub will work either
401, 403                               AccessError: whose terms, where to accept them, HF_TOKEN
404                                    AccessError: no such repository, revision or file
429, 5xx, a cut or slow answer         a few retries with growing pauses, then AccessError
HF_HUB_OFFLINE                         AccessError: what the cache does not hold
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar, cast

from benchmarks.dataset import HubUnreachableError
from benchmarks.sources.hub_access import first_line, quiet
from harness.errors import AccessError, DataError

if TYPE_CHECKING:
    from benchmarks.sources.split import HubRepo

T = TypeVar("T")

ATTEMPTS = 4
"""How often a request is made before it is given up."""
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each later pause is twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds that a hub's Retry-After is followed up to."""
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes that another attempt may not meet."""


OFFLINE = "{} is not in the cache and HF_HUB_OFFLINE is set: unset it"


def endpoint() -> str:
    """The hub's address: HF_ENDPOINT, or the public one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def is_offline() -> bool:
    """Whether the user forbade the network (HF_HUB_OFFLINE)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def ask(split: HubRepo, request: Callable[[], T], attempts: int = ATTEMPTS) -> T:
    """Makes a request of the hub, again where the fault may pass.

    Raises:
        AccessError: it failed for good; HubUnreachableError where the hub as a whole does not answer.
        DataError: what came cannot be stored.
    """
    pause = FIRST_PAUSE
    for attempt in range(1, attempts + 1):
        try:
            with quiet():
                return request()
        except raised() as error:
            if attempt == attempts or not _may_pass(error):
                raise explain(split, error) from error
            time.sleep(min(_retry_after(error) or pause, LONGEST_PAUSE))
            pause *= 2
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def raised() -> tuple[type[Exception], ...]:
    """All that the hub's library raises where a request fails."""
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    # The base of all errors of the HTTP client that the library uses, whichever that is.
    transport = cast("type[Exception]", HfHubHTTPError.__mro__[1])
    return transport, EntryNotFoundError, OSError


def explain(split: HubRepo, error: Exception) -> DataError:
    """The one line that says what an exception of the hub's libraries means."""
    status, kind = _status(error), type(error).__name__
    if status is not None:
        return AccessError(f"{split.where}: {_answer(split, status, kind)}")
    if is_offline() and not isinstance(error, PermissionError):
        return AccessError(OFFLINE.format(split.where))
    if isinstance(error, OSError) and error.errno is not None and not _is_network(error):
        return DataError(f"{split.where}: its files cannot be stored or read here: {error.strerror or error}")
    if _is_network(error) or kind == "LocalEntryNotFoundError":
        said = f"the hub at {endpoint()} cannot be reached ({first_line(error)}); try again"
        return HubUnreachableError(f"{split.where}: {said}")
    return AccessError(f"{split.where}: the download failed again and again ({error}); try again")


def _answer(split: HubRepo, status: int, kind: str) -> str:
    """What a status code means, and what to do."""
    sign_in = "sign in (set HF_TOKEN, or `hf auth login`)"
    if status == 404:
        return f"the hub at {endpoint()} has no such repository, revision or file"
    if kind == "GatedRepoError" or (status in {401, 403} and split.terms):
        return f"it is gated: accept its terms at {split.page}, {sign_in}"
    if status in {401, 403}:
        return f"the hub answers {status}: {sign_in} and accept the terms, if there are any, at {split.page}"
    again = ", again and again" if status in PASSING else ""
    return f"the hub answers {status}{again}; try again later"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what caused it, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """The status code of the response behind an error or its cause."""
    responses = (getattr(cause, "response", None) for cause in _causes(error))
    return next((int(response.status_code) for response in responses if response is not None), None)


def _names(error: BaseException | None) -> set[str]:
    """What an error and its bases are called: the HTTP client's own classes are not ours to import."""
    return {cls.__name__ for cls in type(error).__mro__}


def _is_network(error: BaseException) -> bool:
    """Whether an error, or what caused it, is a connection that did not come about or broke."""
    kinds = (ConnectionError, TimeoutError)
    return any(isinstance(cause, kinds) or "TransportError" in _names(cause) for cause in _causes(error))


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may go better."""
    status = _status(error)
    if status is not None:
        return status in PASSING
    names = _names(error) | _names(error.__cause__) | _names(error.__context__)
    if names & {"ConnectError", "ConnectTimeout", "OfflineModeIsEnabled", "LocalEntryNotFoundError"}:
        return False
    cut = {"ReadTimeout", "RemoteProtocolError", "ReadError", "WriteError", "PoolTimeout"}
    return bool(names & cut) or (isinstance(error, OSError) and "Consistency check failed" in str(error))


def _retry_after(error: Exception) -> float | None:
    """Seconds that the hub asks to wait, where it says."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return float(headers.get("Retry-After", ""))
    except ValueError:
        return None
