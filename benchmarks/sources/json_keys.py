"""JSON whose objects name each of their keys once: of two values under one name a parser takes the last, silently."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

_SPACED = re.compile(r'"[ \t\r\n]+:')


class _Object(dict[str, object]):
    """An object, and the first key that stands in it twice."""

    def __init__(self, pairs: Iterable[tuple[str, object]]) -> None:
        super().__init__()
        self.twice: str | None = None
        for key, value in pairs:
            if key in self and self.twice is None:
                self.twice = key
            self[key] = value


def loads(text: str | bytes) -> Any:
    """The value of a JSON text, as `json.loads`.

    Raises:
        ValueError: it is not JSON, or an object in it has a key twice.
    """
    value = json.loads(text)
    check_keys(text if isinstance(text, str) else text.decode(json.detect_encoding(text)), value)
    return value


def check_keys(text: str, value: object) -> None:
    """Refuses a text in which an object has a key twice.

    There is a colon behind each key, so that almost all texts are found to be good by counting.

    Args:
        text: JSON.
        value: what a parser read in it.

    Raises:
        ValueError: where in the text it is, and which key.
    """
    count = len(value) if isinstance(value, dict) else -1
    if text.count(":") == count:
        return
    named = text.count('":') + (len(_SPACED.findall(text)) if _may_be_spaced(text) else 0)
    if named == count or named == _keys(value):
        return
    found = _twice(json.loads(text, object_pairs_hook=_Object))
    if found is not None:
        raise ValueError(found)


def _may_be_spaced(text: str) -> bool:
    """Whether there is space before a colon. One character is found, or not, much sooner than two."""
    return (
        " :" in text
        or ("\n" in text and "\n:" in text)
        or ("\t" in text and "\t:" in text)
        or ("\r" in text and "\r:" in text)
    )


def _keys(value: object) -> int:
    """How many keys all objects in a value have together."""
    count, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            count += len(one)
            left += one.values()
        elif isinstance(one, list):
            left += one
    return count


def _twice(value: object) -> str | None:
    """Where the first object with a key twice stands, and which key that is."""
    left: list[tuple[str, object]] = [("", value)]
    while left:
        where, one = left.pop()
        if isinstance(one, _Object):
            if one.twice is not None:
                return f"{where}the key {one.twice!r} stands there twice"
            left += reversed([(f"{where}{key}, ", part) for key, part in one.items()])
        elif isinstance(one, list):
            left += reversed([(f"{where}item {number}, ", part) for number, part in enumerate(one, start=1)])
    return None
