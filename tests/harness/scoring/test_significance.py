"""Paired differences, Holm's correction and matched pairs: exact values, limits, false alarms and power."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.scoring import align
from harness.scoring.align import align_nist, counts_of
from harness.scoring.significance import (
    METHOD,
    Counts,
    WordMarks,
    average_difference,
    difference,
    enough_utterances,
    holm,
    mark_words,
    matched_pairs,
)
from harness.scoring.student_t import quantile, upper_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def columns(errors: list[int], words: list[int]) -> Counts:
    return Counts(np.array(errors), np.array(words))


SESSIONS = list("abcdef")
FIRST = columns([10, 4, 9, 2, 30, 5], [100, 90, 110, 40, 150, 60])
SECOND = columns([8, 4, 7, 3, 24, 4], [100, 90, 110, 40, 150, 60])


def test_difference_is_the_documented_formula() -> None:
    found = difference(FIRST, SECOND, SESSIONS)
    assert found is not None
    words = [100, 90, 110, 40, 150, 60]
    changes = [2, 0, 2, -1, 6, 1]
    without = [(10 - change) / (550 - w) for change, w in zip(changes, words, strict=True)]
    error = math.sqrt(5 / 6 * sum((rate - 10 / 550) ** 2 for rate in without))
    assert found.value == pytest.approx(10 / 550)
    assert found.standard_error == pytest.approx(error)
    margin = quantile(0.975, found.degrees) * error
    assert (found.low, found.high) == pytest.approx((10 / 550 - margin, 10 / 550 + margin))
    assert found.p == pytest.approx(2 * upper_tail(10 / 550 / error, found.degrees))
    assert found.smallest_difference == pytest.approx(margin + quantile(0.8, found.degrees) * error)
    assert (found.low > 0) == (found.p < 0.05)
    assert (found.sessions, found.level, found.method) == (6, 0.95, METHOD)
    wider = difference(FIRST, SECOND, SESSIONS, level=0.99)
    assert wider is not None
    assert wider.high - wider.value == pytest.approx(quantile(0.995, found.degrees) * error)
    assert wider.smallest_difference == pytest.approx(wider.high - wider.value + quantile(0.8, found.degrees) * error)


def test_swapping_the_systems_swaps_the_sign() -> None:
    there, back = difference(FIRST, SECOND, SESSIONS), difference(SECOND, FIRST, SESSIONS)
    assert there is not None
    assert back is not None
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))
    assert back.p == pytest.approx(there.p)


def test_reference_words_may_differ_between_systems() -> None:
    merged = Counts(SECOND.errors, np.array([99, 90, 109, 40, 148, 60]))
    found = difference(FIRST, merged, SESSIONS)
    assert found is not None
    assert found.value == pytest.approx(60 / 550 - 50 / 546)


def test_no_change_at_all_is_no_difference() -> None:
    found = difference(FIRST, FIRST, SESSIONS)
    assert found is not None
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_changes_that_agree_by_chance_are_not_certainty() -> None:
    found = difference(columns([2] * 5, [10] * 5), columns([1] * 5, [10] * 5), range(5))
    assert found is not None
    assert found.standard_error == pytest.approx(math.sqrt(5) / 50)
    assert found.p > 0.05


@pytest.mark.parametrize("sessions", ["abcd", "aaaa", ""])
def test_under_five_sessions_there_is_none(sessions: str) -> None:
    counts = columns([1] * len(sessions), [9] * len(sessions))
    assert difference(counts, counts, list(sessions)) is None
    assert average_difference([(counts, counts, list(sessions))]) is None


def test_average_of_differences() -> None:
    alone = difference(FIRST, SECOND, SESSIONS)
    average = average_difference([(FIRST, SECOND, SESSIONS)] * 2)
    assert alone is not None
    assert average is not None
    assert average.value == pytest.approx(alone.value)
    assert average.standard_error == pytest.approx(alone.standard_error / math.sqrt(2))
    assert average_difference([]) is None
    short = columns([1], [2])
    assert average_difference([(FIRST, SECOND, SESSIONS), (short, short, "a")]) is None


def test_enough_utterances() -> None:
    found = difference(FIRST, SECOND, SESSIONS)
    assert found is not None
    margin = found.value + (found.high - found.value) / 2  # twice as precise would do
    assert enough_utterances(found, margin, 100) == 400
    assert enough_utterances(found, found.value + 1, 100) == 100
    assert enough_utterances(found, found.value, 100) is None


def two_versions(
    sessions: int, generator: np.random.Generator, extra: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Session sums of the errors of two versions of a model, and of words.

    Speakers differ (log-normal, spread 0.5) and are unequal; nine of ten errors are common to both versions, the
    others come in bursts; the first version makes some extra errors.
    """
    words = np.maximum(1, generator.poisson(1300 * np.exp(generator.normal(0, 0.3, sessions))))
    hard = 0.02 * np.exp(generator.normal(0, 0.5, sessions) - 0.125)
    common = generator.poisson(0.9 * hard * words)
    first, second = common + generator.poisson(0.1 * hard * words * generator.gamma(2, 1 / 2, (2, sessions)))
    return first + generator.binomial(words, extra), second, words


