"""Asks a served model for one transcript: once, since a request that is sent again is load that was not asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.load_generator.sending import GaveUpError, Reply
from harness.models.served.messages import Answer, Pause, Request, Response, said
from harness.models.served.transport import Late, Trouble

if TYPE_CHECKING:
    from harness.models.served.messages import Call
    from harness.models.served.model import ServedModel


def asker(model: ServedModel, calls: Sequence[Call]) -> Callable[[int], Reply]:
    """What sends the clip of that number and waits for its transcript."""
    return lambda clip: ask(model, calls[clip])


def ask(model: ServedModel, call: Call) -> Reply:
    """One transcript.

    Raises:
        GaveUpError: it was not there in time.
        ModelError: there is none.
    """
    steps = model.service.exchange(call)
    begin = time.monotonic()
    try:
        message = next(steps)
        while True:
            if isinstance(message, Pause):
                time.sleep(message.seconds)
                message = next(steps)
            else:
                message = steps.send(_send(model, message))
    except StopIteration as end:
        answer: Answer = end.value
        return Reply(answer.text, None if answer.first_at is None else answer.first_at - begin)
    except Late as late:
        raise GaveUpError(str(late)) from None
    except Trouble as trouble:
        raise ModelError(model.client.key.hide(str(trouble))) from None


def _send(model: ServedModel, request: Request) -> Response:
    """Sends a request; the time-out is as it was asked for, without the seconds of the audio that a run adds."""
    client = model.client
    response = client.transport.send(replace(request, seconds=0.0), client.key.header())
    if not 200 <= response.status < 300:
        raise ModelError(client.key.hide(f"the server answered {response.status}: {said(response)}"))
    return response
