"""Runs of systems that do not exist, for pictures in the documentation and for tests of plots: always the same ones.

Every name begins with ``made-up/``, the hardware is "an example GPU", and no number is anybody's.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from harness.records.codec import write_text
from harness.records.journal import Line, encode_lines

WORDS = [
    "apple",
    "river",
    "stone",
    "garden",
    "window",
    "mountain",
    "silver",
    "paper",
    "candle",
    "bridge",
    "forest",
    "harbor",
    "lantern",
    "meadow",
    "water",
    "table",
    "morning",
    "evening",
    "road",
    "house",
    "seven",
    "eleven",
    "twenty",
    "green",
    "yellow",
    "always",
    "never",
    "people",
    "little",
]
BENCHMARKS = {"read_books": 0.6, "meetings": 2.2, "phone_calls": 1.8, "earnings": 1.2, "parliament": 0.9}
"""Names of made-up benchmarks, and how hard each is."""
UTTERANCES = 24
FAMILIES = ("alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel", "ironwood", "juniper")
SIZES = ("tiny", "base", "small", "medium", "large", "large-v2", "turbo", "distil", "ctc-0.6b", "rnnt-1.1b")
ACCENTS = ("north", "south", "west")
"""Values of a tag."""
_DIGITS = {"seven": "7", "eleven": "11", "twenty": "20"}
_PHASES = {"decode": 0.08, "features": 0.12, "transfer": 0.05, "model": 0.6, "text": 0.1, "untracked": 0.05}


def write_systems(folder: Path, count: int, benchmarks: Sequence[str] = tuple(BENCHMARKS)) -> list[Path]:
    """Writes run folders of so many systems, from 1 to 100.

    Returns:
        The folders, in an order that says nothing of how good they are.
    """
    said = {name: _references(name) for name in benchmarks}
    return [_write(folder / f"{number:03}", number, count, said) for number in range(count)]


def _references(benchmark: str) -> list[list[str]]:
    """The words of each utterance of a benchmark: short ones and long ones."""
    draw = random.Random(benchmark)
    return [[draw.choice(WORDS) for _ in range(3 + 4 * (number % 20))] for number in range(UTTERANCES)]


def _write(folder: Path, number: int, count: int, said: dict[str, list[list[str]]]) -> Path:
    """One system: the later ones of a family are larger, better and slower, with some chance in it."""
    draw = random.Random(f"system {number}")
    model = f"made-up/{FAMILIES[number * 7 % 10]}-{SIZES[number // 10 if count > 10 else number * 3 % 10]}"
    share = draw.betavariate(1.6, 3.0) if count > 3 else (0.1, 0.35, 0.9)[number]
    wrong, rtfx = 0.03 + 0.3 * share**1.5, 20.0 * 60.0 ** min(1.0, max(0.0, share + draw.gauss(0, 0.2)))
    folder.mkdir(parents=True)
    facts = {}
    for name, references in said.items():
        rate = min(0.9, wrong * BENCHMARKS.get(name, 1.0))
        lines = [
            _line(f"{name}-{at:02}", words, rate, random.Random(f"{model} {name} {at}"))
            for at, words in enumerate(references)
        ]
        (folder / f"{name}.jsonl").write_bytes(encode_lines(lines))
        seconds = sum(line.duration or 0.0 for line in lines)
        spent = seconds / rtfx / draw.uniform(0.9, 1.1)
        speed = {"rtfx": seconds / spent, "rtfx_end_to_end": seconds / spent / 2, "seconds_heard": seconds}
        speed |= {"seconds_counted": spent, "seconds_wall": 2 * spent}
        phases = {phase: part * spent * draw.uniform(0.7, 1.4) for phase, part in _PHASES.items()}
        facts[name] = {
            "language": "en", "expected": len(lines), "done": len(lines), "failed": 0,
            "speed": speed | {"phases": phases},
        }  # fmt: skip
    record = {
        "suite": "made-up@1", "profile": "leaderboard@2026-08", "complete": True, "model": {"id": model},
        "environment": {"hardware": {"accelerator": "an example GPU (made up)"}}, "benchmarks": facts,
    }  # fmt: skip
    write_text(folder / "run.json", json.dumps(record))
    return folder


def _line(name: str, words: list[str], wrong: float, draw: random.Random) -> Line:
    """An utterance and what a system made of it: words lost, replaced and added, and some written otherwise."""
    heard: list[str] = []
    for word in words:
        chance = draw.random()
        if chance < 0.25 * wrong:
            continue
        heard.append(draw.choice(WORDS) if chance < 0.85 * wrong else _DIGITS.get(word, word))
        if chance > 1 - 0.15 * wrong:
            heard.append(draw.choice(WORDS))
    text = " ".join(heard)
    number = int(name.rpartition("-")[2])
    return Line(
        id=name,
        session=f"speaker-{number % 8}",
        duration=round(0.42 * len(words), 2),
        reference=" ".join(words),
        hypothesis=text[:1].upper() + text[1:] + ("." if text else ""),
        tags={"accent": ACCENTS[number % 3]},
    )
