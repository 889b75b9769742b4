"""What ways to make the gate pass what it must not are made of, and how each is tried.

Except where a way says otherwise, the run is one that the gate fails: half of the words of four of ten sessions wrong.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

VOCABULARY = ["apple", "river", "stone", "garden", "window", "mountain", "silver", "paper", "candle", "bridge", "lamp"]
COUNT, WORDS = 40, 10
DAMAGED = [at for at in range(COUNT) if at % 10 >= 6]
"""Utterances of four sessions."""
NO_SOUND = "\u200b\u2060 \ufeff\u00a0"
"""Text that nobody sees."""


def reference(at: int) -> str:
    return " ".join(VOCABULARY[(at * 3 + word * (1 + at % 7)) % len(VOCABULARY)] for word in range(WORDS))


@dataclass
class Made:
    """A run folder before it is written."""

    record: dict[str, Any]
    lines: dict[str, list[dict[str, Any]]]

    @property
    def read(self) -> list[dict[str, Any]]:
        return self.lines["read"]

    @read.setter
    def read(self, lines: list[dict[str, Any]]) -> None:
        self.lines["read"] = lines

    @property
    def fact(self) -> dict[str, Any]:
        found: dict[str, Any] = self.record["benchmarks"]["read"]
        return found

    def copied(self, benchmark: str) -> None:
        """Another benchmark like the first."""
        self.lines[benchmark] = deepcopy(self.read)
        self.record["benchmarks"][benchmark] = deepcopy(self.fact)

    def counted(self) -> None:
        """What run.json counts is what is there."""
        for name, lines in self.lines.items():
            self.record["benchmarks"][name] |= {"expected": len(lines), "done": len(lines)}

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(self.record))
        for name, lines in self.lines.items():
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder


def made(damaged: bool) -> Made:
    lines = []
    for at in range(COUNT):
        wrong = 5 if damaged and at in DAMAGED else at % 2
        heard = ["wrong" if place < wrong else word for place, word in enumerate(reference(at).split())]
        line = {"format": 2, "id": f"u{at:02}", "language": "en", "session": f"s{at % 10}", "duration": 2.5}
        line |= {"reference": reference(at), "hypothesis": " ".join(heard), "time": 0.1 + damaged / 100, "batch": at}
        lines.append(line)
    fact = {"language": "en", "expected": COUNT, "done": COUNT, "failed": 0, "complete": True, "revision": "r1"}
    record = {
        "format": 2,
        "suite": "demo@1",
        "profile": "card@2026-04",
        "complete": True,
        "model": {"id": "org/model", "revision": f"w{int(damaged)}"},
        "started": "2026-03-02T10:00:00+00:00" if damaged else "2026-03-01T10:00:00+00:00",
        "settings": {},
        "fingerprint": {"suite": "demo@1", "model": "org/model", "dtype": "float32", "batch_size": 8},
        "environment": {"hardware": {"cpu": "Abacus", "cores": 2}},
        "benchmarks": {"read": fact | {"speed": {"audio_seconds": 100.0, "seconds_counted": 4.0}}},
    }
    return Made(record, {"read": lines})


@dataclass
class Sides:
    """Both sides, which a way may change before or after they are written, and how the gate is called."""

    place: Path
    run: Made
    base: Made
    policy: str = ""
    baseline: Callable[[Path], Path] | None = None
    """From the baseline's folder to what is named."""
    after: list[Callable[[Path, Path], object]] = field(default_factory=list)
    """Done to the two folders."""

    def words(self) -> list[str]:
        run, base = self.run.write(self.place / "run"), self.base.write(self.place / "base")
        for change in self.after:
            change(run, base)
        named = self.baseline(base) if self.baseline else base
        policy = self.place / "policy.toml"
        policy.write_text(self.policy)
        return ["gate", str(run), "--baseline", str(named), "--policy", str(policy), "--json"]


Way = Callable[[Sides], object]


class Ways:
    """The ways of a file: each with its exit status, and the finding, or note, that it gets."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def __call__(self, status: int, expected: str) -> Callable[[Way], Way]:
        """Registers one: its exit status; ``subject: reason``, ``note: words``, or the words of an error."""

        def register(function: Way) -> Way:
            self.all.append(pytest.param(function, status, expected, id=function.__name__))
            return function

        return register


def tried(place: Path, capsys: pytest.CaptureFixture[str], change: Way, status: int, expected: str) -> None:
    """Makes a bad run and its baseline, changes them, and sees that the gate says what is expected."""
    sides = Sides(place, made(damaged=True), made(damaged=False))
    change(sides)
    words = sides.words()
    capsys.readouterr()
    assert main(words) == status
    told = capsys.readouterr()
    if status in {2, 4}:
        assert expected in told.err
        assert told.err.count("\n") == 1
        assert told.out == ""
        return
    decision = json.loads(told.out)
    assert decision["verdict"] == {0: "PASS", 1: "FAIL", 3: "INCONCLUSIVE"}[status]
    found = [f"{finding['subject']}: {finding['reason']}" for finding in decision["findings"]]
    said = [f"note: {note}" for note in decision["notes"]]
    assert [line for line in found + said if line.startswith(expected)], (found, said)
