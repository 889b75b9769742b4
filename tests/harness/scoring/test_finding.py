"""What paths hold that can be scored; what holds nothing so far is named, and never stops the rest."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import DataError, UsageError
from harness.scoring.labels import labels
from harness.scoring.pairing import read_apart
from harness.scoring.predictions import read_systems


def predictions(path: Path, heard: str = "red blue") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"text": "red blue", "pred_text": heard}) + "\n")
    return path


def run(folder: Path, lines: int = 1) -> Path:
    """A run folder over one benchmark; its journal may be empty, and run.json may be removed by the caller."""
    folder.mkdir(parents=True)
    line = {"id": "u1", "reference": "red blue", "hypothesis": "red blue", "duration": 2.0}
    (folder / "clips.jsonl").write_text((json.dumps(line) + "\n") * lines)
    facts = {"clips": {"language": "en", "expected": 1, "done": lines, "failed": 0}}
    record = {"suite": "demo@1", "profile": "verbatim", "complete": True, "model": {"id": folder.name}}
    (folder / "run.json").write_text(json.dumps(record | {"benchmarks": facts}))
    return folder


def killed(folder: Path, content: bytes = b"", name: str = "clips.jsonl") -> Path:
    """What a run that was killed at its begin may leave: a journal without a row, and no run.json."""
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    return folder


def shards(folder: Path) -> Path:
    """A run of which there are only parts."""
    for part in ("1-of-3", "3-of-3"):
        place = run(folder / ".shards" / part)
        record = json.loads((place / "run.json").read_text())
        (place / "run.json").write_text(json.dumps(record | {"model": {"id": "org/m"}}))
    return folder


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_journal_does_not_stop_the_others(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "whole")
    killed(tmp_path / "killed", content)
    assert main(["score", str(tmp_path), "--json"]) == 0
    told = capsys.readouterr()
    assert [one["model"] for one in json.loads(told.out)] == ["whole"]
    assert told.err == (
        f"left out: 1 file holds no row ({tmp_path / 'killed' / 'clips.jsonl'}); a run that was begun there goes on "
        "with its own command\n"
    )


def test_several_empty_files_are_counted(tmp_path: Path) -> None:
    predictions(tmp_path / "x.jsonl")
    for n in range(4):
        killed(tmp_path / f"k{n}")
    killed(tmp_path / "packed", gzip.compress(b""), "clips.jsonl.gz")
    said: list[str] = []
    assert [one.model for one in read_systems([tmp_path], say=said.append)] == ["x"]
    names = ", ".join(str(tmp_path / f"k{n}" / "clips.jsonl") for n in range(3))
    assert said == [
        f"left out: 5 files hold no row ({names} and 2 more); a run that was begun there goes on with its own command"
    ]


def test_an_empty_file_alone_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = killed(tmp_path / "killed") / "clips.jsonl"
    for given in (path, path.parent, tmp_path):
        assert main(["score", str(given)]) == 4
        assert capsys.readouterr().err == f"error: {path} is empty; expected rows with text and pred_text\n"
    predictions(tmp_path / "x.jsonl")
    with pytest.raises(DataError, match="is empty; expected rows"):  # it was asked for by its name
        read_systems([tmp_path / "x.jsonl", path])


def test_parts_alone_say_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shards(tmp_path / "m")
    said = (
        f"{folder} holds only parts of a run (1-of-3, 3-of-3 of org/m on demo@1); run the command of the run without "
        "--shard, which takes them in and runs what is missing"
    )
    for given in (folder, tmp_path):
        assert main(["score", str(given)]) == 2
        assert capsys.readouterr().err == f"error: nothing to score so far: {said}\n"
    run(tmp_path / "whole")
    assert main(["score", str(tmp_path), "--json"]) == 0
    told = capsys.readouterr()
    assert (told.err, len(json.loads(told.out))) == (f"left out: {said}\n", 1)
    shutil.copy(folder / ".shards" / "1-of-3" / "run.json", folder / "run.json")  # now they are being taken in
    told_later: list[str] = []
    assert len(read_systems([tmp_path], say=told_later.append)) == 2
    assert told_later == []


def test_folders_that_a_shell_names_beside_runs_are_left_out(tmp_path: Path) -> None:
    paths = [run(tmp_path / "a"), shards(tmp_path / "b"), killed(tmp_path / "c"), run(tmp_path / "d")]
    for read in (read_systems, read_apart):
        said: list[str] = []
        assert [one.model for one in read(paths, say=said.append)] == ["a", "d"]
        assert [line.partition(" hold")[0] for line in said] == [f"left out: {tmp_path / 'b'}", "left out: 1 file"]
    with pytest.raises(UsageError, match="nothing to score so far"):
        read_apart([tmp_path / "b", tmp_path / "b"])


def test_what_is_named_more_than_once_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another name too, or within a folder: it is no second system beside itself."""
    folder, path = run(tmp_path / "a"), predictions(tmp_path / "p" / "x.jsonl")
    predictions(tmp_path / "p" / "y.jsonl")
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    given = [folder, Path("a"), folder / "run.json", path, tmp_path / "p", tmp_path]
    assert [one.model for one in read_apart(given, say=said.append)] == ["a", "x", "y"]
    assert said == [
        "a is given more than once, and counted once",
        f"{folder / 'run.json'}: 1 file of an earlier path, counted once",
        f"{tmp_path / 'p'}: 1 file of an earlier path, counted once",
        f"{tmp_path}: 3 files of an earlier path, counted once",
    ]
    assert [one.model for one in read_systems([folder, Path("a")])] == ["a"]
    assert [one.model for one in read_apart([folder])] == ["a"]


