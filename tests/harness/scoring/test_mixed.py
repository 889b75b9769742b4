"""The mixed error rate: characters of scripts without spaces, words of all others."""

from __future__ import annotations

import random
import unicodedata

import pytest

from harness.scoring.facts import facts_of
from harness.scoring.metrics import get_metric, measure
from harness.scoring.metrics.mixed import mixed_units
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from harness.scoring.scored import count_predictions
from tests.harness.scoring import made
from tests.harness.scoring.made import predictions

MIXED = get_metric("mixed")
ROWS = (
    (
        "我 觉得 这个 project 很 okay",
        "我觉得这 project 很 ok",
    ),  # 7 characters and 2 words; 个 is gone, okay is another word
    ("you 知道 吗", "you 知道 吗"),
    ("meeting 几点 开始？", "meetings 几点开始"),
)


def rate(
    language: str, profile: str = "unicode@2026-11", rows: tuple[tuple[str, str | None], ...] = ROWS
) -> tuple[float, float]:
    scored = count_predictions(predictions(*rows, language=language), get_profile(profile))
    found = measure(MIXED, scored.utterances(), scored.profile, language)
    assert found is not None
    assert found.count is not None
    assert found.of is not None
    return found.count, found.of


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_conversation_that_switches(language: str) -> None:
    """Of 8 + 4 + 5 units two are wrong in the first and one in the last utterance, whatever it is called."""
    assert rate(language) == (3, 8 + 4 + 5)


def test_units() -> None:
    assert mixed_units("我们 go") == ["我", "们", "go"]
    assert mixed_units("go我们now") == ["go", "我", "们", "now"]
    assert mixed_units("ラーメン と beer 々〇") == ["ラ", "ー", "メ", "ン", "と", "beer", "々", "〇"]
    assert mixed_units("กำลัง test ລາວ") == ["กำ", "ลั", "ง", "test", "ລ", "າ", "ວ"]
    assert mixed_units("한국어 word don't") == ["한국어", "word", "don't"]
    assert mixed_units("") == []


def by_hand(text: str) -> list[str]:
    """Slow twin for Han and kana beside anything else: character by character, by their names."""
    units, word = [], ""
    for each in text:
        name = unicodedata.name(each, "")
        alone = name.startswith(("CJK UNIFIED", "HIRAGANA", "KATAKANA"))
        if (alone or each.isspace()) and word:
            units.append(word)
            word = ""
        if alone:
            units.append(each)
        elif not each.isspace():
            word += each
    return [*units, word] if word else units


def test_units_are_those_of_a_slow_twin() -> None:
    rng = random.Random(3)
    letters = "我们去ラーメンひら ab cé 한d1' \n"
    for _ in range(2_000):
        text = "".join(rng.choices(letters, k=rng.randint(0, 25)))
        assert mixed_units(text) == by_hand(text), repr(text)


def test_it_is_shown_unasked_where_references_switch() -> None:
    profile = get_profile("unicode@2026-11")
    plain = [("今日の天気", "今日の天気")] * 10
    for rows, shown in (
        (list(ROWS), True),
        ([*plain, ("これは test です", "これは test です")], False),
        ([*plain[:9], ("これは test です", "これは test です")], True),
        ([("only english words", "words")], False),
        ([("第5課 A", "第5課")], False),
    ):
        system = System(model="m", benchmarks=[predictions(*rows, language="zh")])
        (score,) = score_systems([system], [profile])
        assert ("mixed" in score.benchmarks[0].metrics) == shown, rows


def test_long_texts_are_looked_at_once() -> None:
    """A recording of an hour is one reference; what is searched for in it is not there."""
    long = "今日は天気がいい。" * 200_000
    rows = [made.line(f"u{at}", long, "") for at in range(3)]
    assert not MIXED.always(facts_of(rows))
    assert MIXED.always(facts_of([made.line("u", f"{long}and so on", "")]))
    assert MIXED.always(facts_of([made.line("u", f"and so on{long}", "")]))


def test_edges() -> None:
    assert rate("zh", rows=(("", "go 去"), ("去", ""))) == (3, 1)
    assert rate("zh", rows=(('[["去", "走"], ["now"]]', "走 now"),)) == (0, 2)
    assert rate("en", "leaderboard@2026-08", rows=(("The colour 我", "the color 我"),)) == (0, 3)