@pytest.mark.parametrize("sessions", [6, 11, 40])
def test_false_alarms_and_power(sessions: int) -> None:
    generator = np.random.default_rng(sessions)
    simulations, alarms, found = 600, 0, 0
    for _ in range(simulations):
        for extra in (0.0, 0.003):
            first, second, words = two_versions(sessions, generator, extra)
            result = difference(Counts(first, words), Counts(second, words), range(sessions))
            assert result is not None
            if extra:
                found += result.low > 0.001  # against the gate's margin of 0.1 points
            else:
                alarms += result.p < 0.05
    print(f"{sessions} sessions: {alarms / simulations:.1%} false alarms, +0.3 points: {found / simulations:.1%} found")
    assert alarms / simulations <= 0.065
    if sessions == 40:
        assert alarms / simulations >= 0.03
        assert found / simulations >= 0.9


def test_holm_on_a_known_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, None, 0.6]) == [1.0, None, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_nor_changes_their_order(p_values: list[float]) -> None:
    adjusted = [value for value in holm(p_values) if value is not None]
    assert len(adjusted) == len(p_values)
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    assert [a for _, a in sorted(zip(p_values, adjusted, strict=True))] == sorted(adjusted)


def marks(wrong: str, inserted: list[int]) -> WordMarks:
    return WordMarks([letter == "x" for letter in wrong], inserted)


def nist_marks(reference: list[str], hypothesis: list[str]) -> WordMarks:
    return mark_words(align_nist(reference, hypothesis))


def test_marks_tell_where_the_errors_are() -> None:
    assert nist_marks(["a", "b", "c", "d"], ["z", "a", "c", "d", "e", "e"]) == marks(".x..", [1, 0, 0, 0, 2])
    assert nist_marks([], ["a"]) == marks("", [1])
    assert nist_marks(["a", "b"], []) == marks("xx", [0, 0, 0])
    assert nist_marks([], []) == marks("", [0])


words = st.lists(st.sampled_from("abc"), max_size=9)


def nist_cost(mark: WordMarks, heard: int) -> int:
    """Substitutions 4, insertions and deletions 3, told from the marks."""
    deleted = len(mark.wrong) + sum(mark.inserted) - heard
    return 4 * (sum(mark.wrong) - deleted) + 3 * (deleted + sum(mark.inserted))


@settings(max_examples=300, deadline=None)
@given(words, words)
def test_marks_cost_as_little_as_kaldialign_says(reference: list[str], hypothesis: list[str]) -> None:
    import kaldialign

    mark = nist_marks(reference, hypothesis)
    cost = 0
    for one, other in kaldialign.align(reference, hypothesis, "*", sclite_mode=True):
        cost += 0 if one == other else 3 if "*" in (one, other) else 4
    assert nist_cost(mark, len(hypothesis)) == cost


@settings(max_examples=300, deadline=None)
@given(words, words)
def test_skipping_what_both_begin_with_changes_nothing(reference: list[str], hypothesis: list[str]) -> None:
    steps = align._nist_from(0, reference, hypothesis)
    assert steps is not None
    assert align_nist(reference, hypothesis) == tuple(steps)
    assert [word for step in steps for word in step.reference] == reference
    assert [word for step in steps for word in step.hypothesis] == hypothesis


def test_whole_calls_are_aligned_without_a_table_of_all_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    reference = [str(number) for number in generator.integers(0, 300, 6000)]
    heard = [word for word in reference if generator.random() > 0.05]
    cells: list[int] = []
    real = align._nist_moves

    def moves(one: Sequence[str], other: Sequence[str]) -> list[bytearray]:
        cells.append(len(one) * len(other))
        return real(one, other)

    monkeypatch.setattr(align, "_nist_moves", moves)
    found = align_nist(reference, [*heard, "tail"])
    mark = mark_words(found)
    assert sum(cells) == 0
    assert counts_of(found).deletions >= len(reference) - len(heard)
    assert sum(mark.wrong) >= len(reference) - len(heard)
    assert len(reference) - sum(mark.wrong) + sum(mark.inserted) <= len(heard) + 1
    assert len(mark.inserted) == len(reference) + 1
    align_nist(reference[:1000], heard[:1000])
    assert 0 < max(cells) <= 1_000_000
    cells.clear()
    align_nist([*reference[:900], "x", "same"], [*reference[:900], "y", "same"])
    assert cells == [1], "what both begin and end with is not looked at"


def test_segments_end_after_two_words_both_have_right() -> None:
    one = marks("x..x....x", [0] * 10)
    other = marks(".........", [0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    found = matched_pairs([(one, other)])
    # x.. | x.. | (insertion) .. | x  -- four segments: 1-0, 1-0, 0-1, 1-0
    assert (found.segments, found.first_errors, found.second_errors) == (4, 3, 1)
    assert found.mean == pytest.approx(0.5)
    assert found.standard_deviation == pytest.approx(1.0)
    assert found.z is not None
    assert found.z == pytest.approx(1.0)
    assert found.p == pytest.approx(math.erfc(1 / math.sqrt(2)))
    turned = matched_pairs([(other, one)])
    assert (turned.segments, turned.first_errors, turned.second_errors, turned.z) == (4, 1, 3, -found.z)


def test_an_insertion_of_either_system_breaks_what_both_have_right() -> None:
    whole = marks("x..", [0, 0, 0, 0])
    broken = marks("...", [0, 0, 1, 0])
    for pair in ((whole, broken), (broken, whole)):
        assert matched_pairs([pair]).segments == 1


def test_insertions_at_the_very_end_count_for_both_systems() -> None:
    clean, tail = marks("..", [0, 0, 0]), marks("..", [0, 0, 3])
    assert matched_pairs([(clean, tail)]).second_errors == 3
    assert matched_pairs([(tail, clean)]).first_errors == 3


def test_nothing_to_tell_apart() -> None:
    for pairs in ([], [(marks("..", [0, 0, 0]),) * 2], [(marks("x.", [0, 0, 0]),) * 2] * 5):
        found = matched_pairs(pairs)
        assert (found.z, found.p) == (0, 1)


def test_the_same_difference_in_each_segment_has_no_p() -> None:
    """Twenty segments in which one system alone is wrong are no sign that both are alike."""
    right, wrong = marks("...", [0, 0, 0, 0]), marks("x..", [0, 0, 0, 0])
    for count in (1, 2, 20):
        for pairs in ([(wrong, right)] * count, [(right, wrong)] * count):
            found = matched_pairs(pairs)
            assert (found.segments, found.standard_deviation, found.z, found.p) == (count, 0.0, None, None)
    found = matched_pairs([(wrong, right)] * 20 + [(right, right), (wrong, wrong)])
    assert found.p is not None
    assert found.p < 0.001


def test_marks_of_different_references_are_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        matched_pairs([(marks("..", [0, 0, 0]), marks("...", [0, 0, 0, 0]))])
