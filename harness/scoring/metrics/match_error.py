"""Match error rate (Morris, Maier and Green, 2004)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.scoring.metrics.base import Metric, Parts

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance


def _count(utterances: Sequence[ScoredUtterance], _profile: Profile, _language: str) -> Sequence[Parts]:
    return [(one.counts.errors, one.counts.errors + one.counts.hits) for one in utterances]


MER = Metric(
    name="mer",
    title="MER",
    meaning="match error rate: errors, of errors and hits; from 0 to 100",
    count=_count,
)
