"""Words that were written where nothing was said."""

from collections.abc import Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances


def _count(utterances: Utterances, *_: object) -> Sequence[Parts | None] | None:
    """Words and minutes of the utterances without reference words; None where there are none of known length."""
    silent = [None if one.reference else one.row.duration for one in utterances]
    if any(not one.reference and one.row.duration is None for one in utterances) or not sum(filter(None, silent)):
        return None
    return [
        None if seconds is None else (one.counts.insertions, seconds / 60)
        for one, seconds in zip(utterances, silent, strict=True)
    ]


INSERTED_ON_SILENCE = Metric(
    name="inserted_on_silence",
    title="inserted on silence",
    meaning="words written where the reference has none, a minute of such audio",
    count=_count,
    unit="words a minute",
    dropped=True,
)
