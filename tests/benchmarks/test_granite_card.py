"""The model card's 19 rows, run over the corpora's own layouts by the command that a user types."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.registry import get_dataset, get_suite
from harness.reporting.published import find
from tests.benchmarks.corpus_layouts import BUILDERS
from tests.benchmarks.layouts import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NAR = "ibm-granite/granite-speech-4.1-2b-nar"


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
    transcripts = tmp_path / "ibm-granite--granite-speech-4.1-2b-nar.jsonl"  # whose figures are to stand beside
    transcripts.write_text("\n".join(map(json.dumps, lines.values())), encoding="utf-8")
    command = [
        sys.executable,
        "run_eval.py",
        "--suite",
        "granite_card",
        "--model",
        f"transcripts:{transcripts}",
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
    check_against_the_card(next((tmp_path / "out/granite_card@2026-04").glob("transcripts*")), scores)


def check_against_the_card(run: Path, scores: dict[str, Any]) -> None:
    """`report --against published`: one table in which each of our 19 rates stands beside the card's own."""
    card = {str(figure.benchmark): figure.value for figure in find(NAR, metric="wer", profile="card@2026-04")}
    assert sorted(card) == sorted(get_suite("granite_card").benchmarks)
    command = [sys.executable, "run_eval.py", "report", str(run), "--out", str(run / "report")]
    done = subprocess.run([*command, "--against", "published"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2_000:]
    table = json.loads((run / "report" / "published.json").read_text(encoding="utf-8"))
    ours = {row["benchmark"]: 100 * row["wer"] for row in scores["benchmarks"]}
    found = {row["benchmark"]: (row["ours"], row["published"]) for row in table["rows"] if row["benchmark"] in card}
    assert found == {benchmark: (ours[benchmark], value) for benchmark, value in card.items()}
    # Three rows are not the benchmark, wherever its size is stated: that shows in place of a difference.
    marked = {row["benchmark"] for row in table["rows"] if row["difference"] is None}
    stated = {name for name in card if get_dataset(name).rows is not None}
    assert marked - {"average"} == stated
