"""`--streaming` over a hub on loopback: rows that do not say how long they are, and faults in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks.hub_server import Fault, Hub
from tests.benchmarks.layouts import ROOT, clips, librispeech_rows, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COUNT = 8


def without_length(flac: bytes) -> bytes:
    """As an encoder writes it that cannot go back to the header: total samples 0, which is unknown (RFC 9639, 8.2)."""
    assert flac[:4] == b"fLaC"
    packed = int.from_bytes(flac[18:26], "big") >> 36 << 36
    return flac[:18] + packed.to_bytes(8, "big") + flac[26:]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """LibriSpeech test-clean in two files; the suite's next benchmark is not there."""
    rows: list[dict[str, Any]] = librispeech_rows(COUNT)
    for row in rows:
        row["audio"] = row["audio"] | {"bytes": without_length(row["audio"]["bytes"])}
    halves = [write_parquet(tmp_path / f"{number}.parquet", rows[number::2]).read_bytes() for number in range(2)]
    files = {f"clean/test/{number:04d}.parquet": data for number, data in enumerate(halves)}
    with Hub(repos={"openslr/librispeech_asr": {"main": files}}) as server:
        yield server


@pytest.fixture
def program(hub: Hub, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command that a user types."""
    lines = [json.dumps({"id": clip.id, "pred_text": clip.text}) for clip in clips("librispeech_test_other", COUNT)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "run_eval.py", "--suite", "granite_card", "--model", f"transcripts:{tmp_path}/t.jsonl"]
    command += ["--out", str(tmp_path / "out"), "--allow-drift", "--quiet"]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "cache")}
    environment.pop("HF_HUB_OFFLINE", None)

    def run(*flags: str) -> subprocess.CompletedProcess[str]:
        line = [*command, *flags]
        return subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)

    return run


def journal(tmp_path: Path) -> list[dict[str, Any]]:
    (path,) = (tmp_path / "out").rglob("librispeech_test_clean.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_that_do_not_say_how_long_they_are(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = program("--streaming")
    # The next benchmark is not on this hub, which is the one line of this run.
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "librispeech_test_other" in done.stderr
    said = {line["id"]: (line["hypothesis"], round(line["audio_seconds"], 2)) for line in journal(tmp_path)}
    spoken = clips("librispeech_test_other", COUNT)
    assert said == {clip.id: (clip.text, round(clip.seconds, 2)) for clip in spoken}
    (path,) = (tmp_path / "out").rglob("run.json")
    entry = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]["librispeech_test_clean"]
    assert (entry["rows"], entry["hours"], entry["complete"]) == (COUNT, None, True)
    assert entry["revision"] == "1" * 40
    assert not list(tmp_path.glob("cache/**/*.parquet")), "nothing is kept"


def test_a_hub_that_fails_while_it_streams(
    hub: Hub, program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The second file is not to be had, in one line; the same command goes on when it is there."""
    hub.faults = [Fault("404", where="0001.parquet")]
    done = program("--streaming")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1), done.stderr
    assert "has no such repository, revision or file" in done.stderr
    hub.faults = []
    again = program("--streaming")
    assert "librispeech_test_other" in again.stderr
    assert sorted(line["id"] for line in journal(tmp_path)) == sorted(
        clip.id for clip in clips("librispeech_test_other", COUNT)
    )


def test_streaming_is_of_the_hub(program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    done = program("--streaming", "--from", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == (
        f"error: --streaming reads from the hub, --from {tmp_path} from the disk; leave one of them out\n"
    )
