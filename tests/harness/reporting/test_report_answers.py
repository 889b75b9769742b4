"""What a report shows first: the tables that answer a run's question, and the utterances on which systems differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.reporting import report
from harness.reporting.page.data import group
from harness.reporting.report import Wishes, _answers, _by_interest, write_report
from harness.reporting.table import Cell, Column, Table
from harness.scoring.predictions import System
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.reporting.test_figures import made
from tests.harness.scoring.made import predictions

RULES = get_profile("card@2026-04")


def test_utterances_on_which_systems_differ_most_come_first() -> None:
    """Of those that differ as much, the one with the most errors; then by name."""
    heard = ["a b c", "x y c", "x y z", "x b c", "x b c"], ["a b c", "a b c", "x y z", "x b c", "a b c"]
    parts = [predictions(*(("a b c", text) for text in texts), name="read") for texts in heard]
    groups = group([[count_predictions(one, RULES)] for one in parts])
    assert _by_interest(groups) == [("read", f"u{at}") for at in (1, 4, 2, 3, 0)]


def test_the_screen_has_what_answers_the_question() -> None:
    stems = ("table", "languages", "robustness", "hallucination", "errors")
    shown = {stem: Table(stem, "", (Column("x", "X"),), ((Cell(1),),)) for stem in stems}

    def answers(*names: str, silent: bool = False) -> list[str]:
        one = predictions(("" if silent else "a", "b"), name="x")
        found = replace(made(), scored=[[count_predictions(one, RULES)]])
        return [table.title for table in _answers(found, {name: shown[name] for name in names})]

    assert answers("table", "errors") == ["table"]
    assert answers("table", "languages", "errors") == ["table", "languages"]
    assert answers("table", "robustness") == ["robustness"]
    assert answers("table", "robustness", "hallucination") == ["robustness", "hallucination"]
    assert answers("table", "hallucination") == ["table", "hallucination"], "beside sets in which something is said"
    assert answers("table", "hallucination", silent=True) == ["hallucination"]


def test_runs_that_a_table_does_not_show_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_plots", lambda *_: ([], []))
    system = System(model="m", benchmarks=[predictions(("a", "a"), name="x")])
    written = write_report([system], RULES, tmp_path / "out", Wishes(beside=("one", "two")))
    said = "Runs beside these that are not in this table: one, two. `report` shows them all."
    assert written.table.notes[-1] == said
    assert said not in write_report([system], RULES, tmp_path / "out", Wishes()).table.notes
