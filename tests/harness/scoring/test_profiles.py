"""Profiles by name and from a file, and every rule on its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import DataError, UsageError
from harness.records import codec
from harness.records.scores import ProfileRecord
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.explain import explain
from harness.scoring.normalize.english import EnglishRules
from harness.scoring.normalize.unicode import UnicodeRules
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import default_profile, profile_names
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path


def test_the_names() -> None:
    assert profile_names() == [
        "card@2026-04",
        "leaderboard@2023-07",
        "leaderboard@2025-08",
        "leaderboard@2025-09",
        "leaderboard@2026-04",
        "leaderboard@2026-05",
        "leaderboard@2026-06",
        "leaderboard@2026-08",
        "leaderboard@2026-10",
        "unicode@2026-11",
        "verbatim",
    ]
    with pytest.raises(UsageError, match="did you mean 'leaderboard@2026-08'"):
        get_profile("leaderboard@2026-008")


def test_a_stored_profile_states_its_rules_and_libraries() -> None:
    stored = get_profile("leaderboard@2026-08").record()
    assert stored.name == "leaderboard@2026-08"
    assert set(stored.libraries) - {"opencc", "wetext"} == {
        "kaldialign",
        "num2words",
        "rapidfuzz",
        "regex",
        "whisper-normalizer",
        "unicode",
    }
    english = stored.rules["english"]
    assert isinstance(english, dict)
    assert english["acronyms"] is True
    assert stored.rules["round_before_average"] is True
    assert "name" not in stored.rules
    assert codec.decode(codec.encode(stored), ProfileRecord, "profile") == stored


def test_the_card_profile_normalizes_every_language_by_the_english_rules() -> None:
    assert get_profile("card@2026-04").normalize("Über zwei o'clock", "de") == "uber zwei 0 clock"
    assert get_profile("leaderboard@2026-04").normalize("Über zwei o'clock", "de") == "über zwei o clock"
    assert get_profile("verbatim").normalize(" As it  IS. ", "en") == " As it  IS. "


@pytest.mark.parametrize(
    ("version", "english", "german"),
    [
        ("2023-07", "archeology</span> ah jon is ok 020 clock", "2 schone tage"),
        ("2025-08", "archeology</span> ah jon is ok 020 clock", "2 schone tage"),
        ("2025-09", "archeology ah jon is ok 020 clock", "2 schone tage"),
        ("2026-04", "archeology ah jon is ok 020 clock", "zwei schöne tage"),
        ("2026-05", "archeology john is ok 020 clock", "zwei schöne tage"),
        ("2026-06", "archeology john s ok 020 clock", "zwei schöne tage"),
        ("2026-08", "archeology john s okay 020 clock", "zwei schöne tage"),
        ("2026-10", "archeology john s okay oh 2", "zwei schöne tage"),
    ],
)
def test_each_version_of_the_leaderboard_changes_what_it_says(version: str, english: str, german: str) -> None:
    profile = get_profile(f"leaderboard@{version}")
    assert profile.normalize("archaeology ah Jon's ok oh two o'clock", "en").split() == english.split()
    assert profile.normalize("2 schöne Tage", "de") == german


def test_each_rule_can_be_switched_alone() -> None:
    august = get_profile("leaderboard@2026-08")
    assert isinstance(august.english, EnglishRules)
    no_acronyms = replace(august, english=replace(august.english, acronyms=False))
    assert august.normalize("the b b c", "en") == "the bbc"
    assert no_acronyms.normalize("the b b c", "en") == "the b b c"
    assert august.count("white paper", "whitepaper", "en").errors == 0
    assert replace(august, merge_compounds=False).count("white paper", "whitepaper", "en").errors == 2


def test_languages_without_spaces_are_counted_by_characters_as_written() -> None:
    counts = get_profile("leaderboard@2026-08").count("今日の天気。", "今日は天気", "ja")
    assert (counts.words, counts.substitutions, counts.deletions) == (6, 1, 1)


def test_words_that_both_sides_write_alike_but_for_spaces_are_joined_on_both_sides() -> None:
    april = get_profile("leaderboard@2026-04")
    assert april.count("wir sind zusammen", "wir sind zu sammen", "de") == ErrorCounts(3)
    assert april.count("wir sind zu sammen", "wir sind zusammen", "de") == ErrorCounts(3)
    assert april.count("wir sind zu sammen", "wir sind zusammen", "en").errors == 2
    assert april.count("zu sammen ja", "zu sehr ja", "de") == ErrorCounts(2, 1)
    assert [april.matches_compounds(language) for language in ("de", "en", "ja")] == [True, False, False]
    august = get_profile("leaderboard@2026-08")
    assert [august.matches_compounds(language) for language in ("de", "en", "ja")] == [True, True, False]


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    text = (
        'extends = "leaderboard@2026-08"\nmerge_compounds = false\n[english]\nacronyms = false\nfillers = "whisper"\n'
    )
    profile = get_profile(write(tmp_path, text))
    base = get_profile("leaderboard@2026-08")
    assert isinstance(base.english, EnglishRules)
    english = replace(base.english, acronyms=False, fillers="whisper")
    assert profile == replace(base, name="mine", merge_compounds=False, english=english)
    other = get_profile(
        write(tmp_path, 'name = "x"\nextends = "verbatim"\nenglish = "card@2026-04"\nothers = "none"\n')
    )
    assert (other.name, other.normalize("Mr. X", "en"), other.normalize("Hr. X", "de")) == ("x", "mister x", "Hr. X")


def test_a_table_for_all_languages_with_rules_of_unicode(tmp_path: Path) -> None:
    text = 'extends = "unicode@2026-11"\n[unicode]\narabic_alef = true\ncase = false\n[english]\ncase = true\n'
    profile = get_profile(write(tmp_path, text))
    rules = UnicodeRules(arabic_alef=True, case=False)
    assert (profile.others, profile.unspaced, profile.english) == (rules, rules, replace(rules, case=True))
    assert profile.normalize("أحمد A", "ar") == "احمد A"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[unicode]\nkana = true", "needs a profile with such rules; leaderboard@2026-08 has none"),
        ("unicode = 3", "unicode must be a table of rules"),
        ('extends = "unicode@2026-11"\n[unicode]\nkan = true', "did you mean 'kana'"),
        ("merge_compound = true", "did you mean 'merge_compounds'"),
        ("equivalent = []", "did you mean 'equivalents'"),
        ("own = {}", "no rule called 'own'"),
        ("merge_compounds = 1", "must be true or false, not 1"),
        ("[english]\nacronym = true", "did you mean 'acronyms'"),
        ("english = 3", "must be a table"),
        ('english = "klingon"', "cannot be 'klingon'"),
        ('[english]\nspelling = "new"', "cannot be 'new'; it can be whisper, 2025-09, 2026-06"),
        ('extends = "nothing"', "no profile called 'nothing'"),
        ('name = "verbatim"', "that no built-in profile has"),
        ("name = 3", "must be a text"),
    ],
)
def test_a_mistake_in_a_profile_file_is_said_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        get_profile(write(tmp_path, text))
    assert message in str(raised.value)


def test_a_profile_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no profile file"):
        get_profile(str(tmp_path / "nowhere.toml"))
    with pytest.raises(DataError, match="is not TOML"):
        get_profile(write(tmp_path, "[english\n"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        get_profile(str(tmp_path / "folder.toml"))
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(DataError, match="is not TOML"):
        get_profile(str(tmp_path / "latin.toml"))


def test_rules_that_are_not_known_are_no_other_rules(tmp_path: Path) -> None:
    """The leaderboard's Armenian normalizer cannot be rebuilt from what is known: nothing else has its name."""
    october = get_profile("leaderboard@2026-10")
    for refused in (
        lambda: october.normalize("Այո։", "hy"),
        lambda: october.count("Այո։", "Այո", "hy"),
        lambda: explain(predictions(("այո", "ոչ"), language="hy"), get_profile("leaderboard@2026-08"), october),
    ):
        with pytest.raises(UsageError) as failure:
            refused()
        assert str(failure.value) == (
            "leaderboard@2026-10 has rules for Armenian (hy) that are not published in a form that could be rebuilt; "
            'score it with --profile unicode@2026-11, or with a profile of your own that says armenian = "others"'
        )
    mine = get_profile(write(tmp_path, 'extends = "leaderboard@2026-10"\narmenian = "others"\n'))
    assert mine.normalize("Այո՝ եկա։", "hy") == "այո եկա"
    assert mine.record().rules["armenian"] == "others"
    assert default_profile(["hy"]) == "unicode@2026-11"
    assert october.normalize("Ja, wir.", "de") == "ja wir"
    with pytest.raises(UsageError, match="armenian cannot be 'english'; it can be others, refused"):
        get_profile(write(tmp_path, 'armenian = "english"'))


def test_armenian_marks_inside_of_a_word_do_not_cut_it() -> None:
    ours = get_profile("unicode@2026-11")
    assert ours.normalize("Ինչո՞ւ չեկար։ Այո՛, եկա՜վ՝ և գնաց", "hy") == "ինչու չեկար այո եկավ եւ գնաց"
    assert ours.count("ինչու", "ինչո՞ւ", "hy") == ErrorCounts(1)
