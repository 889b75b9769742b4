"""The flags of `report`."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from harness.cli import main
from harness.commands.report import megabytes
from tests.harness.runner.tones import manifest, tone


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("2.5", 2.5), ("1000", 1000.0)])
def test_a_size_of_the_page(text: str, value: float) -> None:
    assert megabytes(text) == value


@pytest.mark.parametrize("text", ["-0.1", "1000.1", "nan"])
def test_a_size_that_no_page_has(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=f"^a number from 0 to 1000, not '{text}'$"):
        megabytes(text)


def test_the_table_of_a_run_names_the_runs_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = manifest(tmp_path / "calls.jsonl", [{"audio": str(tone(tmp_path / "1.wav", 1)), "id": "1", "text": "one"}])
    said = tmp_path / "said.jsonl"
    said.write_text(json.dumps({"id": "1", "pred_text": "one"}) + "\n")
    out = tmp_path / "out"
    command = ["--data", str(data), "--model", f"transcripts:{said}", "--out", str(out), "--quiet"]
    note = "Runs beside these that are not in this table: "
    assert main([*command, "--name", "a"]) == 0
    assert note not in capsys.readouterr().out
    assert main([*command, "--name", "b"]) == 0
    assert f"{note}a. `report` shows them all." in " ".join(capsys.readouterr().out.split())
    for form in ("md", "html", "tex", "json", "txt"):
        files = [*(out / "data_calls" / "report").glob(f"table.{form}")]
        assert all(note in " ".join(path.read_text().split()) for path in files), form
    assert main([*command, "--name", "b", "--fresh"]) == 0  # what was set aside is not beside it
    assert f"{note}a. " in " ".join(capsys.readouterr().out.split())
    assert main(["report", str(out / "data_calls"), "--out", str(tmp_path / "all")]) == 0
    table = (tmp_path / "all" / "table.md").read_text()
    assert note not in table
    assert "| a " in table
    assert "| b " in table
