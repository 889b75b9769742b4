"""A run folder as format 1 wrote it, which is read for ever."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORDS = ["apple", "river", "stone", "garden", "window", "mountain", "silver", "paper", "candle", "bridge"]


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Writes a run folder: ten sessions of four utterances of ten words, the first words of each heard wrong."""

    def make(name: str, wrong: Callable[[int], int] = lambda i: i % 2, /, **more: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        lines = []
        for i in range(40):
            heard = [f"x{w}" if k < wrong(i) else w for k, w in enumerate(WORDS)]
            line = {"id": f"u{i}", "language": "en", "session": f"s{i % 10}", "duration": 2.5, "heard": 2.5}
            line |= {
                "reference": " ".join(WORDS),
                "hypothesis": " ".join(heard),
                "time": 0.1,
                "batch": 1,
                "clean": True,
            }
            lines.append(line | {"audio": f"read/u{i}.flac"})
        benchmarks = {
            "read": {"language": "en", "expected": 40, "done": 40, "failed": 0, "revision": None, "drift": []}
        }
        speed = {"seconds_heard": 100.0, "seconds_counted": 4.0, "seconds_wall": 8.0}
        benchmarks["read"]["speed"] = speed | more.pop("speed", {})
        record = {
            "suite": "demo@1", "profile": "card@2026-04", "complete": True, "model": {"id": "org/model"},
            "settings": {}, "environment": {"commit": "0" * 40, "hardware": {"cpu": "Abacus", "cores": 2}},
            "benchmarks": benchmarks,
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(record | more))
        (folder / "read.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder

    return make
