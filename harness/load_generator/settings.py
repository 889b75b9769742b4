"""What the command line says of a load measurement."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.config import CHANNEL, phrases
from harness.errors import UsageError
from harness.flags import Rule, check, flag

LOAD, DATA, MODEL = "how much", "what is sent", "the model"
"""The headings of the help."""

WARMUP_SHARE = 0.1
"""Of a rate's duration, where the user does not say."""

_POSITIVE: Rule = (lambda number: 0 < number < sys.float_info.max, "give a positive number")
_NOT_NEGATIVE: Rule = (lambda number: 0 <= number < sys.float_info.max, "give a number of seconds")
_FOLDER: Rule = (Path.is_dir, "no such folder")


def rates(text: str) -> tuple[float, ...]:
    """Rates as they are typed: ``1,2,4,8``, ascending, each once.

    Raises:
        UsageError: one is no positive number.
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [math.nan]
    if not all(0 < rate < sys.float_info.max for rate in found):
        raise UsageError(f"--rate {text}: give requests a second, such as 1,2,4,8")
    return tuple(sorted(set(found)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """Everything about how a load is put on a server."""

    rate: tuple[float, ...] = flag((), LOAD, "requests a second to offer, one after another", "1,2,4,8", parse=rates)
    duration: float = flag(60.0, LOAD, "of each rate", "S", rule=_POSITIVE)
    warmup: float | None = flag(
        None, LOAD, "the first seconds of each, sent and not counted; a tenth unless said", "S", rule=_NOT_NEGATIVE
    )
    seed: int = flag(0, LOAD, "of the times and the order of the clips", "N")
    slo: float | None = flag(
        None, LOAD, "what p95 may be, for a rate to count as sustained; anything unless said", "S", rule=_POSITIVE
    )
    timeout: float = flag(60.0, LOAD, "a request is given up after it", "S", rule=_POSITIVE)
    max_outstanding: int = flag(
        256, LOAD, "requests under way, at which a rate is stopped", "N", rule=(lambda n: n >= 1, "give at least 1")
    )
    max_requests: int = flag(
        10_000, LOAD, "refuse to send more, over all rates", "N", rule=(lambda n: n >= 1, "give at least 1")
    )
    limit: int = flag(
        20, DATA, "clips a benchmark, sampled over all lengths", "N", rule=(lambda n: n >= 1, "give at least 1")
    )
    channel: str = flag(
        "mix",
        DATA,
        "of several channels: all mixed, the one with most speech, or the Nth from 0",
        "mix|best|N",
        rule=CHANNEL,
    )
    root: Path | None = flag(None, DATA, "folder with the original data sets", "DIR", rule=_FOLDER, name="--from")
    out: Path = flag(Path("results/load"), LOAD, "folder that holds the measurements", "DIR")
    model_option: tuple[str, ...] = flag(
        (), MODEL, "something the model can be told (list models); repeats", "NAME=VALUE", name="--model-option"
    )
    keywords: tuple[str, ...] = flag(
        (), MODEL, "words to listen for: a file with one a line, or a list", "FILE|A,B", parse=phrases
    )
    yes_this_costs: bool = flag(False, MODEL, "ask servers that may bill for it")

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        check(self)
        if not self.rate:
            raise UsageError("say how much: --rate 1,2,4,8 (requests a second)")
        if self.counted_from >= self.duration:
            raise UsageError(
                f"--warmup {self.counted_from:g}: nothing is left to count of --duration {self.duration:g}"
            )

    @property
    def counted_from(self) -> float:
        """Seconds of the warm-up."""
        return WARMUP_SHARE * self.duration if self.warmup is None else self.warmup
