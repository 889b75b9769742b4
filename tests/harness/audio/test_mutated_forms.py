"""Broken files of every form, through the whole way from bytes to a clip."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_two_thousand_broken_files_are_heard_or_refused_in_a_line(root: Path) -> None:
    """No crash, no endless work, no unbounded memory: a process of its own does it, so that a crash is seen."""
    command = [sys.executable, "-m", "tests.harness.audio.mutated_forms", "2000", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, timeout=240)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout)
    assert report.get("wrong", 0) == 0, report["lines"]
    assert report["decoded"] + report["refused"] == 2_000
    assert min(report["decoded"], report["refused"]) > 200
    assert report["longest"] <= 8_000 * 16 * 8, "samples: the clip, where its header says 1 kHz and bytes are bits"
    assert report["peak_mib"] < 1_500
