"""Intervals of rates over sessions: exact values, limits and resampling."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.scoring.intervals import (
    METHOD,
    METHOD_NO_ERRORS,
    _resampled_sums,
    average_interval,
    effective_degrees,
    resampled_rates,
    sum_by_session,
    wer_interval,
)
from harness.scoring.student_t import quantile


def test_the_interval_is_the_documented_formula() -> None:
    errors, words = [10, 4, 9, 2, 30, 5], [100, 90, 110, 40, 150, 60]
    interval = wer_interval(errors, words, sessions=list("abcdef"))
    assert interval is not None
    rate = 60 / 550
    without = [(60 - e) / (550 - w) for e, w in zip(errors, words, strict=True)]
    error = math.sqrt(5 / 6 * sum((r - rate) ** 2 for r in without))
    factor = math.exp(quantile(0.975, interval.degrees) * error / rate)
    assert interval.standard_error == pytest.approx(error, rel=1e-12)
    assert (interval.low, interval.high) == pytest.approx((rate / factor, rate * factor), rel=1e-12)
    assert (interval.method, interval.sessions) == (METHOD, 6)
    assert set(msgspec.to_builtins(interval)) == {
        *("low", "high", "method", "sessions", "standard_error", "degrees_of_freedom", "smallest_difference")
    }


def test_degrees_are_the_satterthwaite_formula_with_matrices() -> None:
    words = np.array([100.0, 90, 400, 40, 150, 60, 5])
    share = words / words.sum()
    centering = np.eye(7) - np.outer(share, np.ones(7))
    form = centering.T @ np.diag(1 / (words.sum() - words) ** 2) @ centering @ np.diag(words**2)
    assert effective_degrees(words) == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-10)


def test_equal_sessions_have_sessions_minus_one_degrees() -> None:
    assert effective_degrees(np.full(8, 50.0)) == pytest.approx(7, rel=1e-9)


def test_utterances_of_a_session_count_once() -> None:
    errors, words = np.array([3, 1, 0, 2, 8, 4, 1]), np.array([30, 12, 9, 20, 31, 22, 14])
    whole = wer_interval(errors, words, sessions=range(7))
    halves = wer_interval(np.repeat(errors, 2), np.repeat(words, 2), np.repeat(np.arange(7), 2).tolist())
    assert whole is not None
    assert halves is not None
    assert (halves.low, halves.high, halves.sessions) == pytest.approx((whole.low, whole.high, 7))


@pytest.mark.parametrize(
    ("errors", "words", "sessions"),
    [
        ([], [], []),
        ([1, 2, 3, 4], [9, 9, 9, 9], "abcd"),
        ([1, 2, 3, 4, 5], [9, 9, 9, 9, 9], "abcda"),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], "abcde"),
        ([1, 2, 3, 4, 5], [0, 0, 7, 0, 0], "abcde"),
    ],
    ids=["nothing", "four sessions", "four sessions, five utterances", "no words", "words in one session only"],
)
def test_where_there_is_no_interval(errors: list[int], words: list[int], sessions: str) -> None:
    assert wer_interval(errors, words, list(sessions)) is None


def test_utterances_without_session_stand_alone() -> None:
    interval = wer_interval([1, 0, 2, 1, 0, 3], [9, 8, 7, 6, 5, 9], [None] * 6)
    assert interval is not None
    assert interval.sessions == 6


def test_no_errors_at_all_is_not_certainty() -> None:
    interval = wer_interval([0] * 8, [100] * 8, range(8))
    assert interval is not None
    assert interval.low == 0
    assert interval.high == pytest.approx(-math.log(0.025) / 800)
    assert interval.method == METHOD_NO_ERRORS


@pytest.mark.parametrize("errors", [10, 20])
def test_all_wrong_is_not_certainty(errors: int) -> None:
    interval = wer_interval([errors] * 5, [10] * 5, range(5))
    assert interval is not None
    assert interval.standard_error == pytest.approx(math.sqrt(52 / 54 * 2 / 54 / 50))
    assert interval.low < errors / 10 < interval.high


def test_sessions_that_agree_by_chance_are_not_certainty() -> None:
    interval = wer_interval([1] * 5, [10] * 5, range(5))
    assert interval is not None
    assert interval.standard_error == pytest.approx(math.sqrt(0.1 * 0.9 / 50))
    assert interval.low < 0.05
    assert interval.high > 0.2


def test_insertions_on_empty_references_count() -> None:
    quiet = wer_interval([1, 1, 1, 1, 1, 2, 0], [10] * 6 + [0], range(7))
    noisy = wer_interval([1, 1, 1, 1, 1, 2, 9], [10] * 6 + [0], range(7))
    assert quiet is not None
    assert noisy is not None
    assert (quiet.sessions, noisy.sessions) == (6, 7)  # a session without words and errors tells nothing
    assert noisy.low * noisy.high == pytest.approx((16 / 60) ** 2)
    assert quiet.low * quiet.high == pytest.approx((7 / 60) ** 2)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 100)), min_size=5, max_size=40))
def test_low_is_never_negative_and_the_rate_lies_inside(rows: list[tuple[int, int]]) -> None:
    errors, words = zip(*rows, strict=True)
    interval = wer_interval(errors, words, range(len(rows)))
    if interval is None:
        assert sum(1 for w in words if w) < 2 or sum(1 for row in rows if any(row)) < 5
    else:
        assert 0 <= interval.low <= sum(errors) / sum(words) <= interval.high < math.inf


@pytest.mark.parametrize(
    ("errors", "words"), [([1, 2], [1, 2, 3]), ([1, 2, -1], [1, 2, 3]), ([1, 2, math.nan], [1, 2, 3])]
)
def test_wrong_counts_are_refused(errors: list[float], words: list[float]) -> None:
    with pytest.raises(ValueError, match=r"sessions|inhomogeneous|negative"):
        wer_interval(errors, words, range(3))


def test_average_of_one_benchmark_is_its_own_interval() -> None:
    one = ([3, 1, 0, 2, 8, 4], [30, 12, 9, 20, 31, 22], list("abcdef"))
    assert average_interval([one]) == wer_interval(*one)


def test_average_needs_an_interval_of_each() -> None:
    good, short = ([3, 1, 0, 2, 8, 4], [30] * 6, list("abcdef")), ([1, 2], [9, 9], list("ab"))
    assert average_interval([]) is None
    assert average_interval([good, short]) is None


def test_average_is_narrower_than_its_parts_and_centered() -> None:
    parts = [([3, 1, 0, 2, 8, 4], [30, 12, 9, 20, 31, 22], list("abcdef"))] * 4
    alone, average = wer_interval(*parts[0]), average_interval(parts)
    assert alone is not None
    assert average is not None
    assert average.standard_error == pytest.approx(alone.standard_error / 2)
    assert average.degrees == pytest.approx(alone.degrees * 4)  # Welch: equal variances add their degrees
    assert math.sqrt(average.low * average.high) == pytest.approx(18 / 124)


def test_average_of_perfect_benchmarks_has_a_limit() -> None:
    average = average_interval([([0] * 6, [100] * 6, range(6)), ([0] * 6, [50] * 6, range(6))])
    assert average is not None
    assert average.low == 0
    assert average.high == pytest.approx(-math.log(0.025) / 300 / 2)


def test_smallest_difference_is_what_a_test_finds_with_that_power() -> None:
    interval = wer_interval([10] * 30 + [20] * 30, [100] * 60, range(60))
    assert interval is not None
    expected = (quantile(0.975, interval.degrees) + quantile(0.8, interval.degrees)) * math.sqrt(2)
    assert interval.smallest_difference == pytest.approx(expected * interval.standard_error)


def test_sums_by_session_keep_order() -> None:
    sums = sum_by_session(["b", "a", "b", None, None, "z"], [1, 2, 3, 4, 5, 0], [10, 20, 30, 40, 50, 0])
    assert sums.tolist() == [[4, 2, 4, 5], [40, 20, 40, 50]]


class Counting:
    """A generator that counts the numbers it draws."""

    def __init__(self) -> None:
        self.generator, self.drawn = np.random.default_rng(5), 0

    def multinomial(self, n: int, chances: Any, size: int) -> Any:
        self.drawn += len(chances) * size
        return self.generator.multinomial(n, chances, size=size)


def test_resampling_draws_how_often_each_distinct_row_comes() -> None:
    """Forty thousand sessions of which many are alike are not forty thousand numbers a draw."""
    errors, words = np.arange(40_000) % 7, np.arange(40_000) % 50 + 10
    counting: Any = Counting()
    sums = np.concatenate(list(_resampled_sums(np.array([errors, words]), 100, counting)))
    assert counting.drawn == 100 * 7 * 50
    assert sums.shape == (100, 2)


def test_resampling_is_seeded() -> None:
    rng = np.random.default_rng(3)
    words = np.maximum(1, rng.gamma(3, 25 / 3, 40_000).astype(int))
    errors = np.minimum(rng.poisson(rng.gamma(0.5, 0.1, 40_000) * words), words)
    rates = resampled_rates([errors], [words], range(40_000), resamples=10_000, seed=5)
    assert rates.shape == (10_000, 1)
    interval = wer_interval(errors, words, range(40_000))
    assert interval is not None
    assert rates.std() == pytest.approx(interval.standard_error, rel=0.05)
    assert np.median(rates) == pytest.approx(errors.sum() / words.sum(), rel=0.01)
    first = resampled_rates([errors], [words], range(40_000), resamples=50, seed=5)
    assert (first == resampled_rates([errors], [words], range(40_000), resamples=50, seed=5)).all()
    assert (first != resampled_rates([errors], [words], range(40_000), resamples=50, seed=6)).any()


def test_resampling_draws_the_same_sessions_for_all_systems() -> None:
    errors, words = [3, 1, 0, 2, 8, 4], [30, 12, 9, 20, 31, 22]
    rates = resampled_rates([errors, errors], [words, words], range(6), resamples=200)
    assert (rates[:, 0] == rates[:, 1]).all()
    assert len(set(rates[:, 0].tolist())) > 50


def test_a_draw_without_words_is_nan() -> None:
    rates = resampled_rates([[1, 0, 1]], [[5, 0, 0]], range(3), resamples=300)
    assert np.isnan(rates).any()
    assert np.isfinite(rates).any()


def test_an_interval_that_one_session_decides_says_nothing() -> None:
    """Nearly all words are one session's: degrees of freedom are 1, and t is 12.7."""
    interval = wer_interval([20, 0, 1, 0, 0, 0], [10_000, 3, 3, 3, 3, 3], range(6))
    assert interval is not None
    assert interval.says_nothing
    assert interval.high > 100 * 21 / 10_015
    for errors in ([1, 2, 3, 4, 5, 60], [0, 0, 0, 0, 0, 1], [0] * 6):
        sound = wer_interval(errors, [100] * 6, range(6))
        assert sound is not None
        assert not sound.says_nothing
