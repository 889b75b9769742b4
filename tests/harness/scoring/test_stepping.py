"""Counting step by step does less, and counts the same as counting every row anew under every profile."""

from __future__ import annotations

import dataclasses
import os
import random
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.scoring import explain as explaining
from harness.scoring.explain import explain
from harness.scoring.normalize.english import EnglishNormalizer, EnglishRules, english_normalizer, tokens_of
from harness.scoring.normalize.english_change import EnglishChange
from harness.scoring.predictions import Predictions, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import ENGLISH_RULES, Profile
from harness.scoring.scored import count_predictions
from harness.scoring.stepping import Stepping, total_of
from harness.scoring.timeline import official_versions
from tests.harness.scoring.made import predictions
from tests.harness.scoring.normalize.test_shortcuts import BETWEEN, strings, triggers

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = bool(os.environ.get("ASR_SLOW_TESTS"))
DATA = Path(os.environ.get("ASR_TEST_DATA", Path(__file__).parents[4] / "shared")) / "predictions"
FIELDS = [field.name for field in dataclasses.fields(EnglishRules)]


def pairs_of_rules() -> list[tuple[EnglishRules, EnglishRules]]:
    """Every two versions, and every version with each rule that another one has otherwise."""
    found = []
    for one in ENGLISH_RULES.values():
        for other in ENGLISH_RULES.values():
            found.append((one, other))
            found += [(one, dataclasses.replace(one, **{name: getattr(other, name)})) for name in FIELDS]
    return [pair for pair in dict.fromkeys(found) if pair[0] != pair[1]]


def drawn(count: int) -> list[str]:
    """Pairs and triples of the rules' triggers, and longer runs of them."""
    rng, every = random.Random(5), triggers()
    runs = [
        "".join(part for _ in range(rng.randint(4, 8)) for part in (rng.choice(every), rng.choice(BETWEEN)))
        for _ in range(count // 3)
    ]
    return [*strings(count), *runs]


def written(rules: EnglishRules, text: str) -> str | None:
    try:
        return english_normalizer(rules)(text)
    except ValueError:
        return None


def test_a_text_that_is_not_named_comes_out_alike() -> None:
    texts = drawn(200_000 if SLOW else 900)
    tokens = [tokens_of(text) for text in texts]
    vocabulary = {token for each in tokens for token in each or ()}
    rules = pairs_of_rules()
    assert len(rules) > 100
    alike = 0
    for first, second in rules:
        change = EnglishChange(first, second, vocabulary)
        for text, each in zip(texts, tokens, strict=True):
            if not change.may_differ(each):
                alike += 1
                assert written(first, text) == written(second, text), (text, first, second)
    assert alike > 0.3 * len(rules) * len(texts), "few texts are told to be alike"


def steps(first: Profile, second: Profile, language: str) -> Iterator[tuple[Profile, Profile]]:
    """Every profile that an explanation counts under, and the one that it is a step away from."""
    before = first
    for rule in explaining._differing(first, second, language):
        after = explaining._switch(before, second, rule, language)
        yield before, after
        aligned = rule in ("normalizer", *explaining._ALIGNED)
        base = first if aligned else explaining._plain(first, second, language)
        yield base, explaining._switch(base, second, rule, language)
        before = after


def check(found: Predictions, first: Profile, second: Profile) -> None:
    stepping = Stepping(found)
    assert stepping.counted(first).kept == count_predictions(found, first).kept()
    for near, profile in steps(first, second, found.language):
        stepping.counted(near)
        counts = stepping.counted(profile, near)
        assert counts.kept == count_predictions(found, profile).kept(), profile.name
        assert counts.total == total_of(counts.kept)


TEXTS = [
    "Um, the colour of the kolor grey is p m half past two o'clock",
    "he's been oh five oh one at 10:00, Mr. Stephen Kaylee",
    "all right e mail it's that's gotta g7 a i b",
    "uh",
    "",
    "(inaudible) <noise> nothing's left ... %",
    "twenty-one and a half % of $5",
    '[["colour", "color"], ["is", ""], ["grey"]]',
]


@pytest.mark.parametrize("ours", [False, True])
def test_made_texts_step_by_step(ours: bool) -> None:
    rows = [(one, other) for one in TEXTS for other in [*TEXTS[:-1], None]]
    found = predictions(*rows, ours=ours)
    versions = [
        *official_versions(),
        get_profile("card@2026-04"),
        get_profile("verbatim"),
        get_profile("unicode@2026-11"),
    ]
    for first, second in [*pairwise(versions), (versions[0], versions[-4]), (versions[-4], versions[0])]:
        check(found, first, second)


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        ("de", [("Über 2 zu sammen", "über zwei zusammen"), ("x̂ İ", "x i"), ("", "ja")]),
        ("hi", [('[["हाँ", "हां"], ["ठीक है"]]', "हां ठीक"), ("पाँच रुपये", "पांच रुपये"), ("", "")]),
        ("ja", [("今日の天気。", "今日は天気"), ("", "天")]),
    ],
)
def test_other_languages_step_by_step(language: str, rows: list[tuple[str, str]]) -> None:
    found = predictions(*rows, language=language)
    for first, second in pairwise([*official_versions(), get_profile("unicode@2026-11"), get_profile("verbatim")]):
        if language == "ja" and "unicode" in first.name + second.name:
            continue  # no step leads there
        check(found, first, second)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no predictions in {DATA} (ASR_TEST_DATA)")
@pytest.mark.parametrize("name", ["raw/MODEL_whisper-tiny.en_DATASET_voxpopuli_en_test_150.jsonl"])
def test_real_predictions_step_by_step(name: str) -> None:
    (system,) = read_systems([DATA / name])
    (found,) = system.benchmarks
    versions = official_versions()
    for first, second in [*pairwise(versions), (versions[0], versions[-1])]:
        check(found, first, second)


def test_rules_of_ones_own_and_texts_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "leaderboard@2026-10"\ndrop = ["grey"]\n', encoding="utf-8")
    mine = get_profile(str(tmp_path / "mine.toml"))
    found = predictions(("grey 1 colour", "colour"), ("9" * 4400, "nine"), ("plain words", "plain word"))
    check(found, get_profile("leaderboard@2026-04"), mine)


def test_what_a_step_leaves_alone_is_not_normalized_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 utterances one holds what a rule changes: all are normalized once, and that one at each step."""
    rows = [(f"plain words number{'abcdefghij'[at % 10]}{'x' * (at // 10)}", "plain word") for at in range(199)]
    found = predictions(*rows, ("the colour", "the color"))
    calls: list[str] = []
    original = EnglishNormalizer.__call__

    def counting(self: EnglishNormalizer, text: str) -> str:
        calls.append(text)
        return original(self, text)

    monkeypatch.setattr(EnglishNormalizer, "__call__", counting)
    told = explain(found, get_profile("leaderboard@2026-04"), get_profile("leaderboard@2026-10"))
    assert len(told.steps) > 6
    once = 199 + 1 + 2
    assert len(calls) < 2 * once + 20 * len(told.steps)
    assert calls.count("plain word") <= 2


def test_the_counts_of_profiles_long_ago_are_made_anew() -> None:
    found = predictions(("the colour um", "the color"))
    stepping = Stepping(found)
    for profile in [*official_versions(), *official_versions()]:
        assert stepping.counted(profile).kept == count_predictions(found, profile).kept()
