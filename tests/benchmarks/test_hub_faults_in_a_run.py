"""A hub that fails in the middle of a run: the documented line and status, the journal intact, and the run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.hub_server import Fault, Hub
from tests.benchmarks.layouts import ROOT, clips, librispeech_rows, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ASR = "openslr/librispeech_asr"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """LibriSpeech test-clean in two files; the suite's next benchmark is not there."""
    rows = librispeech_rows(8)
    halves = [
        write_parquet(tmp_path / f"{number}.parquet", part).read_bytes()
        for number, part in enumerate((rows[:5], rows[5:]))
    ]
    files = {f"clean/test/{number:04d}.parquet": data for number, data in enumerate(halves)}
    with Hub(repos={ASR: {"main": files}}) as server:
        yield server


@pytest.fixture
def program(hub: Hub, tmp_path: Path) -> Callable[[], subprocess.CompletedProcess[str]]:
    """The command that a user types, again and again."""
    lines = [json.dumps({"id": clip.id, "pred_text": clip.text}) for clip in clips("librispeech_test_other", 8)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    command = [
        sys.executable,
        "run_eval.py",
        "--suite",
        "granite_card",
        "--model",
        f"transcripts:{tmp_path / 't.jsonl'}",
    ]
    command += ["--out", str(tmp_path / "out"), "--allow-drift", "--quiet"]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "cache")}
    environment.pop("HF_HUB_OFFLINE", None)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)

    return run


def journal(tmp_path: Path) -> list[str]:
    found = list((tmp_path / "out").rglob("librispeech_test_clean.jsonl"))
    return [json.loads(line)["id"] for path in found for line in path.read_text(encoding="utf-8").splitlines()]


FAULTS = [
    (Fault("404", where="0001.parquet"), "has no such repository, revision or file"),
    (Fault("gated", where="0001.parquet"), "it is gated: accept its terms at https://huggingface.co/datasets/openslr"),
    (Fault("corrupt", where="0001.parquet", methods=("GET",)), "the download's SHA-256 is not the hub's"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS)
def test_lasting_faults_end_the_run_and_it_can_be_gone_on_with(
    hub: Hub, program: Callable[[], subprocess.CompletedProcess[str]], tmp_path: Path, fault: Fault, message: str
) -> None:
    hub.faults = [fault]
    done = program()
    assert done.returncode == 4
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    before = journal(tmp_path)
    assert len(before) == len(set(before)) <= 5
    hub.faults = []
    again = program()
    # The benchmark is whole now; the next one is not on this hub, which is the one line of this run.
    assert (again.returncode, again.stderr.count("\n")) == (4, 1)
    assert "librispeech_test_other" in again.stderr
    after = journal(tmp_path)
    assert after[: len(before)] == before
    assert sorted(after) == sorted(clip.id for clip in clips("librispeech_test_other", 8))


def test_passing_faults_do_not_show(
    hub: Hub, program: Callable[[], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    hub.faults = [
        Fault("503", times=1, where="/api/"),
        Fault("cut", times=1, where="0000.parquet", methods=("GET",)),
        Fault("500", times=1, where="0001.parquet", methods=("GET",)),
    ]
    done = program()
    assert "librispeech_test_other" in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(journal(tmp_path)) == 8