def test_equal_file_names_in_several_folders_are_several_systems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [predictions(tmp_path / "A" / "x.jsonl"), predictions(tmp_path / "B" / "x.jsonl", "red")]
    for given in (paths, [tmp_path / "A", tmp_path / "B"], [tmp_path / "A", paths[1]]):
        systems = read_systems(given)
        assert labels(systems) == ["x (A)", "x (B)"]
        assert [one.benchmarks[0].rows[0].hypothesis for one in systems] == ["red blue", "red"]
    assert main(["score", *map(str, paths), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["average"]["wer"]) for one in found] == [("x (A)", 0.0), ("x (B)", 0.5)]


def test_systems_are_told_apart_by_the_folders_that_were_given(tmp_path: Path) -> None:
    for side in ("old", "new"):
        for one in ("ls_clean", "ami"):
            predictions(tmp_path / side / one / f"MODEL_m_DATASET_{one}.jsonl")
    systems = read_systems([tmp_path / "old", tmp_path / "new"])
    assert [(one.model, len(one.benchmarks)) for one in systems] == [("m", 2), ("m", 2)]
    whole = read_systems([tmp_path / "old"])
    assert [(one.model, len(one.benchmarks)) for one in whole] == [("m", 2)]
    assert labels(systems) == ["m (old)", "m (new)"]
    with pytest.raises(UsageError, match="score them apart: give each by its own path"):
        read_systems([tmp_path])


def test_two_forms_of_a_file_in_one_folder_are_refused(tmp_path: Path) -> None:
    path = predictions(tmp_path / "x.jsonl")
    (tmp_path / "x.csv").write_text("text,pred_text\na,b\n")
    with pytest.raises(UsageError, match=f"{tmp_path / 'x.csv'} and {path} are both x of x; leave one out"):
        read_systems([tmp_path])


def test_a_slip_of_the_pen_is_told_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(tmp_path / "results" / "runs" / "demo" / "nightly")
    predictions(tmp_path / "calls.jsonl")
    more = "give a run folder, a predictions file, or a folder of them"
    for path, said in (
        ("nightly", "did you mean results/runs/demo/nightly?"),
        ("cals.jsonl", f"did you mean calls.jsonl? {more}"),
        ("results/run", f"did you mean results/runs? {more}"),
        ("nothing/like/it", more),
        ("n*", more),
    ):
        for verb in (["score"], ["report", "--out", "o"]):
            assert main([*verb, path]) == 2
            assert capsys.readouterr().err == f"error: no file or folder {path}; {said}\n"
    assert main(["--data", "cals.jsonl", "--model", "hama"]) == 2
    said = "error: no file or folder at cals.jsonl; did you mean calls.jsonl? --data takes hf://"
    assert capsys.readouterr().err.startswith(said)
