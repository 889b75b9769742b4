"""Counts add up; rates follow from the sums."""

from __future__ import annotations

from harness.scoring.error_counts import ErrorCounts


def test_counts_add_and_rates_do_not() -> None:
    total = sum([ErrorCounts(1, 2, 3, 4), ErrorCounts(10, 20, 30, 40)], ErrorCounts())
    assert total == ErrorCounts(11, 22, 33, 44)
    assert (total.errors, total.words, total.rate) == (99, 66, 1.5)
    assert ErrorCounts(insertions=2).rate is None
