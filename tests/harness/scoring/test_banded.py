"""The banded alignment is kaldialign's, on pairs whose best alignment leads far from the diagonal by merges alone."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import kaldialign
import pytest
from rapidfuzz.distance import Levenshtein

from harness.scoring import banded
from harness.scoring.banded import merged_spans, merged_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Texts = tuple[list[str], list[str]]


def expected(pair: Texts) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = kaldialign.align(*pair, "*", merge_compounds=True)
    return found


def ours(pair: Texts, slack: int = 0) -> list[tuple[str, str]]:
    reference, hypothesis = pair
    found = []
    i = j = 0
    for down, across in merged_steps(reference, hypothesis, Levenshtein.distance(reference, hypothesis) + slack):
        found.append((" ".join(reference[i : i + down]) or "*", " ".join(hypothesis[j : j + across]) or "*"))
        i, j = i + down, j + across
    return found


def there_and_back(draw: random.Random) -> Texts:
    """Blocks such as "aaaa a a a a" and "a a a a aaaa".

    Without merges one word of four is another, so that U is small. With them nothing is, by a way that leaves the
    diagonal by three words of one side and comes back by three of the other: only H and R let the band hold it.
    """
    reference: list[str] = []
    hypothesis: list[str] = []
    for at in range(draw.choice([1, 1, 2, 3])):
        letter = "abc"[at] if draw.random() < 0.8 else "a"
        size = draw.randrange(3, 9)
        cut = draw.randrange(1, size) if draw.random() < 0.3 else 1
        together, apart = [letter * size], [letter * cut] + [letter] * (size - cut)
        between = [draw.choice("xyz") for _ in range(draw.choice([0, 0, 0, 1, 2]))]
        sides = [together + between + apart, apart + between + together]
        draw.shuffle(sides)
        for side, block in zip((reference, hypothesis), sides, strict=True):
            side.extend(block)
            if draw.random() < 0.3:
                side.append(draw.choice("xyz"))
    return reference, hypothesis


def written_together(draw: random.Random) -> Texts:
    """A text of few words, many of them written together, apart or otherwise on the other side."""
    vocabulary = ["a", "b", "ab", "ba", "aa", "abb", "c", "ca"]
    reference = draw.choices(vocabulary, k=draw.randrange(4, 40))
    hypothesis: list[str] = []
    style = draw.choice(["join", "split", "both"])
    i = 0
    while i < len(reference):
        chance, taken = draw.random(), 1
        if chance < 0.5 and style != "split":
            taken = draw.choice([2, 3, 4])
            hypothesis.append("".join(reference[i : i + taken]))
        elif chance < 0.5 and style != "join":
            hypothesis += list(reference[i])
        elif chance < 0.6:
            hypothesis.append(draw.choice(vocabulary))
        elif chance >= 0.65:
            hypothesis.append(reference[i])
        i += taken
    return (reference, hypothesis) if draw.random() < 0.5 else (hypothesis, reference)


@pytest.mark.parametrize("made", [there_and_back, written_together])
@pytest.mark.parametrize("narrow_every", [1, 4, 64])
def test_it_is_exact_where_merges_lead_away_from_the_diagonal(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[random.Random], Texts], narrow_every: int
) -> None:
    monkeypatch.setattr(banded, "_NARROW_EVERY", narrow_every)
    for seed in range(500):
        pair = made(random.Random(seed))
        assert ours(pair, slack=seed % 3) == expected(pair), (seed, pair)


def test_the_pairs_find_a_band_without_what_merges_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A band of U + H or of U + R once passed every test, and was wrong on one of fifteen random pairs."""
    real = banded._skipped
    for dropped in (0, 1):
        turn = itertools.cycle([0, 1])

        def skipped(
            spans: Sequence[tuple[int, int, str]], length: int, turn: Iterator[int] = turn, dropped: int = dropped
        ) -> int:
            return 0 if next(turn) == dropped else real(spans, length)

        monkeypatch.setattr(banded, "_skipped", skipped)
        pairs = [there_and_back(random.Random(seed)) for seed in range(100)]
        assert sum(ours(pair) != expected(pair) for pair in pairs) > 10


