"""How long `report` takes over six real systems, how large the page is, and whether its numbers are the table's.

    python perf/report.py [FOLDER]

FOLDER holds the shared predictions (default: ../shared/predictions). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PROFILE = "leaderboard@2026-08"


def contribution_gap(page: Path, scores: dict[str, dict[str, float | None]]) -> float:
    """The largest difference, over all systems and benchmarks, between the page's sums and the table's rates."""
    found = re.search(r'id="data">([A-Za-z0-9+/=]*)<', page.read_text(encoding="utf-8"))
    assert found is not None
    data = json.loads(gzip.decompress(base64.b64decode(found[1])))
    gaps: list[float] = []
    for one in data["benchmarks"]:
        for index, system in one["systems"].items():
            errors = sum(sum(system[kind]) for kind in ("substitutions", "deletions", "insertions"))
            rate = scores[data["models"][int(index)]["model"]][one["name"].partition(" ")[0]]
            gaps.append(abs(errors / sum(system["words"]) - (rate or 0.0)))
    return float(max(gaps))


def main() -> None:
    """Makes the report once and prints what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "predictions")
    folder: Path = parser.parse_args().folder
    from harness.cli import main as run

    files = sorted((folder / "normalized").glob("*.jsonl"))
    files += [path for path in sorted((folder / "raw").glob("*.jsonl")) if "earnings21" not in path.name]
    if not files:
        parser.error(f"no predictions in {folder}/normalized or {folder}/raw")
    os.environ["ASR_HARNESS_CACHE"] = ""  # everything is counted anew
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        begin, cpu = time.perf_counter(), time.process_time()
        status = run(["report", *map(str, files), "--out", str(out), "--profile", PROFILE])
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        rows = json.loads((out / "table.json").read_text(encoding="utf-8"))["rows"]
        result = {
            "status": int(status),
            "systems": len(rows),
            "utterances": sum(len(path.read_bytes().splitlines()) for path in files),
            "seconds": round(seconds, 2),
            "cpu_seconds": round(cpu, 2),
            "page_bytes": (out / "index.html").stat().st_size,
            "largest_gap": contribution_gap(out / "index.html", {row["model"]: row for row in rows}),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
