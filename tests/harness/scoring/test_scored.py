"""The one alignment: its counts are those that are scored, for every profile and language, however long the texts."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DataError
from harness.scoring.align import counts_of
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions, System, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import profile_names
from harness.scoring.scored import Scored, count_predictions, count_systems
from tests.harness.scoring.made import SOURCE, lines, predictions

if TYPE_CHECKING:
    from pathlib import Path

    from harness.scoring.profiles import Profile

PROFILES = {name: get_profile(name) for name in profile_names()}
VERBATIM, AUGUST = PROFILES["verbatim"], PROFILES["leaderboard@2026-08"]
PROFILES["merged as written"] = replace(VERBATIM, merge_compounds=True)
PROFILES["joined as written"] = replace(VERBATIM, compound_pairs=True)
LANGUAGES = ("en", "de", "ja")
PARTS = ("ab", "a", "b", "white", "paper", "uh", "Mr.", "e", "mail", "zwei", "2", "3%", "Straße", "今", "-")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and what becomes of it when words are changed, written together or apart, added and dropped."""
    reference = draw(st.lists(st.sampled_from(PARTS), max_size=10))
    hypothesis = ""
    for word in reference:
        kind = draw(st.integers(0, 6))
        if kind < 3:
            hypothesis += f" {word}"
        elif kind == 3:
            hypothesis += word
        elif kind == 4:
            hypothesis += f" {word[:1]} {word[1:]}"
        elif kind == 5:
            hypothesis += f" {draw(st.sampled_from(PARTS))}"
    return " ".join(reference), hypothesis


@settings(max_examples=400, deadline=None)
@given(pair=pairs(), name=st.sampled_from(sorted(PROFILES)), language=st.sampled_from(LANGUAGES))
def test_the_counts_of_an_alignment_are_those_that_are_scored(pair: tuple[str, str], name: str, language: str) -> None:
    profile = PROFILES[name]
    texts = profile.texts(language)
    reference, hypothesis, _ = texts.pair(*pair)
    words, others = texts.units(reference), texts.units(hypothesis)
    steps = profile.align(words, others, language)
    counts = counts_of(steps)
    assert counts == profile.count_normalized(reference, hypothesis, language) == profile.count(*pair, language)
    assert "".join(word for step in steps for word in step.reference) == "".join(words)
    assert "".join(word for step in steps for word in step.hypothesis) == "".join(others)
    assert counts.words == sum(len(step.reference) for step in steps)
    [one] = count_predictions(predictions(pair, language=language), profile).utterances()
    assert (one.reference, one.hypothesis, one.alignment, one.counts) == (words, others, steps, counts)


@settings(max_examples=150, deadline=None)
@given(pair=pairs(), name=st.sampled_from(sorted(PROFILES)), language=st.sampled_from(("en", "de")))
def test_what_is_merged_is_written_otherwise_and_is_no_error(pair: tuple[str, str], name: str, language: str) -> None:
    profile = PROFILES[name]
    texts = profile.texts(language)
    words, others = texts.words(pair[0]), texts.words(pair[1])
    merged = profile.merged(words, others, language)
    assert all(one != other and one.replace(" ", "") == other.replace(" ", "") for one, other in merged)
    if not profile.merge_compounds and (language == "en" or not profile.compound_pairs):
        assert merged == []


def test_compounds_that_profiles_merge_or_join() -> None:
    one = ["the", "white", "paper"], ["the", "whitepaper"]
    assert AUGUST.merged(*one, "en") == [("white paper", "whitepaper")]
    april = PROFILES["leaderboard@2026-04"]
    assert (april.merged(*one, "en"), april.merged(*one, "de")) == ([], [("white paper", "whitepaper")])
    assert VERBATIM.merged(*one, "de") == []


def _can_read_chinese(profile: Profile) -> bool:
    """Whether the libraries that the profile needs for it are installed (extra `chinese`)."""
    return profile.chinese is None or all(importlib.util.find_spec(name) for name in ("opencc", "wetext"))


@pytest.mark.parametrize("name", profile_names())
def test_it_holds_for_real_rows(shared: Path, name: str) -> None:
    profile = PROFILES[name]
    folders = [shared / "predictions" / kind for kind in ("normalized", "raw", "cer")]
    checked = 0
    for system in read_systems(folders):
        for one in system.benchmarks:
            if one.benchmark == "earnings21_long" or (one.language == "zh" and not _can_read_chinese(profile)):
                continue
            rows = [row for row in one.rows if row.hypothesis != row.reference][::23]
            for utterance in count_predictions(replace(one, rows=rows), profile).utterances():
                assert counts_of(utterance.alignment) == utterance.counts, (one.source, utterance.row.id)
                checked += utterance.counts.errors > 0
    assert checked > 1000


