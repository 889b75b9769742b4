"""Paths that no file system takes, and such as are no text, are one line, or simply work."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli import main

LONG = "a" * 300


@pytest.mark.parametrize(
    "words",
    [
        ["score", LONG],
        ["gate", LONG, "--baseline", f"b{LONG}"],
        ["compare", LONG, LONG],
        ["explain", LONG],
        ["report", LONG, "--out", "o"],
        ["baseline", "save", LONG],
        ["--data", LONG, "--model", "pocketsphinx"],
        ["--suite", "digits", "--model", f"x/{LONG}", "--quiet"],
        ["--suite", f"{LONG}.toml"],
        ["data", "describe", LONG],
        ["data", "verify", "sample", "--from", LONG],
        ["score", LONG, "--profile", f"{LONG}.toml"],
    ],
)
def test_a_path_of_300_letters(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) in {2, 4}
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "internal error" not in told


@pytest.mark.parametrize("size", ["nan", "inf", "-1", "1e9", "much"])
def test_sizes_that_are_none(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "x", "--out", "o", "--audio-mb", size]) == 2
    assert capsys.readouterr().err.startswith("error: argument --audio-mb: ")


def test_a_folder_whose_name_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        place.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    monkeypatch.chdir(place)
    soundfile.write("a.wav", np.zeros(16_000, np.float32), 16_000)
    Path("m.jsonl").write_text(json.dumps({"audio": "a.wav", "id": "a", "text": "red blue"}) + "\n")
    Path("said.jsonl").write_text(json.dumps({"id": "a", "pred_text": "red"}) + "\n")
    out = str(place / "o")
    words = ["--data", str(place / "m.jsonl"), "--model", f"transcripts:{place / 'said.jsonl'}", "--out", out, "--json"]
    figures = []
    for _ in range(2):  # run, then answered
        assert main(words) == 0
        [score] = json.loads(capsys.readouterr().out)
        figures.append(score["average"]["wer"])
    assert figures == [0.5, 0.5]
    [folder] = {path.parent for path in Path("o").rglob("run.json")}
    assert main(["score", str(place / folder), "--json"]) == 0
    assert main(["report", str(place / folder), "--out", str(place / "r")]) == 0
    assert main(["gate", str(place / folder), "--baseline", str(place / folder)]) in {0, 3}
    assert "internal" not in capsys.readouterr().err
