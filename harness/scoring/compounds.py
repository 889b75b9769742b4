"""Compound words that the two sides write differently, in languages other than English.

The leaderboard aligns the words with `difflib` and joins, on both sides, every region of difference whose two sides
are the same letters: "zu sammen" and "zusammen". This changes the number of reference words.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def join_pairs(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[list[str], list[str]]:
    """Both word lists, with what they write alike but for spaces joined."""
    if reference == hypothesis:
        return list(reference), list(hypothesis)
    left: list[str] = []
    right: list[str] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(None, reference, hypothesis).get_opcodes():
        words, others = reference[start:end], hypothesis[other_start:other_end]
        if tag != "equal" and words and "".join(words) == "".join(others):
            left.append("".join(words))
            right.append("".join(others))
        else:
            left.extend(words)
            right.extend(others)
    return left, right
