"""Alignment equals that of the libraries that set the standard, also where it takes short cuts."""

from __future__ import annotations

import functools
import random
import tracemalloc
from operator import ne
from typing import TYPE_CHECKING

import jiwer
import kaldialign
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from harness.scoring import align, banded
from harness.scoring.error_counts import ErrorCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

words = st.text(alphabet="ab", min_size=1, max_size=4)
texts = st.lists(words, max_size=12)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """A reference, and what it becomes when words are changed, split, joined, repeated or dropped."""
    reference = draw(texts)
    hypothesis: list[str] = []
    for word in reference:
        kind = draw(st.integers(0, 9))
        if kind < 5:
            hypothesis.append(word)
        elif kind == 5:
            hypothesis.append(draw(words))
        elif kind == 6:
            hypothesis += [word, draw(words)]
        elif kind == 7 and hypothesis:
            hypothesis[-1] += word
        elif kind == 8 and len(word) > 1:
            hypothesis += [word[:1], word[1:]]
    return reference, hypothesis


def slow_twin(reference: Sequence[str], hypothesis: Sequence[str], *, merge: bool) -> ErrorCounts:
    """kaldialign's rules word for word, cell by cell."""
    rows, columns = len(reference), len(hypothesis)
    cells = {(0, j): (j, 0, 0, j) for j in range(columns + 1)} | {(i, 0): (i, 0, i, 0) for i in range(rows + 1)}
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            same = reference[i - 1] == hypothesis[j - 1]
            cost, s, d, n = cells[i - 1, j - 1]
            diagonal = (cost, s, d, n) if same else (cost + 1, s + 1, d, n)
            cost, s, d, n = cells[i - 1, j]
            deletion = (cost + 1, s, d + 1, n)
            cost, s, d, n = cells[i, j - 1]
            insertion = (cost + 1, s, d, n + 1)
            if diagonal[0] < insertion[0] and diagonal[0] < deletion[0]:
                best = diagonal
            else:
                best = deletion if deletion[0] < insertion[0] else insertion
            for k in range(2, (max(i, j) if merge else 0) + 1):
                if k <= i and "".join(reference[i - k : i]) == hypothesis[j - 1] and cells[i - k, j - 1][0] < best[0]:
                    best = cells[i - k, j - 1]
            for k in range(2, (max(i, j) if merge else 0) + 1):
                if k <= j and "".join(hypothesis[j - k : j]) == reference[i - 1] and cells[i - 1, j - k][0] < best[0]:
                    best = cells[i - 1, j - k]
            cells[i, j] = best
    _, substitutions, deletions, insertions = cells[rows, columns]
    return ErrorCounts(rows - substitutions - deletions, substitutions, deletions, insertions)


