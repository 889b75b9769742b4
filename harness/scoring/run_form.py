"""What a run.json must look like where it is read: it may come from anybody."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum
from typing import Any

from harness.errors import DataError


class Kind(Enum):
    """Of a value. Every value may also be null or missing, where it is not known."""

    TEXT = "a text"
    NUMBER = "a number"
    COUNT = "a whole number of 0 or more"
    FLAG = "true or false"
    LIST = "a list"
    SPEEDS = "a list of numbers above 0"


@dataclass(frozen=True, slots=True)
class Each:
    """A table in which every value has the same form, whatever its key."""

    form: Form


Form = Kind | Each | dict[str, "Form"]
"""A value's kind; or a table, of whose keys only those that are read are stated."""

SPEED: Form = {
    **{f"rtfx{what}": Kind.NUMBER for what in ("", "_end_to_end", "_leaderboard")},
    **{f"seconds_heard{what}": Kind.NUMBER for what in ("", "_clean", "_leaderboard")},
    **{f"seconds_{what}": Kind.NUMBER for what in ("counted", "counted_leaderboard", "wall", "warmup")},
    "phases": Each(Kind.NUMBER),
    "repeats": {"rtfx": Kind.SPEEDS, "rtfx_end_to_end": Kind.SPEEDS},
}
RUN: Form = {
    "suite": Kind.TEXT,
    "profile": Kind.TEXT,
    "complete": Kind.FLAG,
    "model": {"id": Kind.TEXT, "revision": Kind.TEXT, "parameters": Kind.NUMBER, "license": Kind.TEXT},
    "settings": {"on_error": Kind.TEXT, "limit": Kind.COUNT, "dtype": Kind.TEXT, "device": Kind.TEXT},
    "environment": {
        "commit": Kind.TEXT,
        "hardware": {"cpu": Kind.TEXT, "cores": Kind.NUMBER, "accelerator": Kind.TEXT, "accelerators": Kind.COUNT},
    },
    "benchmarks": Each(
        {
            "language": Kind.TEXT,
            "source": Kind.TEXT,
            "revision": Kind.TEXT,
            "complete": Kind.FLAG,
            "expected": Kind.COUNT,
            "done": Kind.COUNT,
            "failed": Kind.COUNT,
            "selection": {"limit": Kind.COUNT, "seed": Kind.COUNT},
            "speed": SPEED,
            "drift": Kind.LIST,
        }
    ),
}


def check_run(run: Any, where: str) -> None:
    """Compares a run.json with its form.

    Args:
        run: what the file holds.
        where: what to call it.

    Raises:
        DataError: a field is of another kind; the message names it.
    """
    fault = _fault(run, RUN, "")
    if fault is not None:
        msg = f"{where}: {fault}; restore it, or run again"
        raise DataError(msg)


def _fault(value: Any, form: Form, place: str) -> str | None:
    """What is wrong with the first value that is not as it should be, and where; None where all are."""
    if value is None:
        return None
    if isinstance(form, Kind):
        return None if _is(value, form) else f"{place} is not {form.value}"
    if not isinstance(value, dict):
        return f"{place or 'it'} is not a table"
    inside = value if isinstance(form, Each) else form
    for key in inside:
        inner = form.form if isinstance(form, Each) else form[key]
        fault = _fault(value.get(key), inner, f"{place}.{key}" if place else key)
        if fault is not None:
            return fault
    return None


def _is(value: Any, kind: Kind) -> bool:
    """Whether a value is of a kind."""
    if kind is Kind.SPEEDS:
        return isinstance(value, list) and all(_is(speed, Kind.NUMBER) and speed > 0 for speed in value)
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return {
        Kind.TEXT: isinstance(value, str),
        Kind.NUMBER: number,
        Kind.COUNT: number and isinstance(value, int) and value >= 0,
        Kind.FLAG: isinstance(value, bool),
        Kind.LIST: isinstance(value, list),
    }[kind]
