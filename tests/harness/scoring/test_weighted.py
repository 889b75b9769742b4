"""The alignment in a band is the one of the whole table, ties included."""

from __future__ import annotations

import random

import pytest

from harness.scoring.weighted import align_weighted


def whole_table(
    reference: list[str], hypothesis: list[str], substitution: int, gap: int
) -> list[tuple[int | None, int | None]]:
    """Every cell; of equally good ways back the diagonal one, then an insertion, then a deletion."""
    rows, columns = len(reference) + 1, len(hypothesis) + 1
    cost = [[gap * (i + j) for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            facing = cost[i - 1][j - 1] + (0 if reference[i - 1] == hypothesis[j - 1] else substitution)
            cost[i][j] = min(facing, cost[i][j - 1] + gap, cost[i - 1][j] + gap)
    way: list[tuple[int | None, int | None]] = []
    i, j = rows - 1, columns - 1
    while i or j:
        same = i > 0 and j > 0 and reference[i - 1] == hypothesis[j - 1]
        if i and j and cost[i][j] == cost[i - 1][j - 1] + (0 if same else substitution):
            i, j = i - 1, j - 1
            way.insert(0, (i, j))
        elif j and cost[i][j] == cost[i][j - 1] + gap:
            j -= 1
            way.insert(0, (None, j))
        else:
            i -= 1
            way.insert(0, (i, None))
    return way


@pytest.mark.parametrize(("substitution", "gap"), [(1, 1), (4, 3), (2, 1)])
def test_the_way_is_that_of_the_whole_table(substitution: int, gap: int) -> None:
    chance = random.Random(substitution)
    for _ in range(1500):
        letters = "ab" if chance.random() < 0.5 else "abcdef"
        reference, hypothesis = ([chance.choice(letters) for _ in range(chance.randrange(13))] for _ in range(2))
        found = align_weighted(reference, hypothesis, substitution=substitution, gap=gap)
        assert found == whole_table(reference, hypothesis, substitution, gap), (reference, hypothesis)


def test_long_texts_that_differ_little() -> None:
    chance = random.Random(5)
    for _ in range(20):
        reference = [chance.choice("abcdefgh") for _ in range(150)]
        hypothesis = [chance.choice("abcdefgh") if chance.random() < 0.1 else one for one in reference]
        for _ in range(chance.randrange(12)):
            del hypothesis[chance.randrange(len(hypothesis))]
        found = align_weighted(reference, hypothesis, substitution=4, gap=3)
        assert found == whole_table(reference, hypothesis, 4, 3)
