"""The tables of results, fact by fact: what is noted of which cell, and what is said of the whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.records.scores import Average
from harness.records.statistics import MetricValue
from harness.reporting.page.data import group
from harness.reporting.results import OTHERS, competing, errors_table, results_table
from harness.reporting.table import Table
from harness.scoring.large import pack
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.reporting.made import entry, interval, run, score
from tests.harness.scoring.made import lines


def notes_of(table: Table, key: str) -> list[tuple[str, ...]]:
    at = [column.key for column in table.columns].index(key)
    return [row[at].notes for row in table.rows]


def test_more_utterances_are_other_data_as_fewer_are() -> None:
    counts = (100, 100, 101, 99)
    scores = [score(f"m{count}", [entry("read", 0.1, utterances=count)], 0.1) for count in counts]
    said = "other data than in the other rows: {} utterances, not 100"
    assert notes_of(results_table(scores, [None] * 4), "read") == [(), (), (said.format(101),), (said.format(99),)]


def test_as_many_utterances_that_are_others_are_noted_and_do_not_compete() -> None:
    scores = [score(name, [entry("read", rate), entry("far", 0.3)], rate) for name, rate in (("a", 0.2), ("b", 0.1))]
    table = results_table(scores, [None] * 2, others=[(), {"read"}])
    assert notes_of(table, "read") == [(), (OTHERS,)]
    assert notes_of(table, "far") == [(), ()]
    assert notes_of(table, "average") == [(), (f"{OTHERS} (read)",)]
    keys = [column.key for column in table.columns]
    best = [[row[keys.index(key)].best for row in table.rows] for key in ("read", "average")]
    assert best == [[True, False], [True, False]], "the lower rate of other utterances is not the best"
    assert competing(scores, [None] * 2, [(), {"read"}]) == [{"read", "far"}, {"far"}]
    assert competing(scores, [None] * 2) == [{"read", "far"}] * 2


def test_a_run_that_is_not_whole_says_so_beside_its_name() -> None:
    scores = [score("a", [entry("read", 0.1)], 0.1), score("b", [entry("read", 0.1)], None, complete=False)]
    assert notes_of(results_table(scores, [None] * 2), "model") == [(), ("incomplete run",)]


def test_what_the_rules_do_not_see_is_the_most_that_any_model_has() -> None:
    scores = [
        score(name, [entry("read", 0.1, letters_without_marks=letters, typographic_apostrophes=signs)], 0.1)
        for name, letters, signs in (("a", 5, 0), ("b", 1200, 0), ("c", 3, 7))
    ]
    assert [note for note in results_table(scores, [None] * 3).notes if "up to" in note] == [
        "Letters lost their marks, so that words which differ in nothing else count as the same: up to 1,200 on read.",
        "Typographic apostrophes were punctuation, so that the same word with ' counts as another: up to 7 on read.",
    ]


def test_the_least_precise_system_says_what_is_resolved() -> None:
    ends = [replace(interval(0.1, 0.2), smallest_difference=one) for one in (0.01, 0.03)]
    alone = [score("m", [replace(entry("read", 0.15), wer_interval=one)], 0.15) for one in ends]
    both = [
        replace(
            score("m", [entry("read", 0.15), entry("far", 0.15)], 0.15), average=Average(wer=0.15, wer_interval=one)
        )
        for one in ends
    ]
    for scores, where in ((alone, "on read"), (both, "on average")):
        [note] = [note for note in results_table(scores, [None] * 2).notes if note.startswith("Resolves")]
        assert note.startswith(f"Resolves 3.00 points {where} between two such models")


def test_speeds_of_two_machines_say_whose_they_are() -> None:
    scores = [score(name, [entry("read", 0.1)], 0.1) for name in "abc"]
    runs = [run(environment={"hardware": {"accelerator": name}}) for name in ("H100", "A100", "H100")]
    assert results_table(scores, runs).notes[-2:] == ("RTFx of a, c on H100.", "RTFx of b on A100.")
    assert results_table(scores, [runs[0]] * 3).notes[-1:] == ("RTFx on H100.",)


def test_kinds_of_errors_are_shares_of_the_words() -> None:
    """Of ten words one is substituted, two are left out and three are inserted; nothing is said in one of four."""
    rows = lines(
        ("a b c d", "a x"), ("e f g", "e f g u v w"), ("h i j", "h i j"), ("", "um"),
        session=["s"] * 4,
    )  # fmt: skip
    part = Predictions(benchmark="read", language="en", rows=rows, source=Path("x"), ours=True)
    table = errors_table(["m"], group([[count_predictions(part, get_profile("card@2026-04"))]]))
    keys = [column.key for column in table.columns]
    values = dict(zip(keys, (cell.value for cell in table.rows[0]), strict=True))
    assert values == {
        "model": "m", "benchmark": "read", "utterances": 4, "words": 10, "wer": 0.6, "substitutions": 0.1,
        "deletions": 0.2, "insertions": 0.3, "wrong": 2 / 3,
    }  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_what_failed_is_no_utterance_without_errors(packed: bool) -> None:
    """Of four utterances one failed, one has nothing in its reference, and one of the other two has an error."""
    rows = lines(("a b", "a x"), ("c d", "c d"), ("e f", ""), ("", "um"), session=["s"] * 4)
    rows[2] = replace(rows[2], hypothesis=None, error="lost")
    part = Predictions(benchmark="read", language="en", rows=rows, source=Path("x"), ours=True)
    scored = count_predictions(part, get_profile("card@2026-04"))
    scored = dataclasses.replace(scored, counted=pack(scored.counted)) if packed else scored
    table = errors_table(["m"], group([[scored]]))
    cells = dict(zip([column.key for column in table.columns], table.rows[0], strict=True))
    assert (cells["words"].value, cells["wrong"].value) == (4, 1 / 2)
    assert (cells["utterances"].value, cells["utterances"].notes) == (
        4, ("1 of them failed, and counted in no other column",),
    )  # fmt: skip


def test_transcripts_that_were_written_before_have_no_speed() -> None:
    """Their lookups are no model's speed: no figure, no machine, and not the fastest of the table."""
    scores = [score(name, [entry("read", 0.1)], 0.1) for name in ("transcripts:a.jsonl", "org/b")]
    here = {"hardware": {"accelerator": "H100"}}
    runs = [run(model={"id": one.model}, environment=here) for one in scores]
    table = results_table(scores, runs)
    why = ("of transcripts that were written before: nothing was listened to",)
    for key, value in (("rtfx", 1234.5), ("rtfx_end_to_end", 7.25)):
        at = [column.key for column in table.columns].index(key)
        assert [(row[at].value, row[at].notes) for row in table.rows] == [(None, why), (value, ())]
    assert "RTFx on H100." in table.notes
    assert not any("H100" in note for note in results_table(scores[:1], runs[:1]).notes)


def test_references_that_come_to_nothing_are_said_to_be_left_out() -> None:
    parts = [entry("read", 0.1, dropped_references=6), entry("far", 0.1)]
    silent = entry("silent", None, dropped_references=100)
    notes = results_table([score(name, [*parts, silent], 0.1) for name in "ab"], [None] * 2).notes
    assert "Not in the rates, since nothing is said by the reference: 6 of 100 of read." in notes
    assert not any("Not in the rates" in one for one in results_table([score("a", parts[1:], 0.1)], [None]).notes)


def test_translations_have_no_word_error_rate() -> None:
    made = entry("talks", None, metric="bleu", target="en", metrics={"bleu": MetricValue(value=31.5)})
    table = results_table([score("m", [made, entry("read", 0.1)], 0.1)], [None])
    assert [column.key for column in table.columns][:4] == ["model", "read", "average", "talks_bleu"]
    alone = results_table([score("m", [made], None)], [None])
    assert (alone.title, [column.key for column in alone.columns][:2]) == ("Translations", ["model", "talks_bleu"])
