"""Our own normalizer for languages without leaderboard rules: against a plain twin, and each rule on its own."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize import chinese
from harness.scoring.normalize import unicode as module
from harness.scoring.normalize.unicode import UnicodeRules, unicode_normalizer
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import default_profile
from harness.scoring.score import score_systems
from perf import official

if TYPE_CHECKING:
    from pathlib import Path

OWN = get_profile("unicode@2026-11")
PIECES = [
    *("हिन्दी", "क्\u200dया", "किताबें", "১২", "বাংলা", "తెలుగు", "ไทย", "น้ำ", "เเ", "မြန်မာ", "ខ្មែរ", "ລາວ"),
    *("كِتَابٌ", "أإآ", "ـــ", "שָׁלוֹם", "צה״ל", "ג׳", "漢字", "。", "、", "ｱｲ", "アイ", "か\u3099", "ＡＢ", "１２"),
    *(
        "don't",
        "l’été",
        "п\u02bcять",
        "o\u02bb",
        "'",
        "''",
        "`",
        "´",
        "\u0301",
        "x̂",
        "é",
        "ﬁ",
        "½",
        "Straße",
        "İI",
        "ΣΑΣ",
    ),
    *("\u00ad", "\ufe0f", "❤️", "\u200b", "\u200c", "\x00", "\x1c", "\x85", "$5", "50%", "3.5", "-", "_", "<x>", "(y)"),
]
texts = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(["", "", " ", " ", ". ", "'", "\n"])), max_size=8
).map(lambda parts: "".join(piece + between for piece, between in parts)) | st.text(max_size=25)


@pytest.mark.parametrize("language", ["hi", "tr", "ja", "th"])
@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_any_text_is_normalized_as_the_plain_twin_does(language: str, text: str) -> None:
    plain = official.unicode_rules(language, spaces=language in {"hi", "tr"})
    assert OWN.normalize(text, language) == plain(text)


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_normalizing_twice_is_as_once_and_composition_makes_no_difference(text: str) -> None:
    once = OWN.normalize(text, "hi")
    assert OWN.normalize(once, "hi") == once
    assert OWN.normalize(unicodedata.normalize("NFC", text), "hi") == once


@pytest.mark.parametrize(
    ("rule", "language", "left", "right"),
    [
        ("compatibility", "ja", "ｱｲ ＡＢ", "アイ AB"),
        ("case", "el", "ΟΔΟΣ", "οδος"),
        ("case", "tr", "IŞIK İNCE", "ışık ince"),
        ("invisible", "fa", "می\u200cخواهم", "میخواهم"),
        ("apostrophes", "uk", "п\u02bcять", "п'ять"),
        ("punctuation", "hi", "है।", "है"),
        ("spaces", "th", "ไทย ภาษา", "ไทยภาษา"),
    ],
)
def test_each_rule_makes_two_texts_alike_and_can_be_switched_off(
    rule: str, language: str, left: str, right: str
) -> None:
    spaces = language not in {"ja", "th"}
    on = unicode_normalizer(UnicodeRules(), language, spaces=spaces)
    off = unicode_normalizer(replace(UnicodeRules(), **{rule: False}), language, spaces=spaces)
    assert on(left) == on(right)
    assert off(left) != off(right)


@pytest.mark.parametrize(
    ("rule", "language", "left", "right"),
    [
        ("digits", "hi", "१२", "12"),
        ("kana", "ja", "カタカナ", "かたかな"),
        ("arabic_alef", "ar", "أحمد إلى آخر", "احمد الى اخر"),
        ("arabic_tatweel", "ar", "كتـــاب", "كتاب"),
        ("arabic_short_vowels", "ar", "كِتَابٌ", "كتاب"),
        ("hebrew_points", "he", "שָׁלוֹם", "שלום"),
        ("simplified_chinese", "zh", "漢字臺灣", "汉字台湾"),
        ("thai_typing", "th", "เเมน\u0e4d\u0e49\u0e32", "แมน้ำ"),
    ],
)
def test_each_optional_rule_is_off_and_can_be_switched_on(rule: str, language: str, left: str, right: str) -> None:
    if rule == "simplified_chinese":
        pytest.importorskip("opencc")
    spaces = language not in {"ja", "th", "zh"}
    plain = unicode_normalizer(UnicodeRules(), language, spaces=spaces)
    on = unicode_normalizer(replace(UnicodeRules(), **{rule: True}), language, spaces=spaces)
    assert plain(left) != plain(right)
    assert on(left) == on(right)


def test_every_rule_says_whether_it_is_on() -> None:
    on = [field.name for field in fields(UnicodeRules) if field.default]
    assert on == ["compatibility", "case", "invisible", "apostrophes", "punctuation", "spaces"]


def test_marks_that_are_letters_stay() -> None:
    for language, text in (("hi", "कि की कु"), ("th", "น้ำ ที่"), ("ar", "كِتَابٌ"), ("he", "שָׁלוֹם"), ("ta", "கி கீ")):
        letters = unicodedata.normalize("NFKC", text)
        assert OWN.normalize(text, language).replace(" ", "") == letters.replace(" ", "")
    assert OWN.count("की है", "कि है", "hi") == ErrorCounts(1, 1)


def test_japanese_kanji_stay_where_chinese_is_simplified() -> None:
    pytest.importorskip("opencc")
    rules = UnicodeRules(simplified_chinese=True)
    assert unicode_normalizer(rules, "ja", spaces=False)("漢字") == "漢字"


def test_simplified_chinese_without_opencc_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opencc", None)
    chinese.simplifier.cache_clear()
    with pytest.raises(UsageError, match="need opencc"):
        module.UnicodeNormalizer(UnicodeRules(simplified_chinese=True), "zh", spaces=False)


def test_what_is_remembered_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEMO_LIMIT", 10)
    normalizer = module.UnicodeNormalizer(UnicodeRules(), "hi", spaces=True)
    for number in range(100):
        assert normalizer(f"Wort{number} है।") == f"wort{number} है"
    assert len(normalizer._tokens) <= 12


def test_the_default_is_ours_where_the_leaderboard_has_no_rules() -> None:
    assert default_profile(["en", "de", "nl"]) == default_profile([]) == "leaderboard@2026-08"
    assert default_profile(["hi"]) == default_profile(["en", "ja"]) == "unicode@2026-11"


def test_japanese_without_punctuation_and_width(shared: Path) -> None:
    systems = read_systems([shared / "predictions" / "cer"])
    found = {}
    for score in score_systems(systems, [OWN] * len(systems)):
        (entry,) = score.benchmarks
        assert entry.cer is not None
        found[entry.language] = (entry.character_errors, entry.characters, round(100 * entry.cer, 2))
    assert found == {"ja": (23832, 151617, 15.72), "zh": (1594, 104765, 1.52)}


def test_tokens_of_english_letters_and_digits_are_as_all_rules_make_them() -> None:
    toggled = [replace(UnicodeRules(), **{one.name: not one.default}) for one in fields(UnicodeRules)]
    pieces = ["I", "Word", "x1", "0", "IV", "i", "'", "_", "-", ".", ",", "?", "!", ";", ":", "...", "é", "İ", "ı", "²"]
    draw = random.Random(11)
    tokens = {"".join(draw.choices(pieces, k=draw.randint(1, 4))) for _ in range(2_000)}
    for rules in [UnicodeRules(), *toggled]:
        for language in ("en", "tr", "az"):
            normalize = unicode_normalizer(replace(rules, simplified_chinese=False), language, spaces=True)
            assert [token for token in tokens if normalize(token) != normalize._letters(token)] == []
    assert len(tokens) == 1263
