"""Where references differ and which of them a hypothesis has: by hand, and against a plain twin on random texts."""

import random
from itertools import pairwise

import pytest

from harness.scoring.align import align
from harness.scoring.fitting.positions import Facing, Position, Span, differences, positions, shared


def judged(original: str, corrected: str, hypothesis: str, *, merge: bool = False) -> list[tuple[str, str, str | None]]:
    found = positions(original.split(), corrected.split(), hypothesis.split(), merge=merge)
    return [(" ".join(one.original), " ".join(one.corrected), one.verdict) for one in found]


@pytest.mark.parametrize(
    ("hypothesis", "verdict"),
    [
        ("we saw a cat there", "original"),
        ("we saw the cat there", "corrected"),
        ("we saw one cat there", "neither"),
        ("we saw cat there", "neither"),
        ("we saw a the cat there", "neither"),
        ("we sew a cat there", None),  # what stands before it is wrong: nobody knows what belongs there
        ("we saw a bat there", None),
        ("", None),
    ],
)
def test_a_word_that_was_exchanged(hypothesis: str, verdict: str | None) -> None:
    assert judged("we saw a cat there", "we saw the cat there", hypothesis) == [("a", "the", verdict)]


@pytest.mark.parametrize(
    ("hypothesis", "verdict"),
    [("so I think", "original"), ("so I I think", "corrected"), ("so we think", "neither"), ("so think", "neither")],
)
def test_a_word_that_is_said_twice_is_one_position_whichever_was_left_out(hypothesis: str, verdict: str) -> None:
    assert judged("so I think", "so I I think", hypothesis) == [("I", "I I", verdict)]


@pytest.mark.parametrize(
    ("hypothesis", "verdict"), [("go now", "original"), ("go on now", "corrected"), ("go off now", "neither")]
)
def test_a_word_that_was_left_out_or_added(hypothesis: str, verdict: str) -> None:
    assert judged("go now", "go on now", hypothesis) == [("", "on", verdict)]
    turned = {"original": "corrected", "corrected": "original", "neither": "neither"}
    assert judged("go on now", "go now", hypothesis) == [("on", "", turned[verdict])]


def test_the_ends_of_a_text_are_anchors() -> None:
    assert judged("a b", "b", "a b") == [("a", "", "original")]
    assert judged("a b", "b", "b") == [("a", "", "corrected")]
    assert judged("b a", "b c d", "b c d") == [("a", "c d", "corrected")]
    assert judged("x", "y", "z") == [("x", "y", "neither")]
    assert judged("", "y", "") == [("", "y", "original")]


def test_neighbors_are_one_position_and_others_are_their_own() -> None:
    assert judged("a b x y c d", "a b v w c e", "a b x y c e") == [("x y", "v w", "original"), ("d", "e", "corrected")]


def test_compounds_are_no_difference_where_they_merge() -> None:
    assert judged("his well being is", "his wellbeing is", "his wellbeing is", merge=True) == []
    assert len(judged("his well being is", "his wellbeing is", "his wellbeing is")) == 1
    assert judged("the ice cream is", "the custard is", "the icecream is", merge=True) == [
        ("ice cream", "custard", "original")
    ]


def test_the_same_text_has_no_position() -> None:
    assert positions(["a"], ["a"], ["b"], merge=False) == []
    assert differences([], [], merge=False) == []


def test_edits_are_widened_over_all_places_where_they_could_stand() -> None:
    assert differences(list("xaay"), list("xay"), merge=False) == [Span(1, 3, 1, 2)]
    assert differences(list("ax"), list("aaax"), merge=False) == [Span(0, 1, 0, 3)]


def test_words_that_both_references_share() -> None:
    assert shared(list("abc"), list("axcd"), merge=False) == [(0, 1), (2, 3)]
    assert shared(list("abcd"), list("abd"), merge=False) == [(0, 2), (2, 3)]
    assert shared([], [], merge=False) == []


def test_what_faces_a_stretch() -> None:
    facing = Facing.of(align(["a", "b", "c"], ["a", "x", "y", "c"], merge=False))
    assert facing.between(1, 2) == (1, 3)
    assert facing.between(0, 3) == (0, 4)
    assert facing.between(2, 3) is None


def test_random_texts_rebuild_from_their_differences() -> None:
    """The original with the correction's words at every position is the correction, and spans never touch."""
    draw = random.Random(5)
    for _ in range(2000):
        first = [draw.choice("abc") for _ in range(draw.randrange(9))]
        second = [draw.choice("abc") for _ in range(draw.randrange(9))]
        spans = differences(first, second, merge=False)
        built: list[str] = []
        at = 0
        for span in spans:
            assert at <= span.begin <= span.end
            built += first[at : span.begin] + second[span.other_begin : span.other_end]
            assert len(built) == span.other_end
            at = span.end
        assert built + first[at:] == second
        assert all(one.end < other.begin for one, other in pairwise(spans))


def test_each_reference_as_a_hypothesis_is_judged_as_itself() -> None:
    draw = random.Random(6)
    seen = 0
    for _ in range(2000):
        first = [draw.choice("abcd") for _ in range(draw.randrange(9))]
        second = [draw.choice("abcd") for _ in range(draw.randrange(9))]
        for text, verdict in ((first, "original"), (second, "corrected")):
            for one in positions(first, second, text, merge=False):
                assert one == Position(one.original, one.corrected, verdict)  # type: ignore[arg-type]
                seen += 1
    assert seen > 2000
