"""Disks that are full, folders that cannot be written, journals cut short: what is documented, and nothing is lost."""

import errno
import os
import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunError
from harness.records.journal import read_journal
from harness.records.run import read_run_record
from harness.runner import run as run_module
from harness.runner.journal import JournalFile
from tests.harness.runner.stub_run import Slow
from tests.harness.runner.test_run import STUB, work

ALL = [f"u{number:04}" for number in range(30)]


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "load_model", lambda _name, _options: Slow(0.0))


def ids(journal: Path) -> list[str]:
    return sorted(line.id for line in read_journal(journal).lines)


def test_a_full_disk_ends_the_run_with_one_line_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """The kernel refuses to let a file grow over a limit, as a full disk would."""

    def start(limit: int) -> "subprocess.CompletedProcess[str]":
        def at_most() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        # -B: no byte code of ours is to be cut short by the limit
        command = [sys.executable, "-B", str(STUB), str(tmp_path), "200", "0.0"]
        return subprocess.run(
            command, cwd=STUB.parents[3], env={"PYTHONPATH": str(STUB.parents[3])}, text=True, capture_output=True,
            timeout=60, check=False, preexec_fn=at_most,
        )  # fmt: skip

    full = start(15_000)
    assert full.returncode == 5
    (line,) = full.stderr.splitlines()
    assert line.startswith("error: ")
    assert line.endswith("cannot be written (File too large); free space or give another --out")
    journal = tmp_path / "stubs" / "slow" / "stub.jsonl"
    before = journal.read_bytes()
    assert before.endswith(b"\n")
    assert 10 < len(ids(journal)) < 200
    assert start(10_000_000).returncode == 0
    assert journal.read_bytes().startswith(before)
    assert ids(journal) == [f"u{number:04}" for number in range(200)]


@pytest.mark.parametrize(("where", "broken"), [(Path, "mkdir"), (os, "open")])
def test_a_read_only_folder_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, broken: str
) -> None:
    def read_only(path: Path, *_arguments: Any, **_more: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(where, broken, read_only)
    with pytest.raises(
        RunError, match=r"cannot be written \(Read-only file system\); free space or give another --out"
    ):
        work(tmp_path).execute()


def test_a_folder_that_becomes_read_only_keeps_what_is_journalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = JournalFile.append

    def once(journal: JournalFile, lines: Any) -> None:
        if journal.lines:
            monkeypatch.setattr(Path, "open", refused)
        whole(journal, lines)

    def refused(path: Path, *_arguments: Any, **_more: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    run = work(tmp_path)
    with monkeypatch.context():
        monkeypatch.setattr(JournalFile, "append", once)
        with pytest.raises(RunError, match=r"run\.json: cannot be written \(Read-only file system\)"):
            run.execute()
    monkeypatch.undo()
    journal = run.folder / "stub.jsonl"
    before = journal.read_bytes()
    assert before
    monkeypatch.setattr(run_module, "load_model", lambda _name, _options: Slow(0.0))
    assert work(tmp_path).execute().complete is True
    assert journal.read_bytes().startswith(before)
    assert ids(journal) == ALL


def test_a_journal_cut_anywhere_is_completed(tmp_path: Path) -> None:
    run = work(tmp_path)
    run.execute()
    journal = run.folder / "stub.jsonl"
    whole = journal.read_bytes()
    choose = random.Random(0)
    said = {line.id: line.hypothesis for line in read_journal(journal).lines}
    for cut in [0, 1, len(whole) - 1, *(choose.randrange(len(whole)) for _ in range(12))]:
        journal.write_bytes(whole[:cut])
        record = work(tmp_path).execute()
        assert record.complete is True
        assert record.benchmarks["stub"].done == 30
        assert journal.read_bytes().startswith(whole[: whole[:cut].rfind(b"\n") + 1])
        assert ids(journal) == ALL
        assert {line.id: line.hypothesis for line in read_journal(journal).lines} == said


def test_a_journal_that_is_gone_is_written_anew(tmp_path: Path) -> None:
    run = work(tmp_path)
    run.execute()
    (run.folder / "stub.jsonl").unlink()
    assert work(tmp_path).execute().complete is True
    assert ids(run.folder / "stub.jsonl") == ALL
    assert read_run_record(run.folder).benchmarks["stub"].done == 30
