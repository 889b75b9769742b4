"""Files that are written on request: never over what is read, and one line where they cannot be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from harness.cli import main
from harness.records import codec

SEEDS = Path(__file__).resolve().parents[2] / "data" / "fuzz" / "seeds"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder, two folders down from where the command is."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(SEEDS / "run", Path("runs/demo/org--model")))


@pytest.mark.parametrize(
    "words",
    [
        ["gate", "runs", "--baseline", "runs", "--junit"],
        ["gate", "runs", "--baseline", "runs", "--markdown"],
        ["score", "runs", "--alignments"],
        ["score", "nowhere.jsonl", "runs", "--alignments"],
    ],
)
@pytest.mark.parametrize("name", ["run.json", "scores.json", "{benchmark}.jsonl"])
def test_a_file_of_a_run_is_not_written_over(
    run: Path, capsys: pytest.CaptureFixture[str], words: list[str], name: str
) -> None:
    Path("nowhere.jsonl").write_text('{"text": "a", "pred_text": "a"}\n')
    (run / "scores.json").touch()
    benchmark = next(path.stem for path in sorted(run.glob("*.jsonl")))
    path = run / name.format(benchmark=benchmark)
    before = path.read_bytes()
    assert main([*words, str(path)]) == 2
    told = capsys.readouterr().err
    assert told == f"error: {path} is what is read, and would be written over; give another name\n"
    assert path.read_bytes() == before


def test_beside_them_is_room(run: Path) -> None:
    for _ in range(2):
        assert main(["score", "runs", "--alignments", str(run / "a.txt"), "--per-utterance", str(run / "u.jsonl")]) == 0
    assert (run / "u.jsonl").stat().st_size > 100


@pytest.mark.parametrize("name", ["", ".", "..", "/", "other/..", "other", "other/"])
@pytest.mark.parametrize(
    "words", [["score", "runs", "--alignments"], ["gate", "runs", "--baseline", "runs", "--junit"]]
)
def test_a_folder_is_no_file(run: Path, capsys: pytest.CaptureFixture[str], words: list[str], name: str) -> None:
    Path("other").mkdir()
    status = main([*words, name])
    last = capsys.readouterr().err.splitlines()[-1]
    if words[0] == "score":
        assert (status, last) == (5, f"error: {Path(name)}: a folder cannot be written to; give the name of a file")
    else:
        assert (status, last) == (5, f"error: {Path(name)}: cannot be written (Is a directory)")
    assert sorted(path.name for path in Path().iterdir()) == ["other", "runs"]


def test_a_device_is_written_into_and_stays(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``/dev/null`` and ``/dev/stdout``, which an administrator could replace by a file for all programs."""
    devices = run.parent / "dev"
    devices.mkdir()
    (devices / "stdout").symlink_to("../target")
    monkeypatch.setattr(codec, "DEVICES", frozenset({str(devices.absolute())}))
    assert main(["score", "runs", "--alignments", str(devices / "stdout")]) == 0
    assert (devices / "stdout").is_symlink()
    assert (run.parent / "target").read_text(encoding="utf-8").startswith("id: ")
    assert [path.name for path in devices.iterdir()] == ["stdout"]
    (run.parent / "link").symlink_to("target")
    assert main(["score", "runs", "--alignments", str(run.parent / "link")]) == 0
    assert not (run.parent / "link").is_symlink(), "a link elsewhere is replaced"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd")
def test_a_pipe_of_the_shell_is_written_into(run: Path) -> None:
    assert run.is_dir()
    reading, writing = os.pipe()
    assert main(["score", "runs", "--per-utterance", "u.jsonl", "--alignments", f"/dev/fd/{writing}"]) == 0
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read(4) == b"id: "


DEEP = f"x = {'[' * 5000}{']' * 5000}\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["gate", "runs", "--baseline", "runs", "--policy", "deep.toml"], 2),
        (["score", "runs", "--profile", "deep.toml"], 4),
        (["score", "runs", "--suite", "deep.toml"], 2),
        (["--config", "deep.toml"], 2),
    ],
)
def test_toml_that_is_nested_without_end_is_none(
    run: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int
) -> None:
    Path("deep.toml").write_text(DEEP)
    assert main(words) == status
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ")
    assert "deep.toml" in last
    assert "internal" not in last
