"""How much faster than the official path we normalize and score, and that we count the same.

    python perf/scoring.py [FOLDER]

FOLDER holds predictions (default: what ASR_TEST_DATA, or ../shared, has in predictions/). Rows of 300 words and more
are left out of the comparison, since the official path takes minutes for them. Both sides start from texts in memory;
ours starts cold, and the start of its workers counts. The last line is a JSON object; `scoring_ratio` is the one to
watch. Exits with 1 where a count differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.scoring.counting import available_workers, count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.predictions import Predictions, read_systems
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES, get_profile
from perf import official

LONGEST = 300


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

    profile = get_profile("leaderboard@2026-08")
    started = time.perf_counter()
    counted = count_pairs(
        [(*pair, language) for part, language in sets.values() for pair in part], profile, available_workers()
    )
    ours = time.perf_counter() - started

    started = time.perf_counter()
    expected = {name: official.score(part, language) for name, (part, language) in sets.items()}
    theirs = time.perf_counter() - started

    differing = []
    for name, (part, _) in sets.items():
        mine, counted = counted[: len(part)], counted[len(part) :]
        total = sum((one.counts for one in mine), ErrorCounts())
        got = {"ins": total.insertions, "del": total.deletions, "sub": total.substitutions, "ref_len": total.words}
        if got != expected[name]:
            differing.append(name)
            print(f"{name}: {got}, officially {expected[name]}")
    print(
        json.dumps(
            {
                "benchmark": "scoring",
                "pairs": pairs,
                "seconds": round(ours, 3),
                "seconds_official": round(theirs, 3),
                "pairs_per_second": round(pairs / ours),
                "pairs_per_second_official": round(pairs / theirs),
                "identical": not differing,
                "scoring_ratio": round(theirs / ours, 2),
            }
        )
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
