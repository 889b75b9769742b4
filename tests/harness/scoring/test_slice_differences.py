"""Slices against the rest, beside the same written plainly."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from harness.scoring.significance import holm
from harness.scoring.slice_differences import BETWEEN, WITHIN, slice_differences
from harness.scoring.student_t import upper_tail

SLICES = [0, 0, 0, 1, 1, 1, 2, 2]
ERRORS = [1, 3, 2, 9, 6, 8, 2, 1]
WORDS = [20, 30, 25, 30, 20, 25, 30, 10]
NAMES = list("abcdefgh")


def plainly(slices: list[int], errors: list[int], words: list[int]) -> list[tuple[float, float]]:
    """Difference and p of each slice by all permutations of the sessions, each a row."""
    total, whole, count = sum(errors), sum(words), len(words)
    residual = [error - word * total / whole for error, word in zip(errors, words, strict=True)]
    first = sum(r * r / w for r, w in zip(residual, words, strict=True))
    second = sum(r * r for r in residual)
    square = sum(w * w for w in words)
    tau = (count * second - whole * first) / (count * square - whole**2)
    phi = (first - tau * whole) / count
    if tau < 0:
        phi, tau = first / count, 0.0
    elif phi < 0:
        phi, tau = 0.0, second / square
    scale = [math.sqrt(phi * w + tau * w * w) for w in words]
    units = [r / s * math.sqrt(count / (count - 1)) for r, s in zip(residual, scale, strict=True)]
    found = []
    for at in sorted(set(slices)):
        inside = [one == at for one in slices]
        here = sum(w for w, ok in zip(words, inside, strict=True) if ok)
        wrong = sum(e for e, ok in zip(errors, inside, strict=True) if ok)
        seen = abs(sum(r for r, ok in zip(residual, inside, strict=True) if ok))
        as_large = every = 0
        for order in itertools.permutations(units):
            moved = [u * s for u, s in zip(order, scale, strict=True)]
            part = sum(m for m, ok in zip(moved, inside, strict=True) if ok) - here / whole * sum(moved)
            as_large, every = as_large + (abs(part) >= seen - 1e-9), every + 1
        found.append((wrong / here - (total - wrong) / (whole - here), as_large / every))
    return found


def test_between_sessions_beside_all_permutations() -> None:
    found = slice_differences(SLICES, ERRORS, WORDS, NAMES)
    plain = plainly(SLICES, ERRORS, WORDS)
    assert (found.within, found.by_utterance, found.sessions) == (False, False, [3, 3, 2])
    for one, (value, p) in zip(found.tests, plain, strict=True):
        assert one.difference is not None
        assert (one.difference.method, one.difference.degrees) == (BETWEEN, 5)
        assert one.difference.value == pytest.approx(value)
        assert one.difference.p == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 9999) + 1e-3)
    assert [one.p_holm for one in found.tests] == holm([one.difference.p for one in found.tests if one.difference])


def test_utterances_of_a_session_are_summed_first() -> None:
    halves = [(s, e, w, n) for s, e, w, n in zip(SLICES, ERRORS, WORDS, NAMES, strict=True)]
    split = [(s, e - 1, w - 5, n) for s, e, w, n in halves] + [(s, 1, 5, n) for s, _, _, n in halves]
    again = slice_differences(*(list(column) for column in zip(*split, strict=True)))
    assert again == slice_differences(SLICES, ERRORS, WORDS, NAMES)


def test_two_slices_are_one_comparison() -> None:
    found = slice_differences([0] * 5 + [1] * 5, [1, 2, 1, 2, 1, 5, 6, 5, 7, 6], [20] * 10, list(range(10)))
    one, other = found.tests
    assert one.difference is not None
    assert other.difference is not None
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.p_holm == other.p_holm == one.difference.p < 0.02


def test_within_sessions_by_the_jackknife() -> None:
    rng = np.random.default_rng(3)
    sessions = [at for at in range(6) for _ in range(2)]
    slices, words = [0, 1] * 6, [int(n) for n in rng.integers(10, 30, 12)]
    errors = [int(n) for n in rng.integers(1, 9, 12)]
    found = slice_differences(slices, errors, words, sessions)
    assert found.within

    def rate(place: int, left_out: int) -> float:
        held = [at for at in range(12) if slices[at] == place and sessions[at] != left_out]
        return sum(errors[at] for at in held) / sum(words[at] for at in held)

    value = rate(0, -1) - rate(1, -1)
    variance = 5 / 6 * sum((rate(0, one) - rate(1, one) - value) ** 2 for one in range(6))
    pooled = (sum(errors) + 1) / (sum(words) + 2)
    least = pooled * (1 - pooled) * (1 / sum(words[::2]) + 1 / sum(words[1::2]))
    change = found.tests[0].difference
    assert change is not None
    assert change.method == WITHIN
    assert change.value == pytest.approx(value)
    assert change.standard_error == pytest.approx(math.sqrt(max(variance, least)))
    assert change.p == pytest.approx(2 * upper_tail(abs(value) / change.standard_error, change.degrees))


def test_slices_that_are_sessions_are_told_apart_by_their_utterances() -> None:
    found = slice_differences([0] * 20 + [1] * 20, [1] * 20 + [4] * 20, [10] * 40, ["a"] * 20 + ["b"] * 20)
    assert (found.by_utterance, found.sessions) == (True, [20, 20])
    assert found.tests[0].p_holm is not None
    assert found.tests[0].p_holm < 0.001


@pytest.mark.parametrize(
    ("slices", "sessions"),
    [([0, 1, 2, 0, 1], list("abcde")), ([0, 1] * 4, list("aabbccdd")), ([0] * 8, list("abcdefgh"))],
)
def test_too_few_to_tell(slices: list[int], sessions: list[str]) -> None:
    found = slice_differences(slices, [1] * len(slices), [10] * len(slices), sessions)
    assert all(one.difference is None and one.p_holm is None and one.resolves is None for one in found.tests)


def test_without_errors_or_alike_in_all_nothing_differs() -> None:
    for errors in ([0] * 12, [2] * 12):
        found = slice_differences([0, 1, 2] * 4, errors, [10] * 12, list(range(12)))
        assert [one.p_holm for one in found.tests] == [1.0, 1.0, 1.0]


def test_of_very_many_sessions_a_small_slice_is_drawn_from_all() -> None:
    rng = np.random.default_rng(4)
    words = [int(n) for n in rng.integers(5, 20, 3000)]
    errors = [int(rng.poisson(0.1 * n)) for n in words]
    slices = [0] * 30 + [1] * 2970
    alike = slice_differences(slices, errors, words, [None] * 3000).tests[0]
    worse = slice_differences(slices, [e + 2 * (at < 30) for at, e in enumerate(errors)], words, [None] * 3000).tests[0]
    assert alike.p_holm is not None
    assert worse.p_holm is not None
    assert alike.p_holm > 0.05 > 0.001 > worse.p_holm


def test_nothing_at_all() -> None:
    assert slice_differences([], [], [], []).tests == []
