"""Audio with broken headers, through the whole way from bytes to a clip."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.benchmarks.layouts import ROOT


def test_a_thousand_broken_headers_are_decoded_or_refused() -> None:
    """No crash, no endless work, no unbounded memory: a process of its own does it, so that a crash is seen."""
    command = [sys.executable, "-m", "tests.benchmarks.mutated_audio", "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=240)
    assert done.returncode == 0, done.stderr[-2_000:]
    report = json.loads(done.stdout)
    assert report.get("wrong", 0) == 0
    assert report["decoded"] + report["refused"] == 1_000
    assert min(report["decoded"], report["refused"]) > 100
    assert report["longest"] <= 8_000 * 16_000, "samples: the tone, where its header says 1 Hz"
    assert report["peak_mib"] < 1_500