def test_it_holds_for_whole_calls(shared: Path) -> None:
    calls = [
        one
        for system in read_systems([shared / "predictions" / "normalized", shared / "predictions" / "raw"])
        for one in system.benchmarks
        if one.benchmark == "earnings21_long"
    ]
    [one] = calls
    shortest = sorted(one.rows, key=lambda row: len(row.reference))[:6]
    for profile in (AUGUST, PROFILES["leaderboard@2026-04"]):
        for utterance in count_predictions(replace(one, rows=shortest), profile).utterances():
            assert len(utterance.reference) > 1000
            assert counts_of(utterance.alignment) == utterance.counts


def test_an_alignment_is_made_once_and_only_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.scoring.profiles import Profile

    made: list[object] = []
    real = Profile.align

    def align(self: Profile, *arguments: object) -> object:
        made.append(arguments)
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Profile, "align", align)
    [one] = count_predictions(predictions(("a b", "a c")), VERBATIM).utterances()
    assert made == []
    assert one.alignment is one.alignment
    assert len(made) == 1


def test_what_is_scored_is_told_apart_from_what_is_not() -> None:
    pairs = [("a b", "a c"), ("", "noise"), ("d", None), ("e", "e")]
    for one, ids, dropped in (
        (predictions(*pairs), ["u0", "u1", "u3"], []),
        (predictions(*pairs, ours=True), ["u0", "u3"], [1]),
    ):
        found = count_predictions(one, AUGUST)
        assert [utterance.row.id for utterance in found.utterances()] == ids
        assert [index for index in range(4) if found.drops(index)] == dropped
        assert sum((utterance.counts for utterance in found.utterances()), ErrorCounts()) == sum(
            found.kept(), ErrorCounts()
        )
        assert (found.failed, found.language, found.profile) == (1, "en", AUGUST)
        assert found.counted[2] is None


def test_systems_are_counted_each_under_its_profile() -> None:
    one, other = predictions(("Ja, x", "ja"), language="de"), predictions(("A cat", "a cat"), ("b", None))
    systems = [System(model="m", benchmarks=[one, other]), System(model="n", benchmarks=[other])]
    found = count_systems(systems, [AUGUST, VERBATIM])
    assert [[sum(each.kept(), ErrorCounts()) for each in held] for held in found] == [
        [ErrorCounts(1, 0, 1), ErrorCounts(2)],
        [ErrorCounts(1, 1)],
    ]
    assert [each.profile.name for held in found for each in held] == [AUGUST.name, AUGUST.name, "verbatim"]
    assert [each.predictions for held in found for each in held] == [one, other, other]
    with pytest.raises(ValueError, match="zip"):
        count_systems(systems, [AUGUST])


def test_counts_are_kept_only_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[str] = []
    monkeypatch.setattr("harness.scoring.cache.load", lambda *_: None)
    monkeypatch.setattr("harness.scoring.cache.store", lambda key, _: stored.append(key))
    system = System(model="m", benchmarks=[predictions(("a", "a"))])
    with monkeypatch.context() as patched:
        patched.setattr("harness.scoring.cache.key_of", lambda *_: pytest.fail("texts are hashed for nothing"))
        count_systems([system], [VERBATIM])
        count_predictions(system.benchmarks[0], VERBATIM)
    assert stored == []
    count_systems([system], [VERBATIM], cached=True)
    assert len(stored) == 1


def test_chunks_that_are_missing_are_an_error_here() -> None:
    with pytest.raises(DataError, match="chunk 0 is missing"):
        count_predictions(predictions(("a", "a"), parent_id=["p"], chunk_index=[1]), VERBATIM)


def test_the_language_translated_into_is_asked_of_translations_alone() -> None:
    """Which saves a look at each of a million rows of transcripts, every time that it is asked for."""
    asked: list[str] = []

    class Asked(Predictions):
        """Says that it was asked."""

        @property
        def target(self) -> str | None:
            asked.append(self.benchmark)
            return super().target

    for target, times in ((None, 0), ("de", 1)):
        rows = lines(("a b", "a b"), ("c", "d"), target=[target] * 2)
        units = Asked(benchmark="x", language="en", rows=rows, source=SOURCE)
        scored = Scored(units, units, VERBATIM, [None, None])
        assert [scored.target for _ in range(3)] == [target] * 3
        assert len(asked) == times
