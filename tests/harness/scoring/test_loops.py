"""Inserted words told apart: loops, made-up endings, the rest; counted by hand and against a slow twin."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from harness.records.journal import Line
from harness.scoring.loops import Inserted, inserted, looped, without_loops
from harness.scoring.metrics import get_metric, measure
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import Scored, ScoredUtterance, count_predictions


def marks(text: str) -> str:
    words = text.split()
    return " ".join(word.upper() if again else word for word, again in zip(words, looped(words), strict=True))


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "a",
        "no no no",  # three times, but three words only
        "no NO NO NO",
        "thank you thank you",
        "thank you THANK YOU THANK YOU",
        "a b c A B C A B C A x",
        "so thank you THANK YOU THANK YOU THANK bye",
        "that that is is",
        "x x x y x x x",
        "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0".replace("0 1", "0 1"),
    ],
)
def test_a_loop_is_what_stands_three_times_in_a_row_from_its_second_time_on(shown: str) -> None:
    text = shown.lower()
    if text.startswith("1 2"):
        assert looped(text.split()) == [False] * 10 + [True] * 20
        return
    assert marks(text) == shown


def slow(words: list[str]) -> list[bool]:
    """Each stretch of at least three copies of at least four words is looked for by itself."""
    found = [False] * len(words)
    for begin in range(len(words)):
        for unit in range(1, 11):
            end = begin + unit
            while end < len(words) and words[end] == words[end - unit]:
                end += 1
            if end - begin >= max(3 * unit, 4):
                found[begin + unit : end] = [True] * (end - begin - unit)
    return found


def test_loops_are_those_of_a_slow_twin() -> None:
    generator = random.Random(5)
    for _ in range(3000):
        words = [generator.choice("ab") for _ in range(generator.randint(0, 24))]
        assert looped(words) == slow(words), words
    assert without_loops(["so", "thank", "you", "thank", "you", "thank", "you", "bye"]) == ("so", "thank", "you", "bye")


def scored(*pairs: tuple[str, str, float | None]) -> Scored:
    rows = [
        Line(id=f"u{at}", language="en", reference=said, hypothesis=written, duration=length, session=f"s{at % 6}")
        for at, (said, written, length) in enumerate(pairs)
    ]
    predictions = Predictions(benchmark="x", language="en", rows=rows, source=Path("x"), ours=True)
    return count_predictions(predictions, get_profile("verbatim"))


def utterances(one: Scored) -> list[ScoredUtterance]:
    return one.utterances(dropped=True)


@pytest.mark.parametrize(
    ("said", "written", "counts"),
    [
        ("one two", "one two", (0, 0, 0)),
        ("one two", "one big two", (0, 0, 1)),
        ("one two", "one two and so on", (0, 3, 0)),
        ("one two", "so one big two three", (0, 1, 2)),
        ("one two", "one two bye bye bye bye bye", (4, 1, 0)),
        ("one two", "one thank you thank you thank you two", (4, 0, 2)),
        ("one two", "one six seven eight", (0, 2, 0)),  # which of them was to be "two" does not matter
        ("one two", "six seven eight nine", (0, 0, 2)),  # nothing was recognized that something could come after
        ("one two", "one two two", (0, 1, 0)),
        ("one two", "one two two two two two", (4, 0, 0)),
        ("one two three", "one two one two three", (0, 0, 2)),
        ("one two one two", "one two one two one two one two", (4, 0, 0)),
        ("say bye bye", "say bye bye bye", (0, 1, 0)),
        ("no no no no no", "no no no no no", (0, 0, 0)),
        ("", "thank you", (0, 0, 2)),
        ("", "you you you you you", (4, 0, 1)),
        ("one two", "", (0, 0, 0)),
    ],
)
def test_every_inserted_word_is_of_one_kind(said: str, written: str, counts: tuple[int, int, int]) -> None:
    (one,) = utterances(scored((said, written, 2.0)))
    assert inserted(one) == Inserted(*counts)
    assert sum(counts) == one.counts.insertions


def test_the_metrics_are_words_a_minute_of_audio() -> None:
    one = scored(
        ("one two", "one two and so on", 20.0),
        ("three", "three bye bye bye bye", 10.0),
        ("", "you you you you you", 30.0),
        ("four", "four", 60.0),
    )
    looped_words = measure(get_metric("looped"), utterances(one), one.profile, "en")
    assert looped_words is not None
    assert looped_words.count == 3 + 4
    assert looped_words.of == pytest.approx(2.0)
    assert looped_words.value == pytest.approx(3.5)
    ending = measure(get_metric("invented_ending"), one.utterances(), one.profile, "en")
    assert ending is not None
    assert ending.count == 3 + 1
    assert ending.of == pytest.approx(1.5)
    silent = measure(get_metric("inserted_on_silence"), utterances(one), one.profile, "en")
    assert silent is not None
    assert silent.count == 5
    assert silent.of == pytest.approx(0.5)


def test_what_has_no_length_or_no_words_says_why() -> None:
    unknown = scored(("one", "one two", None))
    for name in ("looped", "invented_ending"):
        found = measure(get_metric(name), utterances(unknown), unknown.profile, "en")
        assert found is not None
        assert (found.value, found.reason) == (None, "it is not known how long the utterances are")
    silent = scored(("", "you", 2.0))
    found = measure(get_metric("invented_ending"), utterances(silent), silent.profile, "en")
    assert found is not None
    assert found.reason == "no reference has words"
