"""What a benchmark under a condition is called: ``sample_read+noise@10dB``, and what its clean one is called.

Scoring and reports go by the name alone, so that runs, saved baselines and predictions of others are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

MARK = "+"
"""Between the clean benchmark's name and the condition's."""

_LABEL = re.compile(
    r"(?P<series>(?P<kind>noise|babble|reverb|codec|gain|speed|clip|silence)(-[A-Za-z0-9_.]+)?)@(?P<value>[A-Za-z0-9.+-]+)"
)
"""The names are those of the registry, which a test compares: reading them must not load what applies them."""

RATIOS = ("noise", "babble")
"""Perturbations whose conditions are signal-to-noise ratios."""


class Named(NamedTuple):
    """A benchmark's name, taken apart."""

    clean: str
    """That of the clean benchmark."""
    condition: str
    """``noise-white@10dB``."""
    series: str
    """Conditions that differ in a value only: ``noise-white``."""
    value: str
    """``10dB``."""

    @property
    def snr(self) -> float | None:
        """Decibels, where the condition is a signal-to-noise ratio."""
        known = self.series.partition("-")[0] in RATIOS and self.value.endswith("dB")
        return float(self.value.removesuffix("dB")) if known else None


def named(benchmark: str) -> Named | None:
    """The name of a benchmark under a condition, taken apart; None for a clean one."""
    clean, mark, rest = benchmark.partition(MARK)
    found = _LABEL.fullmatch(rest) if mark and clean else None
    if found is None:
        return None
    return Named(clean, rest, found["series"], found["value"])


def joined(clean: str, condition: str) -> str:
    """The name of a benchmark under a condition."""
    return f"{clean}{MARK}{condition}"


def clean_among(benchmarks: Iterable[str]) -> list[str]:
    """The clean ones of some benchmarks; all of them where none is clean."""
    every = list(benchmarks)
    return [one for one in every if named(one) is None] or every
