"""A run whose data changed, brought to it while processes die, disks are full, or two want to: nothing is lost."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunError
from harness.records import codec
from harness.records.journal import read_journal
from harness.runner import changes
from harness.runner.folder import locked
from tests.harness.runner.edits import (
    appended,
    as_fresh,
    corrected,
    replaced,
    rows,
)
from tests.harness.runner.tones import LOUD, manifest, run, tone


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return manifest(tmp_path / "data" / "calls.jsonl", rows(tmp_path / "data"))


def test_lines_that_cannot_be_written_leave_all_as_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the process dies while journal and run.json are brought to the data, the same command ends the same."""
    found = rows(data.parent)
    first = run(data, tmp_path / "whole")
    shutil.copytree(first.folder, tmp_path / "base")
    appended(data.parent, found)
    corrected(data.parent, found)
    replaced(data.parent, found)
    found[2]["audio"] = "a4.wav"
    del found[0]
    manifest(data, found)
    expected = run(data, tmp_path / "whole")

    class Killed(BaseException):
        pass

    writes: list[str] = []
    for point in range(12):
        out = tmp_path / f"killed{point}"
        shutil.copytree(tmp_path / "base", out / "data_calls" / "loudness")
        count = 0

        def dying(path: Path, data: bytes, *, point: int = point, before: Any = codec.write_bytes) -> None:
            nonlocal count
            if path.name.startswith(("run.json", "data_calls.jsonl")):
                count += 1
                if count > point // 2 and (point % 2 == 0 or count > point // 2 + 1):
                    raise Killed
            before(path, data)
            writes.append(path.name)

        with monkeypatch.context() as patched:
            patched.setattr(codec, "write_bytes", dying)
            patched.setattr(changes, "write_bytes", dying)
            with contextlib.suppress(Killed):
                run(data, out)
        again = run(data, out)
        assert again.scores == expected.scores
        assert again.texts == expected.texts
        kept = {
            (line.id, line.reference, line.hypothesis)
            for path in (again.folder).glob("data_calls.jsonl.old*")
            for line in read_journal(path).lines
        }
        assert kept == {
            (line.id, line.reference, line.hypothesis)
            for line in first.lines
            if again.texts.get(line.id) != (line.reference, line.hypothesis)
        }
    assert {"data_calls.jsonl.old1", "data_calls.jsonl", "run.json"} <= set(writes)


@pytest.mark.skipif(
    not os.environ.get("ASR_SLOW_TESTS"), reason="starts 9 processes and kills 8; ASR_SLOW_TESTS=1 runs it"
)
def test_killed_at_random_points_it_ends_as_a_fresh_run(tmp_path: Path) -> None:
    """SIGKILL while a changed data set of 60 rows is compared, written and run."""
    folder, root = tmp_path / "data", Path(__file__).resolve().parents[3]
    found = [
        {"audio": str(tone(folder / f"{n}.wav", n % 10, seconds=0.1)), "id": f"u{n:02}", "text": LOUD[n % 10]}
        for n in range(60)
    ]
    data = manifest(folder / "calls.jsonl", found)
    first = run(data, tmp_path / "out")
    for number, row in enumerate(found):
        if number % 3 == 0:
            row["text"] = "another"
        if number % 5 == 0:
            tone(folder / f"{number}.wav", (number + 1) % 10, seconds=0.1)
    found = [*found[4:], {"audio": str(tone(folder / "new.wav", 3)), "id": "new", "text": "three"}]
    manifest(data, found)
    command = [sys.executable, "-m", "tests.harness.runner.tones", str(data), str(tmp_path / "out")]
    choose = random.Random(3)
    for _ in range(8):
        process = subprocess.Popen(command, cwd=root, env={"PYTHONPATH": str(root), "TONES_SLEEP": "0.1"})
        while process.poll() is None and not (first.folder / "data_calls.jsonl.old1").exists():
            time.sleep(0.002)
        time.sleep(choose.uniform(0.0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = run(data, tmp_path / "out")
    kept = {line.id for file in again.folder.glob("*.old*") for line in read_journal(file).lines}
    assert kept == {f"u{n:02}" for n in range(60) if n < 4 or n % 3 == 0 or n % 5 == 0}
    as_fresh(data, again)


def test_two_processes_do_not_bring_one_folder_to_its_data_at_once(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "out")
    journal = (first.folder / "data_calls.jsonl").read_bytes()
    found = rows(data.parent)
    corrected(data.parent, found)
    manifest(data, found)
    with locked(first.folder), pytest.raises(RunError, match="is in use by process"):
        run(data, tmp_path / "out")
    assert (first.folder / "data_calls.jsonl").read_bytes() == journal
    as_fresh(data, run(data, tmp_path / "out"))
