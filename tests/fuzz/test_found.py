"""What fuzzing found, and its kind: files that nobody should read whole, or wait for."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from benchmarks.files import LARGE_BYTES, STATED_BYTES, stated, unpacked, whole
from harness.cli import main
from tests.harness.runner.tones import manifest, tone

ROW = json.dumps({"text": "a b", "pred_text": "a b"}) + "\n"


def one_line(capsys: pytest.CaptureFixture[str], words: list[str], status: int) -> str:
    assert main(words) == status
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told


@pytest.mark.parametrize("flag", ["--suite", "--profile", "--keywords"])
@pytest.mark.parametrize("what", ["pipe", "large"])
def test_what_people_write_by_hand_is_small_and_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, what: str
) -> None:
    (tmp_path / "p.jsonl").write_text(ROW)
    path = tmp_path / ("x.txt" if flag == "--keywords" else "x.toml")
    if what == "pipe":
        os.mkfifo(path)
    else:
        with path.open("wb") as file:
            file.truncate(6 << 30)
    words = ["score", str(tmp_path / "p.jsonl"), flag, str(path), "--metric", "keyword_f1"]
    told = one_line(capsys, words, 2 if flag == "--suite" else 4)
    large = "nothing but zeros" if flag == "--keywords" else "6,442,450,944 bytes are too many"
    assert ("it is a pipe or a device, not a file" if what == "pipe" else large) in told


def test_a_policy_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.jsonl").write_text(ROW)
    os.mkfifo(tmp_path / "p.toml")
    words = ["gate", str(tmp_path / "p.jsonl"), "--baseline", str(tmp_path / "p.jsonl"), "--policy"]
    assert main([*words, str(tmp_path / "p.toml")]) == 2
    assert "it is a pipe or a device, not a file" in capsys.readouterr().err


def test_links_that_lead_in_a_circle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.jsonl").write_text(ROW)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    here = str(tmp_path / "p.jsonl")
    for words in (
        ["gate", here, "--baseline", here, "--policy", str(loop)],
        ["gate", here, "--baseline", here, "--junit", str(loop)],
        ["score", str(loop)],
        ["score", here, "--per-utterance", f"{loop}.jsonl", "--profile", f"{loop}"],
        ["--data", str(loop), "--model", "pocketsphinx"],
        ["baseline", "save", str(loop)],
    ):
        assert main(words) in {2, 4, 5}, words
        told = capsys.readouterr().err
        assert told.count("\n") == 1, words
        assert "internal" not in told, words


def test_audio_that_is_holes_is_not_read_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(6 << 30)
    data = manifest(tmp_path / "m.jsonl", [{"audio": "a.wav", "id": "a", "text": "red"}])
    assert main(["data", "convert", str(data), "--to", "parquet", "--out", str(tmp_path / "o.parquet")]) == 4
    assert "it begins with nothing but zeros" in capsys.readouterr().err


def test_a_saved_baseline_that_is_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b" / "demo@1").mkdir(parents=True)
    os.mkfifo(tmp_path / "b" / "demo@1" / "org--model.zip")
    told = one_line(capsys, ["baseline", "list", "--dir", str(tmp_path / "b")], 4)
    assert "it is a pipe or a device, not a file" in told


@pytest.mark.parametrize("place", ["[noise]", "http://[x", "hf://[a]", "[::1", "https://[v1.x]/a", "//["])
def test_brackets_that_are_no_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = one_line(capsys, ["--data", place, "--model", "pocketsphinx"], 2)
    assert "internal" not in told
    data = manifest(tmp_path / "m.jsonl", [{"audio": f"file:{place}", "id": "a", "text": "red"}])
    assert main(["data", "describe", str(data)]) in {2, 4}
    assert "internal" not in capsys.readouterr().err


def test_predictions_that_are_holes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.jsonl"
    with path.open("wb") as file:
        file.truncate(6 << 30)
    told = one_line(capsys, ["score", str(path)], 4)
    assert "it begins with nothing but zeros, as a copy that was cut off" in told


def test_predictions_that_are_a_bomb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress(bytes(LARGE_BYTES + (1 << 20))))
    told = one_line(capsys, ["score", str(path)], 4)
    assert "it unpacks to more than 200 times its size" in told


@pytest.mark.parametrize("name", ["run.json", "data_m.jsonl"])
def test_a_run_folder_with_a_pipe_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    rows = [{"audio": str(tone(tmp_path / "1.wav", 1)), "id": "1", "text": "red"}]
    (tmp_path / "said.jsonl").write_text('{"id": "1", "pred_text": "red"}\n')
    words = ["--data", str(manifest(tmp_path / "m.jsonl", rows)), "--out", str(tmp_path / "o"), "--quiet"]
    words += ["--model", f"transcripts:{tmp_path / 'said.jsonl'}"]
    assert main(words) == 0
    [path] = (tmp_path / "o").rglob(name)
    path.unlink()
    os.mkfifo(path)
    capsys.readouterr()
    assert main(words) in {4, 5}
    assert "it is a pipe or a device, not a file" in capsys.readouterr().err


FORMS = [
    "x.jsonl",
    "x.csv",
    "x.tsv",
    "x.json",
    "x.parquet",
    "x.arrow",
    "x.tar",
    "x.zip",
    "x.wav",
    "x.txt",
    "x.jsonl.gz",
]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("verb", ["describe", "check"])
def test_own_data_that_is_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, verb: str) -> None:
    os.mkfifo(tmp_path / name)
    assert main(["data", verb, str(tmp_path / name)]) in {2, 4}
    assert capsys.readouterr().err.count("\n") == 1


def test_audio_that_is_a_pipe_costs_its_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"audio": str(tone(tmp_path / f"{n}.wav", n)), "id": str(n), "text": "red"} for n in (1, 2)]
    data = manifest(tmp_path / "m.jsonl", rows)
    (tmp_path / "said.jsonl").write_text('{"id": "1", "pred_text": "red"}\n{"id": "2", "pred_text": "red"}\n')
    (tmp_path / "2.wav").unlink()
    os.mkfifo(tmp_path / "2.wav")
    words = ["--data", str(data), "--model", f"transcripts:{tmp_path / 'said.jsonl'}", "--out", str(tmp_path / "o")]
    assert main([*words, "--quiet"]) in {2, 4, 5}
    assert "internal" not in capsys.readouterr().err


def test_what_failed_is_said_even_where_nothing_else_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--quiet` ended with status 5 and not a word why."""
    rows = [{"audio": str(tone(tmp_path / f"{n}.wav", n)), "id": str(n), "text": "red"} for n in (1, 2)]
    (tmp_path / "said.jsonl").write_text('{"id": "1", "pred_text": "red"}\n')
    words = ["--data", str(manifest(tmp_path / "m.jsonl", rows)), "--out", str(tmp_path / "o"), "--quiet"]
    assert main([*words, "--model", f"transcripts:{tmp_path / 'said.jsonl'}"]) == 5
    told = capsys.readouterr().err
    assert told.startswith("failed: 1 of 2 utterances of data_m, the first is 2: ")
    assert told.count("\n") == 1


