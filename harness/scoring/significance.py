"""Is the difference between systems real: paired differences over sessions, NIST's matched pairs, Holm's correction.

Arrays in, numbers out; whose rows they are is `harness.scoring.pairing`'s business. Formulas are in docs/scoring.md.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from harness.records.statistics import Difference, MatchedPairs
from harness.scoring import intervals
from harness.scoring.intervals import LEVEL, Estimate, mean_estimate
from harness.scoring.student_t import quantile, upper_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.scoring.align import Alignment

METHOD = "paired t, session jackknife"
ALPHA = 0.05
"""A corrected p below it tells two systems apart."""
BUFFER_WORDS = 2
"""Words that both systems have right which end a segment: sc_stats' default."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one system did, utterance by utterance: errors and reference words, shape ``[utterances]`` each.

    Reference words are kept for each system, since merging compounds in pairs lets them depend on the hypothesis. Of a
    metric it is what is counted and what that is a share of, which need not be whole numbers.
    """

    errors: NDArray[np.int64] | NDArray[np.float64]
    words: NDArray[np.int64] | NDArray[np.float64]

    @property
    def rate(self) -> float | None:
        """All errors over all words; None without words."""
        words = float(self.words.sum())
        return float(self.errors.sum()) / words if words else None


def enough_utterances(change: Difference, margin: float, utterances: int) -> int | None:
    """How many such utterances would put the whole interval on one side of the margin, if the difference stays.

    Args:
        change: as it was measured.
        margin: a difference, as a fraction.
        utterances: how many it was measured on.

    Returns:
        The number, at least ``utterances``; None where the difference lies on the margin and no number is enough.
    """
    distance = abs(margin - change.value)
    if distance == 0:
        return None
    half_width = quantile((1 + change.level) / 2, change.degrees) * change.standard_error
    return max(utterances, math.ceil(utterances * (half_width / distance) ** 2))


def difference(first: Counts, second: Counts, sessions: Sequence[Hashable], level: float = LEVEL) -> Difference | None:
    """First minus second on the same utterances, by the jackknife over sessions; None under five sessions.

    The interval is Student's t on the difference itself, which unlike a rate is not skewed to one side.

    Raises:
        ValueError: the systems and the sessions differ in length, or a count is negative.
    """
    return average_difference([(first, second, sessions)], level)


def turned(change: Difference) -> Difference:
    """The same difference with the sides changed round."""
    return replace(change, value=-change.value, low=-change.high, high=-change.low)


def average_difference(
    benchmarks: Sequence[tuple[Counts, Counts, Sequence[Hashable]]],
    level: float = LEVEL,
    weights: Sequence[float] = (),
) -> Difference | None:
    """The mean of the benchmarks' differences, taken as independent; None where one of them has none.

    `weights` are those of `average_interval`.
    """
    if weights:
        benchmarks = [one for one, weight in zip(benchmarks, weights, strict=True) if weight]
        weights = [weight for weight in weights if weight]
    estimates = [_difference_estimate(*benchmark) for benchmark in benchmarks]
    known = [estimate for estimate in estimates if estimate is not None]
    return _finish(mean_estimate(known, weights), level) if known and len(known) == len(estimates) else None


def difference_of_sums(sums: NDArray[np.float64], level: float = LEVEL) -> Difference | None:
    """As `difference`, of what is summed within sessions already.

    Args:
        sums: errors and words of the first system, errors and words of the second, shape ``[4, sessions]``.
        level: of the interval.
    """
    estimate = _estimate_of_sums(*sums[:, (sums > 0).any(axis=0)])
    return None if estimate is None else _finish(estimate, level)


def _difference_estimate(first: Counts, second: Counts, sessions: Sequence[Hashable]) -> Estimate | None:
    columns = first.errors, first.words, second.errors, second.words
    return _estimate_of_sums(*intervals.sum_by_session(sessions, *columns))


def _estimate_of_sums(
    errors_1: NDArray[np.float64],
    words_1: NDArray[np.float64],
    errors_2: NDArray[np.float64],
    words_2: NDArray[np.float64],
) -> Estimate | None:
    if not (intervals.can_estimate(words_1) and intervals.can_estimate(words_2)):
        return None
    value = float(errors_1.sum() / words_1.sum()) - float(errors_2.sum() / words_2.sum())
    estimate = intervals.jackknife(
        value, intervals.rates_without(errors_1, words_1) - intervals.rates_without(errors_2, words_2), words_1
    )
    # If every change were independent and in one direction, this would be the error: sessions that agree by chance
    # must not make certainty.
    floor = math.sqrt(abs(value) / float(words_1.sum()))
    return Estimate(value, max(estimate.standard_error, floor), estimate.degrees, estimate.sessions)


def _finish(estimate: Estimate, level: float) -> Difference:
    margin, error = estimate.margin(level), estimate.standard_error
    # The floor of the error is above 0 wherever the difference is not.
    p = 2 * upper_tail(abs(estimate.value) / error, estimate.degrees) if error else 1.0
    return Difference(
        value=estimate.value,
        low=estimate.value - margin,
        high=estimate.value + margin,
        p=p,
        standard_error=error,
        degrees=estimate.degrees,
        sessions=estimate.sessions,
        level=level,
        method=METHOD,
        smallest_difference=intervals.detectable(error, estimate.degrees, level),
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment: comparing these with alpha keeps the chance of any false alarm under alpha.

    A None (no test was possible) stays None and does not count as a comparison.
    """
    order = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, index) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[index] = highest
    return adjusted


