"""The normalizer of other languages, against a plain twin, and the joining of compounds on both sides."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.scoring.compounds import join_pairs
from harness.scoring.normalize.multilingual import MultilingualRules, multilingual_normalizer
from harness.scoring.profile_files import get_profile
from perf import official

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = [
    "ein",
    "zu",
    "sammen",
    "zusammen",
    "1",
    "000",
    "1000",
    "10",
    "21",
    "1.000",
    "1,5",
    "(x)",
    "<y>",
    "[z]",
    "(",
    "<",
    "straße",
    "ﬁ",
    "½",
    "²",
    "١٢",
    "é",
    "é",
    "l'été",
    "İ",
    "ſ",
    "Σ",
    "\u200b",
    "_",
    "a_b",
    "हिन्दी",
    "東京",
    "99999999999999999999999999999999999999",
    "3e5",
    "क्\u200dया",
    "x̂",
    "৴",
    "Ⅷ",
    "a\x1cb",
]
OFFICIAL: tuple[official.Version, ...] = ("leaderboard@2026-08", "leaderboard@2026-10")
texts = st.lists(st.sampled_from(TOKENS), max_size=9).map(" ".join) | st.text(max_size=30)


@pytest.mark.parametrize("language", ["de", "fr", "hi", "xx"])
@settings(max_examples=150, deadline=None)
@given(text=texts)
def test_any_text_is_normalized_as_the_plain_twin_does(language: str, text: str) -> None:
    for version in OFFICIAL:
        assert get_profile(version).normalize(text, language) == official.multilingual(language, version)(text)


def test_every_string_of_the_oracle_is_normalized_alike(shared: Path) -> None:
    with (shared / "oracle" / "multilingual_2026_10.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 500
    for version in OFFICIAL:
        normalized = [get_profile(version).normalize(row["in"], row["lang"]) for row in rows]
        assert normalized == [row[version.removeprefix("leaderboard@")] for row in rows]


def test_marks_are_kept_since_october_only() -> None:
    august, october = (get_profile(version).normalizer("hi") for version in OFFICIAL)
    assert (august("हिन्दी है"), october("हिन्दी है")) == ("ह न द ह", "हिन्दी है")
    assert (august("a\x1cb"), october("a\x1cb")) == ("a b", "ab"), "white space to Python only"


def test_diacritics_stay_and_digits_become_words() -> None:
    normalize = get_profile("leaderboard@2026-08").normalizer("de")
    assert normalize("Über 21 Straßen!") == "über einundzwanzig straßen"
    assert normalize("1 000 000") == "eintausend null", "grouped digits are joined once only, as in the original"


@pytest.mark.parametrize(
    ("reference", "hypothesis", "joined"),
    [
        ("wir gehen zu sammen", "wir gehen zusammen", "wir gehen zusammen"),
        ("zusammen", "zu sammen", "zusammen"),
        ("ab c d", "a bc d", "abc d"),
        ("zu sammen da", "zu samen da", "zu sammen da"),
        ("", "a", ""),
    ],
)
def test_what_both_sides_write_alike_but_for_spaces_is_joined(reference: str, hypothesis: str, joined: str) -> None:
    assert join_pairs(reference.split(), hypothesis.split())[0] == joined.split()


def test_joining_changes_the_number_of_reference_words() -> None:
    profile = get_profile("leaderboard@2026-08")
    counts = profile.count("wir gehen zu sammen", "wir gehen zusammen", "de")
    assert (counts.errors, counts.words) == (0, 3)
    assert profile.count("we go to gether", "we go together", "en").words == 4, "English compounds merge in alignment"


def test_digits_stay_where_numbers_are_not_spelled() -> None:
    assert multilingual_normalizer(MultilingualRules(numbers=False), "de")("1.000 Äpfel, 23!") == "1 000 äpfel 23"
    assert multilingual_normalizer(MultilingualRules(), "de")("23!") == "dreiundzwanzig"


def test_no_letter_is_a_digit_so_that_texts_of_letters_have_no_numbers() -> None:
    digits = re.findall(r"\d", "".join(map(chr, range(sys.maxunicode + 1))))
    assert len(digits) > 600
    assert [digit for digit in digits if digit.isalpha()] == []
