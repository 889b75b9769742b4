"""What a perturbation is, and what its values may be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    """Mono samples at 16 kHz, shape ``[samples]``."""

Value = float | str
Values = Mapping[str, Value]
"""What a condition says, by the names of its parameters."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a perturbation may draw on besides samples and values."""

    generator: np.random.Generator
    """Seeded by the run's seed, the perturbation and the utterance: the same noise at each of several levels."""
    utterance: str
    """Its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that can be said of a perturbation."""

    name: str
    read: Callable[[str], Value]
    """The value that a text means. Raises ValueError whose message completes "give ..."."""
    default: Value | None = None
    """Where nothing is said; None: it must be said."""


def _same(seconds: float, _values: Values) -> float:
    return seconds


def _nothing(_values: Values) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """One way in which samples are changed."""

    name: str
    """Lower-case letters."""
    summary: str
    """One line."""
    example: str
    """A spec that works, for messages."""
    parameters: tuple[Parameter, ...]
    """Values without a name belong to the first."""
    apply: Callable[[Samples, Values, Draw], Samples]
    """New samples; those given are left as they are. May raise DataError."""
    label: Callable[[Values], str]
    """What follows the name in a benchmark's: ``@10dB``, ``-white@10dB``. Letters, digits and ``.+-_@`` only."""
    seconds: Callable[[float, Values], float] = _same
    """How long a clip of some seconds becomes."""
    check: Callable[[Values], None] = _nothing
    """Raises UsageError where it cannot be done here."""


def number(what: str, low: float, high: float, *units: tuple[str, float]) -> Callable[[str], float]:
    """Reads a number with or without a unit.

    Args:
        what: for messages: ``decibels``.
        low: the least that can be meant.
        high: the most.
        units: each with what a number in it is multiplied by; the first is the usual one.
    """
    factors = {name.lower(): factor for name, factor in units}
    form = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-z%]*)", re.ASCII)

    def read(text: str) -> float:
        found = form.fullmatch(text.strip().lower())
        factor = None if found is None else factors.get(found[2], 1.0 if not found[2] else None)
        value = math.nan if found is None or factor is None else float(found[1]) * factor
        if not low <= value <= high:  # so is what is no number
            raise ValueError(f"{what} from {low:g} to {high:g}")
        return value + 0.0  # no minus before a zero

    return read


def one_of(*names: str) -> Callable[[str], str]:
    """Reads one of some names."""

    def read(text: str) -> str:
        if text.strip().lower() not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return text.strip().lower()

    return read


DECIBELS = ("db", 1.0)
SECONDS = (("s", 1.0), ("ms", 0.001))
SNR = number("decibels", -50, 100, DECIBELS)
"""Reads a signal-to-noise ratio."""