@dataclass(frozen=True, slots=True)
class WordMarks:
    """Where one hypothesis is wrong, told by the words of its reference."""

    wrong: Sequence[bool]
    """For each reference word: it was substituted or deleted."""
    inserted: Sequence[int]
    """How many words were inserted before each reference word, and last, after all of them."""


def mark_words(alignment: Alignment) -> WordMarks:
    """An alignment as marks on its reference words."""
    wrong: list[bool] = []
    inserted = [0]
    for step in alignment:
        if step.operation == "insertion":
            inserted[-1] += 1
        else:
            wrong += [step.operation != "hit"] * len(step.reference)
            inserted += [0] * len(step.reference)
    return WordMarks(wrong, inserted)


def matched_pairs(utterances: Iterable[tuple[WordMarks, WordMarks]]) -> MatchedPairs:
    """NIST's matched pairs sentence-segment word error test (Gillick and Cox, 1989), as sc_stats computes it.

    One thing differs: sc_stats overlooks what the second system inserts after the last word of an utterance.

    Args:
        utterances: what the first and the second system did to the same reference.

    Returns:
        Where both have the same errors in each segment, z is 0 and p is 1. Where one has as many more in each, or there
        is one segment, differences have no spread to compare them with: z and p are None. sc_stats divides by nothing
        there, and prints 0 and 1.000, "no difference".

    Raises:
        ValueError: two marks are of references of different length.
    """
    pairs = [segment for first, second in utterances for segment in segments(first, second)]
    return of_segments(np.array(pairs, dtype=np.float64).reshape(-1, 2))


def of_segments(errors: NDArray[np.float64]) -> MatchedPairs:
    """As `matched_pairs`, of the errors of both systems in each segment, shape ``[segments, 2]``."""
    count = len(errors)
    differences = errors[:, 0] - errors[:, 1]
    mean = float(differences.mean()) if count else 0.0
    deviation = float(differences.std(ddof=1)) if count > 1 else 0.0
    z = mean / (deviation / math.sqrt(count)) if deviation > 0 else None if mean else 0.0
    return MatchedPairs(
        segments=count,
        first_errors=int(errors[:, 0].sum()),
        second_errors=int(errors[:, 1].sum()),
        mean=mean,
        standard_deviation=deviation,
        z=z,
        p=None if z is None else math.erfc(abs(z) / math.sqrt(2)),
    )


def segments(first: WordMarks, second: WordMarks) -> list[tuple[int, int]]:
    """Errors of both systems in each stretch that holds errors, ended by enough words that both have right."""
    found: list[tuple[int, int]] = []
    errors_1 = errors_2 = right = 0
    for wrong_1, wrong_2, inserted_1, inserted_2 in zip(
        [*first.wrong, False], [*second.wrong, False], first.inserted, second.inserted, strict=True
    ):
        if inserted_1 or inserted_2:
            right = 0
        right = 0 if wrong_1 or wrong_2 else right + 1
        errors_1 += inserted_1 + wrong_1
        errors_2 += inserted_2 + wrong_2
        if right == BUFFER_WORDS and (errors_1 or errors_2):
            found.append((errors_1, errors_2))
            errors_1 = errors_2 = 0
    if errors_1 or errors_2:
        found.append((errors_1, errors_2))
    return found
