"""Counts and scores of rows that stay in their files: the same as of those that are held, to the last digit."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import processes
from harness.records import journal
from harness.records.codec import pretty, write
from harness.records.journal import Line, encode_lines
from harness.records.run import BenchmarkRecord, ModelRecord, RunRecord
from harness.scoring import banded
from harness.scoring.banded import can_merge, merged_spans
from harness.scoring.counting import Counted, count_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.facts import facts_of
from harness.scoring.large import PackedCounts, Part, count_parts, errors_and_words, total_of
from harness.scoring.predictions import System, read_run
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import count_systems
from harness.scoring.sessions import total

AUGUST = get_profile("leaderboard@2026-08")
WORDS = ["the", "white", "paper", "whitepaper", "uh", "twenty", "one", "o'clock", "café", "colour", "don't", "a"]


def lines(count: int, seed: int, **more: Any) -> list[Line]:
    """Rows of all kinds, the references of two seeds the same."""
    said, written = random.Random(1), random.Random(seed)
    rows = []
    for number in range(count):
        reference = " ".join(said.choices(WORDS, k=said.randint(0, 9)))
        heard = " ".join(word for word in reference.split() if written.random() > 0.1)
        failed = written.random() < 0.05
        facts: dict[str, Any] = {
            "session": None if number % 11 == 0 else f"s{number % 7}",
            "duration": said.random() * 9,
            "time": None if number % 50 == 49 else written.random(),
            "language": "en",
            "tags": {"even": str(number % 2)},
        }
        outcome = {"error": "no"} if failed else {"hypothesis": f"{heard} {written.choice(WORDS)}"}
        rows.append(Line(id=f"u{(number * 7919) % count:04}", reference=reference, **facts | outcome | more))
    rows.append(Line(id="silence", reference="uh", hypothesis="", language="en", duration=1.0, **more))
    rows.append(Line(id="digits", reference="9" * 4400, hypothesis="nine", language="en", duration=1.0, **more))
    return rows


def run_of(folder: Path, rows: Sequence[Line], on_error: str = "record") -> Path:
    folder.mkdir(parents=True)
    (folder / "b.jsonl").write_bytes(encode_lines(rows))
    entry = BenchmarkRecord(language="en", expected=len(rows), complete=True)
    record = RunRecord(model=ModelRecord(id=folder.name), benchmarks={"b": entry}, settings={"on_error": on_error})
    write(folder / "run.json", record)
    return folder


def scored(folders: Sequence[Path], workers: int = 1, *, cached: bool = False) -> list[str]:
    systems: list[System] = [read_run(folder) for folder in folders]
    counted = count_systems(systems, [AUGUST] * len(systems), workers=workers, cached=cached)
    return [pretty(score_counted(*each)) for each in zip(systems, [AUGUST] * len(systems), counted, strict=True)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every journal is a large one."""
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)


@pytest.mark.parametrize("on_error", ["record", "score-empty"])
@pytest.mark.parametrize("workers", [1, 3])
def test_scores_are_the_same_to_the_last_digit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_error: str, workers: int
) -> None:
    folders = [run_of(tmp_path / name, lines(400, seed), on_error) for name, seed in (("one", 2), ("two", 3))]
    held = scored(folders)
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    assert scored(folders, workers) == held
    monkeypatch.setenv("ASR_HARNESS_CACHE", str(tmp_path / "cache"))
    assert scored(folders, workers, cached=True) == held
    asked: list[int] = []

    def count(parts: Sequence[Part], *rest: Any) -> list[Any]:
        asked.append(len(parts))
        return count_parts(parts, *rest)

    monkeypatch.setattr("harness.scoring.scored.count_parts", count)
    assert scored(folders, workers, cached=True) == held
    assert asked == [0], "everything was known"


@pytest.mark.usefixtures("small")
def test_chunks_and_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = [
        Line(
            id=f"{parent}-{at}",
            reference="a b c",
            hypothesis=f"a {at}",
            parent_id=parent,
            chunk_index=at,
            language=spoken,
        )
        for parent, spoken in (("q", "en"), ("p", "en"), ("r", "de"))
        for at in (1, 0)
    ]
    folder = run_of(tmp_path / "chunks", chunks)
    stored = scored([folder])
    monkeypatch.setattr(journal, "LARGE_BYTES", 1 << 30)
    assert scored([folder]) == stored
    assert stored[0].count('"benchmark": "b_') == 2