def by_kaldialign(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCounts:
    found = kaldialign.edit_distance(reference, hypothesis, merge_compounds=True)
    return ErrorCounts(len(reference) - found["sub"] - found["del"], found["sub"], found["del"], found["ins"])


@settings(max_examples=400, deadline=None)
@given(pair=pairs() | st.tuples(texts, texts))
def test_merged_counts_are_those_of_kaldialign_and_of_the_twin(pair: tuple[list[str], list[str]]) -> None:
    counts = align.count(*pair, merge=True)
    assert counts == by_kaldialign(*pair) == slow_twin(*pair, merge=True)
    assert counts.words == len(pair[0])


@settings(max_examples=400, deadline=None)
@given(pair=pairs() | st.tuples(texts, texts), narrow_every=st.integers(1, 5), slack=st.integers(0, 3))
def test_the_banded_alignment_is_that_of_kaldialign(
    pair: tuple[list[str], list[str]], narrow_every: int, slack: int
) -> None:
    reference, hypothesis = pair
    upper = Levenshtein.distance(reference, hypothesis) + slack
    before, banded._NARROW_EVERY = banded._NARROW_EVERY, narrow_every
    try:
        steps = banded.merged_steps(reference, hypothesis, upper)
    finally:
        banded._NARROW_EVERY = before
    got = []
    i = j = 0
    for down, across in steps:
        got.append((" ".join(reference[i : i + down]) or "*", " ".join(hypothesis[j : j + across]) or "*"))
        i, j = i + down, j + across
    assert got == kaldialign.align(reference, hypothesis, "*", merge_compounds=True)


@settings(max_examples=300, deadline=None)
@given(pair=pairs() | st.tuples(texts, texts))
def test_plain_counts_are_those_of_jiwer(pair: tuple[list[str], list[str]]) -> None:
    reference, hypothesis = pair
    counts = align.count(reference, hypothesis, merge=False)
    official = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    assert counts == ErrorCounts(official.hits, official.substitutions, official.deletions, official.insertions)
    assert counts.errors == slow_twin(reference, hypothesis, merge=False).errors


@settings(max_examples=200, deadline=None)
@given(reference=st.text(max_size=12), hypothesis=st.text(max_size=12))
def test_character_counts_are_those_of_jiwer(reference: str, hypothesis: str) -> None:
    counts = align.count_characters(reference, hypothesis)
    official = jiwer.process_characters(reference, hypothesis)
    assert counts == ErrorCounts(official.hits, official.substitutions, official.deletions, official.insertions)


@settings(max_examples=300, deadline=None)
@given(pair=pairs() | st.tuples(texts, texts), merge=st.booleans())
def test_steps_add_up_to_counts_and_texts(pair: tuple[list[str], list[str]], *, merge: bool) -> None:
    steps = align.align(*pair, merge=merge)
    assert [word for step in steps for word in step.reference] == pair[0]
    assert [word for step in steps for word in step.hypothesis] == pair[1]
    assert align.counts_of(steps) == align.count(*pair, merge=merge)
    for operation, words, others in steps:
        alike = "".join(words) == "".join(others)
        sizes = {"deletion": (1, 0), "insertion": (0, 1), "substitution": (1, 1)}
        assert (alike and min(len(words), len(others)) == 1) if operation == "hit" else not alike
        assert operation == "hit" or (len(words), len(others)) == sizes[operation]


@settings(max_examples=200, deadline=None)
@given(pair=pairs() | st.tuples(texts, texts))
def test_the_merged_alignment_is_that_of_kaldialign(pair: tuple[list[str], list[str]]) -> None:
    steps = align.align(*pair, merge=True)
    sides = [(" ".join(step.reference) or "*", " ".join(step.hypothesis) or "*") for step in steps]
    assert sides == kaldialign.align(*pair, "*", merge_compounds=True)


def without_merges(
    plain: Callable[..., list[tuple[str, str]]], *pair: object, merge_compounds: bool
) -> list[tuple[str, str]]:
    """What takes the place of `kaldialign.align` where it is to be asked for no merges, which is quicker."""
    assert not merge_compounds
    return plain(*pair)


def test_where_nothing_can_be_merged_ties_are_those_of_kaldialign_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of one length merge never, and few of them make many alignments equally good."""
    draw = random.Random(0)
    drawn = [[draw.choices("abc", k=draw.randint(0, 14)) for _ in range(2)] for _ in range(400)]
    expected = [kaldialign.align(*pair, "", merge_compounds=True) for pair in drawn]
    monkeypatch.setattr(kaldialign, "align", functools.partial(without_merges, kaldialign.align))
    found = [align.align(*pair, merge=True) for pair in drawn]
    sides = [[("".join(step.reference), "".join(step.hypothesis)) for step in steps] for steps in found]
    assert sides == expected


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [
        ("a b c", "a abc", 1),
        ("b c", "abc", 2),
        ("white paper", "whitepaper", 0),
        ("whitepaper", "white paper", 0),
        ("ab c", "a bc", 2),
        ("ab c", "ab a b c", 1),
        ("a b", "", 2),
        ("", "a b", 2),
        ("", "", 0),
    ],
)
def test_a_common_beginning_is_not_cut_off_where_compounds_merge(reference: str, hypothesis: str, errors: int) -> None:
    assert align.count(reference.split(), hypothesis.split(), merge=True).errors == errors
    assert by_kaldialign(reference.split(), hypothesis.split()).errors == errors


def test_a_common_end_is_not_cut_off_since_it_changes_which_alignment_is_taken() -> None:
    reference, hypothesis, end = ["c", "a", "a", "c"], ["c", "c", "b", "b", "c", "a", "a"], ["c", "b"]
    whole = align.count(reference + end, hypothesis + end, merge=True)
    assert whole == by_kaldialign(reference + end, hypothesis + end) == ErrorCounts(5, 0, 1, 4)
    assert align.count(reference, hypothesis, merge=True) == ErrorCounts(2, 2, 0, 3)


def test_a_lone_surrogate_is_a_character_like_any_other() -> None:
    reference, hypothesis = ["a", "b\ud800", "c", "d", "e"], ["x", "b", "\ud800", "c", "y", "z", "q"]
    assert align.count(reference, hypothesis, merge=True) == slow_twin(reference, hypothesis, merge=True)


def long_pair(length: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """A made-up call of so many words with about 15 % errors and compounds on both sides."""
    draw = random.Random(seed)
    vocabulary = [f"{draw.choice('bcdfg')}{draw.choice('aeiou')}{number:x}" for number in range(800)]
    reference = [draw.choice(vocabulary) for _ in range(length)]
    hypothesis: list[str] = []
    for word in reference:
        chance = draw.random()
        if chance < 0.85:
            hypothesis.append(word)
        elif chance < 0.9:
            hypothesis.append(draw.choice(vocabulary))
        elif chance < 0.93:
            hypothesis += [word, draw.choice(vocabulary)]
        elif chance < 0.95 and hypothesis:
            hypothesis[-1] += word
        elif chance < 0.97:
            hypothesis += [word[:2], word[2:]]
    return reference, hypothesis


def test_a_text_too_long_for_kaldialign_here_is_counted_alike() -> None:
    reference, hypothesis = long_pair(900)
    assert len(reference) * len(hypothesis) > align.LARGEST_SMALL_TABLE
    counts = align.count(reference, hypothesis, merge=True)
    assert counts == by_kaldialign(reference, hypothesis)
    assert counts.errors < align.count(reference, hypothesis, merge=False).errors, "compounds were merged"


def test_a_whole_call_takes_bounded_memory() -> None:
    reference, hypothesis = long_pair(5_000)
    align.count(reference[:300], hypothesis[:300], merge=True)  # so that imports are not measured
    tracemalloc.start()
    counts = align.count(reference, hypothesis, merge=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts.words == 5_000
    assert peak < 25e6, "kaldialign takes 20 bytes for each of 25 million cells"


def test_numbers_for_words_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting many corpora in one process must not remember every word that there ever was."""
    monkeypatch.setattr(align, "_CODES", align._Codes())
    monkeypatch.setattr(align, "_CODES_LIMIT", 100)
    largest = 0
    for at in range(50):
        pair = [f"w{at}-{number}" for number in range(10)], [f"w{at}-{number}" for number in range(1, 11)]
        assert align.count(*pair, merge=False) == ErrorCounts(9, 0, 1, 1)
        largest = max(largest, len(align._CODES))
    assert 50 < largest <= 100 + 11


def test_equal_words_have_one_number_and_no_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "_CODES", align._Codes())
    assert align._coded(["a", "b", "a"], ["b", "c"]) == ([0, 1, 0], [1, 2])
    assert align._coded(["c"], ["d"]) == ([2], [3])


