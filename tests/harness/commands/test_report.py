"""The flags of `report`."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from harness.commands.report import megabytes


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("2.5", 2.5), ("1000", 1000.0)])
def test_a_size_of_the_page(text: str, value: float) -> None:
    assert megabytes(text) == value


@pytest.mark.parametrize("text", ["-0.1", "1000.1", "nan"])
def test_a_size_that_no_page_has(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=f"^a number from 0 to 1000, not '{text}'$"):
        megabytes(text)
