"""What a flag's value says."""

from __future__ import annotations

import pytest

from harness.flags import phrases_given


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("New York,Bonn", ["New York", "Bonn"]),
        ('["New York, NY", "Bonn"]', ["New York, NY", "Bonn"]),
        (' ["Bonn"]', ["Bonn"]),
        ("[1, 2]", ["[1", " 2]"]),
        ('["Bonn", null]', ['["Bonn"', " null]"]),
        ("[noise],Bonn", ["[noise]", "Bonn"]),
    ],
)
def test_phrases_between_commas_or_as_a_list(text: str, phrases: list[str]) -> None:
    assert phrases_given(text) == phrases
