"""What the growth benchmark says of its figures, and that it ends by itself."""

import pytest

from perf.growth import BARS, VERBS, Measured, Time, exponent, holds, shown


def test_exponents() -> None:
    assert exponent(1.0, 10.0, 10) == pytest.approx(1.0)
    assert exponent(2.0, 2.0, 10) == 0.0
    assert exponent(1.0, 100.0, 10) == pytest.approx(2.0)
    found = {"score": {1000: Measured(1.0, 2.0, 50.0), 10_000: Measured(10.0, 2.0, 500.0)}}
    assert list(shown(found))[2].endswith("1.00, 0.00, 1.00")


def test_bars_hold_do_not_or_are_not_known() -> None:
    fits, takes_more = Measured(59.0, 100.0, 299.0), Measured(61.0, 100.0, 301.0)
    assert holds({"score": {1000: takes_more, 10_000: fits}}, 10_000) == {
        "score seconds <= 60": True,
        "score megabytes <= 300": True,
    }
    assert set(holds({"score": {1000: fits, 10_000: takes_more}}, 10_000).values()) == {False}
    assert set(holds({"score": {1000: fits}}, 10_000).values()) == {None}
    assert set(BARS) <= set(VERBS)
    assert {"compare", "gate"} <= set(BARS)


def test_nothing_is_begun_that_would_not_be_through() -> None:
    now = [0.0]
    left = Time(100.0, lambda: now[0])
    took = Measured(5.0, 9.0, 50.0)
    assert left.enough(took, 10)
    now[0] = 51.0
    assert left.left == 49.0
    assert not left.enough(took, 10)
    assert left.enough(took, 2)
    now[0] = 81.0
    assert not left.enough(Measured(0.1, 0.1, 50.0), 10), "a verb needs some seconds in any case"
