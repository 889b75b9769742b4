"""The positive and the negative controls of `fitting`, on a few simulated sets."""

import random

import numpy as np
import pytest

from tools.fitting_power import draw_set, honest, memorizing, simulate

WORDS = [f"{first}{second}{third}" for first in "bdgmt" for second in "aeiou" for third in ("n", "s", "ll", "rk")]


@pytest.fixture(scope="module")
def texts() -> list[list[str]]:
    draw = random.Random(1)
    weights = [1 / (1 + rank) for rank in range(len(WORDS))]  # a few words are most of any text
    return [draw.choices(WORDS, weights, k=draw.randrange(6, 25)) for _ in range(200)]


def test_a_system_that_memorized_the_references_is_caught(texts: list[list[str]]) -> None:
    for rate in (0.03, 0.3):
        found = simulate(texts, memorizing, rate, times=10, utterances=100)
        assert found[True] >= 9, found


def test_honest_systems_are_not_however_bad_they_are(texts: list[list[str]]) -> None:
    found = [simulate(texts, honest, rate, times=10, utterances=100)[True] for rate in (0.01, 0.1, 0.5)]
    assert sum(found) <= 1, found  # of 30; 5 % would be 1.5


def test_others_beside_it_change_neither(texts: list[list[str]]) -> None:
    panel = (0.05, 0.2)
    assert simulate(texts, memorizing, 0.1, times=4, utterances=100, panel=panel)[True] == 4
    assert simulate(texts, honest, 0.1, times=4, utterances=100, panel=panel)[True] == 0


def test_a_drawn_set_is_the_same_every_time(texts: list[list[str]]) -> None:
    first, second = (draw_set(np.random.default_rng(3), texts, 20) for _ in range(2))
    assert first == second
    wrong = sum(one != other for said, written in zip(first.said, first.written, strict=True)
                for one, other in zip(said, written, strict=True))  # fmt: skip
    assert 0 < wrong < 0.1 * sum(map(len, first.said))
    assert memorizing(np.random.default_rng(4), first, 0.0) != [" ".join(said) for said in first.said]
