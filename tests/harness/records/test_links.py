"""A run folder from elsewhere may hold links: nothing is written where they lead."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli import main

PRECIOUS = "precious\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that was stopped after one of two utterances."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        soundfile.write(f"{name}.wav", np.zeros(16_000, np.float32), 16_000)
    rows = [{"audio": f"{name}.wav", "id": name, "text": "one two"} for name in ("a", "b")]
    Path("m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("said.jsonl").write_text("".join(json.dumps({"id": row["id"], "pred_text": "one"}) + "\n" for row in rows))
    Path("precious").write_text(PRECIOUS)
    assert again() == 0
    folder = next(Path("o").rglob("run.json")).parent
    journal = folder / "data_m.jsonl"
    journal.write_text(journal.read_text().splitlines(keepends=True)[0])
    record = folder / "run.json"
    record.write_text(record.read_text().replace('"complete": true', '"complete": false'))
    return folder


def again() -> int:
    return main(["--data", "m.jsonl", "--model", "transcripts:said.jsonl", "--out", "o", "--quiet"])


def test_files_that_are_replaced(run: Path) -> None:
    written = [path for path in Path("o").rglob("*") if path.is_file() and path.suffix not in {".jsonl", ""}]
    names = {*(path.with_name(f".{path.name}.tmp") for path in written), *written}
    links = [path for path in names if path.name != "run.json"]
    for path in links:
        path.unlink(missing_ok=True)
        path.symlink_to(Path("precious").resolve())
    assert again() == 0
    assert Path("precious").read_text() == PRECIOUS
    assert len(links) > 20
    assert not [path for path in written if path.is_symlink()]


@pytest.mark.parametrize("name", ["data_m.jsonl", ".lock"])
def test_files_that_grow(run: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    target = Path("precious").resolve()
    if name == "data_m.jsonl":
        target.write_text((run / name).read_text())
    before = target.read_text()
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(target)
    assert again() == 5
    assert capsys.readouterr().err.startswith(f"error: {run / name} is a symbolic link; ")
    assert target.read_text() == before
