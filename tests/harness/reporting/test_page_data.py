"""Which systems of a benchmark stand beside each other on the page."""

from __future__ import annotations

from harness.reporting.page.data import group
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions


def groups(*parts: Predictions) -> list[tuple[str, list[int], int]]:
    """Name, systems and number of utterances of each."""
    found = group([[count_predictions(one, get_profile("verbatim"))] for one in parts])
    return [(one.name, [*one.systems], len(one.rows)) for one in found]


def test_what_was_scored_as_another_language_stands_apart() -> None:
    one, other = (predictions(("a", "a"), name="x", language=language) for language in ("en", "de"))
    assert groups(one, other, one) == [("x", [0, 2], 1), ("x (references 2)", [1], 1)]


def test_more_or_fewer_of_the_same_utterances_stand_together() -> None:
    few, more, changed = (
        predictions(*((text, text) for text in texts), name="x") for texts in ("ab", "abc", ["a", "z", "c"])
    )
    assert groups(few, more) == [("x", [0, 1], 3)]
    assert groups(more, changed, few) == [("x", [0, 2], 3), ("x (references 2)", [1], 3)]
