"""The hub's files in a report: written for whole runs of a suite, refused with a reason for others."""

from pathlib import Path

import yaml

from harness.reporting.exports import write_hub_files
from harness.reporting.hub import HEADERS
from tests.harness.reporting.test_hub_files import run_of, scores_of


def test_a_whole_run_gets_its_files(tmp_path: Path) -> None:
    run = run_of(suite="open_asr@2026-04", started="2026-11-22T06:30:00+00:00")
    files, reasons = write_hub_files([scores_of()], [run], tmp_path)
    assert reasons == []
    assert [str(path.relative_to(tmp_path)) for path in files] == [
        "hub/org--model/model-index.yaml",
        "hub/org--model/.eval_results/open_asr_leaderboard.yaml",
        "hub/leaderboard_open_asr@2026-04.csv",
    ]
    entries = yaml.safe_load(files[1].read_text(encoding="utf-8"))
    assert entries[0]["value"] == 5.32
    assert str(entries[0]["date"]) == "2026-11-22"
    header, row = files[2].read_text(encoding="utf-8").splitlines()
    assert header == HEADERS["open_asr@2026-04"]
    assert row.startswith("org/model,5.32,")


def test_a_half_run_gets_none_and_the_reason(tmp_path: Path) -> None:
    run = run_of(suite="open_asr@2026-04", started="2026-11-22T06:30:00+00:00")
    files, reasons = write_hub_files([scores_of(complete=False)], [run], tmp_path)
    assert files == []
    assert len(reasons) == 1
    assert reasons[0].startswith("no files for the hub: org/model")
    assert list(tmp_path.iterdir()) == []


def test_own_data_and_predictions_of_others_are_passed_over(tmp_path: Path) -> None:
    own = run_of(suite="data_calls")
    assert write_hub_files([scores_of(), scores_of()], [None, own], tmp_path) == ([], [])
