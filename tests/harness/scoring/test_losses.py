"""What official rules do not see of a text: which letters and apostrophes are counted, under which rules."""

from __future__ import annotations

import pytest

from harness.scoring.losses import Losses, losses
from harness.scoring.profile_files import get_profile

TEXTS = ["plain it's", "हिन्दी", "d\u2019accord, don\u2019t", "п\u02bcять \u2018x\u2019", "café", "x\u0302"]


@pytest.mark.parametrize(
    ("profile", "language", "letters", "apostrophes"),
    [
        ("leaderboard@2026-08", "en", 4, 3),  # three letters of Hindi, x with a mark that has no composed form
        ("card@2026-04", "de", 5, 3),  # the accent of é too
        ("leaderboard@2026-04", "hi", 4, 1),  # all apostrophes but the modifier letter are spaces alike
        ("leaderboard@2025-09", "fr", 5, 1),
        ("leaderboard@2026-10", "hi", 0, 1),
        ("leaderboard@2026-08", "ja", 0, 0),
        ("unicode@2026-11", "hi", 0, 0),
        ("verbatim", "en", 0, 0),
    ],
)
def test_what_is_counted(profile: str, language: str, letters: int, apostrophes: int) -> None:
    assert losses(TEXTS, get_profile(profile), language) == Losses(letters, apostrophes)


def test_each_kind_is_one_line_that_names_the_rules() -> None:
    assert Losses().messages("p@1") == []
    lines = Losses(1200, 3).messages("p@1")
    assert [line.split(",")[0] for line in lines] == ["1", "3 typographic apostrophes"]
    assert all("p@1" in line and "unicode@2026-11" in line for line in lines)
