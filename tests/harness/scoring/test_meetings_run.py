"""Runs of models that tell speakers and times, on recordings with both: from data to table, page, comparison, gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.gating.baseline import packed
from harness.records.journal import read_journal, read_line
from harness.scoring.speakers_library import missing
from harness.types import Turn, Word
from tests.benchmarks.own.found import tone, write

MODELS = '''"""Two models of meetings: one tells turns, 100 ms late; the other words, the last of another speaker."""

from harness.types import Hypothesis, Turn, Word


def turns(clips):
    said = (Turn("1", "good morning", 0.1, 1.1), Turn("2", "hello there", 1.1, 2.1))
    return [Hypothesis(text="good morning hello there", turns=said) for _ in clips]


def labels(clips):
    starts = {"good": 0.0, "morning": 0.5, "hello": 1.0, "there": 1.5}
    words = tuple(Word(word, start, start + 0.5) for word, start in starts.items())
    return [Hypothesis(text=" ".join(starts), words=words, speakers=("a", "a", "b", "a")) for _ in clips]
'''


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six recordings of 3 s, of which a manifest says who says what when, run with both models."""
    (tmp_path / "meeting_models.py").write_text(MODELS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    rows = []
    for at in range(6):
        tone(tmp_path / "data" / f"m{at}.wav", 3)
        for speaker, start, text in (("anna", 0.0, "Good morning."), ("bert", 1.0, "Hello there!")):
            rows.append({"audio": f"m{at}.wav", "speaker": speaker, "start": start, "end": start + 1, "text": text})
    write(tmp_path / "data" / "manifest.jsonl", *map(json.dumps, rows))
    for model in ("turns", "labels"):
        run = [
            "run",
            "--data",
            "data",
            "--form",
            "meetings",
            "--model",
            f"meeting_models:{model}",
            "--out",
            model,
            "--quiet",
        ]
        assert main(run) == 0
    return tmp_path


def folder(runs: Path, model: str) -> str:
    return str(next((runs / model).rglob("run.json")).parent)


@pytest.mark.skipif(
    bool(missing("meeteval") or missing("pyannote.metrics")), reason="meeteval or pyannote.metrics is not installed"
)
def test_runs_of_meetings(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [folder(runs, model) for model in ("turns", "labels")]
    lines = [read_journal(next((runs / model).rglob("data_*.jsonl"))).lines[0] for model in ("turns", "labels")]
    said = (Turn("anna", "Good morning.", 0.0, 1.0), Turn("bert", "Hello there!", 1.0, 2.0))
    assert [line.reference_turns for line in lines] == [said, said]
    assert lines[0].turns == (Turn("1", "good morning", 0.1, 1.1), Turn("2", "hello there", 1.1, 2.1))
    assert (lines[1].speakers, lines[1].words and lines[1].words[0]) == (("a", "a", "b", "a"), Word("good", 0.0, 0.5))
    expected = {
        "cp_wer": (0.0, 1 / 2),
        "tcp_wer": (0.0, 1 / 2),
        "orc_wer": (0.0, 1 / 2),  # a turn of two words is cut through: no assignment mends that
        "attribution_errors": (0.0, 0.0),
        "di_cp_wer": (0.0, 0.0),
        "wder": (0.0, 1 / 4),
        "der": (0.3 / 2, 0.5 / 2),  # 0.1 s each missed, confused and made up
        "start_error": (100.0, 0.0),
        "end_bias": (100.0, 0.0),
        "words_timed": (1.0, 1.0),
    }
    metrics = [part for name in expected for part in ("--metric", name)]
    capsys.readouterr()
    assert main(["score", *paths, *metrics, "--json"]) == 0
    scores = [one["benchmarks"][0]["metrics"] for one in json.loads(capsys.readouterr().out)]
    for name, values in expected.items():
        assert tuple(one[name]["value"] for one in scores) == pytest.approx(values), name
        assert (scores[1][name]["interval"] is None) == (name == "end_bias")
    compared = [part for name in ("cp_wer", "start_error") for part in ("--metric", name)]
    assert main(["compare", *paths, *compared, "--json"]) == 0
    blocks = {one["metric"]: one for one in json.loads(capsys.readouterr().out)["metrics"]}
    assert blocks["cp_wer"]["pairs"][0]["difference"]["value"] == pytest.approx(-1 / 2)
    assert blocks["start_error"]["pairs"][0]["difference"]["value"] == pytest.approx(100.0)
    assert main(["report", *paths, *metrics, "--out", str(runs / "out")]) == 0
    page = (runs / "out" / "index.html").read_text(encoding="utf-8")
    assert "attribution errors" in page
    assert "start error" in page
    (runs / "policy.toml").write_text('[wer]\ntier = "informative"\n[metrics.cp_wer]\nmargin = 1.0\n')
    capsys.readouterr()
    gate = ["gate", paths[1], "--baseline", paths[0], "--policy", str(runs / "policy.toml"), "--json"]
    assert main(gate) == 1
    findings = {one["subject"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["data_data: cpWER"] == "FAIL"
    saved = packed([Path(paths[0])])["data_data.jsonl"].splitlines()
    assert read_line(saved[0]).turns == lines[0].turns, "a baseline is judged by them too"


def test_references_that_change_are_scored_anew(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who says a turn is a part of the data: a corrected speaker does not run the model again."""
    path = runs / "data" / "manifest.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("bert", "carl"), encoding="utf-8")
    capsys.readouterr()
    assert (
        main(["run", "--data", "data", "--form", "meetings", "--model", "meeting_models:turns", "--out", "turns"]) == 0
    )
    assert "6 rows with another reference, session, language or tag, scored again" in capsys.readouterr().err
    line = read_journal(next((runs / "turns").rglob("data_*.jsonl"))).lines[0]
    assert line.reference_turns is not None
    assert [one.speaker for one in line.reference_turns] == ["anna", "carl"]
