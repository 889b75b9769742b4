"""Two systems whose rows stay in their files: compared and judged as those that are held, to the last digit."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from harness import processes
from harness.gating.against import gate_against
from harness.gating.pair import pair_rates
from harness.gating.policy import read_policy
from harness.gating.sides import read_side
from harness.records import journal
from harness.records.codec import pretty
from harness.records.decision import Decision
from harness.records.journal import Line
from harness.scoring import comparison
from harness.scoring.align import align_nist
from harness.scoring.comparison import compare_systems
from harness.scoring.pairing import pair_benchmarks
from harness.scoring.predictions import read_run
from harness.scoring.scored import count_systems
from harness.scoring.significance import mark_words, matched_pairs
from tests.harness.scoring.test_large import AUGUST, lines, run_of

ON_ERROR = ["record", "score-empty"]


def two(folder: Path, on_error: str, *, changed: bool = False, count: int = 300) -> list[Path]:
    """Runs of the same utterances in another order; some references may be others."""
    first, second = lines(count, 2), lines(count, 3)
    if changed:
        second[3:5] = [msgspec.structs.replace(row, reference=f"{row.reference} more") for row in second[3:5]]
    random.Random(4).shuffle(second)
    return [run_of(folder / name, rows, on_error) for name, rows in (("one", first), ("two", second))]


def large_journals(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setattr(journal, "LARGE_BYTES", 0)
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    monkeypatch.setattr(comparison, "available_workers", lambda: workers)


@pytest.mark.parametrize("on_error", ON_ERROR)
def test_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_error: str) -> None:
    folders = two(tmp_path, on_error)
    held = pretty(compare_systems([read_run(one) for one in folders], AUGUST))
    assert '"segments"' in held
    for workers in (1, 3):
        large_journals(monkeypatch, workers)
        assert pretty(compare_systems([read_run(one) for one in folders], AUGUST)) == held


def test_matched_pairs_are_those_of_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The segments of three systems, whoever looked at which utterance, and those of plain marks one by one."""
    large_journals(monkeypatch, 2)
    folders = [run_of(tmp_path / str(seed), lines(120, seed)) for seed in (2, 3, 4)]
    systems = [read_run(one) for one in folders]
    [paired] = pair_benchmarks(count_systems(systems, [AUGUST] * 3), ["1", "2", "3"])
    texts, kept = AUGUST.texts("en"), paired.transcribed().tolist()
    rows = [[paired.rows(at)[place] for place in kept] for at in range(3)]

    def marks(said: Line, first: Line, second: Line) -> list[list[str]]:
        (words, one, other), _ = texts.together(said.reference, first.hypothesis or "", second.hypothesis or "")
        return [words.split(), one.split(), other.split()]

    expected = [
        matched_pairs(
            (mark_words(align_nist(words, one)), mark_words(align_nist(words, other)))
            for words, one, other in (marks(said, first, second) for said, first, second in zip(a, a, b, strict=True))
        )
        for a, b in ((rows[0], rows[1]), (rows[0], rows[2]), (rows[1], rows[2]))
    ]
    [block] = compare_systems(systems, AUGUST).benchmarks
    assert [pair.mapsswe for pair in block.pairs] == expected
    assert expected[0].segments > 50


def decided(folders: list[Path]) -> Decision:
    run = read_side([folders[0]], "rtfx", AUGUST.name)
    return gate_against(run, [folders[1]], read_policy(None), AUGUST.name)


@pytest.mark.parametrize("on_error", ON_ERROR)
@pytest.mark.parametrize("changed", [False, True])
def test_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_error: str, *, changed: bool) -> None:
    folders = two(tmp_path, on_error, changed=changed)
    held = pretty(decided(folders))
    large_journals(monkeypatch, 2)
    assert pretty(decided(folders)) == held
    if on_error == "score-empty":
        found = next(one for one in decided(folders).findings if one.subject == "b")
        assert (len(found.blame), len(found.left_out), found.utterances) == (10, 2 * changed, 302 - 2 * changed)


def test_the_worst_are_those_of_a_sorted_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = two(tmp_path, "score-empty")
    large_journals(monkeypatch, 2)
    paired = pair_benchmarks(count_systems([read_run(one) for one in folders], [AUGUST] * 2), ["1", "2"])[0]
    pair = pair_rates(paired)
    more = (pair.after.errors - pair.before.errors).tolist()
    every = sorted(
        ((one, old.id) for one, (old, _) in zip(more, pair.rows, strict=True) if one > 0),
        key=lambda item: (-item[0], item[1]),
    )
    assert len({one for one, _ in every}) < len(every), "some are equally bad"
    for most in (0, 1, 7, len(every), 1000):
        assert [(one.more_errors, one.id) for one in pair.blame(most)] == every[:most]
    turned = pair.part(range(len(pair.rows) - 1, -1, -1))
    assert [(one.more_errors, one.id) for one in turned.blame(7)] == every[:7]
    part = pair.part([5, 2, 9])
    assert [old.id for old, _ in part.rows] == [pair.rows[at][0].id for at in (5, 2, 9)]
    assert np.array_equal(part.before.errors, pair.before.errors[[5, 2, 9]])
