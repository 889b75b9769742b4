"""Times of turns and words in files of any form, seconds from the beginning of the recording: one check for all."""

from __future__ import annotations

import json
import math

LONGEST = 1e9
"""Seconds, thirty years: what is said to be later is not believed."""


def seconds(value: object, name: str) -> float:
    """The seconds that a cell or value states.

    Raises:
        ValueError: it is no number, not finite, negative or more than `LONGEST`; the message calls it `name`.
    """
    number = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
    if not 0 <= number < LONGEST:
        shown = repr(value[:40]) if isinstance(value, str) else json.dumps(value, default=str)[:40]
        raise ValueError(f"{name} is {shown}, not a number of seconds")
    return number


def in_order(begin: float, end: float) -> tuple[float, float]:
    """Begin and end of a stretch of speech.

    Raises:
        ValueError: it ends before it begins.
    """
    if end < begin:
        raise ValueError(f"the segment ends ({end}) before it begins ({begin})")
    return begin, end
