"""Prices as they are typed, and what an hour of audio costs by them."""

import pytest

from harness.errors import UsageError
from harness.price import Price, price_of


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("2.5/h", Price(2.5, "h")),
        ("0.006/min", Price(0.006, "min")),
        ("$0.006/min", Price(0.006, "min", "$")),
        ("1.99 EUR/hour", Price(1.99, "h", "EUR")),
        ("usd 3 / H", Price(3.0, "h", "USD")),
        (".5/minute", Price(0.5, "min")),
        ("0/h", Price(0.0, "h")),
    ],
)
def test_a_price(text: str, price: Price) -> None:
    assert price_of(text) == price


@pytest.mark.parametrize("text", ["", "2.5", "/h", "-1/h", "2,5/h", "1e3/h", "$2 EUR/h", "2/day", "inf/h", "²/h"])
def test_no_price(text: str) -> None:
    with pytest.raises(UsageError, match=r"give money per hour of machine, 2\.5/h, or per minute of audio, 0\.006/min"):
        price_of(text)


def test_an_hour_of_audio() -> None:
    assert price_of("2.5/h").of_hour(100.0) == 0.025
    assert price_of("2.5/h").of_hour(None) is None
    assert price_of("0.006/min").of_hour(None) == pytest.approx(0.36)
    assert str(price_of("$2.50/hour")) == "2.5 $/h"
