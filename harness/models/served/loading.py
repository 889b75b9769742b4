"""Puts a served model together: the client, the limits, and what the server says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import ServerError
from harness.models.served.audio import seconds_in
from harness.models.served.client import Client
from harness.models.served.messages import AnswerError, Request, json_of, objects
from harness.models.served.model import ServedModel, served_card
from harness.models.served.purse import Purse
from harness.models.served.retry import Policy
from harness.models.served.transport import Limits, Transport

if TYPE_CHECKING:
    from harness.models.base import LoadOptions, Model
    from harness.models.served.address import Address
    from harness.models.served.key import Key
    from harness.models.served.messages import AudioFormat
    from harness.models.served.model import Service
    from harness.models.served.options import Common

NOTE = "the weights behind an address can change at any time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Everything that makes a served model."""

    name: str
    """As `--model` has it."""
    address: Address
    key: Key
    service: Service
    form: AudioFormat
    options: LoadOptions
    common: Common
    base64: bool = False
    """Whether the audio goes into JSON, where it is a third larger."""
    models: str | None = None
    """The address that lists the server's models, in OpenAI's form."""
    longest: float | None = None
    """Seconds of the longest clip that the service takes, where that is not a matter of bytes."""


def serve(made: Served) -> Model:
    """The model.

    Raises:
        ServerError: the server cannot be reached, or refuses the key.
    """
    options, common = made.options, made.common
    limits = Limits(silence=common.silence, total=common.timeout)
    client = Client(
        name=made.address.url,
        transport=Transport(made.address.url, limits, options.concurrency),
        key=made.key,
        policy=Policy(attempts=common.attempts),
        purse=Purse(common.price, options.max_cost, options.spent),
        timeout=common.timeout,
    )
    if made.models is None and not client.transport.reachable():
        raise ServerError(f"{made.address.url}: no connection")
    bounds = (seconds_in(common.max_bytes, base64=made.base64), common.max_seconds, made.longest)
    card = served_card(
        made.name,
        revision=_revision(client, made) if made.models else None,
        max_seconds=min(bound for bound in bounds if bound is not None),
        concurrency=options.concurrency,
        note=f"{NOTE}; clips were sent as 16-bit {made.form.upper()} at 16 kHz",
    )
    return ServedModel(card, made.service, client, made.form, options.concurrency, rows=options.row_keywords)


def _revision(client: Client, made: Served) -> str | None:
    """What the server says of the model in its list; a list that it does not have, or that is no list, says nothing.

    The time of creation is OpenAI's alone: others state the time of the request, or of their own start.
    """
    response = client.ask(Request(method="GET", url=made.models or ""))
    if response is None:
        return None
    try:
        entries = objects(json_of(response).get("data"), "data")
    except AnswerError:
        return None
    entry = next((each for each in entries if each.get("id") == made.address.model), {})
    fields = ["revision", "version", "digest", "sha", "root"]
    fields += ["created"] if made.address.host == "api.openai.com" else []
    stated = [f"{name} {entry[name]}" for name in fields if isinstance(entry.get(name), str | int) and entry[name]]
    return client.key.hide(", ".join(stated)) or None
