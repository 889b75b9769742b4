"""How often a table of slices names one: where none differs, and where one does. docs/scoring.md has the figures.

    python -m tools.slice_power

Sessions (speakers) have error rates of their own, drawn from a gamma distribution; the errors of an utterance are
Poisson around that, so that some sessions are far worse than others, as in real data.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from harness.scoring.slice_differences import slice_differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Data with a tag."""

    slices: tuple[int, ...]
    """Sessions in each slice; where sessions have all values, the number of sessions in the first place alone."""
    within: int = 0
    """So many values in every session; 0: each session has one value."""
    utterances: tuple[int, int] = (5, 40)
    """Of a session, from and to."""
    rate: float = 0.08
    spread: float = 0.5
    """Standard deviation of the sessions' rates over their mean."""


SCENES = {
    "four accents of ten speakers": Scene(slices=(10, 10, 10, 10)),
    "ten accents of two to twelve": Scene(slices=(2, 2, 3, 3, 4, 5, 6, 8, 10, 12)),
    "two sexes, twenty speakers": Scene(slices=(10, 10)),
    "one rare accent": Scene(slices=(3, 60)),
    "twenty of five, few errors": Scene(slices=(5,) * 20, rate=0.02),
    "sessions of very unequal size": Scene(slices=(6, 6, 6, 6, 6), utterances=(1, 120)),
    "no spread between speakers": Scene(slices=(8, 8, 8, 8), spread=0.0),
    "wild spread between speakers": Scene(slices=(8, 8, 8, 8), spread=1.0),
    "single utterances, no sessions": Scene(slices=(60, 60, 60, 60, 60), utterances=(1, 1)),
    "four noises on each of 20 speakers": Scene(slices=(20,), within=4),
    "three noises on each of 8 speakers": Scene(slices=(8,), within=3, spread=1.0),
}
"""What is simulated."""


def table(scene: Scene, rng: np.random.Generator, worse: float = 0.0) -> list[float | None]:
    """The corrected p of each slice of one made-up table; the first slice is worse by so much (a fraction)."""
    slices, errors, words, sessions = [], [], [], []
    spoken = [place for place, count in enumerate(scene.slices) for _ in range(count)]
    for session, place in enumerate(spoken):
        shape = 1 / scene.spread**2 if scene.spread else 0.0
        rate = scene.rate * (rng.gamma(shape, 1 / shape) if shape else 1.0)
        for _ in range(int(rng.integers(*scene.utterances, endpoint=True))):
            value = int(rng.integers(scene.within)) if scene.within else place
            count = int(rng.integers(3, 25))
            slices.append(value)
            words.append(count)
            errors.append(min(2 * count, int(rng.poisson(count * (rate + (worse if value == 0 else 0.0))))))
            sessions.append(session)
    return [one.p_holm for one in slice_differences(slices, errors, words, sessions).tests]


def named(scene: Scene, tables: int, seed: int, worse: float = 0.0) -> tuple[int, int]:
    """In how many tables any slice is named, and in how many the first is."""
    rng = np.random.default_rng(seed)
    found = [table(scene, rng, worse) for _ in range(tables)]
    hits = [[p is not None and p < 0.05 for p in each] for each in found]
    return sum(map(any, hits)), sum(each[0] for each in hits)


def main() -> None:
    """Prints both figures of every scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tables", type=int, default=400, help="of each scene; an eighth as many with a slice that is worse"
    )
    tables = parser.parse_args().tables
    for name, scene in SCENES.items():
        any_, _ = named(scene, tables, seed=1)
        few = max(1, tables // 8)
        power = [named(scene, few, seed=2, worse=worse)[1] / few for worse in (0.04, 0.08)]
        print(f"{name:<36} any named by chance {any_ / tables:.1%}; +4 points found {power[0]:.0%}, +8 {power[1]:.0%}")


if __name__ == "__main__":
    main()