def test_where_rapidfuzz_counts_otherwise_at_ties() -> None:
    """Why its edits, fast as they are, count only where the distance leaves no choice (docs/scoring.md)."""
    draw = random.Random(1)
    differing = undecided = 0
    for number in range(20_000):
        words = [draw.choice("abc") for _ in range(draw.randint(0, 7))]
        others = [draw.choice("abc") for _ in range(draw.randint(0, 7))]
        if number % 2:  # words moved, said twice, left out
            others = draw.choice([words * 2, words[2:] + words[:2], words[1:], [*words, *words[:1]]])
        theirs = kaldialign.edit_distance(words, others)
        expected = theirs["sub"], theirs["del"], theirs["ins"]
        edits = [edit.tag for edit in Levenshtein.editops(words, others)]
        alike = expected == tuple(edits.count(tag) for tag in ("replace", "delete", "insert"))
        choice = len(edits) - abs(len(words) - len(others)) > 1
        assert alike or choice, "with one substitution or none all alignments have the same counts"
        differing, undecided = differing + (not alike), undecided + choice
        ends = align._shared_ends(words, others)
        found = align._count_without_merges(words, others, *ends) if words != others else ErrorCounts(len(words))
        assert (found.substitutions, found.deletions, found.insertions) == expected
    assert (differing, undecided) == (818, 4031)


