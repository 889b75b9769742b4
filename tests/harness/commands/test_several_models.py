"""One model that cannot be had does not keep the others from being run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.commands import end_of_run


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(16_000, np.float32), 16_000)
    Path("m.jsonl").write_text(json.dumps({"audio": "a.wav", "id": "a", "text": "one two"}) + "\n")
    for name in ("good", "damaged"):
        Path(f"{name}.jsonl").write_text(json.dumps({"id": "a", "pred_text": "one two" if name == "good" else "one"}))
    Path("bad").mkdir()
    Path("bad/config.json").write_text('{"model_type": "wav2vec2"}')
    return tmp_path


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_others_are_run_and_shown(data: Path, capsys: pytest.CaptureFixture[str], place: int) -> None:
    models = ["transcripts:good.jsonl", "transcripts:damaged.jsonl"]
    models.insert(place, "./bad")
    flags = [word for model in models for word in ("--model", model)]
    assert main(["--data", "m.jsonl", *flags, "--out", "o", "--json", "--quiet"]) == 5
    told = capsys.readouterr()
    assert [score["model"] for score in json.loads(told.out)] == ["transcripts:good.jsonl", "transcripts:damaged.jsonl"]
    assert told.err.splitlines() == [
        "error: ./bad has no weights: there is no .safetensors file",
        "not in the table: ./bad: ./bad has no weights: there is no .safetensors file",
    ]
    assert len(list(Path("o").rglob("table.md"))) == 1


def test_alone_it_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", "m.jsonl", "--model", "./bad", "--out", "o", "--quiet"]) == 5
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "error: ./bad has no weights: there is no .safetensors file\n")


def test_none_of_them(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("worse").mkdir()
    Path("worse/config.json").write_text('{"model_type": "wav2vec2"}')
    assert main(["--data", "m.jsonl", "--model", "./bad", "--model", "./worse", "--out", "o", "--quiet"]) == 5
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("not in the table: ") == 2


def test_the_first_failure_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.dumps({"audio": f"{name}.wav", "id": name, "text": "one two"}) for name in ("a", "b", "c")]
    Path("m.jsonl").write_text("\n".join(rows))
    said = [json.dumps({"id": name, "pred_text": "one two"}) for name in ("a", "b", "c")]
    Path("good.jsonl").write_text("\n".join(said))
    for name in ("b", "c"):
        Path(f"{name}.wav").write_bytes(Path("a.wav").read_bytes()[:1000])
    assert main(["--data", "m.jsonl", "--model", "transcripts:good.jsonl", "--out", "o"]) == 5
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("failed: ")]
    assert line.startswith("failed: 2 of 3 utterances of data_m, the first is b: ")
    assert "b.wav: truncated, it ends after 0.03 s of the 1.00 s that it states" in line


def test_what_is_so_of_the_machine_is_said_once(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_of_run, "_energy", lambda _run: iter(["energy: not measurable here"]))
    flags = ["--model", "transcripts:good.jsonl", "--model", "transcripts:damaged.jsonl"]
    assert main(["--data", "m.jsonl", *flags, "--out", "o"]) == 0
    assert capsys.readouterr().err.splitlines().count("energy: not measurable here") == 1
