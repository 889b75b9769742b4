"""Poisson arrivals: their count, their gaps, their clips, and that a seed decides all of it."""

import math
from collections import Counter
from itertools import pairwise

from harness.load_generator.schedule import poisson


def test_a_seed_decides_everything_and_another_is_another() -> None:
    assert poisson(4, 60, 12, 1) == poisson(4.0, 60, 12, 1)
    assert [one.at for one in poisson(4, 60, 12, 1)] != [one.at for one in poisson(4, 60, 12, 2)]
    assert [one.clip for one in poisson(4, 60, 12, 1)] != [one.clip for one in poisson(4, 60, 12, 2)]


def test_a_longer_schedule_begins_like_a_shorter_one() -> None:
    short, long = poisson(4, 60, 12, 1), poisson(4, 120, 12, 1)
    assert list(long[: len(short)]) == list(short)
    assert long[len(short)].at >= 60


def test_gaps_are_exponential() -> None:
    """Kolmogorov and Smirnov's distance; 1.63 / sqrt(n) is passed by one in a hundred."""
    rate = 5.0
    times = [0.0, *(one.at for one in poisson(rate, 4000, 3, 7))]
    gaps = sorted(after - before for before, after in pairwise(times))
    count = len(gaps)
    assert abs(count - 20_000) < 4 * math.sqrt(20_000)
    shares = [1 - math.exp(-rate * gap) for gap in gaps]
    distance = max(max(abs(share - i / count), abs(share - (i + 1) / count)) for i, share in enumerate(shares))
    assert distance < 1.63 / math.sqrt(count)


def test_clips_come_in_rounds_that_are_shuffled() -> None:
    clips = [one.clip for one in poisson(10, 100, 5, 3)]
    rounds = [tuple(clips[at : at + 5]) for at in range(0, len(clips) - 4, 5)]
    assert all(sorted(one) == [0, 1, 2, 3, 4] for one in rounds)
    assert len(set(rounds)) > 50
    firsts = Counter(one[0] for one in rounds)
    assert min(firsts.values()) > 15


def test_nothing_arrives_in_no_time() -> None:
    assert list(poisson(1, 1e-9, 1, 0)) == []
