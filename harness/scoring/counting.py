"""Counts the errors of many pairs of texts at once: each text normalized once, both cores where it pays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.scoring.error_counts import ErrorCounts
    from harness.scoring.profiles import Profile

Pair = tuple[str, str]
"""A reference and a hypothesis, raw."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The score of one pair."""

    counts: ErrorCounts
    dropped: bool = False
    """The profile leaves such a reference out of our own runs: it normalizes to nothing."""
    as_written: bool = False
    """The normalizer raised on one of the two, so both are counted as they are written."""


def count_pairs(pairs: Sequence[Pair], profile: Profile, language: str) -> list[Counted]:
    """Count all pairs of one language, in their order."""
    normalize = profile.normalizer(language)
    known: dict[str, str | None] = {}
    for text in (text for pair in pairs for text in pair):
        if text not in known:
            try:
                known[text] = normalize(text)
            except ValueError:
                known[text] = None
    return [_count(pair, known, profile, language) for pair in pairs]


def _count(pair: Pair, known: dict[str, str | None], profile: Profile, language: str) -> Counted:
    reference, hypothesis = known[pair[0]], known[pair[1]]
    if reference is None or hypothesis is None:
        return Counted(profile.count_normalized(*pair, language), as_written=True)
    return Counted(profile.count_normalized(reference, hypothesis, language), dropped=profile.drops(reference))
