"""Counts kept between commands: the same content is found again, anything else never, and no harm is done by a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.scoring import cache, scored
from harness.scoring.counting import Counted, count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.english import EnglishRules
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

PROFILE = get_profile("leaderboard@2026-08")
PAIRS = [("white paper", "whitepaper", "en"), ("a \ud800", "a", "en")]
COUNTED = [Counted(ErrorCounts(2), dropped=True), Counted(ErrorCounts(1, 2, 3, 4), as_written=True)]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASR_HARNESS_CACHE", str(tmp_path / "counts"))
    return tmp_path / "counts"


def test_what_was_kept_is_found(kept: Path) -> None:
    key = cache.key_of(PAIRS, PROFILE)
    assert cache.load(key, 2) is None
    cache.store(key, COUNTED)
    assert cache.load(key, 2) == COUNTED
    assert [path.suffix for path in kept.iterdir()] == [".npy"]


def test_any_change_of_rules_texts_or_code_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = cache.key_of(PAIRS, PROFILE)
    assert isinstance(PROFILE.english, EnglishRules)
    others = [
        cache.key_of(PAIRS, replace(PROFILE, merge_compounds=False)),
        cache.key_of(PAIRS, replace(PROFILE, english=replace(PROFILE.english, names=False))),
        cache.key_of(PAIRS[:1], PROFILE),
        cache.key_of([("white", " paperwhitepaper", "en"), PAIRS[1]], PROFILE),
        cache.key_of([(*PAIRS[0][:2], "de"), PAIRS[1]], PROFILE),
    ]
    monkeypatch.setattr(cache, "_code", lambda: "changed")
    others.append(cache.key_of(PAIRS, PROFILE))
    assert len({key, *others}) == 7


def test_a_profile_of_another_name_is_the_same_rules() -> None:
    assert cache.key_of(PAIRS, replace(PROFILE, name="mine")) == cache.key_of(PAIRS, PROFILE)


def test_where_counts_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for named, where in (("/some/where", Path("/some/where")), ("", None)):
        monkeypatch.setenv("ASR_HARNESS_CACHE", named)
        assert cache.folder() == where
    monkeypatch.delenv("ASR_HARNESS_CACHE")
    assert cache.folder() == tmp_path / "asr-harness" / "counts"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.folder() == tmp_path / "home" / ".cache" / "asr-harness" / "counts"


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"garbage", None])
def test_a_damaged_file_is_as_good_as_none(kept: Path, content: bytes | None) -> None:
    key = cache.key_of(PAIRS, PROFILE)
    cache.store(key, COUNTED)
    path = kept / f"{key}.npy"
    path.write_bytes(path.read_bytes()[:-3] if content is None else content)
    assert cache.load(key, 2) is None
    cache.store(key, COUNTED)
    assert cache.load(key, 2) == COUNTED
    assert cache.load(key, 3) is None, "counts of another number of rows"


def test_a_folder_that_cannot_be_used_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file" / "below"), ""):
        monkeypatch.setenv("ASR_HARNESS_CACHE", place)
        cache.store("key", COUNTED)
        assert cache.load("key", 2) is None


def test_the_files_not_used_for_longest_are_forgotten(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "KEPT", 2)
    for key in ("one", "two", "three"):
        cache.store(key, COUNTED)
    assert len(list(kept.iterdir())) == 2


def test_scores_are_the_same_with_and_without(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = predictions(("white paper uh", "whitepaper"), ("x", None), ("9" * 4400, "y"), ours=True)
    system = System(model="m", benchmarks=[one])
    plain = score_systems([system], [PROFILE])
    assert score_systems([system], [PROFILE], cached=True) == plain
    asked: list[int] = []

    def count(pairs: Sequence[Any], *rest: Any) -> list[Counted]:
        asked.append(len(pairs))
        return count_pairs(pairs, *rest)

    monkeypatch.setattr(scored, "count_pairs", count)
    assert score_systems([system], [PROFILE], cached=True) == plain
    assert asked == [0], "everything was known"
