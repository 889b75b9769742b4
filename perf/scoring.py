"""How much faster than the official path we normalize and score, and that we count the same.

    python perf/scoring.py [FOLDER]

FOLDER holds predictions (default: what ASR_TEST_DATA, or ../shared, has in predictions/). Rows of 300 words and more
are left out of the comparison, since the official path takes minutes for them. Both sides start from texts in memory;
ours starts cold, and the start of its workers counts. Each profile is measured before and after its official path (of
our own profile a plain version with jiwer), and the two are averaged: a busy machine slows both.

The last line is a JSON object. The official path is one process. `one_process` compares it with one process of ours:
`ratios` by the clock, `cpu_ratios` by processor time, which other programs change less, and
`pairs_per_second_per_core`, of the first profile's processor time. `processes` is how many of ours `ratios` and
`scoring_ratio`, the first profile's, are of: one for each processor. Exits with 1 where counts differ.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.processes import available_workers
from harness.scoring import align, banded
from harness.scoring.counting import count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.english import english_normalizer
from harness.scoring.normalize.multilingual import _spelled, multilingual_normalizer
from harness.scoring.normalize.numbers import _read
from harness.scoring.normalize.unicode import unicode_normalizer
from harness.scoring.predictions import Predictions, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from perf import official

LONGEST = 300
PROFILES: tuple[official.Scored, ...] = ("leaderboard@2026-08", "leaderboard@2026-10", "unicode@2026-11")
Sets = dict[str, tuple[list[tuple[str, str]], str]]
"""Pairs of raw texts, and their language."""
Found = TypeVar("Found")


def short_pairs(predictions: Predictions) -> list[tuple[str, str]]:
    """Pairs of raw texts with fewer than LONGEST words on either side."""
    return [
        (row.reference, row.hypothesis)
        for row in predictions.rows
        if row.hypothesis is not None and max(len(row.reference.split()), len(row.hypothesis.split())) < LONGEST
    ]


def main() -> int:
    """Measure both, compare, print."""
    data = Path(os.environ.get("ASR_TEST_DATA", Path(__file__).resolve().parents[2] / "shared")) / "predictions"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    given = parser.parse_args().folder
    folders = [given] if given else [data / "normalized", data / "raw"]
    found = [one for system in read_systems(folders) for one in system.benchmarks]
    sets = {one.source.name: (short_pairs(one), one.language) for one in found}
    sets = {name: value for name, value in sets.items() if value[1] not in LANGUAGES_WITHOUT_SPACES and value[0]}
    pairs = sum(len(part) for part, _ in sets.values())

    processes = available_workers()
    measured = {name: measure(sets, name, processes) for name in PROFILES}
    first = measured[PROFILES[0]]
    print(
        json.dumps(
            {
                "benchmark": "scoring",
                "pairs": pairs,
                "identical": all(one.identical for one in measured.values()),
                "official": {"seconds": round(first.official.wall, 3), "pairs_per_second": first.official.rate(pairs)},
                "one_process": {
                    "seconds": round(first.alone.wall, 3),
                    "pairs_per_second_per_core": round(pairs / first.alone.cpu),
                    "ratios": {name: round(one.official.wall / one.alone.wall, 2) for name, one in measured.items()},
                    "cpu_ratios": {name: round(one.official.cpu / one.alone.cpu, 2) for name, one in measured.items()},
                },
                "processes": processes,
                "seconds": round(first.together.wall, 3),
                "pairs_per_second": first.together.rate(pairs),
                "scoring_ratio": round(first.official.wall / first.together.wall, 2),
                "ratios": {name: round(one.official.wall / one.together.wall, 2) for name, one in measured.items()},
            }
        )
    )
    return 0 if all(one.identical for one in measured.values()) else 1


class Spent(NamedTuple):
    """What some work took."""

    wall: float
    """Seconds by the clock."""
    cpu: float
    """Seconds of processor time, over all processes."""

    def rate(self, pairs: int) -> int:
        """Pairs a second."""
        return round(pairs / self.wall)


class Measured(NamedTuple):
    """One profile."""

    official: Spent
    alone: Spent
    """Ours in one process, the mean of two."""
    together: Spent
    """Ours in as many processes as may be, the mean of two."""
    identical: bool
    """Whether the counts of every set are."""


def measure(sets: Sets, profile: official.Scored, processes: int) -> Measured:
    """Both sides of one profile; sets that are not counted alike are printed."""
    several = [1, processes] if processes > 1 else [1]
    before = [ours(sets, profile, workers) for workers in several]
    theirs, expected = timed(
        lambda: {name: official.score(part, language, profile) for name, (part, language) in sets.items()}
    )
    after = [ours(sets, profile, workers) for workers in several]
    differing = {name for name in sets for _, counts in [*before, *after] if counts[name] != expected[name]}
    for name in sorted(differing):
        print(f"{profile}, {name}: {before[0][1][name]}, officially {expected[name]}")
    means = [
        Spent((first.wall + second.wall) / 2, max((first.cpu + second.cpu) / 2, 0.01))
        for (first, _), (second, _) in zip(before, after, strict=True)
    ]
    return Measured(theirs, means[0], means[-1], not differing)


def timed(work: Callable[[], Found]) -> tuple[Spent, Found]:
    """What a piece of work took, and what it found."""
    cpu, wall = processor_time(), time.perf_counter()
    found = work()
    return Spent(time.perf_counter() - wall, processor_time() - cpu), found


def processor_time() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ours(sets: Sets, profile: str, workers: int) -> tuple[Spent, dict[str, dict[str, int]]]:
    """What it takes from a cold start, and the counts of each set as kaldialign names them."""
    for memo in (english_normalizer, multilingual_normalizer, unicode_normalizer, _read, _spelled):
        memo.cache_clear()
    align._CODES.clear()
    banded._BEGINNINGS = banded._Beginnings()
    spent, every = timed(
        lambda: count_pairs(
            [(*pair, language) for part, language in sets.values() for pair in part], get_profile(profile), workers
        )
    )
    counted = iter(every)
    found = {}
    for name, (part, _) in sets.items():
        total = sum((next(counted).counts for _ in part), ErrorCounts())
        found[name] = {
            "ins": total.insertions,
            "del": total.deletions,
            "sub": total.substitutions,
            "ref_len": total.words,
        }
    return spent, found


if __name__ == "__main__":
    sys.exit(main())
