"""What a source holds of each row: `perf/data.py` measures it at 40,000 rows, this at a test's size."""

from __future__ import annotations

import importlib.util
import io
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.benchmarks.layouts import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FEW, MANY = 400, 1_600


@pytest.fixture(scope="module")
def perf() -> Any:
    """perf/data.py, which writes a set in the form of each source."""
    spec = importlib.util.spec_from_file_location("perf_data", ROOT / "perf" / "data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def noises(count: int) -> list[bytes]:
    """Encoded clips that a compressed tar cannot make smaller, as it cannot speech: more than it looks back on."""
    draw = np.random.default_rng(0)
    found = []
    for _ in range(count):
        buffer = io.BytesIO()
        soundfile.write(buffer, draw.uniform(-0.5, 0.5, 800), 16_000, format="FLAC")
        found.append(buffer.getvalue())
    return found


@pytest.mark.parametrize(
    "source", ["tree", "tar", "tar.gz", "zip", "parquet", "manifest", "table", "own parquet", "save_to_disk"]
)
def test_a_row_takes_less_than_two_kilobytes(perf: Any, tmp_path: Path, source: str) -> None:
    clips = noises(50)
    peaks = []
    for rows in (FEW, MANY):
        root = tmp_path / str(rows)
        perf.build(source, root, clips, rows)
        next(perf.utterances(source, root))  # what is made once
        tracemalloc.start()
        try:
            assert sum(1 for _ in perf.utterances(source, root)) == rows
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / (MANY - FEW) < perf.MEMORY_BAR


def test_the_last_line_says_which_bars_hold(perf: Any) -> None:
    assert perf.verdict([], 26) == "all 26 bars hold"
    assert perf.verdict(["zip speed", "tar memory"], 26) == "24 of 26 bars hold; below theirs: zip speed, tar memory"
