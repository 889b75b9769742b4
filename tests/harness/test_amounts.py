"""Counts in sentences."""

from __future__ import annotations

import pytest

from harness.amounts import amount


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("utterance",), "0 utterances"),
        (1, ("utterance",), "1 utterance"),
        (2620, ("utterance",), "2,620 utterances"),
        (12_345_678_901, ("clip",), "12,345,678,901 clips"),
        (1, ("text is", "texts are"), "1 text is"),
        (2, ("text is", "texts are"), "2 texts are"),
        (1.0, ("more error",), "1 more error"),
        (1.5, ("more error",), "1.5 more errors"),
    ],
)
def test_one_is_not_said_as_several(count: float, words: tuple[str, ...], said: str) -> None:
    assert amount(count, *words) == said
