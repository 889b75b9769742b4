"""Scores sent to trackers: what is sent, what never is, and what a missing or failing one does to a run: nothing."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.reporting.tracking import export_of, send

Told = pytest.CaptureFixture[str]
SECRET = "confidential"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Told) -> Path:
    """A run of one model on two clips, one of two words of one reference wrong."""
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    soundfile.write("a.wav", np.zeros(16_000, np.float32), 16_000)
    rows = [{"audio": "a.wav", "id": name, "text": f"{SECRET} green"} for name in "ab"]
    Path("m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    heard = [{"id": "a", "pred_text": f"{SECRET} green"}, {"id": "b", "pred_text": SECRET}]
    Path("one.jsonl").write_text("".join(json.dumps(row) + "\n" for row in heard))
    assert main([*WORDS, "--name", "first"]) == 0
    capsys.readouterr()
    return Path("o/data_m/first")


WORDS = ["--data", "m.jsonl", "--model", "transcripts:one.jsonl", "--out", "o", "--quiet"]


def test_what_is_sent(run: Path) -> None:
    found = export_of(run)
    assert found.name == "first"
    chosen = {name: found.metrics[name] for name in ("average/rate", "wer/data_m", "count/failed", "count/utterances")}
    assert chosen == {"average/rate": 0.25, "wer/data_m": 0.25, "count/failed": 0.0, "count/utterances": 2.0}
    assert (found.parameters["model"], found.parameters["suite"]) == ("transcripts:one.jsonl", "data_m")
    assert found.parameters["setting/seed"] == "0"
    assert found.files == []
    assert SECRET not in repr(found)
    assert export_of(run, transcripts=True).files == [run / "data_m.jsonl"]


def events(folder: Path) -> dict[str, Any]:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    (file,) = folder.iterdir()
    values = [value for event in EventFileLoader(str(file)).Load() for value in event.summary.value]
    return {value.tag: value.tensor for value in values}


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_tensorboard(run: Path, capsys: Told, *, asked: bool) -> None:
    pytest.importorskip("tensorboard")
    flags = ["--name", "first", "--log", "tensorboard", *(["--log-transcripts"] if asked else [])]
    assert main([*WORDS, *flags]) == 0
    assert capsys.readouterr().err == "tensorboard: first logged to o/data_m/tensorboard/first\n"
    found = events(Path("o/data_m/tensorboard/first"))
    assert found["wer/data_m"].float_val[0] == 0.25
    assert b"transcripts:one.jsonl" in found["run"].string_val[0]
    (file,) = Path("o/data_m/tensorboard/first").iterdir()
    assert (SECRET.encode() in file.read_bytes()) == asked


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_mlflow(run: Path, monkeypatch: pytest.MonkeyPatch, *, asked: bool) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "")
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE")
    told = send("mlflow", export_of(run, transcripts=asked))
    assert told.startswith("mlflow: first logged to file://"), told
    (metric,) = Path("mlruns").rglob("metrics/wer/data_m")
    assert metric.read_text().split()[1] == "0.25"
    text = b"".join(path.read_bytes() for path in Path("mlruns").rglob("*") if path.is_file())
    assert (SECRET.encode() in text) == asked


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_wandb(run: Path, monkeypatch: pytest.MonkeyPatch, *, asked: bool) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    told = send("wandb", export_of(run, transcripts=asked))
    assert told.startswith("wandb: first logged to "), told
    (log,) = Path("wandb").glob("offline-run-*/*.wandb")
    assert b"wer/data_m" in log.read_bytes()
    text = b"".join(path.read_bytes() for path in Path("wandb").rglob("*") if path.is_file())
    assert asked or SECRET.encode() not in text


@pytest.mark.parametrize("tracker", ["wandb", "mlflow", "tensorboard"])
def test_one_that_is_not_installed_is_one_line_before_anything_is_run(
    run: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch, tracker: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main([*WORDS, "--name", "second", "--log", tracker]) == 2
    assert capsys.readouterr().err == (
        f"error: --log {tracker}: the package is not installed: pip install 'asr-harness[{tracker}]', or leave it out\n"
    )
    assert not Path("o/data_m/second").exists()


def test_one_that_fails_does_the_run_no_harm(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    told = send("wandb", export_of(run))
    assert told.startswith("wandb: not logged: ModuleNotFoundError: ")
    assert "\n" not in told


def test_transcripts_need_a_tracker(run: Path, capsys: Told) -> None:
    assert main([*WORDS, "--log-transcripts"]) == 2
    assert capsys.readouterr().err.startswith("error: --log-transcripts says what --log sends")
