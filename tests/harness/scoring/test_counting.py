"""Counting many pairs: the same with any number of processes, in the order of the pairs, each text normalized once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness import processes
from harness.scoring import counting
from harness.scoring.counting import Counted, count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from harness.scoring.texts import Texts

AUGUST = get_profile("leaderboard@2026-08")


@pytest.mark.parametrize("killed", [False, True])
def test_the_result_does_not_depend_on_the_number_of_processes(
    monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    pairs = [(f"row {n % 7} of {n % 3} things", f"row {n % 5} of things", "en") for n in range(300)]
    alone = count_pairs(pairs, AUGUST)
    asked: list[bool] = []
    real = processes._work

    def can_fork() -> bool:
        asked.append(True)
        return True

    def work(*arguments: Any) -> None:
        if killed:
            raise SystemExit(9)
        real(*arguments)

    monkeypatch.setattr(counting, "WORTH_A_WORKER", 100)
    monkeypatch.setattr(counting, "can_fork", can_fork)
    monkeypatch.setattr(processes, "_work", work)
    assert count_pairs(pairs, AUGUST, workers=3) == alone
    assert asked


def test_pairs_are_told_from_one_another() -> None:
    long = "9" * 4400
    pairs = [("a cat", "a cut", "en"), ("uh", "x", "en"), (f"{long} a", f"{long} b", "en"), ("今日", "今", "ja")]
    assert count_pairs(pairs, AUGUST) == [
        Counted(ErrorCounts(1, 1)),
        Counted(ErrorCounts(insertions=1), dropped=True),
        Counted(ErrorCounts(1, 1), as_written=True),
        Counted(ErrorCounts(1, 0, 1)),
    ]
    assert count_pairs([(long, "", "en")], replace(AUGUST, drop_empty_references=True))[0].dropped is False


def test_shards_hold_every_pair_once_and_equal_references_together() -> None:
    pairs = [(f"reference {n % 11}", "word " * (n % 13), "en") for n in range(200)]
    shards = counting._shards(pairs, 3)
    assert sorted(index for shard in shards for index in shard) == list(range(200))
    held = [{pairs[index][0] for index in shard} for shard in shards]
    assert sum(map(len, held)) == 11
    sizes = [sum(len(pairs[index][1]) + 50 for index in shard) for shard in shards]
    assert max(sizes) - min(sizes) <= max(sizes) / 3


def test_a_process_is_started_where_there_is_work_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small jobs stay here; otherwise there is one more process for each million characters, up to the limit."""
    started: list[int] = []

    def processes(shards: Any, pairs: Any, profile: Any) -> list[list[Counted]]:
        started.append(len(shards))
        return [[Counted(ErrorCounts()) for _ in shard] for shard in shards]

    monkeypatch.setattr(counting, "can_fork", lambda: True)
    monkeypatch.setattr(counting, "_in_processes", processes)
    monkeypatch.setattr(counting, "WORTH_A_WORKER", 100)
    for size, workers, expected in (
        (49, 4, []),
        (50, 4, [2]),
        (149, 4, [3]),
        (150, 4, [4]),
        (999, 4, [4]),
        (999, 1, []),
    ):
        started.clear()
        assert len(count_pairs([("r" * size, "h" * size, "ja")], AUGUST, workers)) == 1
        assert started == expected, (size, workers)
    started.clear()
    count_pairs([("r" * 999, "h" * 999, "ja")], AUGUST)
    assert started == [], "unless told otherwise there is this process alone"


def test_texts_are_kept_by_language(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = Profile.texts

    def texts(self: Profile, language: str) -> Texts:
        made.append(language)
        return real(self, language)

    monkeypatch.setattr(Profile, "texts", texts)
    count_pairs([("a", "a", language) for language in ("en", "de", "en", "de")], AUGUST)
    assert made == ["en", "de"]
