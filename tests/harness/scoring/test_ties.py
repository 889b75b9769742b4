"""Ties with the best model of a table, from counts; and their marks in the table."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from harness.reporting.table import TIE, results_table
from harness.scoring.predictions import Predictions, Row, System
from harness.scoring.profiles import get_profile
from harness.scoring.score import Scored, count_predictions, score_system
from harness.scoring.ties import ties

VERBATIM = get_profile("verbatim")
WORDS = "a b c d e f g h i j"


def counted(probability: float, seed: int, benchmark: str = "set", sessions: int = 12, *, ours: bool = False) -> Scored:
    generator = random.Random(seed)
    rows = []
    for index in range(10 * sessions):
        heard = " ".join(word if generator.random() > probability else "oops" for word in WORDS.split())
        rows.append(Row(id=f"u{index}", reference=WORDS, hypothesis=heard, session=f"s{index % sessions}"))
    one = Predictions(benchmark=benchmark, language="en", rows=rows, source=Path("x"), ours=ours)
    return count_predictions(one, VERBATIM)


def test_the_tied_are_found_and_marked() -> None:
    scored = [[counted(0.2, 1)], [counted(0.05, 2)], [counted(0.05, 3)], [counted(0.05, 4)]]
    found = ties(scored)
    assert set(found) == {"set"}
    rates = [sum(count.errors for count in one[0].kept()) for one in scored]
    best = rates.index(min(rates))
    assert found["set"] == {1, 2, 3} - {best}
    scores = [
        score_system(System(model=f"m{index}", benchmarks=[one[0].predictions]), VERBATIM, scored=one)
        for index, one in enumerate(scored)
    ]
    table = results_table(scores, [None] * 4, found)
    marked = [TIE in row[1].notes for row in table.rows]
    assert marked == [index in found["set"] for index in range(4)]
    assert [row[1].best for row in table.rows] == [index == best for index in range(4)]
    assert TIE in table.render("markdown")


def test_the_average_has_ties_of_its_own() -> None:
    scored = [
        [counted(0.05, 1, "x"), counted(0.05, 2, "y")],
        [counted(0.05, 3, "x"), counted(0.05, 4, "y")],
        [counted(0.3, 5, "x"), counted(0.3, 6, "y")],
    ]
    found = ties(scored)
    assert set(found) == {"x", "y", "average"}
    assert len(found["average"]) == 1
    assert found["average"] < {0, 1}


def test_what_cannot_be_paired_is_left_out() -> None:
    one, other = counted(0.05, 1), counted(0.05, 2)
    shorter = count_predictions(replace(other.predictions, rows=other.predictions.rows[:-1]), VERBATIM)
    failed = replace(other.predictions.rows[0], hypothesis=None)
    incomplete = count_predictions(replace(other.predictions, rows=[failed, *other.predictions.rows[1:]]), VERBATIM)
    renamed = replace(other.predictions.rows[0], reference="something else")
    otherwise = count_predictions(replace(other.predictions, rows=[renamed, *other.predictions.rows[1:]]), VERBATIM)
    for stranger in (shorter, incomplete, otherwise):
        assert ties([[one], [stranger]]) == {}
    assert ties([[counted(0.05, 1, sessions=4)], [counted(0.05, 2, sessions=4)]]) == {}
    assert ties([[one]]) == {}
    assert ties([]) == {}


def test_order_does_not_matter() -> None:
    one, other = counted(0.05, 1), counted(0.05, 2)
    turned = count_predictions(replace(other.predictions, rows=other.predictions.rows[::-1]), VERBATIM)
    assert ties([[one], [turned]]) == ties([[one], [other]])
    assert len(ties([[one], [other]])["set"]) == 1


def test_references_dropped_by_one_run_count_for_none() -> None:
    august = get_profile("leaderboard@2026-08")
    rows = [Row(id=f"u{i}", reference="uh", hypothesis="uh noise" * 9, session=f"s{i}") for i in range(3)]
    rows += [Row(id=f"v{i}", reference="a b c d", hypothesis="a b c x", session=f"t{i}") for i in range(9)]
    mine = Predictions(benchmark="set", language="en", rows=rows, source=Path("x"), ours=True)
    theirs = replace(mine, ours=False)
    found = ties([[count_predictions(mine, august)], [count_predictions(theirs, august)]])
    assert found == {"set": {1}}
