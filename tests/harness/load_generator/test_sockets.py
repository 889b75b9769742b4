"""The whole command before a real server of known law: 10^4 requests over loopback, mean and p95 within 5 %.

    ASR_SLOW_TESTS=1 python -m pytest -n0 tests/harness/load_generator/test_sockets.py       half an hour, minutes each

Service is long, so that what HTTP and the threads of a busy machine add to it is small. To have 10^4 requests in
minutes all the same, they are split at random among many queues, each of which then follows the law (`law_server.py`).
The seed is one whose sample, in virtual time, is close to the law: what is tested here is the measurement.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cli import main
from harness.load_generator.schedule import poisson
from harness.records.codec import decode
from harness.records.load import Load
from tests.harness.load_generator.test_laws import LAWS

LONG = {"M/M/1 at 50 %": (0.5, 20, 3), "M/D/1 at 60 %": (0.5, 20, 1), "M/M/4 at 70 %": (0.2, 1, 6)}
"""Seconds of service on average, queues, and the seed."""


@contextmanager
def serving(servers: int, mean: float, seed: int | None, queues: int = 1) -> Iterator[str]:
    """A server of that law; the name of its model."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("law_server.py")),
        str(servers),
        str(mean),
        str(seed).lower(),
        str(queues),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"openai:http://127.0.0.1:{int(process.stdout.readline())}/v1#law"
        finally:
            process.kill()


def measured(capsys: pytest.CaptureFixture[str], out: Path, name: str, *flags: str) -> Load:
    """What `load` says, by the command line; 5 is said where this machine was too busy to send in time."""
    assert main(["load", "--model", name, "--out", str(out), "--json", "--quiet", *flags]) in {0, 5}
    return decode(capsys.readouterr().out.encode(), Load, "stdout")


def test_a_few_requests_over_loopback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the machine does meanwhile: as many as the schedule says, none early, none quicker than the service."""
    with serving(1, 0.02, None) as name:
        found = measured(capsys, tmp_path, name, "--rate", "5,10", "--duration", "4", "--limit", "2")
    assert [rate.sent for rate in found.rates] == [len(poisson(rate, 4, found.clips, 0)) for rate in (5, 10)]
    for rate in found.rates:
        assert rate.latency is not None
        assert rate.answered == rate.counted
        assert rate.latency.p50.value >= 0.02
        assert rate.lateness.max >= rate.lateness.mean >= 0
        assert rate.changed_texts == 0
    (lines,) = tmp_path.rglob("requests.jsonl")
    requests = [json.loads(line) for line in lines.read_text().splitlines()]
    assert all(one["sent"] >= one["intended"] for one in requests)
    names = {path.name for path in lines.parent.iterdir()}
    assert {"load.json", "table.md", "load.svg", "load.png"} <= names


@pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="10^4 requests in real time; ASR_SLOW_TESTS=1 runs it")
@pytest.mark.timeout(6000)
@pytest.mark.parametrize("name", LONG)
def test_ten_thousand_requests_are_within_five_percent_of_the_law(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    law, (service, queues, seed) = LAWS[name], LONG[name]
    rate = queues * law.rate / service
    duration = 10_000 / rate
    with serving(law.servers, service, seed if law.random else None, queues) as model:
        flags = ["--rate", str(rate), "--duration", str(duration), "--warmup", str(duration / 100)]
        found = measured(capsys, tmp_path, model, *flags, "--seed", str(seed), "--max-requests", "12000")
    (only,) = found.rates
    assert only.latency is not None
    expected = f"{law.mean * service:.4f} {law.p95 * service:.4f}"
    print(f"{name}: law {expected}, measured {only.latency}, {only.lateness}, {only.counted} requests")
    assert only.latency.mean.value == pytest.approx(law.mean * service, rel=0.05)
    assert only.latency.p95.value == pytest.approx(law.p95 * service, rel=0.05)
    assert only.sustained
