"""Ways to make the gate pass what it must not: by baselines that hold nobody to anything, and by other runs."""

from __future__ import annotations

import shutil
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest

from harness.cli import main
from tests.harness.gating.fooling import DAMAGED, NO_SOUND, Sides, Way, Ways, made, tried

way = Ways()


# Baselines that hold nobody to anything.


@way(3, "read: incomplete")
def a_baseline_that_wrote_nothing(s: Sides) -> None:
    for line in s.base.read:
        line["hypothesis"] = ""


@way(3, "read: incomplete")
def a_dead_model_against_a_dead_model(s: Sides) -> None:
    for side in (s.run, s.base):
        for line in side.read:
            line["hypothesis"] = NO_SOUND


@way(3, "read: incomplete")
def a_baseline_whose_file_is_empty(s: Sides) -> None:
    s.base.read = []


@way(3, "run: incomplete")
def a_baseline_without_benchmarks(s: Sides) -> None:
    s.base.record["benchmarks"] = {}


@way(3, "run: nothing compared")
def two_sides_without_benchmarks(s: Sides) -> None:
    s.run.record["benchmarks"] = s.base.record["benchmarks"] = {}


@way(3, "read: incomplete")
def a_baseline_that_failed_where_it_is_hard(s: Sides) -> None:
    for at in DAMAGED:
        s.base.read[at] = {key: value for key, value in s.base.read[at].items() if key != "hypothesis"} | {"error": "x"}


@way(3, "run: incomplete")
def a_baseline_that_was_stopped(s: Sides) -> None:
    s.run = made(damaged=False)
    s.base.record["complete"] = False


def _zipped(base: Path, *names: str) -> Path:
    path = base.parent / "saved.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.write(base / name, name)
    return path


@way(2, "nothing to score in")
def a_saved_baseline_without_anything(s: Sides) -> None:
    s.baseline = _zipped


@way(3, "read: incomplete")
def a_saved_baseline_without_transcripts(s: Sides) -> None:
    s.baseline = lambda base: _zipped(base, "run.json")


@way(4, "is of org/model on demo@1, not of org/other on demo@1 as its name says")
def a_saved_baseline_under_another_name(s: Sides) -> None:
    def moved(base: Path) -> Path:
        place = base.parent / "baselines" / "demo@1"
        place.mkdir(parents=True)
        _zipped(base, "run.json", "read.jsonl").rename(place / "org--other.zip")
        return place.parent

    s.run.record["model"]["id"] = "org/other"
    s.baseline = moved


def _saved(base: Path) -> Path:
    assert main(["baseline", "save", str(base), "--dir", str(base.parent / "baselines")]) == 0
    return base.parent / "baselines"


@way(3, "run: no baseline")
def a_model_that_has_no_saved_baseline(s: Sides) -> None:
    s.run.record["model"]["id"] = "org/MODEL"
    s.baseline = _saved


@way(3, "run: no baseline")
def a_suite_that_has_no_saved_baseline(s: Sides) -> None:
    s.run.record["suite"] = "demo@2"
    s.baseline = _saved


@way(3, "run: no baseline")
def a_folder_that_holds_nothing(s: Sides) -> None:
    s.baseline = lambda base: _made(base.parent / "nothing")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@way(2, "holds 2 systems")
def two_runs_in_one_folder(s: Sides) -> None:
    s.after.append(lambda run, base: shutil.copytree(base, run / "good"))


# The run itself, another one, and pieces of others.


@way(0, "note: the baseline is this very run")
def the_run_as_its_own_baseline(s: Sides) -> None:
    s.baseline = lambda base: base.parent / "run"


@way(0, "note: the baseline is this very run")
def a_baseline_saved_from_the_run(s: Sides) -> None:
    s.baseline = lambda base: _saved(base.parent / "run")


@way(0, "note: the baseline is this very run")
def a_copy_of_the_run(s: Sides) -> None:
    s.base = deepcopy(s.run)


@way(0, "note: the baseline is this very run")
def a_journal_that_leads_to_the_baseline_s(s: Sides) -> None:
    def link(run: Path, base: Path) -> None:
        (run / "read.jsonl").unlink()
        (run / "read.jsonl").symlink_to(base / "read.jsonl")

    s.after.append(link)


@way(0, "note: the run is of org/better, the baseline of org/model")
def the_run_of_a_better_model(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["model"]["id"] = "org/better"


@way(0, "note: the run was made with other settings: batch_size 1 (was 8); dtype float64 (was float32)")
def the_run_with_other_settings(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["fingerprint"] |= {"batch_size": 1, "dtype": "float64"}


@way(0, "note: the run was gone on with otherwise than it was begun: torch 3.0 (was 2.0)")
def a_run_resumed_with_what_is_better(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["stretches"] = [{}, {"differs": ["torch 3.0 (was 2.0)"]}]


@way(0, "note: the baseline (2026-03-02T10:00:00+00:00) is newer than the run")
def the_two_the_wrong_way_round(s: Sides) -> None:
    s.run, s.base = s.base, s.run


@way(0, "note: the run says that it began on 2126-03-02T10:00:00+00:00, which is in the future")
def a_run_from_the_future(s: Sides) -> None:
    s.run = made(damaged=False)
    s.run.record["started"] = "2126-03-02T10:00:00+00:00"


@way(4, "written by a newer version of this program (format 99)")
def a_format_from_the_future(s: Sides) -> None:
    s.run.record["format"] = 99


@pytest.mark.parametrize(("change", "status", "expected"), way.all)
def test_the_gate_is_not_fooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Way, status: int, expected: str
) -> None:
    tried(tmp_path, capsys, change, status, expected)
