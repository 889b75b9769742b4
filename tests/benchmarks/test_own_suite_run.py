"""A suite from a file of the user's own, from the command line to the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from harness.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_runs_and_is_scored_under_its_own_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, answers = tmp_path / "mine.toml", tmp_path / "t.jsonl"
    own.write_text('name = "mine@1"\nprofile = "verbatim"\nbenchmarks = ["sample_read"]\n', encoding="utf-8")
    data = open_dataset(get_dataset("sample_read"), Request())
    rows = [{"id": item.id, "pred_text": item.reference.upper()} for item in data]
    answers.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    what = ["--suite", str(own), "--model", f"transcripts:{answers}", "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*what, "--json"]) == 0
    (scores,) = json.loads(capsys.readouterr().out)
    assert (scores["suite"], scores["profile"]["name"]) == ("mine@1", "verbatim")
    assert scores["average"]["wer"] == 1.0, "upper case is another word where nothing is normalized"
    folder = next((tmp_path / "out" / "mine@1").glob("*/run.json")).parent
    assert main(["score", str(folder), "--json"]) == 0
    (again,) = json.loads(capsys.readouterr().out)
    assert again["profile"]["name"] == "verbatim", "the file is not needed to score it once more"
