"""Sentence error rate: sclite's S.Err."""

from collections.abc import Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances


def _count(utterances: Utterances, *_: object) -> Sequence[Parts]:
    return [(one.counts.errors > 0, 1) for one in utterances]


SER = Metric(
    name="ser",
    title="SER",
    meaning="sentence error rate: utterances with an error, of all utterances",
    count=_count,
    counted=("utterance with errors", "utterances with errors"),
    part=True,
)