@pytest.mark.parametrize("killed", [False, True])
def test_counts_do_not_depend_on_the_number_of_processes(monkeypatch: pytest.MonkeyPatch, *, killed: bool) -> None:
    parts = [Part(lines(150, seed), "en") for seed in (2, 3)]
    expected = [
        iter(
            count_pairs(
                [(row.reference, row.hypothesis, "en") for row in part.rows if row.hypothesis is not None], AUGUST
            )
        )
        for part in parts
    ]
    rows = [
        [None if row.hypothesis is None else next(each) for row in part.rows]
        for part, each in zip(parts, expected, strict=True)
    ]
    real = processes._work

    def work(*arguments: Any) -> None:
        if killed:
            raise SystemExit(9)
        real(*arguments)

    monkeypatch.setattr(processes, "can_fork", lambda: True)
    monkeypatch.setattr(processes, "_work", work)
    for workers in (1, 2, 5):
        found = count_parts(parts, AUGUST, workers)
        assert [list(counts) for counts, _ in found] == rows
        assert [facts for _, facts in found] == [facts_of(part.rows) for part in parts]


def test_packed_counts_are_a_sequence() -> None:
    table = np.array([[3, 1, 0, 2, 0, 0], [-1, 0, 0, 0, 0, 0], [0, 0, 0, 4, 1, 0], [1, 0, 2, 0, 0, 1]], dtype=np.int32)
    counts = PackedCounts(table)
    each = [
        Counted(ErrorCounts(3, 1, 0, 2)),
        None,
        Counted(ErrorCounts(0, 0, 0, 4), dropped=True),
        Counted(ErrorCounts(1, 0, 2), as_written=True),
    ]
    assert list(counts) == [counts[at] for at in range(4)] == each
    assert list(counts[1:3]) == each[1:3]
    assert None in counts
    assert None not in counts[2:]
    assert each[3] in counts
    assert (counts.present, counts.dropped.tolist(), counts.as_written) == (3, [False, False, True, False], 1)
    kept = counts.kept(ours=True)
    assert list(kept) == [ErrorCounts(3, 1, 0, 2), ErrorCounts(), ErrorCounts(), ErrorCounts(1, 0, 2)]
    assert counts.kept(ours=False)[2] == ErrorCounts(insertions=4)
    assert total_of(kept) == total_of(list(kept)) == ErrorCounts(4, 1, 2, 2)
    for one, other in zip(errors_and_words(kept), errors_and_words(list(kept)), strict=True):
        assert one.tolist() == other.tolist()


def test_facts_are_those_of_the_rows() -> None:
    rows = lines(60, 2)
    facts = facts_of(rows)
    assert facts.sessions == [row.session for row in rows]
    assert facts.seconds == facts.audio == total(row.duration for row in rows)
    assert facts.durations.tolist() == [row.duration for row in rows]
    assert facts.spent is None
    assert (facts.said, facts.ascii, facts.drafted, facts.translated, facts.unit) == (
        True,
        False,
        False,
        False,
        "session",
    )
    silent = [Line(id="u", reference=" ", hypothesis="", duration=0.0, time=2.0, draft="d", target="de")]
    facts = facts_of(silent)
    assert (facts.seconds, facts.audio, facts.spent) == (0.0, None, 2.0)
    assert (facts.said, facts.ascii, facts.drafted, facts.translated, facts.unit) == (
        False,
        True,
        True,
        True,
        "utterance",
    )
    assert facts_of([]).seconds is None


@pytest.mark.parametrize("known", [10, 200_000])
def test_whether_words_can_merge(known: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banded, "_BEGINNINGS_LIMIT", known)  # starts afresh now and then, or never
    monkeypatch.setattr(banded, "_BEGINNINGS", banded._Beginnings())
    draw = random.Random(5)
    found = 0
    for _ in range(20_000):
        words, others = (
            ["".join(draw.choices("ab", k=draw.randint(1, 3))) for _ in range(draw.randint(0, 6))] for _ in "12"
        )
        assert can_merge(words, others) == bool(merged_spans(words, others)), (words, others)
        found += can_merge(words, others)
    assert found == 1934


def test_what_words_begin_with_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banded, "_BEGINNINGS_LIMIT", 5)
    beginnings = banded._Beginnings()
    sizes = [len(beginnings.including([word])) for word in ("abc", "abd", "xyz", "abd", "uvw", "uv", "abc")]
    assert sizes == [2, 3, 5, 5, 7, 1, 3]
    assert beginnings.including(["abc"]) == {"uv", "ab", "abc"}
