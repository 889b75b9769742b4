"""The positive and the negative controls of `fitting`, on a few simulated sets."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from tools.fitting_power import PANEL, RATES, SYSTEMS, draw_set, memorizing, simulate, texts_of

WORDS = [f"{first}{second}{third}" for first in "bdgmt" for second in "aeiou" for third in ("n", "s", "ll", "rk")]


@pytest.fixture(scope="module")
def texts() -> list[list[str]]:
    draw = random.Random(1)
    weights = [1 / (1 + rank) for rank in range(len(WORDS))]  # a few words are most of any text
    return [draw.choices(WORDS, weights, k=draw.randrange(6, 25)) for _ in range(200)]


def said_to_fit(texts: list[list[str]], system: str, *rates: float, times: int, utterances: int) -> list[int]:
    found = simulate(texts, SYSTEMS[system], rates, times=times, utterances=utterances)
    return [one.alone[True] for one in found]


def test_a_system_that_memorized_the_references_is_caught(texts: list[list[str]]) -> None:
    assert min(said_to_fit(texts, "control", 0.03, 0.3, times=10, utterances=100)) >= 9


def test_it_is_where_most_of_its_words_are_wrong(texts: list[list[str]]) -> None:
    assert said_to_fit(texts, "control", 0.6, times=20, utterances=400)[0] >= 18


def test_honest_systems_are_not_however_bad_they_are(texts: list[list[str]]) -> None:
    for system in ("honest", "leaning"):
        found = said_to_fit(texts, system, 0.01, 0.1, 0.5, times=10, utterances=100)
        assert sum(found) <= 1, found  # of 30; 5 % would be 1.5


def test_others_beside_it_change_neither(texts: list[list[str]]) -> None:
    for system, times in (("control", 4), ("honest", 0)):
        [found] = simulate(texts, SYSTEMS[system], [0.1], times=4, utterances=100, panel=(0.05, 0.2))
        assert found.beside[True] == times
        assert found.beside.total() == 4


@pytest.mark.skipif("ASR_SLOW_TESTS" not in os.environ, reason="minutes: set ASR_SLOW_TESTS=1")
@pytest.mark.parametrize("system", SYSTEMS)
def test_two_hundred_sets_of_real_texts(system: str, shared: Path) -> None:
    """A power of 0.9 at least at every error rate, and five honest systems of a hundred at most."""
    found = simulate(texts_of(shared / "corpora"), SYSTEMS[system], RATES, times=200, utterances=400, panel=PANEL)
    for one in found:
        for verdicts in (one.alone, one.beside):
            assert verdicts.total() == 200
            assert verdicts[True] >= 180 if system == "control" else verdicts[True] <= 10


def test_a_drawn_set_is_the_same_every_time(texts: list[list[str]]) -> None:
    first, second = (draw_set(np.random.default_rng(3), texts, 20) for _ in range(2))
    assert first == second
    wrong = sum(one != other for said, written in zip(first.said, first.written, strict=True)
                for one, other in zip(said, written, strict=True))  # fmt: skip
    assert 0 < wrong < 0.1 * sum(map(len, first.said))
    assert memorizing(np.random.default_rng(4), first, 0.0) != [" ".join(said) for said in first.said]
