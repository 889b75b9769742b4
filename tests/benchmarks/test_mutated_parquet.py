"""Parquet files with broken bytes end in rows or in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.benchmarks.layouts import ROOT, librispeech_rows, write_parquet

if TYPE_CHECKING:
    from pathlib import Path


def test_broken_parquet_files_are_read_or_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "librispeech_asr/other/test/0000.parquet", librispeech_rows(4))
    command = [sys.executable, "-m", "tests.benchmarks.mutated_parquet", str(path), "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=200)
    assert done.returncode == 0, done.stderr[-2_000:]
    report = json.loads(done.stdout)
    assert report["read"] + report["refused"] == 300
    assert min(report["read"], report["refused"]) > 30
    assert report["peak_mib"] < 1_000
