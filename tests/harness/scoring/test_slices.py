"""Slices by length, session and tag, and the words that were confused."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.scoring.align import counts_of
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from harness.scoring.scored import ScoredUtterance, count_predictions
from harness.scoring.slices import by_length, by_session, by_tag, confusions
from tests.harness.scoring.made import predictions

VERBATIM, AUGUST = get_profile("verbatim"), get_profile("leaderboard@2026-08")


def scored(*pairs: tuple[str, str], profile: Profile = VERBATIM, **more: Any) -> list[ScoredUtterance]:
    return count_predictions(predictions(*pairs, **more), profile).utterances()


def test_slices_partition_the_counts() -> None:
    pairs = [(" ".join("abcdefgh"[:length]), "a") for length in (0, 1, 4, 5, 8)] + [("z " * 45, "z")]
    tags = [{"accent": "x"}, {"accent": "y"}, {"accent": "x"}, {}, {"accent": "x", "noise": "low"}, {}]
    found = scored(*pairs, session=["s", "s", "t", None, "t", "u"], tags=tags)
    total = sum((one.counts for one in found), ErrorCounts())
    lengths = by_length(found)
    assert [(part.value, part.utterances) for part in lengths] == [("0", 1), ("1-4", 2), ("5-9", 2), ("40+", 1)]
    assert sum((part.errors for part in lengths), ErrorCounts()) == total
    sessions = by_session(found)
    assert [(part.value, part.utterances) for part in sessions] == [("s", 2), ("t", 2), ("u", 1)]
    assert [(part.kind, part.value, part.utterances) for part in by_tag(found)] == [
        ("accent", "x", 3),
        ("accent", "y", 1),
        ("noise", "low", 1),
    ]
    assert all(part.interval is None for part in [*lengths, *sessions])
    assert [(part.words, part.rate) for part in sessions] == [(1, 1.0), (12, 10 / 12), (45, 44 / 45)]


def test_slices_come_in_the_order_of_lengths_sessions_and_tags() -> None:
    sizes = [40, 39, 19, 9, 4, 0]
    found = scored(
        *[(" ".join("a" * size), "b") for size in sizes],
        session=list("zyzxyz"),
        tags=[{"noise": "2", "accent": one} for one in "zyzxyz"],
    )
    assert [part.value for part in by_length(found)] == ["0", "1-4", "5-9", "10-19", "20-39", "40+"]
    assert [part.value for part in by_session(found)] == ["z", "y", "x"]
    assert [(part.kind, part.value) for part in by_tag(found)] == [
        ("accent", "z"),
        ("accent", "y"),
        ("accent", "x"),
        ("noise", "2"),
    ]


def test_slices_have_intervals_over_their_sessions() -> None:
    pairs = [("a b c", "a b c" if index % 3 else "a x c") for index in range(12)]
    found = scored(*pairs, session=[f"s{index % 6}" for index in range(12)], tags=[{"all": "yes"}] * 12)
    for part in (*by_length(found), *by_tag(found)):
        assert part.interval is not None
        assert part.interval.sessions == 6
        assert part.interval.low < 4 / 36 < part.interval.high
    one = scored(*pairs, session=["same"] * 12)
    assert [part.interval for part in by_session(one)] == [None]


def test_confusions() -> None:
    pairs = [("the white paper", "a whitepaper"), ("the cat", "a cat sat"), ("the end", "end"), ("the", "a")]
    found = confusions(scored(*pairs, profile=AUGUST))
    assert found.substitutions == ((("the", "a"), 3),)
    assert found.deletions == (("the", 1),)
    assert found.insertions == (("sat", 1),)
    utterances = scored(("the cat", "the cat"), ("a", "b"), profile=AUGUST)
    assert confusions(utterances).substitutions == ((("a", "b"), 1),)
    assert [one._alignment is None for one in utterances] == [True, False], "what has no errors is not aligned"
    plain = confusions(scored(*pairs))
    assert (("paper", "whitepaper"), 1) in plain.substitutions or (("white", "whitepaper"), 1) in plain.substitutions


def test_the_most_frequent_confusions_come_first_and_equals_in_alphabetical_order() -> None:
    pairs = [("b", "x"), ("c", "x"), ("a", "x"), ("c", "x"), ("", "z"), ("", "y"), ("", "w w"), ("k", ""), ("j", "")]
    found = confusions(scored(*pairs), top=2)
    assert found.substitutions == ((("c", "x"), 2), (("a", "x"), 1))
    assert found.insertions == (("w", 2), ("y", 1))
    assert found.deletions == (("j", 1), ("k", 1))


words = st.lists(st.sampled_from("ab"), max_size=8)


@settings(max_examples=200, deadline=None)
@given(words, words)
def test_alignments_hold_every_word_and_the_errors_that_are_counted(one: list[str], other: list[str]) -> None:
    [utterance] = scored((" ".join(one), " ".join(other)), profile=AUGUST)
    assert [word for step in utterance.alignment for word in step.reference] == utterance.reference
    assert [word for step in utterance.alignment for word in step.hypothesis] == utterance.hypothesis
    assert counts_of(utterance.alignment) == utterance.counts


def test_confusions_of_whole_calls_are_those_of_the_counts() -> None:
    """They were once of another alignment, in which compounds of long recordings were confused."""
    generator = random.Random(1)
    reference = [f"w{generator.randrange(400)}" for _ in range(2500)]
    heard = reference[5:]
    heard[1000:1002] = ["".join(heard[1000:1002])]
    merging = replace(VERBATIM, merge_compounds=True)
    [one] = scored((" ".join(reference), " ".join(heard)), profile=merging)
    found = confusions([one])
    assert (one.counts.errors, one.counts.words) == (5, 2500)
    assert sum(times for _, times in (*found.substitutions, *found.deletions, *found.insertions)) == 5


def test_confusions_of_a_row_that_the_normalizer_cannot_read_are_of_the_texts_as_written() -> None:
    [one] = scored(("9" * 4400 + " Yes Stephen", "9" * 4400 + " no Stephen"), profile=AUGUST)
    assert one.counts == ErrorCounts(2, 1)
    assert confusions([one]).substitutions == ((("Yes", "no"), 1),)


def test_tags_that_name_utterances_are_no_slices() -> None:
    tags = [{"file": str(number), "accent": str(number % 100)} for number in range(101)]
    found = scored(*[("a", "a")] * 101, tags=tags)
    assert {part.kind for part in by_tag(found)} == {"accent"}
    assert len(by_tag(found)) == 100
