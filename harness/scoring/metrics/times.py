"""When: errors of the times of right words, a bias told apart from scatter, and how many words could be judged."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from harness.amounts import amount
from harness.scoring.metrics.base import Absent, Metric, Noted, Parts, Utterances, untold
from harness.scoring.times import TimeErrors, contradictions, errors_of, remarks, timed_words

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile

Edge = Literal["start", "end"]
NEAR = (50, 100, 200)
"""Milliseconds."""


def _each(
    utterances: Utterances, profile: Profile, language: str, *, of: Callable[[TimeErrors], Parts]
) -> Sequence[Parts | None] | Noted | Absent:
    rows = [one.row for one in utterances]
    if all(timed_words(row.reference_words, row.reference_turns) is None for row in rows):
        return Absent("the references have no times of words or segments")
    if all(timed_words(row.words, row.turns) is None for row in rows):
        return Absent("the transcripts have no times of words or segments")
    found = errors_of(utterances, profile, language)
    counted = [None if one is None else of(one) for one in found]
    notes = [*contradictions(found), *remarks(rows)]
    left = counted.count(None)
    if left:
        notes.insert(0, f"{left} of {amount(len(counted), 'utterance')} left out, of which a side has no times")
    return Noted(counted, "; ".join(notes)) if notes else counted


def _late(found: TimeErrors, edge: Edge) -> tuple[float, ...]:
    return found.starts if edge == "start" else found.ends


def _pool(parts: Sequence[Parts]) -> list[float]:
    """The errors of all words."""
    return [error for each in parts for error in each[2:]]


def middle(parts: Sequence[Parts]) -> float | None:
    """The median of how far words are off."""
    errors = _pool(parts)
    return statistics.median(map(abs, errors)) if errors else None


def ninetieth(parts: Sequence[Parts]) -> float | None:
    """The smallest distance that nine words of ten do not exceed."""
    errors = sorted(map(abs, _pool(parts)))
    return errors[math.ceil(0.9 * len(errors)) - 1] if errors else None


def bias(parts: Sequence[Parts]) -> float | None:
    """The median of signed errors: positive where words are late."""
    errors = _pool(parts)
    return statistics.median(errors) if errors else None


def scatter(parts: Sequence[Parts]) -> float | None:
    """The mean distance from the bias."""
    errors = _pool(parts)
    if not errors:
        return None
    center = statistics.median(errors)
    return math.fsum(abs(error - center) for error in errors) / len(errors)


def _mean(edge: Edge) -> Metric:
    def of(found: TimeErrors) -> Parts:
        errors = _late(found, edge)
        return math.fsum(map(abs, errors)), len(errors)

    return Metric(
        name=f"{edge}_error",
        title=f"{edge} error",
        meaning=f"how far the {edge}s of right words are from those of the reference, the mean",
        count=functools.partial(_each, of=of),
        counted=("ms", "ms"),
        unit="ms",
        format=".1f",
    )


def _pooled(
    edge: Edge,
    name: str,
    title: str,
    meaning: str,
    value: Callable[[Sequence[Parts]], float | None],
    *,
    marked: bool = True,
) -> Metric:
    def of(found: TimeErrors) -> Parts:
        errors = _late(found, edge)
        return 0.0, len(errors), *errors

    return Metric(
        name=f"{edge}_{name}",
        title=f"{edge} {title}",
        meaning=f"{meaning}, of {edge}s of right words",
        count=functools.partial(_each, of=of),
        value=untold,
        pooled=value,
        unit="ms",
        format=".1f",
        marked=marked,
        gate="show",
    )


def _near(edge: Edge, most: int) -> Metric:
    def of(found: TimeErrors) -> Parts:
        errors = _late(found, edge)
        return sum(abs(error) <= most for error in errors), len(errors)

    return Metric(
        name=f"{edge}_within_{most}ms",
        title=f"{edge}s within {most} ms",
        meaning=f"right words whose {edge} is at most {most} ms from the reference's, of those that could be judged",
        count=functools.partial(_each, of=of),
        counted=(f"{edge} not within {most} ms", f"{edge}s not within {most} ms"),
        better="higher",
    )


def _all(edge: Edge) -> tuple[Metric, ...]:
    return (
        _mean(edge),
        _pooled(edge, "error_median", "error, median", "how far they are off, the median", middle),
        _pooled(edge, "error_p90", "error, 90th percentile", "how far nine of ten are off at most", ninetieth),
        *(_near(edge, most) for most in NEAR),
        _pooled(edge, "bias", "bias", "how late they are, the median; negative is early", bias, marked=False),
        _pooled(edge, "scatter", "scatter", "how far they are from the bias, the mean", scatter),
    )


(
    START_ERROR,
    START_MEDIAN,
    START_P90,
    START_WITHIN_50,
    START_WITHIN_100,
    START_WITHIN_200,
    START_BIAS,
    START_SCATTER,
) = _all("start")
END_ERROR, END_MEDIAN, END_P90, END_WITHIN_50, END_WITHIN_100, END_WITHIN_200, END_BIAS, END_SCATTER = _all("end")

WORDS_TIMED = Metric(
    name="words_timed",
    title="words with judged times",
    meaning="words that are right and have a start or end on both sides, of those of the references that have one",
    count=functools.partial(_each, of=lambda found: (found.judged, found.words)),
    counted=("word without judged times", "words without judged times"),
    better="higher",
)
