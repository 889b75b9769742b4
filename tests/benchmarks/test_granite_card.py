"""The model card's 19 rows, run over the corpora's own layouts by the command that a user types."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.registry import get_suite
from tests.benchmarks.corpus_layouts import BUILDERS
from tests.benchmarks.layouts import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_all_19_rows_in_one_table(tmp_path: Path) -> None:
    """Release layouts where a corpus has one; a transcript that adds one word to each reference."""
    lines: dict[str, dict[str, str]] = {}
    expected: dict[str, int] = {}
    for name, build in BUILDERS.items():
        built = build()
        (built.write_release if built.files else built.write_parquet)(tmp_path / "data")
        expected[name] = len(built.expected)
        lines |= {key: {"id": key, "pred_text": f"{text} zebra"} for key, text in built.expected.items()}
    # Common Voice's quote and Earnings-22's lower case are scored, not compared as strings.
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines.values())), encoding="utf-8")
    command = [
        sys.executable,
        "run_eval.py",
        "--suite",
        "granite_card",
        "--model",
        f"transcripts:{tmp_path / 't.jsonl'}",
    ]
    places = ["--from", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--allow-drift", "--json"]
    done = subprocess.run([*command, *places], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2_000:]
    (scores,) = json.loads(done.stdout)
    assert [row["benchmark"] for row in scores["benchmarks"]] == list(get_suite("granite_card").benchmarks)
    assert {row["benchmark"]: row["utterances"] for row in scores["benchmarks"]} == expected
    for row in scores["benchmarks"]:
        errors = row["errors"]
        counted = (errors["insertions"], errors["deletions"], errors["substitutions"])
        assert counted == (expected[row["benchmark"]], 0, 0), row["benchmark"]
    rates = [row["wer"] for row in scores["benchmarks"]]
    assert scores["average"]["wer"] == sum(rates) / 19
    run = json.loads((tmp_path / "out/granite_card@2026-04").glob("*/run.json").__next__().read_text(encoding="utf-8"))
    assert "rows is 3 where 2,620 is stated" in run["benchmarks"]["librispeech_test_clean"]["drift"][0]
    assert run["benchmarks"]["ami_ihm"]["source"] == "archive:ami_public_manual_1.6.2.zip beside wav_db"
