"""Where no slice differs, at most one table in twenty names one; simulated, as are the figures of docs/scoring.md."""

from __future__ import annotations

import os

import pytest

from tools.slice_power import SCENES, named


@pytest.mark.parametrize("scene", ["ten accents of two to twelve", "two sexes, twenty speakers"])
def test_nothing_is_found_where_nothing_is(scene: str) -> None:
    assert named(SCENES[scene], 100, seed=5)[0] <= 10, "5 of 100, and what chance allows"


def test_what_differs_is_found() -> None:
    assert named(SCENES["four accents of ten speakers"], 20, seed=6, worse=0.12)[1] >= 19
    assert named(SCENES["four noises on each of 20 speakers"], 20, seed=6, worse=0.08)[1] >= 19


@pytest.mark.skipif("ASR_SLOW_TESTS" not in os.environ, reason="minutes: set ASR_SLOW_TESTS=1")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scene", SCENES)
def test_at_most_one_table_in_twenty(scene: str) -> None:
    assert named(SCENES[scene], 1000, seed=7)[0] <= 65, "50 of 1,000, and two standard deviations of that"
