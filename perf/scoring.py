"""How much faster than the official path we normalize and score, and that we count the same.

    python perf/scoring.py [FOLDER]

FOLDER holds predictions (default: what ASR_TEST_DATA, or ../shared, has in predictions/). Rows of 300 words and more
are left out of the comparison, since the official path takes minutes for them. Both sides start from texts in memory;
ours starts cold, and the start of its workers counts. Each profile is measured before and after its official path (of
our own profile a plain version with jiwer), and the two are averaged: a busy machine slows both. The last line is a
JSON object; `scoring_ratio` is the one to watch, `ratios` has that of every profile, `cpu_ratios` that of processor
time over all processes, which other programs change less. Exits with 1 where counts differ.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.processes import available_workers
from harness.scoring.counting import count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.english import english_normalizer
from harness.scoring.normalize.multilingual import multilingual_normalizer
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

    measured = {name: measure(sets, name) for name in PROFILES}
    first = measured[PROFILES[0]]
    print(
        json.dumps(
            {
                "benchmark": "scoring",
                "pairs": pairs,
                "seconds": round(first.ours, 3),
                "seconds_official": round(first.theirs, 3),
                "pairs_per_second": round(pairs / first.ours),
                "pairs_per_second_official": round(pairs / first.theirs),
                "identical": all(one.identical for one in measured.values()),
                "scoring_ratio": round(first.theirs / first.ours, 2),
                "ratios": {name: round(one.theirs / one.ours, 2) for name, one in measured.items()},
                "cpu_ratios": {name: round(one.cpu_ratio, 2) for name, one in measured.items()},
            }
        )
    )
    return 0 if all(one.identical for one in measured.values()) else 1


class Measured(NamedTuple):
    """One profile."""

    ours: float
    """Seconds, the mean of two."""
    theirs: float
    """Seconds."""
    cpu_ratio: float
    """Processor time, theirs over ours."""
    identical: bool
    """Whether the counts of every set are."""


def measure(sets: Sets, profile: official.Scored) -> Measured:
    """Both sides of one profile; sets that are not counted alike are printed."""
    cpu = [processor_time()]
    spent, counts = ours(sets, profile)
    started = time.perf_counter()
    cpu.append(processor_time())
    expected = {name: official.score(part, language, profile) for name, (part, language) in sets.items()}
    theirs = time.perf_counter() - started
    cpu.append(processor_time())
    again, _ = ours(sets, profile)
    cpu.append(processor_time())
    differing = [name for name in sets if counts[name] != expected[name]]
    for name in differing:
        print(f"{profile}, {name}: {counts[name]}, officially {expected[name]}")
    first, official_path, second = (after - before for before, after in itertools.pairwise(cpu))
    return Measured((spent + again) / 2, theirs, 2 * official_path / max(first + second, 0.01), not differing)


def processor_time() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ours(sets: Sets, profile: str) -> tuple[float, dict[str, dict[str, int]]]:
    """Seconds from a cold start, and the counts of each set as kaldialign names them."""
    for memo in (english_normalizer, multilingual_normalizer, unicode_normalizer, _read):
        memo.cache_clear()
    started = time.perf_counter()
    counted = iter(
        count_pairs(
            [(*pair, language) for part, language in sets.values() for pair in part],
            get_profile(profile),
            available_workers(),
        )
    )
    spent = time.perf_counter() - started
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
