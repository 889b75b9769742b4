"""Chinese and Hindi as the leaderboard scores them since 2026-10, as far as references are plain texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize import chinese
from harness.scoring.normalize.chinese import ChineseRules, chinese_normalizer
from harness.scoring.normalize.oiwer import oiwer_words
from harness.scoring.profile_files import get_profile

if TYPE_CHECKING:
    from pathlib import Path

OCTOBER = get_profile("leaderboard@2026-10")


def test_accepted_spellings_are_normalized_as_voi_oiwer_does(shared: Path) -> None:
    with (shared / "oracle" / "oiwer.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 500
    for row in rows:
        slots = [[text for text in slot if text.strip()] for slot in row["reference_lists"]]
        found = [list(dict.fromkeys(map(oiwer_words, slot))) for slot in slots if slot]
        assert found == row["normalized_reference_lists"]


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("\u0972\u0929\u095f", "\u090f\u0928\u093c\u092f\u093c"),
        ("a\u200db\u02bcc,d", "abcd"),
        ("a\u2019b-c।d%", "a b c d%"),
        ("\u201aA\u201e\u2026", "'a\"..."),
        ("पाँच पांच ५ 5", "पाँच पांच ५ 5"),
        (" . ", ""),
    ],
)
def test_corners_of_the_table_of_voi_oiwer(text: str, normalized: str) -> None:
    assert oiwer_words(text) == normalized


def test_hindi_is_counted_by_words_as_voi_oiwer_compares_them() -> None:
    assert OCTOBER.texts("hi").pair("पढ़ना, ५।", "पढ\u093cना 5") == ("पढ\u093cना ५", "पढ\u093cना 5", False)
    assert OCTOBER.count("पढ़ना, ५।", "पढ\u093cना 5", "hi") == ErrorCounts(1, 1)
    assert OCTOBER.count("ठीक है", "ठीकहै", "hi").errors == 2, "no compounds"
    assert not OCTOBER.matches_compounds("hi")
    assert OCTOBER.normalize("पढ़ना, ५।", "hi") == "पढ़ना ५", "what the leaderboard's normalizer makes of it"


def test_chinese_without_its_libraries_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opencc", None)
    chinese.simplifier.cache_clear()
    with pytest.raises(
        UsageError, match=r"need opencc, not installed here; to install: pip install .* '\.\[chinese\]'"
    ):
        chinese.ChineseNormalizer(ChineseRules())


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("漢字，測試。", "汉字 测试"),
        ("（你好）[noise] WORLD", "你好world"),
        ("我有3½個", "我有三 二分之一个"),
        ("百分之〇", "百分之零"),
        ("５０％", "百分之五十"),
        ("二 零 二 四", "二零二四"),
    ],
)
def test_chinese_as_the_leaderboard_normalizes_it(text: str, normalized: str) -> None:
    pytest.importorskip("opencc")
    pytest.importorskip("wetext")
    assert OCTOBER.normalize(text, "zh") == normalized


def test_chinese_is_counted_by_graphemes_without_spaces() -> None:
    pytest.importorskip("opencc")
    pytest.importorskip("wetext")
    assert OCTOBER.count("漢字 測試", "汉字测", "zh") == ErrorCounts(3, 0, 1, 0)
    assert OCTOBER.texts("zh").words("x̂汉 字") == ["x̂", "汉", "字"]
    assert OCTOBER.count("x̂汉字", "汉字", "zh") == ErrorCounts(2, 0, 1, 0)
    assert chinese_normalizer(ChineseRules(numbers=False, simplified=False))("漢 100%") == "漢100"
