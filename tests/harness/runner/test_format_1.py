"""A run that was begun before files stated their format is answered from, and gone on with."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.registry import get_dataset, get_suite
from harness.config import Settings
from harness.models.base import LoadOptions, Model
from harness.progress import Silent
from harness.records.journal import read_journal
from harness.records.run import RunRecord, read_run_record
from harness.reporting.report import write_scores
from harness.runner import run as run_module
from harness.runner.run import Run
from harness.runner.stages import Stop
from tests.harness.runner.test_run import without_speed

FORMAT_1 = Path(__file__).parents[2] / "data" / "format_1" / "digits" / "tiny-nar"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the run where the same command finds it."""
    there = tmp_path / "digits" / "tiny-nar"
    shutil.copytree(FORMAT_1, there)
    return there


def again(folder: Path) -> RunRecord:
    """The command that made it."""
    suite = get_suite("digits")
    settings = Settings(out=folder.parents[1], workers=2, repeats=2, audit_batching=20, clock="leaderboard")
    datasets = [get_dataset(name) for name in suite.benchmarks]
    run = Run(suite=suite, datasets=datasets, model_name="tiny-nar", settings=settings, reporter=Silent(), stop=Stop())
    return run.execute()


def scores(folder: Path) -> object:
    write_scores(folder)
    return json.loads((folder / "scores.json").read_bytes())


def test_a_whole_one_is_answered_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, options: LoadOptions) -> Model:
        raise AssertionError("nothing is to be run")

    monkeypatch.setattr(run_module, "load_model", load)
    before, expected = read_run_record(folder), scores(folder)
    journal = (folder / "digits.jsonl").read_bytes()
    record = again(folder)
    assert (folder / "digits.jsonl").read_bytes() == journal
    assert (record.format, record.complete, record.started) == (2, True, before.started)
    assert read_run_record(folder) == record
    assert (record.benchmarks, record.fingerprint, record.model, record.environment) == (
        before.benchmarks,
        before.fingerprint,
        before.model,
        before.environment,
    )
    assert json.loads((folder / "run.json").read_bytes())["format"] == 2
    assert scores(folder) == expected


def test_a_half_one_is_gone_on_with(folder: Path) -> None:
    path = folder / "digits.jsonl"
    whole = {line.id: line.hypothesis for line in read_journal(path).lines}
    expected = without_speed(scores(folder))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[::2]))
    kept = path.read_bytes()
    record = again(folder)
    assert (record.complete, record.benchmarks["digits"].done) == (True, 150)
    assert path.read_bytes().startswith(kept)
    assert all(line.startswith(b'{"format":2,') for line in path.read_bytes().splitlines()[75:])
    assert {line.id: line.hypothesis for line in read_journal(path).lines} == whole
    assert without_speed(scores(folder)) == expected
