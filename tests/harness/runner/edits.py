"""Own data of four rows, and the ways in which people change it after a run."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.harness.runner.tones import Again, run, tone

Row = dict[str, Any]
Edit = Callable[[Path, list[Row]], None]
SAID = "loudness on data_calls: "


def rows(folder: Path, count: int = 4) -> list[Row]:
    """`a1` to `a4`, each as loud as its number, each of a session of its own."""
    found = []
    for number in range(1, count + 1):
        tone(folder / f"a{number}.wav", number)
        words = ("zero", "one", "two", "three", "four", "five")[number]
        found.append({"audio": f"a{number}.wav", "id": f"a{number}", "text": words, "speaker": f"s{number}"})
    return found


def as_fresh(data: Path, again: Again, **settings: Any) -> None:
    """The figures are those of a folder in which nothing was before."""
    fresh = run(data, data.parent.parent / "fresh", **settings)
    assert again.scores == fresh.scores
    assert again.texts == fresh.texts
    facts = [(one.entry.expected, one.entry.done, one.entry.failed, one.entry.words) for one in (again, fresh)]
    assert facts[0] == facts[1]
    assert again.record.complete is True
    shutil.rmtree(data.parent.parent / "fresh")


def appended(folder: Path, found: list[Row]) -> None:
    tone(folder / "a5.wav", 6)
    found.append({"audio": "a5.wav", "id": "a5", "text": "five", "speaker": "s5"})


def removed(folder: Path, found: list[Row]) -> None:
    del found[1]


def corrected(folder: Path, found: list[Row]) -> None:
    found[1]["text"] = "too"


def spaced(folder: Path, found: list[Row]) -> None:
    found[1]["text"] = " two  "


def in_sessions(folder: Path, found: list[Row]) -> None:
    for row in found:
        row["speaker"] = "s1"


def in_english(folder: Path, found: list[Row]) -> None:
    for row in found:
        row["language"] = "en"


def replaced(folder: Path, found: list[Row]) -> None:
    before = (folder / "a2.wav").stat().st_size
    assert tone(folder / "a2.wav", 7).stat().st_size == before


def replaced_in_secret(folder: Path, found: list[Row]) -> None:
    """Of the same size, at the same time of modification."""
    facts = (folder / "a2.wav").stat()
    tone(folder / "a2.wav", 7)
    os.utime(folder / "a2.wav", ns=(facts.st_atime_ns, facts.st_mtime_ns))


def renamed_over(folder: Path, found: list[Row]) -> None:
    """By a file that is as old."""
    facts = (folder / "a2.wav").stat()
    os.utime(tone(folder / "other.wav", 7), ns=(facts.st_atime_ns, facts.st_mtime_ns))
    (folder / "other.wav").replace(folder / "a2.wav")


def longer(folder: Path, found: list[Row]) -> None:
    tone(folder / "a2.wav", 2, seconds=0.4)


def swapped(folder: Path, found: list[Row]) -> None:
    found[0]["audio"], found[1]["audio"] = found[1]["audio"], found[0]["audio"]


def of_another_segment(folder: Path, found: list[Row]) -> None:
    found[3] |= {"offset": 0.1, "duration": 0.1}
