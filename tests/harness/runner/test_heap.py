"""What the system's allocator is told, and where it is told nothing."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from harness.runner.heap import keep_freed_memory
from harness.runner.threads import Threads
from tests.harness.runner.stub_run import Slow


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """What an allocator was told that takes all it is told."""
    found: list[tuple[int, int]] = []

    def mallopt(*given: int) -> int:
        found.append((given[0], given[1]))
        return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace(mallopt=mallopt))
    monkeypatch.setattr(sys, "platform", "linux")
    for name in [name for name in os.environ if name.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
    keep_freed_memory.cache_clear()
    yield found
    keep_freed_memory.cache_clear()


def test_it_is_told_once_by_whatever_runs_a_model(told: list[tuple[int, int]]) -> None:
    for _ in range(2):
        with Threads(Slow(0.0), 1):
            pass
    assert told == [(-1, 256 * 2**20), (-2, 64 * 2**20), (-3, 32 * 2**20)]
    assert keep_freed_memory()


@pytest.mark.parametrize("setting", ["MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX"])
def test_what_the_user_says_counts(told: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(setting, "1")
    assert (keep_freed_memory(), told) == (False, [])


@pytest.mark.parametrize(
    ("platform", "library"),
    [("darwin", SimpleNamespace(mallopt=None)), ("win32", None), ("linux", SimpleNamespace())],
)
def test_other_systems_are_left_alone(
    told: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, platform: str, library: Any
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    assert (keep_freed_memory(), told) == (False, [])


@pytest.mark.parametrize(("before", "within"), [((700, 10, 10), 50_000), ((90_000, 5, 7), 90_000), ((0, 10, 10), 0)])
def test_cycles_are_looked_for_seldom_while_a_model_runs(before: tuple[int, int, int], within: int) -> None:
    found = gc.get_threshold()
    try:
        gc.set_threshold(*before)
        with Threads(Slow(0.0), 1):
            assert gc.get_threshold() == (within, *before[1:])
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*found)
