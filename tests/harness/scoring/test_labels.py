"""What systems are called: short, and no two alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.scoring.labels import labels
from harness.scoring.predictions import Predictions, System
from tests.harness.reporting.made import run


def system(model: str = "m", folder: str = "runs/s/m", **facts: Any) -> System:
    record = run(model={"id": model}, **{"suite": "s", **facts})
    return System(model=model, suite=record.suite, folder=Path(folder), run=record, benchmarks=[])


def others(path: str, model: str = "m") -> System:
    held = Predictions(benchmark="b", language="en", rows=[], source=Path(path))
    return System(model=model, benchmarks=[held])


def at(time: str, commit: str, *, dirty: bool = False) -> System:
    return system(started=f"2026-11-25T{time}:00", environment={"commit": commit * 40, "dirty": dirty})


@pytest.mark.parametrize(
    ("systems", "names"),
    [
        ([system("a"), system("b")], ["a", "b"]),
        ([system(name="nightly"), system("b")], ["nightly", "b"]),
        ([system("a", name="x"), system("b", name="x")], ["x (a)", "x (b)"]),
        ([system(suite="s"), system(suite="t")], ["m (s)", "m (t)"]),
        (
            [system(started="2026-11-24T08:00:00+00:00"), system(started="2026-11-25T08:00:00+00:00")],
            ["m (2026-11-24)", "m (2026-11-25)"],
        ),
        (
            [at("08:00", "a"), at("09:00", "b", dirty=True)],
            ["m (aaaaaaa)", "m (bbbbbbb+)"],
        ),
        (
            [at("08:00", "a"), at("09:30", "a")],
            ["m (2026-11-25 08:00)", "m (2026-11-25 09:30)"],
        ),
        (
            [system(started="2026-11-25T08:00:01"), system(started="2026-11-25T08:00:09")],
            ["m (2026-11-25 08:00:01)", "m (2026-11-25 08:00:09)"],
        ),
        ([system(folder="runs/old/s/m"), system(folder="runs/new/s/m")], ["m (old)", "m (new)"]),
        ([system(folder="a/x/m"), system(folder="b/x/m"), system(folder="b/y/m")], ["m (a/x)", "m (b/x)", "m (b/y)"]),
        ([others("a/1.jsonl"), others("b/1.jsonl")], ["m (a)", "m (b)"]),
        ([others("a/1.jsonl"), others("a/2.jsonl")], ["m", "m #2"]),
        ([others("a/1.jsonl"), system(started="2026-11-25")], ["m (a)", "m (s/m)"]),
        ([system("m (a)"), others("a/1.jsonl"), others("b/1.jsonl")], ["m (a)", "m (a) #2", "m (b)"]),
        ([System(model="m", benchmarks=[])] * 3, ["m", "m #2", "m #3"]),
        ([], []),
    ],
    ids=lambda value: ", ".join(value) if value and isinstance(value[0], str) else "",
)  # fmt: skip
def test_names(systems: list[System], names: list[str]) -> None:
    assert labels(systems) == names
