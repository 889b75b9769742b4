"""Which slice each utterance is in: by a tag of the data, length, duration or session. Numbers are put into bins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.errors import UsageError, unknown_name
from harness.scoring.rows import SESSION
from harness.scoring.slices import LENGTHS, MOST_VALUES

if TYPE_CHECKING:
    from harness.records.journal import Line

MOST_NUMBERS = 8
"""A tag of more different numbers is put into bins."""
SECONDS = (2.0, 5.0, 10.0, 15.0, 20.0, 30.0)
"""Where bins of duration begin, after the first."""
ALWAYS = ("length", "duration", "session")
"""What can be sliced by although no row has a tag of the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicing:
    """The slice of each utterance."""

    tag: str
    values: list[str | None]
    """Of each row; None where it has no such tag."""
    order: list[str]
    """The values, numbers ascending, names in order of appearance."""
    binned: str = ""
    """How numbers were put into bins; empty where the values are the tag's own."""


def slice_by(rows: Sequence[Line], words: Sequence[int], tag: str) -> Slicing:
    """Puts utterances into slices.

    Args:
        rows: the utterances.
        words: how many words (or characters) the reference of each has.
        tag: name of a tag, or one of `ALWAYS`; ``speaker`` and the like are the session where no tag is called so.

    Raises:
        UsageError: no row has it, or its values name utterances and not groups of them.
    """
    found = [row.tags.get(tag) or None for row in rows]
    if any(value is not None for value in found):
        return _by_values(tag, found)
    if tag == "length":
        return _in_order(tag, [_length(count) for count in words], LENGTHS, "words of the reference")
    if tag == "duration":
        labels = _labels(SECONDS)
        placed = [None if row.duration is None else labels[_bin(row.duration, SECONDS)] for row in rows]
        if any(placed):
            return _in_order(tag, placed, labels, "seconds of audio")
    if tag in {"session", *SESSION} and any(row.session is not None for row in rows):
        return _by_values(tag, [row.session for row in rows], numbers=False)
    known = sorted({name for row in rows for name in row.tags} | {*ALWAYS})
    raise unknown_name("tag", tag, known)


def _length(words: int) -> str:
    return next(name for name, most in LENGTHS.items() if words <= most)


def _in_order(tag: str, values: list[str | None] | list[str], order: Iterable[str], binned: str) -> Slicing:
    return Slicing(tag=tag, values=[*values], order=[one for one in order if one in values], binned=binned)


def _by_values(tag: str, values: list[str | None], *, numbers: bool = True) -> Slicing:
    different = list(dict.fromkeys(value for value in values if value is not None))
    read = [_number(value) for value in different] if numbers else [None]
    known = [one for one in read if one is not None]
    if len(known) == len(different) and len({*known}) > MOST_NUMBERS:
        return _quartiles(tag, values)
    if len(different) > MOST_VALUES:
        raise UsageError(
            f"--slice {tag}: {len(different):,} different values name utterances, not groups of them; "
            f"at most {MOST_VALUES}, or numbers, which are put into bins"
        )
    if len(known) == len(different):
        different.sort(key=float)
    return Slicing(tag=tag, values=values, order=different)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _quartiles(tag: str, values: list[str | None]) -> Slicing:
    """Four bins of about equally many utterances; fewer where many have the same number."""
    numbers = [None if value is None else float(value) for value in values]
    ascending = sorted(one for one in numbers if one is not None)
    edges = sorted({ascending[len(ascending) * part // 4] for part in (1, 2, 3)} - {ascending[0]})
    labels = _labels(edges)
    placed = [None if one is None else labels[_bin(one, edges)] for one in numbers]
    return _in_order(tag, placed, labels, f"bins of about equally many utterances, from the quartiles of {tag}")


def _bin(value: float, edges: Sequence[float]) -> int:
    return sum(value >= edge for edge in edges)


def _labels(edges: Sequence[float]) -> list[str]:
    if not edges:
        return ["all"]
    between = [f"{low:g} to under {high:g}" for low, high in pairwise(edges)]
    return [f"under {edges[0]:g}", *between, f"{edges[-1]:g} and more"]
