"""A hub that fails in the middle of a run: the documented line and status, the journal intact, and the run goes on."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from tests.benchmarks.hub_server import Fault, Hub
from tests.benchmarks.layouts import ROOT, clips, librispeech_rows, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASR = "openslr/librispeech_asr"
COUNT = 8


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """LibriSpeech's two test sets, of the same utterances, in two files each; no third benchmark."""
    importlib.import_module("huggingface_hub.constants")  # it looks at HF_HUB_OFFLINE once, when it is imported
    rows = librispeech_rows(COUNT)
    files = {}
    for kind, part in (("clean", rows), ("other", rows[::-1])):  # equal files would be fetched once
        for number, half in enumerate((part[:5], part[5:])):
            data = write_parquet(tmp_path / "x.parquet", half).read_bytes()
            files[f"{kind}/test/{number:04d}.parquet"] = data
    with Hub(repos={ASR: {"main": files}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command line that a user types, without the program."""
    lines = [json.dumps({"id": clip.id, "pred_text": clip.text}) for clip in clips("librispeech_test_other", COUNT)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    what = ["--suite", "granite_card", "--model", f"transcripts:{tmp_path / 't.jsonl'}"]
    return [*what, "--out", str(tmp_path / "out"), "--allow-drift", "--quiet"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are not waited for."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def journal(tmp_path: Path, benchmark: str) -> tuple[bytes, list[str]]:
    """A benchmark's journal, and the ids in it."""
    found = list((tmp_path / "out").rglob(f"{benchmark}.jsonl"))
    data = b"".join(path.read_bytes() for path in found)
    return data, [json.loads(line)["id"] for line in data.splitlines()]


SECOND = "other/test/0001.parquet"
LASTING = [
    (
        "401",
        "the hub answers 401: sign in (set HF_TOKEN, or `hf auth login`) and accept the terms, if there are any, at",
    ),
    (
        "403",
        "the hub answers 403: sign in (set HF_TOKEN, or `hf auth login`) and accept the terms, if there are any, at",
    ),
    ("gated", f"it is gated: accept its terms at https://huggingface.co/datasets/{ASR}, sign in (set HF_TOKEN"),
    ("404", "has no such repository, revision or file"),
    ("429", "the hub answers 429, again and again; try again later"),
    ("500", "the hub answers 500, again and again; try again later"),
    ("cut", "cannot be reached (peer closed connection without sending complete message body"),
    ("slow", "cannot be reached (timed out); try again"),
    ("corrupt", f"{ASR}/{SECOND}: the download's SHA-256 is not the hub's"),
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "message"), LASTING)
def test_lasting_faults_end_the_run_in_one_line_and_it_can_be_gone_on_with(
    hub: Hub, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, message: str
) -> None:
    """The first benchmark is whole, the second's second file is not to be had."""
    methods = ("GET",) if kind in {"cut", "slow", "corrupt"} else ("GET", "HEAD")
    hub.faults = [Fault(kind, where=SECOND, methods=methods)]
    status = main(words)
    said = capsys.readouterr()
    assert (status, said.out, said.err.count("\n")) == (4, "", 1), said
    assert said.err.startswith("error: ")
    assert message in said.err
    whole, ids = journal(tmp_path, "librispeech_test_clean")
    assert len(ids) == len(set(ids)) == COUNT
    begun, _ = journal(tmp_path, "librispeech_test_other")
    hub.faults = []
    # Both are whole now; the next benchmark is not on this hub, which is the one line of this run.
    assert main(words) == 4
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "common_voice" in said.err
    assert journal(tmp_path, "librispeech_test_clean")[0] == whole
    after, ids = journal(tmp_path, "librispeech_test_other")
    assert after.startswith(begun)
    assert sorted(ids) == sorted(clip.id for clip in clips("librispeech_test_other", COUNT))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504", "cut", "slow", "corrupt"])
def test_passing_faults_do_not_show(
    hub: Hub, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    hub.faults = [Fault(kind, times=1, where=name, methods=("GET",)) for name in ("clean/test/0000", SECOND)]
    assert main(words) == 4
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "common_voice" in said.err
    for benchmark in ("librispeech_test_clean", "librispeech_test_other"):
        assert len(set(journal(tmp_path, benchmark)[1])) == COUNT
    assert all(fault.times == 0 for fault in hub.faults)


def test_a_parquet_file_that_was_cut_short(
    hub: Hub, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole to the hub, which has its checksum, but not to Parquet."""
    files = hub.repos[ASR]["main"]
    whole = files[SECOND]
    files[SECOND] = whole[: len(whole) // 2]
    assert main(words) == 4
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "0001.parquet: not a readable Parquet file" in said.err
    assert "delete it and get it again" in said.err
    assert len(journal(tmp_path, "librispeech_test_clean")[1]) == COUNT


def test_the_program_itself_says_one_line(hub: Hub, words: list[str]) -> None:
    """In a process of its own, in which the hub's libraries would say more."""
    hub.faults = [Fault("gated", where="0001.parquet")]
    command = [sys.executable, "run_eval.py", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1), done.stderr
    assert "it is gated: accept its terms" in done.stderr
