"""`score --check jiwer`: equal counts pass, others are an error where the rules are jiwer's, else are explained."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cli import main
from harness.errors import DataError
from harness.scoring.counting import Counted
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from harness.scoring.scored import Scored, count_predictions
from harness.scoring.second_opinion import by_jiwer, check
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

VERBATIM, APRIL, AUGUST = (get_profile(name) for name in ("verbatim", "leaderboard@2026-04", "leaderboard@2026-08"))


def scored(*pairs: tuple[str, str | None], profile: Profile = VERBATIM, **more: Any) -> Scored:
    return count_predictions(predictions(*pairs, **more), profile)


def wrong(one: Scored) -> Scored:
    """With one substitution too many."""
    first, *rest = one.counted
    assert first is not None
    return replace(one, counted=[Counted(first.counts + ErrorCounts(hits=-1, substitutions=1)), *rest])


texts = st.lists(st.sampled_from(["a", "b", "Ab", "a\u00a0b"]), max_size=6).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(texts, texts), max_size=4), st.sampled_from(["en", "de", "ja"]))
def test_jiwer_counts_what_is_counted_here(pairs: list[tuple[str, str]], language: str) -> None:
    one = scored(*pairs, language=language)
    total = sum(one.kept(), ErrorCounts())
    assert by_jiwer(one) == total
    assert check([one]) == [
        f"mine (mine.jsonl): jiwer counts {total.errors} errors of {total.words}, this program {total.errors} of "
        f"{total.words}"
    ]


def test_only_what_is_scored_is_counted() -> None:
    one = scored(("uh", "noise"), ("a cat", "a"), ("lost", None), profile=APRIL, ours=True)
    assert by_jiwer(one) == ErrorCounts(1, 0, 1)
    theirs = scored(("uh", "noise here"), ("a cat", "a"), profile=APRIL)
    assert by_jiwer(theirs) == ErrorCounts(1, 0, 1, 2)
    assert by_jiwer(scored()) == ErrorCounts()


@pytest.mark.parametrize(
    ("profile", "language"),
    [(VERBATIM, "en"), (VERBATIM, "de"), (VERBATIM, "ja"), (APRIL, "en"), (APRIL, "ja"), (AUGUST, "ja")],
)
def test_a_wrong_count_is_an_error_where_the_rules_are_the_same(profile: Profile, language: str) -> None:
    one = scored(("a dog", "a cat"), ("b", "b"), profile=profile, language=language)
    check([one])
    with pytest.raises(DataError, match=r"mine \(mine\.jsonl\): jiwer counts \d+ errors of \d+, this program"):
        check([one, wrong(one)])


@pytest.mark.parametrize(("profile", "language"), [(AUGUST, "en"), (AUGUST, "de"), (APRIL, "de")])
def test_profiles_that_let_compounds_match_say_so(profile: Profile, language: str) -> None:
    one = scored(("the white paper", "the whitepaper"), profile=profile, language=language)
    [line] = check([one])
    assert line.endswith("the profile lets compounds match, jiwer does not")
    assert "jiwer counts 2 errors of 3, this program 0 of" in line
    [line] = check([scored(("the paper", "the pepper"), profile=profile, language=language)])
    assert not line.endswith("jiwer does not")


def test_real_files(shared: Path) -> None:
    path = shared / "predictions" / "raw" / "MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl"
    [system] = read_systems([path])
    for name in ("verbatim", "card@2026-04", "leaderboard@2026-04"):
        one = count_predictions(system.benchmarks[0], get_profile(name))
        assert by_jiwer(one) == sum(one.kept(), ErrorCounts())


def test_verb_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"text": "the white paper", "pred_text": "the whitepaper"}), encoding="utf-8")
    assert main(["score", str(path), "--check", "jiwer", "--json", "--profile", "verbatim"]) == 0
    assert "jiwer counts 2 errors of 3, this program 2 of 3\n" in capsys.readouterr().err
    assert main(["score", str(path), "--check", "jiwer", "--json"]) == 0
    assert "this program 0 of 3: the profile lets compounds match, jiwer does not\n" in capsys.readouterr().err
