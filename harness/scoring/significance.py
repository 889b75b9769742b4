"""Is the difference between systems real: paired differences over sessions, NIST's matched pairs, Holm's correction.

Arrays in, numbers out; whose rows they are is `harness.scoring.pairing`'s business. Formulas are in docs/scoring.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.scoring.intervals import (
    LEVEL,
    POWER,
    Estimate,
    can_estimate,
    detectable,
    jackknife,
    mean_estimate,
    sum_by_session,
)
from harness.scoring.student_t import quantile, upper_tail

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

METHOD = "paired t, session jackknife"
ALPHA = 0.05
"""A corrected p below it tells two systems apart."""
BUFFER_WORDS = 2
"""Words that both systems have right which end a segment: sc_stats' default."""
_LONG_PAIR = 1_000_000
"""Reference words times hypothesis words above which sclite's alignment would take seconds."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one system did, utterance by utterance: errors and reference words, shape ``[utterances]`` each.

    Reference words are kept for each system, since merging compounds in pairs lets them depend on the hypothesis.
    """

    errors: ArrayLike
    words: ArrayLike


@dataclass(frozen=True, slots=True)
class Difference:
    """The rate of one system minus that of another on the same utterances, as a fraction, with its uncertainty."""

    value: float
    low: float
    high: float
    p: float
    """Probability of a difference this large if there were none, two-sided."""
    standard_error: float
    degrees: float
    sessions: int
    level: float = LEVEL

    def to_json(self) -> dict[str, float | int | str]:
        """The numbers that a reader of JSON needs to check the verdict."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "p": self.p,
            "standard_error": self.standard_error,
            "degrees_of_freedom": self.degrees,
            "sessions": self.sessions,
            "level": self.level,
            "method": METHOD,
            "smallest_difference": self.smallest_difference(),
        }

    def smallest_difference(self, power: float = POWER) -> float:
        """The true difference between two such systems that this data finds with probability ``power``."""
        return detectable(self.standard_error, self.degrees, self.level, power)

    def enough_utterances(self, margin: float, utterances: int) -> int | None:
        """How many such utterances would put the whole interval on one side of the margin, if the difference stays.

        Args:
            margin: a difference, as a fraction.
            utterances: how many this difference was measured on.

        Returns:
            The number, at least ``utterances``; None where the difference lies on the margin and no number is enough.
        """
        distance = abs(margin - self.value)
        if distance == 0:
            return None
        half_width = quantile((1 + self.level) / 2, self.degrees) * self.standard_error
        return max(utterances, math.ceil(utterances * (half_width / distance) ** 2))


def difference(first: Counts, second: Counts, sessions: Sequence[Hashable], level: float = LEVEL) -> Difference | None:
    """First minus second on the same utterances, by the jackknife over sessions; None under five sessions.

    The interval is Student's t on the difference itself, which unlike a rate is not skewed to one side.

    Raises:
        ValueError: the systems and the sessions differ in length, or a count is negative.
    """
    estimate = _difference_estimate(first, second, sessions)
    return None if estimate is None else _finish(estimate, level)


def average_difference(
    benchmarks: Sequence[tuple[Counts, Counts, Sequence[Hashable]]], level: float = LEVEL
) -> Difference | None:
    """The plain mean of the benchmarks' differences, taken as independent; None where one of them has none."""
    estimates = [_difference_estimate(*benchmark) for benchmark in benchmarks]
    known = [estimate for estimate in estimates if estimate is not None]
    if not known or len(known) < len(estimates):
        return None
    return _finish(mean_estimate(known), level)


def _difference_estimate(first: Counts, second: Counts, sessions: Sequence[Hashable]) -> Estimate | None:
    errors_1, words_1, errors_2, words_2 = sum_by_session(
        sessions, first.errors, first.words, second.errors, second.words
    )
    if not (can_estimate(words_1) and can_estimate(words_2)):
        return None
    value = _rate(errors_1, words_1) - _rate(errors_2, words_2)
    estimate = jackknife(value, _rates_without(errors_1, words_1) - _rates_without(errors_2, words_2), words_1)
    # If every change were independent and in one direction, this would be the error: sessions that agree by chance
    # must not make certainty.
    floor = math.sqrt(abs(value) / float(words_1.sum()))
    return Estimate(value, max(estimate.standard_error, floor), estimate.degrees, estimate.sessions)


def _rate(errors: NDArray[np.float64], words: NDArray[np.float64]) -> float:
    return float(errors.sum() / words.sum())


