"""A served model as the runner sees it: each clip is a request, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from harness.errors import ServerError
from harness.models.base import Model, ModelCard
from harness.models.served.audio import encode
from harness.models.served.messages import AudioFormat, Call, Exchange
from harness.types import Clip, Hypothesis, Usage

if TYPE_CHECKING:
    from harness.models.served.client import Client, Transcribed

WAITING = 3
"""Clips handed over for each request at a time: one slow answer does not keep the other connections idle."""

UNKNOWN = frozenset({"", "und", "mul", "zxx"})
"""Languages that are none to ask for."""


class Service(Protocol):
    """What is asked of a server, and how its answers are read. Pure."""

    def exchange(self, call: Call) -> Exchange:
        """The conversation about one call."""


class ServedModel(Model):
    """Sends clips to a server.

    Args:
        card: says that it is served; `served_card` makes it.
        service: builds requests and reads answers.
        client: carries them.
        form: how clips are sent.
        concurrency: requests at a time.
        rows: whether a clip's own keywords are asked for too.
    """

    def __init__(
        self,
        card: ModelCard,
        service: Service,
        client: Client,
        form: AudioFormat,
        concurrency: int,
        *,
        rows: bool = False,
    ) -> None:
        self.card, self._rows = card, rows
        self.service, self.client, self._form = service, client, form
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="request")

    def features(self, clips: Sequence[Clip]) -> list[Call]:
        """Encodes the clips."""
        return [self.call(clip) for clip in clips]

    def call(self, clip: Clip) -> Call:
        """A clip as it is asked about."""
        return Call(
            id=clip.id,
            seconds=clip.duration,
            language=None if clip.language in UNKNOWN else clip.language,
            audio=encode(clip, self._form) if len(clip.waveform) else b"",
            format=self._form,
            keywords=clip.keywords if self._rows else (),
        )

    def infer(self, features: list[Call]) -> list[Future[Hypothesis]]:
        """Begins the requests, as many at a time as were asked for."""
        return [self._pool.submit(self.ask, call) for call in features]

    def ask(self, call: Call, intended: float | None = None) -> Hypothesis:
        """One call, answered; nothing is sent for a clip without a sample, in which nothing can be said.

        Args:
            call: made by `call`.
            intended: when it should have begun, by `time.monotonic`; None is now.
        """
        if not call.audio:
            return Hypothesis(text="", usage=Usage(requests=0, retries=0))
        begin: Callable[[], Exchange] = lambda: self.service.exchange(call)  # noqa: E731 - typed
        done: Transcribed = self.client.transcribe(begin, call.id, call.seconds, intended)
        answer = done.answer
        return Hypothesis(
            text=answer.text, words=answer.words, speakers=answer.speakers, turns=answer.turns, usage=done.usage
        )

    def text(self, output: list[Future[Hypothesis]]) -> list[Hypothesis]:
        """Waits for the answers."""
        try:
            return [future.result() for future in output]
        except CancelledError:
            raise ServerError(f"{self.card.id} was closed") from None

    def close(self) -> None:
        """Ends what is under way."""
        self.client.close()
        self._pool.shutdown(cancel_futures=True)


def served_card(name: str, *, revision: str | None, max_seconds: float, concurrency: int, note: str) -> ModelCard:
    """The card of a served model: one clip a request, so that one failure costs one clip."""
    return ModelCard(
        id=name,
        revision=revision,
        max_seconds=max_seconds,
        batch_invariant=True,
        max_batch=1,
        in_flight=WAITING * concurrency,
        served=True,
        note=note,
    )
