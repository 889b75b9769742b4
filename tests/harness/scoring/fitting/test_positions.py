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
    [
        ("we saw a big cat there", "original"),
        ("we saw big old a cat there", "original"),
        ("we saw uh the cat there", "corrected"),
        ("we saw a big old red cat there", "neither"),  # three words more
        ("we saw the a cat there", "neither"),  # both
    ],
)
def test_words_beside_those_of_a_reference(hypothesis: str, verdict: str) -> None:
    assert judged("we saw a cat there", "we saw the cat there", hypothesis) == [("a", "the", verdict)]


@pytest.mark.parametrize("hypothesis", ["so I uh I think", "so I I I think", "so uh I think"])
def test_what_may_be_the_rest_of_the_other_reference_is_neither(hypothesis: str) -> None:
    assert judged("so I think", "so I I think", hypothesis) == [("I", "I I", "neither")]
    assert judged("go now", "go on now", "go on off now") == [("", "on", "neither")]


def test_words_beside_a_compound_that_merges() -> None:
    assert judged("the ice cream is", "the custard is", "the big icecream is", merge=True) == [
        ("ice cream", "custard", "original")
    ]
    assert judged("the ice cream is", "the custard is", "the big icecream is") == [("ice cream", "custard", "neither")]


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


def _places(original: list[str], corrected: list[str]) -> list[tuple[int, int, int, int]]:
    """Where two texts differ, by moving each edit as far as it goes, word by word, and joining what touches."""
    edits: list[list[int]] = []
    at = other = 0
    for step in align(original, corrected, merge=False):
        end, other_end = at + len(step.reference), other + len(step.hypothesis)
        if step.operation != "hit":
            if edits and edits[-1][1] == at and edits[-1][3] == other:
                edits[-1][1], edits[-1][3] = end, other_end
            else:
                edits.append([at, end, other, other_end])
        at, other = end, other_end
    reach = []
    for number, (begin, end, first, last) in enumerate(edits):
        lowest = edits[number - 1][1] if number else 0
        highest = edits[number + 1][0] if number + 1 < len(edits) else len(original)
        covered = [(begin, end)]
        for step_by in (-1, 1):
            shift = step_by
            while begin == end or first == last:  # a deletion or insertion alone can stand elsewhere
                moved = begin + shift, end + shift, first + shift, last + shift
                if moved[0] < lowest or moved[1] > highest:
                    break
                without = original[: moved[0]] + corrected[moved[2] : moved[3]] + original[moved[1] :]
                if without != original[:begin] + corrected[first:last] + original[end:]:
                    break
                covered.append((moved[0], moved[1]))
                shift += step_by
        low, high = min(one[0] for one in covered), max(one[1] for one in covered)
        reach.append((low, high, first - (begin - low), last + (high - end)))
    joined: list[tuple[int, int, int, int]] = []
    for place in reach:
        if joined and place[0] <= joined[-1][1]:
            joined[-1] = (joined[-1][0], place[1], joined[-1][2], place[3])
        else:
            joined.append(place)
    return joined


def _told(text: list[str], begin: int, end: int, hypothesis: list[str], original: str, corrected: str) -> str | None:
    """What a hypothesis has between the words around a stretch, as texts with spaces around each word."""
    faces, at = dict[int, int](), 0
    where = 0
    for step in align(text, hypothesis, merge=False):
        if step.operation == "hit":
            faces[at] = where
        at, where = at + len(step.reference), where + len(step.hypothesis)
    if (begin and begin - 1 not in faces) or (end < len(text) and end not in faces):
        return None
    low = faces[begin - 1] + 1 if begin else 0
    high = faces[end] if end < len(text) else len(hypothesis)
    found = "".join(f" {word}" for word in hypothesis[low:high]) + " "
    if found.strip() in {original.strip(), corrected.strip()}:
        return "original" if found.strip() == original.strip() else "corrected"
    if original in corrected or corrected in original:
        return "neither"
    sides = (("original", original), ("corrected", corrected))
    held = [name for name, words in sides if words in found and len(found.split()) <= len(words.split()) + 2]
    return held[0] if len(held) == 1 else "neither"


def test_counts_are_those_of_a_plain_twin() -> None:
    """1,500 random texts; where the two references lead to different words, the nearer one decides."""
    draw = random.Random(7)
    seen: dict[str | None, int] = {}
    for _ in range(1500):
        first = [draw.choice("abcd") for _ in range(draw.randrange(14))]
        texts = [first]
        for rate in (0.3, 0.3):
            changed: list[str] = []
            for word in texts[-1]:
                kind = draw.random() / rate
                changed += (
                    [word] if kind > 1 else [[draw.choice("abcde")], [], [word, draw.choice("abcde")]][int(3 * kind)]
                )
            texts.append(changed)
        original, corrected, hypothesis = texts
        expected = []
        for low, high, first_other, last_other in _places(original, corrected):
            sides = [
                "".join(f" {word}" for word in words) + " "
                for words in (original[low:high], corrected[first_other:last_other])
            ]
            told = [
                _told(original, low, high, hypothesis, *sides),
                _told(corrected, first_other, last_other, hypothesis, *sides),
            ]
            named = {one for one in told if one in ("original", "corrected")}
            if len(named) == 2:
                errors = []
                for text in (original, corrected):
                    hits = sum(step.operation == "hit" for step in align(text, hypothesis, merge=False))
                    errors.append(max(len(text), len(hypothesis)) - hits)
                expected.append("neither" if errors[0] == errors[1] else told[errors[1] < errors[0]])
            else:
                expected.append(named.pop() if named else "neither" if "neither" in told else None)
        found = [one.verdict for one in positions(original, corrected, hypothesis, merge=False)]
        assert found == expected, (original, corrected, hypothesis)
        for verdict in found:
            seen[verdict] = seen.get(verdict, 0) + 1
    assert min(seen[verdict] for verdict in ("original", "corrected", "neither", None)) > 100
