"""When each request is to be sent: Poisson arrivals, which are what many callers who do not know of each other make."""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that is to be sent."""

    at: float
    """Seconds after the start of its rate."""
    clip: int
    """Which clip it sends, from 0."""


def poisson(rate: float, duration: float, clips: int, seed: int) -> Sequence[Arrival]:
    """Arrivals of a Poisson process, each with a clip.

    Clips come in rounds, shuffled anew each time, so that every rate hears the same mix of them.

    Args:
        rate: requests a second, on average.
        duration: seconds; no arrival is later.
        clips: how many there are to choose from, at least one.
        seed: of the times and the clips.
    """
    times, order = random.Random(f"times {seed} {rate:g}"), random.Random(f"clips {seed} {rate:g}")  # noqa: S311
    found: list[Arrival] = []
    deck: list[int] = []
    at = times.expovariate(rate)
    while at < duration:
        if not deck:
            deck = list(range(clips))
            order.shuffle(deck)
        found.append(Arrival(at, deck.pop()))
        at += times.expovariate(rate)
    return found
