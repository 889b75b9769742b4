"""Normalized, or as written: if one of the two texts cannot be read, both are as they are written, everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.scoring.comparison import compare_systems
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.interchange import read_trn
from harness.scoring.nist_export import write_comparison
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from harness.scoring.slices import by_length
from harness.scoring.texts import Texts, characters, words
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

AUGUST = get_profile("leaderboard@2026-08")
LONG = "9" * 4400


def upper_or_refused(text: str) -> str:
    if "!" in text:
        raise ValueError(text)
    return text.upper()


@pytest.fixture
def texts() -> Texts:
    return Texts(upper_or_refused, words)


def test_both_are_normalized_or_neither_is(texts: Texts) -> None:
    assert texts.pair("a b", "c") == ("A B", "C", False)
    assert texts.pair("a!", "c") == ("a!", "c", True)
    assert texts.pair("a", "c!") == ("a", "c!", True)
    assert texts.pair("", "") == ("", "", False)
    assert texts.together("a", "b", "c!") == (["a", "b", "c!"], True)
    assert texts.together("a", "b", "c") == (["A", "B", "C"], False)


def test_words_written_together_are_one_only_where_that_is_asked_for() -> None:
    assert Texts(upper_or_refused, words).pair('[["a b", "x"]]', "ab") == ("X", "AB", False)
    assert Texts(upper_or_refused, words, merge=True).pair('[["a b", "x"]]', "ab") == ("A B", "AB", False)


def test_a_text_alone_is_as_written_where_it_cannot_be_read(texts: Texts) -> None:
    assert (texts.alone("a"), texts.alone("a!")) == ("A", "a!")
    assert (texts.words("a b"), texts.words("a b!")) == (["A", "B"], ["a", "b!"])
    assert (texts.normalized("a"), texts.normalized("a!")) == ("A", None)


def test_units_are_words_or_characters(texts: Texts) -> None:
    assert texts.units("  a  b ") == ["a", "b"]
    assert Texts(upper_or_refused, characters).units(" a b ") == ["a", " ", "b"]


def test_each_text_is_normalized_once() -> None:
    asked: list[str] = []

    def normalize(text: str) -> str:
        asked.append(text)
        return upper_or_refused(text)

    texts = Texts(normalize, words)
    for _ in range(3):
        texts.pair("a", "b!")
        texts.words("b!")
    assert asked == ["a", "b!"]


@pytest.mark.parametrize("pair", [(f"{LONG} Mr. Smith", "Mr. Smith"), ("Mr. Smith", f"{LONG} Mr. Smith")])
def test_it_holds_for_counts_slices_and_matched_pairs(pair: tuple[str, str]) -> None:
    one = predictions(pair, ("Mr. A", "mister a"))
    scored = count_predictions(one, AUGUST)
    [first, second] = scored.utterances()
    assert (first.as_written, second.as_written) == (True, False)
    assert (first.reference, first.hypothesis) == (pair[0].split(), pair[1].split())
    assert first.counts.errors == 1
    assert sum((part.errors for part in by_length([first, second])), ErrorCounts()) == sum(scored.kept(), ErrorCounts())
    systems = [
        System(model="m", benchmarks=[one]),
        System(model="n", benchmarks=[predictions((pair[0], pair[0]), ("Mr. A", "a"))]),
    ]
    [block] = compare_systems(systems, AUGUST).benchmarks
    assert block.pairs[0].mapsswe is not None
    assert block.pairs[0].mapsswe.first_errors == 1
    assert block.pairs[0].mapsswe.second_errors == 1


def test_files_for_nist_hold_a_row_as_written_for_all_systems_or_for_none(tmp_path: Path) -> None:

    one = predictions((f"Hello {LONG}", "Hello!"), ("Mr. A", "Mr. B"), ("Mr. C", "Mr. C"))
    other = predictions((f"Hello {LONG}", "Hello"), ("Mr. A", f"Mr. {LONG}"), ("Mr. C", "Mr. C"))
    systems = [System(model="m", benchmarks=[one]), System(model="n", benchmarks=[other])]
    paths = write_comparison(systems, AUGUST, tmp_path)
    assert [list(read_trn(path).values()) for path in paths] == [
        [f"Hello {LONG}", "Mr. A", "mister c"],
        ["Hello!", "Mr. B", "mister c"],
        ["Hello", f"Mr. {LONG}", "mister c"],
    ]
