"""Words that were written where nothing was said."""

from collections.abc import Sequence

from harness.scoring.facts import Facts
from harness.scoring.loops import seconds_heard
from harness.scoring.metrics.base import Metric, Parts, Utterances


def _count(utterances: Utterances, *_: object) -> Sequence[Parts | None] | None:
    """Words and minutes of the utterances without reference words; None where there are none of known length."""
    silent = [None if one.reference else seconds_heard(one.row) for one in utterances]
    unknown = any(not one.reference and length is None for one, length in zip(utterances, silent, strict=True))
    if unknown or not sum(filter(None, silent)):
        return None
    return [
        None if seconds is None else (one.counts.insertions, seconds / 60)
        for one, seconds in zip(utterances, silent, strict=True)
    ]


def _nothing_said(facts: Facts) -> bool:
    """Whether there is nothing else to measure: no reference says anything."""
    return bool(facts.rows) and not facts.said


INSERTED_ON_SILENCE = Metric(
    name="inserted_on_silence",
    title="inserted on silence",
    meaning="words written where the reference has none, a minute of such audio",
    count=_count,
    counted=("word", "words"),
    unit="words a minute",
    dropped=True,
    column=True,
    always=_nothing_said,
)
