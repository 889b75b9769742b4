"""What an hour of audio costs: by the hour of a machine, or by the minute of audio of an API."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from harness.errors import UsageError

_FORM = re.compile(
    r"(?P<before>[$€£¥]|[A-Za-z]{3})?\s*(?P<amount>\d+(\.\d*)?|\.\d+)\s*(?P<after>[$€£¥]|[A-Za-z]{3})?\s*"
    r"/\s*(?P<unit>h|hour|min|minute)",
    re.ASCII | re.IGNORECASE,
)
_UNITS: dict[str, Literal["h", "min"]] = {"h": "h", "hour": "h", "min": "min", "minute": "min"}


@dataclass(frozen=True, slots=True)
class Price:
    """A price as `--price` states it."""

    amount: float
    """Money for a unit."""
    unit: Literal["h", "min"]
    """An hour of machine, or a minute of audio."""
    currency: str = ""
    """As it was written; empty where nothing was."""

    def of_hour(self, speed: float | None) -> float | None:
        """Money for an hour of audio; None where the speed is not known that it depends on.

        Args:
            speed: seconds of audio a second of machine.
        """
        if self.unit == "min":
            return 60 * self.amount
        return self.amount / speed if speed else None

    def __str__(self) -> str:
        """As it is taken: ``2.5 USD/h``."""
        return f"{self.amount:g}{f' {self.currency}' if self.currency else ''}/{self.unit}"


def price_of(text: str) -> Price:
    """The price that a text states: ``2.5/h``, ``$0.006/min``, ``1.99 EUR/hour``.

    Raises:
        UsageError: it states none.
    """
    found = _FORM.fullmatch(text.strip())
    amount = float(found["amount"]) if found else math.nan
    if found is None or not math.isfinite(amount) or (found["before"] and found["after"]):
        raise UsageError(
            f"--price {text}: give money per hour of machine, 2.5/h, or per minute of audio, 0.006/min; "
            "a currency is one of $ € £ ¥ or three letters, such as 2.5 USD/h"
        )
    return Price(amount, _UNITS[found["unit"].lower()], (found["before"] or found["after"] or "").upper())
