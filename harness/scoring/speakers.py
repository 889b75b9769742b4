"""Who spoke: words of each speaker, and the assignment of a hypothesis's speakers to those of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.scoring.align import align

Labelled = list[tuple[str, str]]
"""Words and who says each of them."""


class SpeakerErrors(NamedTuple):
    """What is counted of one session."""

    errors: int
    """Word errors under the best assignment of speakers: cpWER's."""
    words: int
    """Of the reference."""
    misattributed: int
    """Words that face a word of the reference, right or wrong, said by another speaker: WDER's."""
    facing: int
    """Words that face one at all."""
    miscounted: int
    """Speakers too many or too few."""
    speakers: int
    """Of the reference."""


def count_speakers(reference: Labelled, hypothesis: Labelled) -> SpeakerErrors:
    """Counts of one session (cpWER: Watanabe et al., 2020; WDER: Shafey, Soltau and Shafran, 2019)."""
    from rapidfuzz.distance import Levenshtein

    said, written = _by_speaker(reference), _by_speaker(hypothesis)
    size = max(len(said), len(written))
    left, right = ([*side.values(), *([[]] * (size - len(side)))] for side in (said, written))
    distances = [[Levenshtein.distance(one, other) for other in right] for one in left]
    errors = sum(distances[row][column] for row, column in enumerate(assign(distances)))

    names, others = list(said), list(written)
    together = [[0] * size for _ in range(size)]
    at = other_at = facing = 0
    for step in align([word for word, _ in reference], [word for word, _ in hypothesis], merge=False):
        if step.reference and step.hypothesis:
            row, column = names.index(reference[at][1]), others.index(hypothesis[other_at][1])
            together[row][column] -= 1
            facing += 1
        at, other_at = at + len(step.reference), other_at + len(step.hypothesis)
    matched = -sum(together[row][column] for row, column in enumerate(assign(together)))
    miscounted = abs(len(said) - len(written))
    return SpeakerErrors(errors, len(reference), facing - matched, facing, miscounted, len(said))


def _by_speaker(words: Labelled) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, speaker in words:
        found.setdefault(speaker, []).append(word)
    return found


def assign(costs: Sequence[Sequence[float]]) -> list[int]:
    """The cheapest assignment of rows to columns of a square table: the column of each row (Kuhn, 1955; O(n^3))."""
    size = len(costs)
    rows, columns = [0.0] * (size + 1), [0.0] * (size + 1)
    taken = [0] * (size + 1)  # the row that has each column, from 1; column 0 is where a search begins
    for row in range(1, size + 1):
        taken[0], at = row, 0
        least, before, seen = [float("inf")] * (size + 1), [0] * (size + 1), [False] * (size + 1)
        while taken[at]:
            seen[at] = True
            for column in range(1, size + 1):
                if not seen[column]:
                    cost = costs[taken[at] - 1][column - 1] - rows[taken[at]] - columns[column]
                    if cost < least[column]:
                        least[column], before[column] = cost, at
            nearest = min((column for column in range(1, size + 1) if not seen[column]), key=least.__getitem__)
            step = least[nearest]
            for column in range(size + 1):
                if seen[column]:
                    rows[taken[column]] += step
                    columns[column] -= step
                else:
                    least[column] -= step
            at = nearest
        while at:
            taken[at], at = taken[before[at]], before[at]
    found = [0] * size
    for column in range(1, size + 1):
        found[taken[column] - 1] = column - 1
    return found
