"""Costs by the minute."""

from __future__ import annotations

import pytest

from harness.errors import CostLimitError
from harness.models.served.purse import Purse


def test_the_limit_may_be_reached_and_not_passed() -> None:
    purse = Purse(price=0.6, most=0.1)
    for _ in range(10):
        assert purse.take(1.0) == pytest.approx(0.01)
    with pytest.raises(CostLimitError, match=r"0.0100 USD, would pass --max-cost 0.1: 0.1000 USD are spent") as caught:
        purse.take(1.0)
    assert caught.value.exit_status == 5


def test_the_limit_is_not_passed_by_rounding() -> None:
    purse = Purse(price=6.0, most=0.3)
    for _ in range(3):
        purse.take(1.0)
    assert purse.spent > 0.3  # three times 0.1


def test_what_came_to_nothing_is_given_back_and_what_was_spent_before_counts() -> None:
    purse = Purse(price=6.0, most=1.0, spent=0.8)
    cost = purse.take(2.0)
    with pytest.raises(CostLimitError):
        purse.take(1.0)
    purse.give_back(cost)
    assert purse.spent == pytest.approx(0.8)
    assert purse.take(1.0) == pytest.approx(0.1)


def test_without_a_price_nothing_is_counted() -> None:
    purse = Purse()
    assert purse.take(100.0) is None
    purse.give_back(None)
    assert purse.spent == 0.0
    assert Purse(price=1.0).take(6000.0) == 100.0
