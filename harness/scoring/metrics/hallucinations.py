"""Inserted words that nobody can have said: loops, and endings that go on after the speech."""

from __future__ import annotations

from collections.abc import Sequence

from harness.scoring.loops import inserted, seconds_heard
from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances

UNKNOWN = Absent("it is not known how long the utterances are")


def _looped(utterances: Utterances, *_: object) -> Sequence[Parts | None] | Absent | None:
    """Looped words and minutes of all utterances."""
    seconds = [seconds_heard(one.row) for one in utterances]
    if None in seconds:
        return UNKNOWN
    return [(inserted(one).looped, (length or 0) / 60) for one, length in zip(utterances, seconds, strict=True)]


def _ending(utterances: Utterances, *_: object) -> Sequence[Parts | None] | Absent | None:
    """Words after the last one that was recognized and minutes, of utterances whose reference has words."""
    said = [one if one.reference else None for one in utterances]
    seconds = [None if one is None else seconds_heard(one.row) for one in said]
    if not any(said):
        return Absent("no reference has words")
    if any(one is not None and length is None for one, length in zip(said, seconds, strict=True)):
        return UNKNOWN
    return [
        None if one is None else (inserted(one).ending, (length or 0) / 60)
        for one, length in zip(said, seconds, strict=True)
    ]


LOOPED = Metric(
    name="looped",
    title="looped",
    meaning="inserted words of a phrase that stands three times in a row or more, from its second time on, a minute",
    count=_looped,
    counted=("looped word", "looped words"),
    unit="words a minute",
    dropped=True,
)

INVENTED_ENDING = Metric(
    name="invented_ending",
    title="made-up ending",
    meaning="inserted words after the last one that was recognized, loops left out, a minute of audio with speech",
    count=_ending,
    counted=("made-up word", "made-up words"),
    unit="words a minute",
)
