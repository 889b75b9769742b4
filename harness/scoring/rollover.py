"""Times that begin again at 0: as granite-speech-4.1-2b-plus counts, in hundredths of a second modulo 10 s."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness.types import Word

PERIOD = 10.0
"""Seconds after which such times begin again."""
BACK = 1.0
"""Seconds that a word may begin before the end of the one before it, as overlapping words do."""


def rolls_over(words: Sequence[Word]) -> bool:
    """Whether the times of words in a row are seconds modulo 10: none is over 10, and they fall back by half of that.

    Times that fall back by less, or that go on over 10 s elsewhere, are out of order, and left as they are.
    """
    if not words or any(not 0 <= time <= PERIOD for word in words for time in (word.start, word.end)):
        return False
    times = [time for word in words for time in (word.start, word.end)]
    return any(after < before - PERIOD / 2 for before, after in pairwise(times))


def unwrapped(words: Sequence[Word]) -> tuple[Word, ...]:
    """The same words with 10 s added as often as it takes to go on: each time is the first from `BACK` before the last.

    A pause of more than 9 s cannot be told from none.
    """
    found: list[Word] = []
    last = 0.0
    for word in words:
        start = _next(word.start, last)
        end = last = _next(word.end, start, back=0.0)
        found.append(Word(word.text, start, end))
    return tuple(found)


def _next(time: float, last: float, back: float = BACK) -> float:
    while time < last - back:
        time += PERIOD
    return time


def goes_back(words: Sequence[Word]) -> int:
    """How many words begin more than `BACK` before the one in front of them does."""
    return sum(after.start < before.start - BACK for before, after in pairwise(words))


def ends_early(words: Sequence[Word]) -> int:
    """How many words end before they begin."""
    return sum(word.end < word.start for word in words)
