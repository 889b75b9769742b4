"""Rows of numbered files, as WebDataset (``x-{000..123}.tar``) and NeMo (``audio__OP_0..7_CL_.tar``) write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.errors import UsageError

BRACES = re.compile(r"(?:\{|_OP_)(\d+)\.\.(\d+)(?:\}|_CL_)")
MOST_SHARDS = 100_000


def expanded(name: str) -> Iterator[str]:
    """The names that a name with numbers in braces stands for; itself where it has none.

    Raises:
        UsageError: the numbers are no row.
    """
    match = BRACES.search(name)
    if match is None:
        yield name
        return
    first, last = int(match[1]), int(match[2])
    if not first <= last < first + MOST_SHARDS:
        raise UsageError(f"{name}: {match[0]} is no row of at most {MOST_SHARDS:,} shards")
    for number in range(first, last + 1):
        yield from expanded(f"{name[: match.start()]}{number:0{len(match[1])}d}{name[match.end() :]}")
