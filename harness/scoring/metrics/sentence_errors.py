"""Sentence error rate: sclite's S.Err."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.scoring.metrics.base import Metric, Parts

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance


def _count(utterances: Sequence[ScoredUtterance], _profile: Profile, _language: str) -> Sequence[Parts]:
    return [(one.counts.errors > 0, 1) for one in utterances]


SER = Metric(
    name="ser",
    title="SER",
    meaning="sentence error rate: utterances with an error, of all utterances",
    count=_count,
)
