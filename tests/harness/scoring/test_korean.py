"""Korean is scored by characters without spaces under our own profile, and both rates are stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.gating.pair import pair_rates
from harness.reporting.results import results_table
from harness.scoring.comparison import compare_systems
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.explain import explain
from harness.scoring.pairing import pair_benchmarks
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from harness.scoring.scored import count_predictions, count_systems
from harness.scoring.second_opinion import by_jiwer
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

OURS, OFFICIAL = get_profile("unicode@2026-11"), get_profile("leaderboard@2026-08")
ROWS = (
    ("아버지가 방에 들어가신다.", "아버지 가방에 들어가신다"),  # 11 syllables; where the space stands is no error
    ("안녕하세요 여러분", "안녕하세오 여러분"),  # 8 syllables, one of them wrong
)


def systems(*names: str, more: int = 0) -> list[System]:
    rows = [*ROWS, *[("가 나", "가 나")] * more]
    sessions = [f"s{at}" for at in range(len(rows))]
    return [
        System(model=name, benchmarks=[predictions(*rows, name=one, language="ko", session=sessions) for one in "ab"])
        for name in names
    ]


def test_syllables_are_counted_and_spaces_are_not() -> None:
    assert [OURS.count(*row, "ko") for row in ROWS] == [ErrorCounts(11), ErrorCounts(7, 1)]
    assert OURS.count("한국어", "한국어", "ko") == ErrorCounts(3), "decomposed syllables are the same ones"
    assert [OFFICIAL.count(*row, "ko").words for row in ROWS] == [2, 2]
    assert (OURS.by_character("ko"), OFFICIAL.by_character("ko"), OURS.by_character("en")) == (True, False, False)


def test_both_rates_are_stated_and_the_average_is_one_of_characters() -> None:
    (score,) = score_systems(systems("m", more=4), [OURS])
    entry = score.benchmarks[0]
    assert (entry.metric, entry.characters, entry.character_errors, entry.wer) == ("cer", 27, 1, None)
    assert (entry.metrics["wer"].count, entry.metrics["wer"].of) == (3, 13)
    assert score.average.cer == pytest.approx(1 / 27)
    assert score.average.wer is None
    assert score.average.rate == score.average.cer
    table = results_table([score], [None])
    assert [column.title for column in table.columns[:6]] == ["Model", "a CER", "b CER", "Average", "a WER", "b WER"]
    assert [cell.value for cell in table.rows[0][1:6]] == pytest.approx([1 / 27, 1 / 27, 1 / 27, 3 / 13, 3 / 13])
    (official,) = score_systems(systems("m"), [OFFICIAL])
    assert (official.benchmarks[0].metric, official.benchmarks[0].metrics) == ("wer", {})


def test_words_and_characters_do_not_average() -> None:
    mixed = System(model="m", benchmarks=[*systems("m")[0].benchmarks, predictions(("a b", "a"), name="c")])
    (score,) = score_systems([mixed], [OURS])
    assert score.average.rate is None


def test_compare_gate_and_explain_count_what_the_table_shows() -> None:
    two = systems("m", "n", more=4)
    compared = compare_systems(two, OURS)
    assert {block.metric for block in compared.benchmarks} == {"cer"}
    assert compared.average is not None
    assert compared.average.metric == "cer"
    assert compared.average.systems[0].rate == pytest.approx(1 / 27)
    paired = pair_benchmarks(count_systems(two, [OURS, OURS]), ["m", "n"])
    assert {pair_rates(one).metric.name for one in paired} == {"cer"}
    told = explain(two[0].benchmarks[0], OFFICIAL, OURS)
    assert told.metric == "cer"
    assert "korean" in [step.rule for step in told.steps]
    assert (told.end.errors.errors, told.end.words) == (1, 27)
    assert by_jiwer(count_predictions(two[0].benchmarks[0], OURS)) == ErrorCounts(26, 1)


def test_a_profile_of_ones_own_may_count_words(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text('extends = "unicode@2026-11"\nkorean = "words"\n', encoding="utf-8")
    mine = get_profile(str(tmp_path / "words.toml"))
    assert [mine.count(*row, "ko") for row in ROWS] == [ErrorCounts(1, 2), ErrorCounts(1, 1)]
