"""The client: carries the conversations of services, tries again, keeps count, and knows when to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from harness.errors import CostLimitError, HarnessError, ServerError
from harness.models.served.messages import Answer, AnswerError, Exchange, Pause, Request, RequestError, Response
from harness.models.served.purse import Purse
from harness.models.served.retry import NOT_HERE, Again, Done, End, Policy, Tries
from harness.models.served.transport import Late, Lost, Transport, Trouble
from harness.types import Usage

if TYPE_CHECKING:
    from harness.models.served.key import Key

FAILED_IN_A_ROW = 10
"""Requests that failed one after another, with none that went well between: then it is the server, not the clips."""

GO_ON = "what was done is journalled, and the same command goes on"


class Transcribed(NamedTuple):
    """An answer, and what it took."""

    answer: Answer
    usage: Usage


@dataclass(slots=True)
class _Tally:
    """What one call took so far."""

    seconds: float
    """Of its audio."""
    cost: float | None
    """US dollars, with that of requests whose connection was lost; None is not known."""
    requests: int = 0
    retries: int = 0
    sent: bool = False
    """Whether the server may have done the work, and so bill it."""


@dataclass(slots=True)
class Client:
    """Asks one server. Safe to use from many threads, each of which waits for its own answer.

    It is closed for good once the server is given up: every further call raises the same error.
    """

    name: str
    """What to call the server in messages: its address."""
    transport: Transport
    key: Key
    policy: Policy = field(default_factory=Policy)
    purse: Purse = field(default_factory=Purse)
    timeout: float = 600.0
    """Seconds that a service which has to be asked again may take, beside the seconds of the audio."""
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] | None = None
    """How to wait; None waits until it is over or the client is closed."""
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: HarnessError | None = None
    _broke: CostLimitError | None = None
    _failed: int = 0
    """In a row."""
    _answered: bool = False
    """Whether a call ever went well."""

    def transcribe(
        self, exchange: Callable[[], Exchange], clip: str, seconds: float, intended: float | None = None
    ) -> Transcribed:
        """Has one call answered.

        Args:
            exchange: begins the conversation.
            clip: its id.
            seconds: of its audio.
            intended: when it should have begun, by the client's clock; None is now. Latency counts from there.

        Raises:
            RequestError: it came to nothing, and others may fare better.
            ServerError: no other would.
            CostLimitError: it would cost more than may be spent.
        """
        begin = self.clock() if intended is None else intended
        self._check()
        tally = _Tally(seconds, self._pay(seconds))
        try:
            answer = self._converse(exchange(), clip, seconds, tally)
        except RequestError as error:
            error.args = (self.key.hide(str(error)),)
            error.usage = self._usage(begin, tally)
            self._failure(error)
            raise error from None
        except HarnessError:
            self._usage(begin, tally)
            raise
        self._success()
        usage = self._usage(begin, tally)
        first = None if answer.first_at is None else answer.first_at - begin
        facts = {"tokens": answer.tokens, "first_token": first, "made_by": answer.made_by}
        return Transcribed(answer, msgspec.structs.replace(usage, **facts))

    def ask(self, request: Request) -> Response | None:
        """Asks something that is not about a clip, such as what models there are; None where the server does not say.

        Raises:
            ServerError: it cannot be reached, or refuses the key.
        """
        tries = Tries(request.url, Policy(attempts=2, late=1, first=min(0.5, self.policy.first)))
        while True:
            outcome = self._attempt(request)
            if isinstance(outcome, Response) and outcome.status in NOT_HERE:
                return None
            verdict = tries.judge(outcome)
            if isinstance(verdict, Done):
                return verdict.response
            if isinstance(verdict, Again):
                self._pause(verdict.seconds)
            elif isinstance(verdict, End) or isinstance(outcome, Trouble):
                raise ServerError(self.key.hide(f"{self.name}: {verdict.why}"))
            else:
                return None

    def close(self) -> None:
        """Ends what is under way; whoever waits is told so."""
        self._stopped.set()
        self.transport.close()

    def _converse(self, steps: Exchange, clip: str, seconds: float, tally: _Tally) -> Answer:
        """Carries a conversation to its end."""
        deadline = self.clock() + self.timeout + seconds
        try:
            message = next(steps)
            while True:
                if isinstance(message, Pause):
                    if self.clock() + message.seconds > deadline:
                        raise RequestError(f"the service has not finished after {self.timeout + seconds:g} s")
                    self._pause(message.seconds)
                    message = next(steps)
                else:
                    message = steps.send(self._send(message, clip, tally))
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    def _send(self, request: Request, clip: str, tally: _Tally) -> Response:
        """Sends a request until it is answered with success.

        Raises:
            RequestError: it will not be.
            ServerError: no request will be.
        """
        tries = Tries(clip, self.policy)
        while True:
            self._check()
            outcome = self._attempt(request)
            if isinstance(outcome, Trouble):
                self._check()  # a connection that was ended from here says nothing of the clip
            tally.requests += not request.asks_again
            tally.retries += tries.made > 0 and not request.asks_again
            tally.sent |= isinstance(outcome, Lost | Late) or (isinstance(outcome, Response) and outcome.status < 300)
            verdict = tries.judge(outcome)
            if isinstance(verdict, Done):
                if self.key.shown_in(verdict.response.body):
                    raise AnswerError("the server's answer holds the key; it is not kept")
                return verdict.response
            if isinstance(verdict, Again):
                if isinstance(outcome, Lost | Late) and tally.cost is not None:
                    # The server may have done that one, and be paid for it.
                    tally.cost += self._pay(tally.seconds) or 0.0
                self._pause(verdict.seconds)
                continue
            if isinstance(verdict, End):
                raise self._end(ServerError(f"{self.name}: {self.key.hide(verdict.why)}; {GO_ON}"))
            if verdict.asks and not self.transport.reachable():
                raise self._end(ServerError(f"{self.name} is gone: {verdict.why}; {GO_ON}"))
            failure = RequestError(verdict.why)
            failure.refused = verdict.refused
            raise failure

    def _attempt(self, request: Request) -> Response | Trouble:
        try:
            return self.transport.send(request, self.key.header())
        except Trouble as trouble:
            return trouble

    def _pause(self, seconds: float) -> None:
        if self.wait is not None:
            self.wait(seconds)
        else:
            self._stopped.wait(seconds)
        self._check()

    def _check(self) -> None:
        """Raises what ended it, if something did."""
        if self._ended is not None:
            raise self._ended
        if self._stopped.is_set():
            raise ServerError(f"{self.name}: the client was closed")

    def _end(self, error: HarnessError) -> HarnessError:
        """Gives the server up, for all threads; the first reason stays."""
        with self._lock:
            self._ended = self._ended or error
        self._stopped.set()
        return self._ended

    def _pay(self, seconds: float) -> float | None:
        """The cost of a call. Once it is too much no further call begins; those under way are paid for, and end."""
        if self._broke is not None:
            raise self._broke
        try:
            return self.purse.take(seconds)
        except CostLimitError as error:
            self._broke = error
            raise

    def _usage(self, begin: float, tally: _Tally) -> Usage:
        """What a call took; it costs nothing where the server did not do it."""
        if not tally.sent:
            self.purse.give_back(tally.cost)
            tally.cost = None
        latency = self.clock() - begin
        return Usage(latency=latency, requests=tally.requests, retries=tally.retries, cost=tally.cost)

    def _success(self) -> None:
        with self._lock:
            self._failed, self._answered = 0, True

    def _failure(self, error: RequestError) -> None:
        """Counts a failed call.

        Raises:
            ServerError: so many failed one after another that further ones would too.
        """
        if error.refused and self._answered:
            return
        with self._lock:
            self._failed += 1
            enough = self._failed >= FAILED_IN_A_ROW
        if enough and self._ended is None:
            raise self._end(
                ServerError(f"{self.name}: the last {FAILED_IN_A_ROW} requests all failed, at last: {error}; {GO_ON}")
            ) from None
