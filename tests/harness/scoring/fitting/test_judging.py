"""Counts, habits and the verdict, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.scoring.fitting.judging import SystemJudged, fitting, judge
from harness.scoring.metrics import get_metric, measure
from harness.scoring.predictions import Predictions
from harness.scoring.profiles import built_in_profile
from harness.scoring.scored import Scored, count_predictions
from tests.harness.scoring.made import line

PROFILE = built_in_profile("card@2026-04")


def scored(*rows: tuple[str, str | None, str]) -> Scored:
    """Of original, correction and hypothesis."""
    made = [
        line(f"u{at}", original, hypothesis, corrected=corrected, session=f"s{at}")
        for at, (original, corrected, hypothesis) in enumerate(rows)
    ]
    return count_predictions(Predictions(benchmark="b", language="en", rows=made, source=Path("b")), PROFILE)


def judged(*rows: tuple[str, str | None, str]) -> SystemJudged:
    found = scored(*rows)
    return judge(found.utterances(), PROFILE, "en")


def test_counts_of_positions() -> None:
    found = fitting(
        judged(
            ("The cat sat.", "the dog sat", "the cat sat"),
            ("the cat sat", "the dog sat", "the dog sat"),
            ("the cat sat", "the dog sat", "the dog sat"),
            ("the cat sat", "the dog sat", "the fox sat"),
            ("the cat sat", "the dog sat", "the fox set"),
            ("five", "5", "six"),  # formatting
            ("the cat sat", None, "the cat sat"),
        )
    )
    assert (found.original, found.corrected, found.neither, found.unplaced) == (1, 2, 1, 1)
    assert found.rate == pytest.approx(1 / 3)
    assert found.alike == 0.5
    assert found.others is None


def test_the_habit_is_what_becomes_of_the_same_words_elsewhere() -> None:
    system = judged(
        ("see the cat", "see a cat", "see a cat"),
        ("take a look", "take a look", "take the look"),
        ("have a rest", "have a rest", "have a rest"),
        ("have a rest", "have a rest", "have one rest"),
    )
    counts = system.habits.pairs[("a",), ("the",)]
    assert dict(counts) == {"original": 1, "corrected": 1, "neither": 1}
    general = system.habits.general
    assert (general["right"], general["substituted"], general["left out"]) == (9, 2, 0)
    (place,) = system.utterances[0].positions if system.utterances[0] else ()
    # One in two, and two more occurrences that are wrong as often as words in general: 2 of 11.
    assert system.habits.expected(place) == pytest.approx((1 + 2 * 2 / 11) / (2 + 2))


def test_words_left_out_and_added_have_habits_of_their_own() -> None:
    system = judged(
        ("go now", "go on now", "go on now"),
        ("go on then", "go then", "go then"),
        ("come on in", "come on in", "come in"),
        ("put it down", "put it down", "put it it down"),
    )
    assert dict(system.habits.pairs[("on",), ()]) == {"original": 1}
    general = system.habits.general
    assert (general["left out"], general["inserted"]) == (1, 1)
    # borders between agreed words whose both sides are there: "put it", and "it down" with one inserted
    assert general["borders"] == 2
    assert dict(system.habits.pairs[(), ("on",)]) == {"corrected": 1, "neither": 1}


def test_others_are_taken_together() -> None:
    rows = [("a cat sat", "a dog sat")] * 6
    first = judged(*((one, other, one) for one, other in rows))
    second = judged(*((one, other, other) for one, other in rows))
    third = judged(*((one, other, one if at < 3 else other) for at, (one, other) in enumerate(rows)))
    assert fitting(first, [second, third]).others == 0.25
    assert fitting(second, [first]).others == 1.0


def test_a_system_with_the_references_errors_fits_and_one_without_does_not() -> None:
    rows = [(f"we saw a cat number {at}", f"we saw a dog number {at}") for at in range(40)]
    memory = fitting(judged(*((one, other, one) for one, other in rows)))
    assert (memory.rate, memory.alike, memory.fits) == (1.0, 1.0, True)
    assert memory.interval is not None
    assert memory.interval.high == 1.0
    assert 0.8 < memory.interval.low < 1.0
    ears = fitting(judged(*((one, other, other) for one, other in rows)))
    assert (ears.rate, ears.alike, ears.fits) == (0.0, None, False)


def test_a_habit_is_no_fitting() -> None:
    """A system that always writes "cat" where "dog" is said has not read the reference."""
    rows = [(f"a cat {at}", f"a dog {at}", f"a cat {at}") for at in range(40)]
    rows += [(f"the dog {at}", f"the dog {at}", f"the cat {at}") for at in range(40)]
    found = fitting(judged(*rows))
    assert found.rate == 1.0
    assert found.habit == pytest.approx((40 + 2 * 40 / 200) / 42, rel=0.02)
    assert found.fits is False


def test_two_ways_to_be_wrong_are_no_fitting() -> None:
    rows = [(f"a cat {at}", f"a dog {at}", f"a {'cat' if at % 2 else 'fox'} {at}") for at in range(60)]
    found = fitting(judged(*rows))
    assert (found.rate, found.alike, found.fits) == (1.0, 0.5, False)


@pytest.mark.parametrize(("alike", "fits"), [(47, True), (46, False)])
def test_how_many_of_its_errors_must_be_the_references(alike: int, fits: bool) -> None:
    """Of 60 single errors: above 2/3 by more than t(59) * sqrt(2/9 / 60) = 0.1017, which is 46.1 of them.

    Their own spread would be enough for 46.
    """
    words = ["cat" if at < alike else f"x{at}" for at in range(60)]
    rows = [(f"we saw a cat number {at}", f"we saw a dog number {at}") for at in range(60)]
    found = fitting(judged(*((*row, row[0].replace("cat", word)) for row, word in zip(rows, words, strict=True))))
    assert (found.alike, found.fits) == (alike / 60, fits)


def test_what_all_others_do_is_no_fitting() -> None:
    rows = [(f"we saw a cat number {at}", f"we saw a dog number {at}") for at in range(40)]
    one = judged(*((first, second, first) for first, second in rows))
    assert fitting(one).fits is True
    assert fitting(one, [one, one]).fits is False


def test_under_five_sessions_nothing_is_told() -> None:
    assert fitting(judged(*[("a cat sat", "a dog sat", "a cat sat")] * 4)).fits is None


def test_the_metric_is_the_rate_with_its_interval() -> None:
    held = scored(
        *[("a cat sat", "a dog sat", "a cat sat")] * 2,
        *[("a cat sat", "a dog sat", "a dog sat")] * 6,
        ("a cat sat", None, "a cat sat"),
    )
    found = measure(get_metric("fitting"), held.utterances(), PROFILE, "en")
    assert found is not None
    assert (found.value, found.count, found.of) == (0.25, 2.0, 8.0)
    assert found.interval is not None
    assert found.interval.sessions == 8


def test_without_corrections_there_is_a_reason() -> None:
    found = measure(get_metric("fitting"), scored(("a", None, "a")).utterances(), PROFILE, "en")
    assert found is not None
    assert found.reason == "no utterance has a corrected reference; give them with --corrected"