def with_one_error(draw: random.Random) -> tuple[list[str], list[str]]:
    """Words of few letters, and the same with one of them changed, left out or said twice."""
    words = ["".join(draw.choices("ab", k=draw.randint(1, 3))) for _ in range(draw.randint(1, 6))]
    at, other = draw.randrange(len(words)), "".join(draw.choices("ab", k=draw.randint(1, 3)))
    said = [*words[:at], *draw.choice([[other], [], [words[at], other], [words[at]] * 2]), *words[at + 1 :]]
    return draw.choice([(words, said), (said, words)])


def test_one_error_is_counted_as_kaldialign_counts_it_also_where_words_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(7)
    pairs = [with_one_error(draw) for _ in range(6_000)]
    expected = []
    for reference, hypothesis in pairs:
        theirs = kaldialign.edit_distance(reference, hypothesis, merge_compounds=True)
        expected.append((theirs["sub"], theirs["del"], theirs["ins"]))
    assert counted_with_merges(pairs) == expected
    # Most are told by the error alone; were all, some counts would be others.
    apart = [pair for pair in pairs if pair[0] != pair[1]]
    beside = [align._merge_at_the_error(*pair, align._shared_ends(*pair)[0]) for pair in apart]
    assert (len(apart), sum(beside)) == (5838, 1206)
    monkeypatch.setattr(align, "_merge_at_the_error", lambda *_: False)
    assert sum(map(ne, counted_with_merges(pairs), expected)) == 31


def counted_with_merges(pairs: Sequence[tuple[list[str], list[str]]]) -> list[tuple[int, int, int]]:
    counts = [align.count(*pair, merge=True) for pair in pairs]
    return [(one.substitutions, one.deletions, one.insertions) for one in counts]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "ends"),
    [
        ("", "a", (0, 0)),
        ("a", "a b", (1, 0)),
        ("b", "a b", (0, 1)),
        ("a a b", "a b", (1, 1)),
        ("a", "a a", (1, 0)),
        ("a x b c", "a y b c", (1, 2)),
        ("a b", "c d", (0, 0)),
    ],
)
def test_words_that_both_begin_and_end_with(reference: str, hypothesis: str, ends: tuple[int, int]) -> None:
    assert align._shared_ends(reference.split(), hypothesis.split()) == ends


def test_one_substitution_is_counted_as_rapidfuzz_counts_it() -> None:
    draw = random.Random(8)
    alike_long = 0
    for number, (reference, hypothesis) in enumerate(with_one_error(draw) for _ in range(3_000)):
        if number % 2:
            hypothesis[0:1] = ["a"]  # perhaps one more
        edits = [edit.tag for edit in Levenshtein.editops(reference, hypothesis)]
        found = align.count(reference, hypothesis, merge=False)
        assert (found.substitutions, found.deletions, found.insertions, found.words) == (
            *(edits.count(tag) for tag in ("replace", "delete", "insert")),
            len(reference),
        )
        alike_long += len(reference) == len(hypothesis) and reference != hypothesis
    assert alike_long == 737