def test_files_that_are_what_they_should_be(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfa\r\n")
    assert whole(path) == b"\xef\xbb\xbfa\r\n"
    assert stated(path, "utf-8-sig") == "a\r\n"
    with pytest.raises(OSError, match="too many for what it should be"):
        whole(path, 5)
    assert whole(path, 6)
    with path.open("wb") as file:
        file.write(b"x")
        file.truncate(LARGE_BYTES + 1)
    assert len(whole(path)) == LARGE_BYTES + 1, "what begins with something is read"
    with pytest.raises(IsADirectoryError):
        whole(tmp_path)
    text = b'{"text": "a b c"}\n' * 1000
    assert unpacked(gzip.compress(text) + gzip.compress(text)) == text * 2
    assert STATED_BYTES == LARGE_BYTES == 64 << 20


@pytest.mark.parametrize("verb", ["score", "fitting"])
def test_a_time_of_four_hundred_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    path = tmp_path / "MODEL_a_DATASET_foo.jsonl"
    words = '[{"word": "a", "start": 0, "end": 1' + "0" * 400 + "}]"
    path.write_text(f'{{"id": "u", "text": "a", "pred_text": "a", "words": {words}}}\n')
    more = ["--corrected", str(path)] if verb == "fitting" else []
    assert main([verb, str(path), *more]) == 4
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "end is 1000000000000000000000000000000000000000, not a number of seconds" in error.replace("\n", " ")


def test_a_benchmark_in_a_runs_record_that_nothing_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tone(tmp_path / "a.wav", 1)
    manifest(tmp_path / "m.jsonl", [{"audio": "a.wav", "id": "u", "text": "one"}])
    manifest(tmp_path / "said.jsonl", [{"id": "u", "hypothesis": "one"}])
    words = ["--data", str(tmp_path / "m.jsonl"), "--model", f"transcripts:{tmp_path / 'said.jsonl'}", "--quiet"]
    words += ["--out", str(tmp_path / "runs")]
    assert main(words) == 0
    (record,) = (tmp_path / "runs").rglob("run.json")
    found = json.loads(record.read_text())
    record.write_text(json.dumps(found | {"benchmarks": {**found["benchmarks"], "\x1b[1mx": {"language": "en"}}}))
    capsys.readouterr()
    told = one_line(capsys, words, 5)
    assert told.startswith("failed: \\x1b[1mx is not complete in ")
    assert told.endswith("nothing that was asked for runs it; to start over: --fresh\n")
