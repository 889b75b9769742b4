"""Benchmarks of several languages: a row for each language under its own rules, then their plain mean."""

from __future__ import annotations

from dataclasses import replace

from harness.reporting.languages import languages_table
from harness.reporting.table import Table
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions

RULES = get_profile("leaderboard@2026-08")
ENGLISH = predictions(
    ("red blue green white", "red blue green"), ("one of them all", "one of them all"), name="talks_en"
)
GERMAN = predictions(("eins zwei", "eins drei"), name="talks_de", language="de")
JAPANESE = predictions(("犬猫鳥魚", "犬猫鳥"), ("犬", "犬"), name="talks_ja", language="ja")


def table(*parts: Predictions) -> Table:
    held = [count_predictions(replace(part, part_of="talks"), RULES) for part in parts]
    alone = count_predictions(predictions(("a b", "a x"), name="read"), RULES)
    every = [*held, alone]
    system = System(model="m", benchmarks=[one.predictions for one in every])
    found = languages_table(["m"], [score_counted(system, RULES, every)], [every], [RULES])
    assert found is not None
    return found


def values(found: Table) -> list[list[object]]:
    return [[cell.value for cell in row] for row in found.rows]


def test_words_have_a_plain_mean_over_the_languages() -> None:
    assert values(table(ENGLISH, GERMAN)) == [
        ["m", "talks", "en", 2, 8, 0.125, None],
        ["m", "talks", "de", 1, 2, 0.5, None],
        ["m", "talks", "macro average", 3, None, 0.3125, None],
    ]


def test_characters_have_a_column_and_units_of_their_own() -> None:
    assert values(table(JAPANESE)) == [
        ["m", "talks", "ja", 2, 5, None, 0.2],
        ["m", "talks", "macro average", 2, None, None, 0.2],
    ]


def test_words_and_characters_do_not_average() -> None:
    found = table(ENGLISH, JAPANESE)
    assert values(found)[-1] == ["m", "talks", "macro average", 4, None, None, None]
    assert found.rows[-1][5].notes == ("words and characters do not average",)
    assert [cell.notes for row in found.rows[:-1] for cell in row] == [()] * 14


def test_without_a_benchmark_of_several_languages_there_is_no_table() -> None:
    one = count_predictions(ENGLISH, RULES)
    scores = score_counted(System(model="m", benchmarks=[ENGLISH]), RULES, [one])
    assert languages_table(["m"], [scores], [[one]], [RULES]) is None