def _rates_without(errors: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    without: NDArray[np.float64] = (errors.sum() - errors) / (words.sum() - words)
    return without


def _finish(estimate: Estimate, level: float) -> Difference:
    margin = estimate.margin(level)
    if estimate.standard_error == 0:  # the floor is above 0 wherever the difference is not
        p = 1.0
    else:
        p = 2 * upper_tail(abs(estimate.value) / estimate.standard_error, estimate.degrees)
    return Difference(
        value=estimate.value,
        low=estimate.value - margin,
        high=estimate.value + margin,
        p=p,
        standard_error=estimate.standard_error,
        degrees=estimate.degrees,
        sessions=estimate.sessions,
        level=level,
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


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Result of the matched pairs sentence-segment word error test."""

    segments: int
    first_errors: int
    second_errors: int
    mean: float
    """Errors of the first minus errors of the second, a segment."""
    standard_deviation: float
    z: float
    p: float
    """Two-sided, from the normal distribution."""

    def to_json(self) -> dict[str, float | int]:
        """As read by machines."""
        return {
            "segments": self.segments,
            "first_errors": self.first_errors,
            "second_errors": self.second_errors,
            "mean": self.mean,
            "standard_deviation": self.standard_deviation,
            "z": self.z,
            "p": self.p,
        }


def mark_words(reference: Sequence[str], hypothesis: Sequence[str]) -> WordMarks:
    """Sclite's alignment as marks on the reference words: substitution 4, insertion and deletion 3 each.

    Of equally cheap alignments it takes sclite's, so that segments come out as sc_stats cuts them. Pairs of very many
    words (whole calls) are aligned with unit costs by rapidfuzz instead, in bounded memory.
    """
    wrong = [False] * len(reference)
    inserted = [0] * (len(reference) + 1)
    if len(reference) * len(hypothesis) > _LONG_PAIR:
        from rapidfuzz.distance import Levenshtein

        for operation in Levenshtein.editops(reference, hypothesis):
            if operation.tag == "insert":
                inserted[operation.src_pos] += 1
            else:
                wrong[operation.src_pos] = True
        return WordMarks(wrong, inserted)
    shorter = min(len(reference), len(hypothesis))
    start = next((i for i in range(shorter) if reference[i] != hypothesis[i]), shorter)
    # Where the cheapest path leaves the middle by its rim, the beginning that both share is not matched one to one.
    if not _mark_from(start, reference, hypothesis, wrong, inserted):
        wrong[:] = [False] * len(wrong)
        inserted[:] = [0] * len(inserted)
        _mark_from(0, reference, hypothesis, wrong, inserted)
    return WordMarks(wrong, inserted)


def _mark_from(
    start: int, reference: Sequence[str], hypothesis: Sequence[str], wrong: list[bool], inserted: list[int]
) -> bool:
    """Mark what follows the first ``start`` words of both sides; False if the path ends elsewhere than there."""
    row, column = len(reference), len(hypothesis)
    while row > start and column > start and reference[row - 1] == hypothesis[column - 1]:
        row, column = row - 1, column - 1  # sclite always matches equal last words
    moves = _nist_moves(reference[start:row], hypothesis[start:column])
    while row > start and column > start:
        move = moves[row - start - 1][column - start - 1]
        if move == _INSERTION:
            inserted[row] += 1
        else:
            wrong[row - 1] = move != _MATCH
            row -= 1
        column -= move != _DELETION
    at_rim = row != column
    inserted[row] += column - start
    wrong[start:row] = [True] * (row - start)
    return start == 0 or not at_rim


_MATCH, _SUBSTITUTION, _DELETION, _INSERTION = range(4)


def _nist_moves(reference: Sequence[str], hypothesis: Sequence[str]) -> list[bytearray]:
    """The last step of the cheapest alignment of each pair of beginnings, shape ``[reference][hypothesis]``."""
    costs = list(range(0, 3 * len(hypothesis) + 1, 3))
    moves = []
    for index, word in enumerate(reference):
        diagonal, left = costs[0], 3 * (index + 1)
        costs[0] = left
        line = bytearray(len(hypothesis))
        for column, heard in enumerate(hypothesis, start=1):
            above = costs[column]
            replaced, deleted, extra = diagonal + (0 if word == heard else 4), above + 3, left + 3
            if replaced <= deleted and replaced <= extra:
                left = replaced
                line[column - 1] = _MATCH if word == heard else _SUBSTITUTION
            elif deleted < extra:
                left = deleted
                line[column - 1] = _DELETION
            else:
                left = extra
                line[column - 1] = _INSERTION
            diagonal = above
            costs[column] = left
        moves.append(line)
    return moves


def matched_pairs(utterances: Iterable[tuple[WordMarks, WordMarks]]) -> MatchedPairs:
    """NIST's matched pairs sentence-segment word error test (Gillick and Cox, 1989), as sc_stats computes it.

    One thing differs: sc_stats overlooks what the second system inserts after the last word of an utterance.

    Args:
        utterances: what the first and the second system did to the same reference.

    Returns:
        With fewer than two segments, or the same difference in each, z is 0 and p is 1, as in sc_stats.

    Raises:
        ValueError: two marks are of references of different length.
    """
    pairs = [segment for first, second in utterances for segment in _segments(first, second)]
    count = len(pairs)
    errors = np.array(pairs, dtype=np.float64).reshape(count, 2)
    differences = errors[:, 0] - errors[:, 1]
    mean = float(differences.mean()) if count else 0.0
    deviation = float(differences.std(ddof=1)) if count > 1 else 0.0
    z = mean / (deviation / math.sqrt(count)) if deviation > 0 else 0.0
    return MatchedPairs(
        segments=count,
        first_errors=int(errors[:, 0].sum()),
        second_errors=int(errors[:, 1].sum()),
        mean=mean,
        standard_deviation=deviation,
        z=z,
        p=math.erfc(abs(z) / math.sqrt(2)),
    )


def _segments(first: WordMarks, second: WordMarks) -> list[tuple[int, int]]:
    """Errors of both systems in each stretch that holds errors, ended by enough words that both have right."""
    found: list[tuple[int, int]] = []
    errors_1 = errors_2 = right = 0
    for wrong_1, wrong_2, inserted_1, inserted_2 in zip(
        [*first.wrong, False], [*second.wrong, False], first.inserted, second.inserted, strict=True
    ):
        here_1, here_2 = inserted_1 + wrong_1, inserted_2 + wrong_2
        if inserted_1 or inserted_2:
            right = 0
        if wrong_1 or wrong_2:
            right = 0
        else:
            right += 1
        errors_1 += here_1
        errors_2 += here_2
        if right == BUFFER_WORDS and (errors_1 or errors_2):
            found.append((errors_1, errors_2))
            errors_1 = errors_2 = 0
    if errors_1 or errors_2:
        found.append((errors_1, errors_2))
    return found
