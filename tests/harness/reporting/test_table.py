"""Tables: the same facts in six forms, rounded for people and whole for machines, and text from outside stays text."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from harness.errors import UsageError
from harness.records.scores import ProfileRecord
from harness.records.statistics import MetricValue
from harness.reporting.model import SAYS_NOTHING
from harness.reporting.results import TIE, competing, metrics_table, results_table
from harness.reporting.table import EXTENSIONS, FORMATS, Cell, Column, Table, _blocks, mark_best
from harness.version import VERSION
from tests.harness.reporting.made import entry, interval, run, score

HOSTILE = '=HYPERLINK("x")|<script>alert(1)</script>\x1b[2J\u202e`*_$#~^{}\\&%'


def demo() -> Table:
    scores = [
        score("org/first", [entry("read", 0.0123456, half=0.002), entry("far", 0.2)], 0.1061728),
        score(HOSTILE, [entry("read", 0.01), entry("far", 0.3, failed=2)], None, complete=False),
    ]
    return results_table(scores, [None, None])


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_renders_and_ends_with_one_line_end(form: str) -> None:
    text = demo().render(form)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert set(EXTENSIONS) == set(FORMATS)


def test_unknown_form_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'markdown'"):
        demo().render("markdwn")


def test_people_read_two_decimals_and_machines_the_whole_number() -> None:
    table = demo()
    assert "1.23" in table.render("markdown")
    whole = json.loads(table.render("json"))
    assert (whole["format"], whole["version"]) == (2, VERSION)
    assert set(whole) == {"format", "version", "title", "caption", "columns", "rows", "notes"}
    assert [column["key"] for column in whole["columns"]] == [column.key for column in table.columns]
    record = whole["rows"][0]
    assert record["read"] == 0.0123456
    assert record["read_interval"] == {"low": 0.0123456 - 0.002, "high": 0.0123456 + 0.002}
    row = next(csv.DictReader(io.StringIO(table.render("csv"))))
    assert float(row["read (fraction)"]) == 0.0123456
    assert float(row["read_high (fraction)"]) == 0.0123456 + 0.002
    assert float(row["rtfx"]) == 1234.5


def test_terminal_shows_rows_interval_and_speed() -> None:
    text = demo().render("terminal", width=100, color=False)
    assert re.search(r"^org/first +1\.23 +20\.00 +10\.62 +1,234 +7\.25 +0$", text, re.MULTILINE)
    assert "1.03–1.43" in text
    assert "\x1b" not in text


def test_terminal_wraps_columns_at_any_width() -> None:
    names = [f"a_long_benchmark_name_{i}" for i in range(19)]
    scores = [
        score(f"organization/model-number-{m}", [entry(n, 0.05, half=0.01) for n in names], 0.05) for m in range(3)
    ]
    table = results_table(scores, [None] * 3)
    for width in (40, 80, 100, 120):
        text = table.render("terminal", width=width, color=False)
        assert max(len(line) for line in text.splitlines()) <= width
        assert text.count("5.00") == 3 * 20


def test_color_is_asked_for() -> None:
    assert "\x1b[1m20.00\x1b[0m" in demo().render("terminal", color=True)


def test_caption_names_suite_profile_and_notes_are_marked() -> None:
    text = demo().render("markdown")
    assert "Suite demo@1, profile card@2026-04" in text
    assert "30.00‡" in text
    assert "‡ incomplete: 100 utterances, 2 failed" in text
    assert "no average: the suite is incomplete" in text


def test_other_rules_and_other_data_are_marked() -> None:
    scores = [
        score("a", [entry("read", 0.1)], 0.1),
        score("b", [entry("read", 0.1)], 0.1),
        score("c", [entry("read", 0.1, utterances=99)], 0.1, profile=ProfileRecord(name="verbatim")),
    ]
    notes = json.loads(results_table(scores, [None] * 3).render("json"))["rows"][2]["notes"]
    assert notes == {
        "model": ["scored under other rules: verbatim"],
        "read": ["other data than in the other rows: 99 utterances, not 100"],
        "average": ["other data than in the other rows: 99 utterances, not 100"],
    }


def test_a_run_that_was_killed_competes_with_nobody() -> None:
    """Before its end nobody knows how many utterances there are; the few that it has are no measure for the others."""
    scores = [
        score("killed", [entry("read", 0.0, utterances=4)], None, complete=False),
        score("whole", [entry("read", 0.3)], 0.3),
        score("worse", [entry("read", 0.4)], 0.4),
    ]
    facts = {"complete": False, "selection": {"limit": None}}
    runs = [run(model={"id": "killed"}, benchmarks={"read": facts}), None, None]
    table = results_table(scores, runs)
    shown = json.loads(table.render("json"))["rows"]
    assert shown[0]["notes"]["read"] == ["incomplete: 4 utterances, the run did not go to its end"]
    assert [row.get("notes", {}).get("read") for row in shown[1:]] == [None, None]
    at = [column.key for column in table.columns].index("read")
    assert [row[at].best for row in table.rows] == [False, True, False]
    assert competing(scores, runs) == [frozenset(), {"read"}, {"read"}]
    two = results_table(scores[:2], runs[:2])
    assert [[note for note in row[at].notes if "other data" in note] for row in two.rows] == [[], []]


def test_a_language_that_a_model_does_not_know_is_said() -> None:
    entries = [entry("read", 0.1), entry("lapsbm", 1.4, language="pt"), entry("far", 1.2, language="pt")]
    scores = [score(name, entries, 0.9) for name in "abcdef"]
    known = [("en",), ("pt", "en"), (), ("pt-BR", "eng"), ("English", "Portuguese"), ("en", "multilingual")]
    runs = [run(model={"id": "x", "languages": list(languages)}, benchmarks={}) for languages in known]
    notes = results_table(scores, runs).notes
    assert [note for note in notes if "by its card" in note] == [
        "a knows en by its card, and not the language of lapsbm, far (pt)."
    ]


def test_what_a_run_says_of_itself_is_shown() -> None:
    scores = [score("a", [entry("read", 0.1), entry("far", 0.2)], 0.15), score("b", [entry("read", 0.1)], None)]
    made = run(
        model={"id": "a", "parameters": 2_100_000_000},
        environment={"hardware": {"cpu": "Abacus", "cores": 2, "accelerator": None}},
        benchmarks={
            "read": {"expected": 120, "selection": {"limit": None}, "drift": ["read: rows is 1 where 2 is stated"]},
            "far": {"expected": 100, "selection": {"limit": 100}, "source": "hub:x/y", "revision_locked": False},
        },
    )
    table = results_table(scores, [made, None])
    first, second = json.loads(table.render("json"))["rows"]
    assert first["notes"] == {
        "read": [
            "incomplete: 100 of 120 utterances, 0 failed",
            "not the locked data: read: rows is 1 where 2 is stated",
        ],
        "far": ["a sample only: --limit 100"],
        "average": [
            "incomplete: 100 of 120 utterances, 0 failed (read)",
            "not the locked data: read: rows is 1 where 2 is stated (read)",
            "a sample only: --limit 100",
        ],
    }
    assert second["far"] is None
    assert second["notes"]["rtfx"] == ["over 1 of the 2 benchmarks"]
    assert first["parameters"] == 2_100_000_000
    assert "2.10" in table.render("latex")
    assert table.notes == ("RTFx on Abacus, 2 cores.", "Data revision not locked: far.")


def test_a_benchmark_in_characters_says_so() -> None:
    characters = entry("ja", None, metric="cer", cer=0.125, cer_interval=interval(0.1, 0.15))
    text = results_table([score("a", [characters], None)], [None]).render("markdown")
    assert "ja CER" in text
    assert "12.50 <sub>10.00–15.00</sub>" in text
    assert "95 % intervals: bootstrap." in text
    assert "no average: a benchmark has no word error rate" in text


def test_best_is_what_shows_as_best_under_equal_conditions() -> None:
    column = (Column("x", "x", format=".2f", scale=100, best="low"),)
    rows = [[Cell(0.05001)], [Cell(0.05)], [Cell(0.04, notes=("other data",))], [Cell(None)], [Cell(0.06)]]
    assert [row[0].best for row in mark_best(column, rows)] == [True, True, False, False, False]
    assert not mark_best(column, rows[:1])[0][0].best
    shared = [[Cell(0.05, notes=("all",))], [Cell(0.04, notes=("all",))]]
    assert [row[0].best for row in mark_best(column, shared)] == [False, True]


def test_hostile_name_is_text_in_html() -> None:
    root = ET.fromstring(demo().render("html"))
    assert [e.tag for e in root.iter() if e.tag == "script"] == []
    names = ["".join(th.itertext()) for th in root.iter("th") if th.get("scope") == "row"]
    assert names[1].startswith('=HYPERLINK("x")|<script>alert(1)</script>\\x1b[2J\\u202e')


def test_hostile_name_is_one_cell_in_markdown() -> None:
    lines = demo().render("markdown").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert "<script" not in "".join(rows)


def test_hostile_name_is_no_formula_in_csv() -> None:
    rows = list(csv.reader(io.StringIO(demo().render("csv"))))
    assert rows[2][0].startswith("'=HYPERLINK")
    assert len({len(row) for row in rows}) == 1


def test_hostile_name_obeys_nothing_in_a_terminal() -> None:
    text = demo().render("terminal", width=120, color=False)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_latex_is_escaped_booktabs() -> None:
    text = demo().render("latex")
    assert r"\toprule" in text
    assert r"\textless{}script\textgreater{}" in text
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    for row in body.splitlines()[1:]:
        assert len(re.findall(r"(?<!\\)&", row)) == 6
        assert not re.search(r"(?<!\\)[%#_](?!\w*\})", row)


def test_numbers_that_are_not_finite_are_unknown() -> None:
    table = Table("t", "c", (Column("n", "n"), Column("x", "x")), ((Cell("a"), Cell(float("nan"))),))
    assert json.loads(table.render("json"))["rows"] == [{"n": "a", "x": None}]
    assert "| a | – |" in table.render("markdown")


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="does not have 2 cells"):
        Table("t", "c", (Column("a", "a"), Column("b", "b")), ((Cell(1),),))


def test_nothing_at_all_is_a_table_too() -> None:
    empty = Table("t", "c", (Column("a", "a"),), ())
    for form in FORMATS:
        assert "a" in empty.render(form)


def test_import_is_light() -> None:
    heavy = {"matplotlib", "pandas", "torch", "numpy", "rich"}
    code = f"import sys, harness.reporting.table; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_no_model_is_fastest_on_different_hardware() -> None:
    scores = [score(name, [entry("read", 0.1)], 0.1) for name in "ab"]
    runs = [run(environment={"hardware": {"accelerator": n}}) for n in "ab"]
    bold = "**1,234**"
    assert results_table(scores, [runs[0], runs[0]]).render("markdown").count(bold) == 2
    assert results_table(scores, runs).render("markdown").count(bold) == 0


def test_ties_mark_what_is_not_in_bold() -> None:
    scores = [score(name, [entry("read", wer)], wer) for name, wer in (("a", 0.1), ("b", 0.11), ("c", 0.2))]
    table = results_table(scores, [None] * 3, {"read": {0, 1}, "average": {0, 1, 2}})
    assert [[TIE in cell.notes for cell in row[1:3]] for row in table.rows] == [[False] * 2, [True] * 2, [False, True]]
    assert [row[1].best for row in table.rows] == [True, False, False]


def test_a_tie_needs_its_best_in_the_table() -> None:
    """The best of those with other data is no best of the table: to be tied with it says nothing."""
    scores = [score("a", [entry("read", 0.1)], 0.1), score("b", [entry("read", 0.1)], 0.1)]
    scores += [score(name, [entry("read", 0.01, utterances=9)], 0.01) for name in "cd"]
    table = results_table(scores, [None] * 4, {"read": {2, 3}})
    assert not any(TIE in row[1].notes for row in table.rows)


def measured(**values: float) -> dict[str, MetricValue]:
    return {name: MetricValue(value=value, interval=interval(value / 2, value)) for name, value in values.items()}


def test_metrics_are_columns_by_their_declarations() -> None:
    entries = [entry("read", 0.1, metrics=measured(mer=0.5, inserted_on_silence=3.0)), entry("far", 0.2)]
    scores = [score("a", entries, 0.15), score("b", [entry("read", 0.1, metrics=measured(mer=0.25))], 0.1)]
    table = results_table(scores, [None] * 2, metrics=["mer", "inserted_on_silence", "wer"])
    assert [column.key for column in table.columns][3:8] == [
        "average",
        "read_mer",
        "far_mer",
        "read_inserted_on_silence",
        "far_inserted_on_silence",
    ]
    columns = {column.key: column for column in table.columns}
    assert columns["read_mer"].title == "read MER"
    header = next(csv.reader(io.StringIO(table.render("csv"))))
    assert {"read_mer (fraction)", "read_inserted_on_silence (words a minute)", "rtfx", "model"} <= set(header)
    assert columns["read_inserted_on_silence"].title == "read inserted on silence, words a minute"
    first, second = json.loads(table.render("json"))["rows"]
    assert (first["read_mer"], first["read_mer_interval"]) == (0.5, {"low": 0.25, "high": 0.5})
    assert (first["far_mer"], second["read_inserted_on_silence"]) == (None, None)
    assert float(next(csv.DictReader(io.StringIO(table.render("csv"))))["read_mer (fraction)"]) == 0.5
    text = table.render("markdown")
    assert "| **25.00** <sub>12.50–25.00</sub> |" in text
    assert "| **3.00** <sub>1.50–3.00</sub> |" in text
    with pytest.raises(UsageError, match="did you mean 'mer'"):
        results_table(scores, [None] * 2, metrics=["merr"])


def test_a_metric_of_other_data_is_marked_as_its_rate_is() -> None:
    scores = [score(name, [entry("read", 0.1, metrics=measured(mer=0.5))], 0.1) for name in "ab"]
    scores.append(score("c", [entry("read", 0.1, utterances=9, metrics=measured(mer=0.1))], 0.1))
    table = results_table(scores, [None] * 3, metrics=["mer"])
    assert [(row[3].best, row[3].notes == row[1].notes) for row in table.rows] == [(True, True)] * 2 + [(False, True)]
    assert table.rows[2][3].notes


def test_all_metrics_that_there_are_have_a_table() -> None:
    scores = [score("a", [entry("read", 0.1, metrics=measured(mer=0.5)), entry("far", 0.2)], 0.15)]
    table = metrics_table(scores, ["the first"])
    assert table is not None
    assert [column.title for column in table.columns] == ["Model", "Benchmark", "MER, percent"]
    assert [[cell.value for cell in row] for row in table.rows] == [
        ["the first", "read", 0.5],
        ["the first", "far", None],
    ]
    assert metrics_table([score("a", [entry("read", 0.1)], 0.1)], ["a"]) is None


def test_names_stand_for_models() -> None:
    scores = [score("same", [entry("read", 0.1, draft_wer=0.3)], 0.1) for _ in range(2)]
    runs = [run(environment={"hardware": {"accelerator": n}}) for n in "ab"]
    table = results_table(scores, runs, names=["same (x)", "same (y)"])
    assert [row[0].value for row in table.rows] == ["same (x)", "same (y)"]
    assert "RTFx of same (x) on a." in table.notes
    assert "Before editing, the drafts of same (y) had a WER of 30.00 on read." in table.notes


def test_what_stands_beside_the_others() -> None:
    whole, sample = run(benchmarks={"read": {}}), run(benchmarks={"read": {"selection": {"limit": 5}}})
    full = score("a", [entry("read", 0.1), entry("far", 0.1)], 0.1)
    other = score("b", [entry("read", 0.1, utterances=5), entry("far", 0.1)], 0.1)
    half = score("c", [entry("read", 0.1, failed=3), entry("far", 0.1)], None, complete=False)
    emptied = score("d", [entry("read", 0.1, failed=3)], 0.1)
    found = competing([full, other, half, emptied, full], [whole, None, whole, whole, sample])
    assert found == [{"read", "far"}, {"far"}, {"far"}, {"read"}, {"far"}]
    assert competing([full, full], [sample, sample]) == [{"read", "far"}] * 2


def test_columns_are_grouped_as_they_fit() -> None:
    """Two stand between columns; the first is repeated in every group."""
    assert _blocks([10, 20, 20, 20], 54) == [[0, 1, 2], [0, 3]]
    assert _blocks([10, 20, 20, 20], 76) == [[0, 1, 2, 3]]
    assert _blocks([10, 20, 20, 20], 75) == [[0, 1, 2], [0, 3]]
    assert _blocks([10, 90, 90], 60) == [[0, 1], [0, 2]]


def test_benchmarks_of_different_size_are_no_other_data() -> None:
    scores = [score(name, [entry("far", 0.1, utterances=50), entry("near", 0.1)], 0.1) for name in ("a", "b", "c")]
    table = results_table(scores, [None] * 3)
    assert [cell.notes for row in table.rows for cell in row[1:3]] == [()] * 6


def wide(rows: Sequence[tuple[str, ...]], *, names: int, numbers: int) -> Table:
    """A table whose rows are named by texts, with columns of numbers that do not fit beside them."""
    texts = [Column(f"name{n}", f"Name {n}", align="left") for n in range(names)]
    columns = (*texts, *(Column(f"n{n}", f"number {n}") for n in range(numbers)), Column("said", "Said", align="left"))
    cells = tuple((*map(Cell, row), *(Cell(1000 + n) for n in range(numbers)), Cell("well")) for row in rows)
    return Table("wide", "", columns, cells)


PAIRS = [("org/a", "read"), ("org/a", "far"), ("org/b", "read"), ("org/b", "far")]


@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        ([("a", "x"), ("b", "x")], 1),
        (PAIRS, 2),
        ([("a", "x", "en"), ("a", "x", "de")], 3),
        ([("a", "x"), ("a", "x")], 2),  # nothing tells them apart
        ([("a",)], 1),
        ([], 1),
    ],
)
def test_a_row_is_named_by_as_many_columns_as_it_takes(rows: list[tuple[str, ...]], keys: int) -> None:
    assert wide(rows, names=max(map(len, rows), default=1), numbers=2).keys == keys


def test_each_part_of_a_wide_table_names_its_rows() -> None:
    shown = wide(PAIRS, names=2, numbers=12).render("terminal", width=60, color=False)
    parts = shown.strip().split("\n\n")
    assert len(parts) > 1
    for part in parts:
        assert [
            tuple(line.split()[:2]) for line in part.splitlines() if line.split()[:1] in (["org/a"], ["org/b"])
        ] == PAIRS
    assert max(map(len, shown.splitlines())) <= 60
    numbers = [text for part in parts for text in re.findall(r"10\d\d", part.splitlines()[-1])]
    assert numbers == [str(1000 + n) for n in range(12)]


def test_long_names_of_rows_leave_room_for_numbers() -> None:
    rows = [("organization/" + "m" * 40, "benchmark_" + "b" * 40, f"language_{n}") for n in range(2)]
    shown = wide(rows, names=3, numbers=8).render("terminal", width=80, color=False)
    assert max(map(len, shown.splitlines())) <= 80
    assert sorted(re.findall(r"\b10\d\d\b", shown)) == [str(1000 + n) for n in range(8) for _ in rows]


def test_a_run_that_has_no_utterance_so_far_is_no_translation() -> None:
    table = results_table([score("m", [], None)], [run()])
    assert table.title == "Word error rate, percent"
    assert [column.title for column in table.columns][:2] == ["Model", "Average"]
    assert table.caption.startswith("Suite demo@1, profile card@2026-04.")
    assert table.notes[0] == "Nothing is transcribed so far: m; the run's command goes on with it."
    both = results_table([score("m", [], None), score("n", [entry("read", 0.1)], 0.1)], [None, None])
    assert [cell.value for cell in both.rows[1][:3]] == ["n", 0.1, 0.1]
    assert both.notes[0].startswith("Nothing is transcribed so far: m;")


def test_an_interval_that_says_nothing_is_said_in_words() -> None:
    """In every form: the ends are not shown, and why stands below; an exact limit and differences are as they were."""
    columns = (Column("name", "Name", align="left"), Column("rate", "Rate", format=".2f", scale=100))
    rates = [Cell(0.002, 1e-9, 256.7), Cell(0.3, 1e-300, 1e300), Cell(0.1, 0.01, 0.9), Cell(0.001, 0.0, 0.2)]
    rates.append(Cell(0.5, 1e-9, 0.9999999))
    found = Table("T", "", columns, tuple((Cell(f"r{at}"), one) for at, one in enumerate(rates)))
    assert [(row[1].low, row[1].high) for row in found.rows] == [
        (None, None),
        (None, None),
        (0.01, 0.9),
        (0.0, 0.2),
        (1e-9, 0.9999999),
    ]
    assert [row[1].notes for row in found.rows] == [(SAYS_NOTHING,), (SAYS_NOTHING,), (), (), ()]
    for form in FORMATS:
        assert "256" not in found.render(form)
        assert "e+300" not in found.render(form)
        assert "says nothing" in " ".join(found.render(form, width=300).split())


def test_an_average_over_other_data_is_no_best_and_says_of_what() -> None:
    """`c` has the lowest average, but a part of one benchmark; of samples by all of them the best is in bold."""
    scores = [
        score("a", [entry("read", 0.2), entry("far", 0.2)], 0.2),
        score("b", [entry("read", 0.3), entry("far", 0.3)], 0.3),
        score("c", [entry("read", 0.1, utterances=60), entry("far", 0.1)], 0.1),
    ]
    table = results_table(scores, [None] * 3)
    at = [column.key for column in table.columns].index("average")
    assert [row[at].best for row in table.rows] == [True, False, False]
    assert [row[at].notes for row in table.rows] == [
        (),
        (),
        ("other data than in the other rows: 60 utterances, not 100 (read)",),
    ]
    assert r"\textbf{10.00}" not in table.render("latex").split("c &")[1].split("&")[2]
    sample = run(benchmarks={name: {"selection": {"limit": 5}} for name in ("read", "far")})
    mixed = results_table(scores[:2], [sample, None])
    assert [row[at].best for row in mixed.rows] == [False, True]
    assert mixed.rows[0][at].notes == ("a sample only: --limit 5",)
    alike = results_table(scores[:2], [sample, sample])
    assert [row[at].best for row in alike.rows] == [True, False]


def test_the_average_over_one_benchmark_is_tied_as_it_is() -> None:
    scores = [score(name, [entry("read", wer)], wer) for name, wer in (("a", 0.1), ("b", 0.11))]
    table = results_table(scores, [None] * 2, {"read": {0, 1}})
    assert [[TIE in cell.notes for cell in row[1:3]] for row in table.rows] == [[False] * 2, [True] * 2]
