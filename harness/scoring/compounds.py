"""Compound words that the two sides write differently, in languages other than English.

The leaderboard aligns the words with `difflib` and joins, on both sides, every region of difference whose two sides
are the same letters: "zu sammen" and "zusammen". This changes the number of reference words.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


def join_pairs(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[list[str], list[str]]:
    """Both word lists, with what they write alike but for spaces joined."""
    left: list[str] = []
    right: list[str] = []
    for words, others, alike in _regions(reference, hypothesis):
        left.extend(["".join(words)] if alike else words)
        right.extend(["".join(others)] if alike else others)
    return left, right


def joined_pairs(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[str, str]]:
    """What `join_pairs` joins, both ways of writing it."""
    return [(" ".join(words), " ".join(others)) for words, others, alike in _regions(reference, hypothesis) if alike]


def _regions(
    reference: Sequence[str], hypothesis: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str], bool]]:
    """Stretches of both sides, and whether they are written differently but for spaces alike."""
    if reference == hypothesis:
        yield reference, hypothesis, False
        return
    for tag, start, end, other_start, other_end in SequenceMatcher(None, reference, hypothesis).get_opcodes():
        words, others = reference[start:end], hypothesis[other_start:other_end]
        yield words, others, tag != "equal" and bool(words) and "".join(words) == "".join(others)
