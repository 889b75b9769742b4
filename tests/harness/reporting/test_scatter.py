"""The frontier of speed and accuracy, where points are equal on an axis."""

from __future__ import annotations

from harness.reporting.drawing import Point
from harness.reporting.scatter import pareto


def names(*points: tuple[str, float, float]) -> list[str]:
    return [point.model for point in pareto([Point(*one) for one in points])]


def test_of_equal_rates_the_fastest_alone_is_on_it() -> None:
    assert names(("slow", 0.1, 1.0), ("fast", 0.1, 2.0), ("middle", 0.1, 1.5)) == ["fast"]


def test_of_equal_speeds_the_most_accurate_alone_is_on_it() -> None:
    assert names(("a", 0.2, 1.0), ("b", 0.1, 1.0), ("c", 0.3, 1.0)) == ["b"]


def test_what_is_equal_on_both_is_on_it_together() -> None:
    assert names(("b", 0.1, 1.0), ("a", 0.1, 1.0), ("c", 0.2, 3.0)) == ["a", "b", "c"]
