"""Addresses of utterances on a page, as its scripts read and write them."""

from __future__ import annotations

from urllib.parse import quote

_PLAIN = "!'()*"
"""What JavaScript's `encodeURIComponent` leaves as it is besides letters, digits and ``-_.~``."""


def fragment(benchmark: str, utterance: str, *systems: str, number: int = 1) -> str:
    """What comes after a page's address: ``#benchmark/id/system,other``.

    Args:
        benchmark: as the page names it.
        utterance: its id.
        systems: the one to look at and the one that it is compared with, by the names that the page shows.
        number: which of those with this id it is, from 1.
    """
    parts = [_quoted(benchmark), _quoted(utterance), ",".join(map(_quoted, systems))]
    return "#" + "/".join([*parts, *([str(number)] if number > 1 else [])])


def _quoted(text: str) -> str:
    return quote(text, safe=_PLAIN)
