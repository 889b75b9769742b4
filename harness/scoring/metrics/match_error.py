"""Match error rate (Morris, Maier and Green, 2004)."""

from collections.abc import Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances


def _count(utterances: Utterances, *_: object) -> Sequence[Parts]:
    return [(one.counts.errors, one.counts.errors + one.counts.hits) for one in utterances]


MER = Metric(
    name="mer",
    title="MER",
    meaning="match error rate: errors, of errors and hits; from 0 to 100",
    count=_count,
    part=True,
)
