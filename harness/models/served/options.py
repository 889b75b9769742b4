"""What every served model can be told, and what is checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.models.base import LoadOptions, ModelOption

if TYPE_CHECKING:
    from harness.models.served.address import Address
    from harness.models.served.key import Key
    from harness.models.served.messages import AudioFormat

MEGABYTE = 1 << 20

COMMON = (
    ModelOption("max_bytes", "largest request that the server takes; longer clips are cut at pauses"),
    ModelOption("max_seconds", "longest clip that the server takes; longer ones are cut at pauses"),
    ModelOption("price", "US dollars a minute of audio, for the cost of the run and --max-cost", text=False),
    ModelOption("timeout", "seconds of an answer in all, beside those of the audio", default="600", text=False),
    ModelOption("silence", "seconds without a byte, beside those of the audio", default="60", text=False),
    ModelOption("attempts", "of a request, where the server is busy or the line breaks", default="6", text=False),
)
"""Options of every adapter here, after its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The values of `COMMON`."""

    price: float | None
    max_bytes: int
    max_seconds: float | None
    timeout: float
    silence: float
    attempts: int


def common(options: LoadOptions, *, max_bytes: int = 25 * MEGABYTE) -> Common:
    """Reads what the user said.

    Raises:
        UsageError: a value is no number, or no positive one.
    """
    if options.max_cost is not None and options.option("price") is None:
        raise UsageError("--max-cost needs the price: add --model-option price=USD_PER_MINUTE")
    return Common(
        price=positive(options, "price"),
        max_bytes=int(positive(options, "max_bytes") or max_bytes),
        max_seconds=positive(options, "max_seconds"),
        timeout=positive(options, "timeout") or 600.0,
        silence=positive(options, "silence") or 60.0,
        attempts=options.whole("attempts") or 6,
    )


def positive(options: LoadOptions, name: str) -> float | None:
    """The number that the user gave an option; None where nothing was said.

    Raises:
        UsageError: it is none, or not above 0.
    """
    value = options.option(name)
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(f"--model-option {name}={value}: give a positive number")
    return number


def check_sending(address: Address, key: Key, options: LoadOptions, *, costs: bool = False) -> None:
    """Refuses to send what could cost money or show a key, unless the user said so.

    Args:
        address: of the server.
        key: that goes there.
        options: what the user said.
        costs: whether it costs wherever it is.

    Raises:
        UsageError: it may cost and nobody said that it may; or the key would travel in the clear.
    """
    if (costs or not address.nearby) and not options.yes_this_costs:
        raise UsageError(
            f"{address.host} may bill each request; add --yes-this-costs to go on (and --max-cost to bound it)"
        )
    if key and not address.encrypted and not address.nearby:
        raise UsageError(f"the key would go to {address.host} unencrypted; give an https:// address")


def audio_format(options: LoadOptions, default: AudioFormat) -> AudioFormat:
    """How clips are sent."""
    return "wav" if (options.option("audio") or default) == "wav" else "flac"
