"""Small inputs on which scoring once gave a wrong figure, and what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.scoring.predictions import read_systems
from harness.scoring.profiles import get_profile, profile_names
from harness.scoring.score import score_systems

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records.scores import BenchmarkScore


def scored(shared: Path, name: str, profile: str) -> BenchmarkScore:
    """The one benchmark of a file of the cases under a profile."""
    systems = read_systems([shared / "cases" / "text" / name])
    (scores,) = score_systems(systems, [get_profile(profile)])
    (entry,) = scores.benchmarks
    return entry


@pytest.mark.parametrize("profile", [name for name in profile_names() if name not in {"verbatim", "unicode@2026-11"}])
def test_has_got_to_is_no_error_in_any_english_profile(shared: Path, profile: str) -> None:
    entry = scored(shared, "f01_s_gotta.jsonl", profile)
    assert (entry.wer, entry.words) == (0.0, 11)