def test_spans_that_make_a_word_of_the_other_side() -> None:
    assert merged_spans(["a", "b", "ab", "c"], ["ab", "abab", "abc", "aba"]) == [
        (2, 2, "ab"),
        (3, 3, "abab"),
        (4, 2, "abc"),
    ]
    assert merged_spans(["ab"], ["ab"]) == []
    assert merged_spans([], ["a"]) == merged_spans(["a", "b"], []) == []


def test_what_spans_that_do_not_overlap_skip() -> None:
    assert banded._skipped([], 4) == 0
    assert banded._skipped([(2, 2, "x"), (3, 2, "y"), (5, 3, "z")], 5) == 3
    assert banded._skipped([(3, 3, "x"), (2, 2, "y")], 3) == 2
    assert banded._skipped([(2, 2, "x"), (4, 2, "x")], 4) == 2


def test_the_band_gets_only_narrower_and_never_loses_the_end() -> None:
    band = banded._Band(10, 14, upper=6, skipped=2)
    assert (band.low, band.high) == (-2, 6)  # |2d - 4| <= 8
    band.narrow(3)
    assert (band.low, band.high) == (-1, 6)  # |d - 4| <= 6 - 3 + 2
    band.narrow(8)
    assert (band.low, band.high) == (4, 4)
    band = banded._Band(3, 4, upper=2, skipped=0)
    assert (band.low, band.high) == (0, 1)  # |2d - 1| <= 2


def test_a_merge_is_looked_at_only_where_the_band_holds_it() -> None:
    band = banded._Band(10, 10, upper=4, skipped=0)  # -2 to 2
    assert band.reachable(5, [3], 1)
    assert band.reachable(5, [7], 1)
    assert not band.reachable(5, [2, 8], 1)
    assert band.reachable(5, [2, 6, 8], -1)
    assert not band.reachable(5, [], -1)
    lopsided = banded._Band(4, 8, upper=4, skipped=0)  # 0 to 4
    assert [lopsided.reachable(6, [at], -1) for at in (5, 6, 10, 11)] == [False, True, True, False]
    assert [lopsided.reachable(6, [at], 1) for at in (1, 2, 6, 7)] == [False, True, True, False]


def test_fewer_cells_are_looked_at_the_closer_the_texts_are() -> None:
    draw = random.Random(1)
    reference = [f"w{draw.randrange(50)}" for _ in range(600)]
    cells = []
    for errors in (0, 10, 100):
        hypothesis = list(reference)
        for at in draw.sample(range(600), errors):
            hypothesis[at] = "other"
        aligner = banded._Aligner(reference, hypothesis, Levenshtein.distance(reference, hypothesis))
        assert aligner.fill() == errors
        cells.append(sum(8 * len(one) for one, _ in aligner.ways))
    assert cells[0] <= 600 * 8
    assert cells[0] < cells[1] < cells[2] < 600 * 600 / 2


def test_the_band_is_narrowed_by_what_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors at the beginning leave fewer for the rest, which is then looked at closely."""
    reference = [f"w{at}" for at in range(400)]
    hypothesis = [f"x{at}" for at in range(40)] + reference[40:]
    cells = []
    for every in (8, 10_000):
        monkeypatch.setattr(banded, "_NARROW_EVERY", every)
        aligner = banded._Aligner(reference, hypothesis, upper=40)
        assert aligner.fill() == 40
        cells.append(sum(8 * len(one) for one, _ in aligner.ways))
    assert cells[0] < cells[1] / 2


def test_merges_that_the_band_cannot_hold_do_not_widen_it() -> None:
    filler = [f"w{at}" for at in range(50)]
    for reference, hypothesis in ((["ab", *filler], [*filler, "a", "b"]), (["a", "b", *filler], [*filler, "ab"])):
        aligner = banded._Aligner(reference, hypothesis, upper=4)
        assert (aligner.down, aligner.across) == ({}, {})
        assert aligner.band.skipped == 0
    near = banded._Aligner(["ab", *filler], ["a", "b", *filler], upper=2)
    assert (near.down, list(near.across)) == ({}, ["ab"])
    assert near.band.skipped == 1
