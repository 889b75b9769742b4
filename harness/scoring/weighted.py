"""Alignments as published scripts make them, whose ties decide what is counted as what.

NeMo's punctuation error rate and the scorer of the LibriSpeech biasing lists fill the whole table of prefixes and walk
back from its end; of equally good ways they take the diagonal first, then an insertion, then a deletion. Here the same
way is found in the band of the table that no best way can leave, row by row.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pair = tuple[int | None, int | None]
"""Places in the reference and the hypothesis that face each other; None where one side has nothing."""


def align_weighted(
    reference: Sequence[Hashable], hypothesis: Sequence[Hashable], *, substitution: int, gap: int
) -> list[Pair]:
    """The cheapest alignment, from the beginning to the end.

    Args:
        reference: what was said.
        hypothesis: what was written.
        substitution: what it costs to take one for another; at most twice a gap.
        gap: what it costs to insert or delete one.
    """
    from rapidfuzz.distance import Levenshtein

    codes: dict[Hashable, int] = {}
    left, right = ([codes.setdefault(one, len(codes)) for one in side] for side in (reference, hypothesis))
    # A way further off the diagonal has so many gaps, there and back, that the fewest errors would cost less.
    most = max(substitution, gap) * Levenshtein.distance(left, right) // gap
    width = (most + abs(len(left) - len(right))) // 2 + 1
    costs = _costs(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), width, substitution, gap)
    found: list[Pair] = []
    i, j = len(left), len(right)
    while i or j:
        at = j - i + width
        diagonal = inserted = deleted = _NEVER
        if i and j:
            diagonal = int(costs[i - 1, at]) + (0 if left[i - 1] == right[j - 1] else substitution)
        if j and at:
            inserted = int(costs[i, at - 1]) + gap
        if i and at < 2 * width:
            deleted = int(costs[i - 1, at + 1]) + gap
        if diagonal <= min(inserted, deleted):
            i, j = i - 1, j - 1
            found.append((i, j))
        elif inserted <= deleted:
            j -= 1
            found.append((None, j))
        else:
            i -= 1
            found.append((i, None))
    return found[::-1]


_NEVER = 2**30
"""More than any alignment costs."""


def _costs(
    left: NDArray[np.int64], right: NDArray[np.int64], width: int, substitution: int, gap: int
) -> NDArray[np.int32]:
    """Costs of prefixes, shape ``[reference + 1, 2 * width + 1]``: at ``[i, j - i + width]`` those of i and j."""
    rows, span = len(left) + 1, 2 * width + 1
    costs = np.full((rows, span), _NEVER, dtype=np.int32)
    places = np.arange(span, dtype=np.int32)
    rise = gap * places
    for i in range(rows):
        columns = places + (i - width)
        here = (columns >= 0) & (columns <= len(right))
        row = np.full(span, _NEVER, dtype=np.int32)
        if i == 0:
            row[here] = gap * columns[here]
        else:
            row[:-1] = costs[i - 1, 1:] + gap
            facing = here & (columns > 0)
            same = right[columns[facing] - 1] == left[i - 1]
            row[facing] = np.minimum(
                row[facing], costs[i - 1, facing] + np.where(same, 0, substitution).astype(np.int32)
            )
            row[~here] = _NEVER
            # Insertions follow one another: the cheapest start plus a gap for each step from there.
            row = np.minimum.accumulate(row - rise) + rise
            row[~here] = _NEVER
        costs[i] = np.minimum(row, _NEVER)
    return costs
