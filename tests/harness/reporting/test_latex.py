"""LaTeX fits a page of A4: measured here with the metrics of Computer Modern that come with matplotlib."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import matplotlib as mpl
import pytest

from benchmarks.registry import get_suite
from harness.reporting.latex import _FORMS, TEXT_HEIGHT, TEXT_WIDTH, _head, latex, width_of
from harness.reporting.model import Cell, Column
from harness.reporting.results import results_table
from harness.reporting.short_names import short_names
from harness.reporting.table import Table
from tests.harness.reporting.made import entry, score

DIGIT = {10: 0.5, 9: 0.514, 8: 0.531, 7: 0.569, 5: 0.681}
"""Width of a digit of cmr10, cmr9, ... in their own size (from their TFM files)."""
SIZES = {r"\small": 9, r"\footnotesize": 8, r"\scriptsize": 7}
SIGNS = {r"\_": "o", r"\%": "%", r"\&": "&", r"\#": "#", r"\$": "$", r"\{": "o", r"\}": "o", "--": "o"}


@functools.cache
def em() -> dict[str, float]:
    """Widths of cmr10's letters, by its AFM file."""
    found = {}
    path = Path(mpl.get_data_path()) / "fonts" / "afm" / "cmr10.afm"
    for code, width in re.findall(r"^C (\d+) ; WX ([\d.]+)", path.read_text("latin-1"), re.MULTILINE):
        if 33 <= int(code) < 123:
            found[chr(int(code))] = float(width) / 1000
    return found | {" ": 0.333, "<": 0.778, ">": 0.778, '"': 0.5, "|": 0.278}


def measured(text: str, size: int) -> float:
    """How wide what LaTeX sets of a piece of a cell is, in points."""
    text = re.sub(r"\\text(?:bf|superscript)\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", text)
    text = re.sub(r"\\text(?:less|greater|bar|quotedbl)\{\}|\\S\{\}|\\P\{\}|\\text[a-z]+\{\}", "o", text)
    for sign, letter in SIGNS.items():
        text = text.replace(sign, letter)
    bold = 1.0
    return bold * size * DIGIT[size] / 0.5 * sum(em().get(letter, 0.75) for letter in text if letter not in "{}\\")


def cell_size(cell: str, size: int) -> tuple[float, float]:
    """Width in points and height in lines."""
    stack = re.fullmatch(r"(?:\\shortstack\[[lr]\]\{)(.*)\}(\\textsuperscript\{.*\})?", cell)
    if stack:
        parts = [cell_size(part, size) for part in split_top(stack[1])]
        return max(width for width, _ in parts), sum(height for _, height in parts)
    total = 0.0
    for small, inner in re.findall(r"\{\\(scriptsize|tiny) ([^{}]*)\}", cell):
        total += measured(inner, 7 if small == "scriptsize" else 5)
    rest = re.sub(r"\{\\(?:scriptsize|tiny) [^{}]*\}", "", cell)
    return total + measured(rest, size), 1.0


def split_top(text: str) -> list[str]:
    """At the line ends that stand in no braces."""
    depth, parts, begin, at = 0, [], 0, 0
    while at < len(text):
        if text[at] == "\\" and text[at : at + 2] == r"\\" and depth == 0:
            parts.append(text[begin:at])
            begin = at = at + 2
            continue
        if text[at] == "\\":
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return [*parts, text[begin:]]


def pages(text: str) -> list[tuple[float, float, list[list[str]]]]:
    """Width and height in points of every table, and its cells."""
    found = []
    for table in re.findall(r"\\begin\{table\}(.*?)\\end\{table\}", text, re.DOTALL):
        size = next((number for command, number in SIZES.items() if f"\n{command}\n" in table), 10)
        gap = re.search(r"\\tabcolsep\}\{([\d.]+)pt", table)
        body = re.search(r"\\toprule\n(.*)\\bottomrule", table, re.DOTALL)
        assert body is not None
        lines = [line.removesuffix(r" \\") for line in body[1].splitlines() if not line.startswith(r"\midrule")]
        rows = [re.split(r"(?<!\\) & ", line) for line in lines]
        sizes = [[cell_size(cell, size) for cell in row] for row in rows]
        width = sum(max(row[at][0] for row in sizes) for at in range(len(rows[0])))
        width += 2 * (float(gap[1]) if gap else 6.0) * len(rows[0])
        height = sum(1.2 * size * max(lines for _, lines in row) for row in sizes)
        found.append((width, height, rows))
    return found


def results(models: int, benchmarks: int, *, half: float = 0.005) -> Table:
    names = [f"librispeech_test_other_{n}" for n in range(benchmarks)]
    scores = [
        score(f"organization/model-number-{m}-large", [entry(name, 0.1234, half=half) for name in names], 0.1)
        for m in range(models)
    ]
    return results_table(scores, [None] * models)


@pytest.mark.parametrize(("models", "benchmarks"), [(1, 1), (3, 7), (10, 8), (40, 8), (90, 19), (2, 30)])
@pytest.mark.parametrize("half", [0.0, 0.005])
def test_every_part_fits_a_page_and_nothing_is_lost(models: int, benchmarks: int, half: float) -> None:
    table = results(models, benchmarks, half=half)
    text = latex(table)
    parts = pages(text)
    assert max(width for width, _, _ in parts) <= TEXT_WIDTH
    assert max(height for _, height, _ in parts) <= TEXT_HEIGHT
    assert text.count("12.34") == models * benchmarks
    assert all(len({len(row) for row in rows}) == 1 for _, _, rows in parts)
    if len(parts) > 1:
        said = re.findall(r"[Pp]art (\d+) of (\d+)\.", text)
        assert said == [(str(at), str(len(parts))) for at in range(1, len(parts) + 1)]
    for command in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(command) == len(parts)


def test_three_models_on_a_suite_are_one_table_under_the_leaderboard_s_names() -> None:
    names = get_suite("open_asr@2026-08-28").benchmarks
    scores = [score(f"org/m{m}", [entry(name, 0.12) for name in names], 0.12) for m in range(3)]
    ((width, _, rows),) = pages(latex(results_table(scores, [None] * 3)))
    assert width <= TEXT_WIDTH
    assert {"Clean", "LS"} <= set(re.findall(r"\w+", " ".join(rows[0])))


def test_widths_are_those_of_computer_modern() -> None:
    plain = [letter for letter in em() if letter.isalnum() or letter in " .,:;()-/+=@%&#*!?$"]
    assert len(plain) > 80
    wrong = {
        letter: width_of(letter, 10.0) for letter in plain if abs(width_of(letter, 10.0) - 10 * em()[letter]) > 0.01
    }
    assert wrong == {}


def test_names_are_short_where_they_stay_different() -> None:
    assert short_names(["openai/whisper-tiny", "nvidia/parakeet", "me/whisper-tiny"]) == {
        "openai/whisper-tiny": "openai/whisper-tiny",
        "me/whisper-tiny": "me/whisper-tiny",
        "nvidia/parakeet": "parakeet",
    }
    assert short_names(["transcripts:runs/a.jsonl", "a/b (runs/x)", "a/b (runs/y)", "</x>/y"]) == {
        "transcripts:runs/a.jsonl": "a",
        "a/b (runs/x)": "b (runs/x)",
        "a/b (runs/y)": "b (runs/y)",
        "</x>/y": "</x>/y",
    }


def test_a_name_that_is_longer_than_a_line_is_broken() -> None:
    columns = (Column("model", "Model", align="left"), Column("x", "x"))
    text = latex(Table("t", "c", columns, ((Cell("x" * 200), Cell(1)),)))
    ((width, _, rows),) = pages(text)
    assert width < TEXT_WIDTH / 2
    assert rows[1][0].count("x") == 200


def test_each_part_names_its_rows() -> None:
    pairs = [(model, one) for model in ("alder", "birch") for one in ("read", "far")]
    columns = (
        Column("model", "Model", align="left"),
        Column("benchmark", "Benchmark", align="left"),
        *(Column(f"n{n}", f"number {n}", format=".2f") for n in range(30)),
    )
    rows = tuple((Cell(model), Cell(one), *(Cell(n + 0.25) for n in range(30))) for model, one in pairs)
    text = latex(Table("t", "", columns, rows))
    parts = re.findall(r"\\midrule\n(.*?)\n\\bottomrule", text, re.DOTALL)
    assert len(parts) > 1
    for part in parts:
        assert [tuple(line.split(" & ")[:2]) for line in part.splitlines()] == pairs
    firsts = [cell for part in parts for cell in part.splitlines()[0].removesuffix(r" \\").split(" & ")[2:]]
    assert firsts == [f"{n}.25" for n in range(30)]


def test_long_names_leave_room_for_numbers_in_parts() -> None:
    """The widths of all columns of a part are within that of the text, whatever names it has."""
    columns = (
        *(Column(f"k{n}", f"Key {n}", align="left") for n in range(3)),
        *(Column(f"n{n}", f"number {n}", format=".2f") for n in range(20)),
    )
    keys = [("organization/" + "m" * 30, "benchmark_" * 4, f"language_{n}_{'x' * 20}") for n in range(3)]
    rows = tuple((*map(Cell, key), *(Cell(n + 0.25) for n in range(20))) for key in keys)
    for part in latex(Table("t", "", columns, rows)).split(r"\end{table}")[:-1]:
        body = part[part.index(r"\midrule") : part.index(r"\bottomrule")]
        lines = [line.removesuffix(r" \\").split(" & ") for line in body.splitlines()[1:]]
        assert all(len(line) > 3 for line in lines)
        gap = float(re.findall(r"tabcolsep\}\{([\d.]+)pt", part)[0])
        widths = [max(cell_size(line[at], 8)[0] for line in lines) for at in range(len(lines[0]))]
        assert sum(widths) + 2 * gap * len(widths) <= TEXT_WIDTH


HEADS = ["Utterances", "Published", "Difference", "gigaspeech", "Words", "Utterances with errors"]


@pytest.mark.parametrize("count", [1, 3, 6, 12])
def test_headings_are_broken_between_words_or_with_a_hyphen(count: int) -> None:
    """A hyphen only where the whole table fits no page otherwise; whatever stands between line ends is a word."""
    columns = (
        Column("model", "Model", align="left"),
        *(Column(f"n{n}", HEADS[n % 6], format=".2f") for n in range(count)),
    )
    text = latex(Table("t", "", columns, ((Cell("alder"), *(Cell(n + 0.25) for n in range(count))),)))
    parts = pages(text)
    assert max(width for width, _, _ in parts) <= TEXT_WIDTH
    heads = [cell for _, _, rows in parts for cell in rows[0][1:]]
    lines = [line for head in heads for line in re.sub(r"\\shortstack\[r\]\{(.*)\}", r"\1", head).split(r"\\")]
    whole = {word for title in HEADS for word in title.split()}
    broken = [line for line in lines if not set(line.split()) <= whole]
    if count < 12:
        assert broken == []
    found = " ".join(lines).replace("- ", "")
    assert found == " ".join(HEADS[n % 6] for n in range(count))


def test_columns_of_dashes_are_left_out_and_named() -> None:
    columns = (
        Column("model", "Model", align="left"),
        *(Column(key, key, format=".2f") for key in ("speed", "why", "rate")),
    )
    rows = ((Cell("a"), Cell(None), Cell(None, notes=("not scored",)), Cell(0.5)), (Cell("b"), *[Cell(None)] * 3))
    text = latex(Table("t", "", columns, rows))
    ((_, _, found),) = pages(text)
    assert [row[0] for row in found] == ["Model", "a", "b"]
    assert found[0] == ["Model", "why", "rate"]
    assert "Not known in any row, and left out: speed." in text
    assert "left out" not in latex(Table("t", "", columns, ((Cell("a"), Cell(1), Cell(2), Cell(3)),)))


@pytest.mark.parametrize(("models", "benchmarks"), [(3, 8), (10, 19), (40, 8)])
def test_the_first_part_of_a_table_has_the_average(models: int, benchmarks: int) -> None:
    table = results(models, benchmarks)
    parts = [rows for _, _, rows in pages(latex(table))]
    heads = [re.sub(r"\\shortstack\[r\]\{(.*)\}|\\\\", r"\1", cell) for rows in parts for cell in rows[0]]
    assert heads[:2] == ["Model", "Average"]
    first = [row for rows in parts if rows[0] == parts[0][0] for row in rows[1:]]
    assert [row[1] for row in first] == [r"\textbf{10.00}"] * models
    firsts = [rows[0] for rows in parts if rows[1] == parts[0][1] or rows[1][0] == parts[0][1][0]]
    shown = [cell for head in firsts for cell in head[1:]]
    assert len(shown) == len(set(shown)) == len(table.columns) - 1, "each column once"


def test_ranks_stand_before_averages_in_parts() -> None:
    keys = ("rank", *(f"n{n}" for n in range(30)), "average", "average_common_wer", "rtfx")
    columns = (Column("model", "Model", align="left"), *(Column(key, key, format=".2f") for key in keys))
    (first, *_) = pages(latex(Table("t", "", columns, ((Cell("a"), *(Cell(1) for _ in keys)),))))
    plain = [re.sub(r"\\shortstack\[r\]\{(.*)\}", r"\1", cell).replace(r"\\", "") for cell in first[2][0]]
    assert plain[:5] == ["Model", "rank", "average", r"average\_common\_wer", "n0"]
    narrow = latex(Table("t", "", (columns[0], columns[1], columns[-3]), ((Cell("a"), Cell(1), Cell(2)),)))
    assert "Model & rank & average \\\\" in narrow, "a table in one part keeps its order"


def test_what_is_written(tmp_path: Path) -> None:
    """Escapes, marks, intervals beside their values, what is best, and the notes of what is shown."""
    columns = (
        Column("model", "Model & co", align="left"),
        Column("set", "Set_1", align="left"),
        Column("wer", "WER %", format=".2f", scale=100, best="low"),
    )
    rows = (
        (Cell("a/x_y"), Cell("read"), Cell(0.1, 0.09, 0.11, notes=("only 50 %",), best=True)),
        (Cell("b/z", best=True), Cell("a/x_y"), Cell(0.2)),
        (Cell("w"), Cell("far"), Cell("<1 %", best=True)),
    )
    assert latex(Table("T & C", "In #", columns, rows, notes=("All 100 %.",))).splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{T \& C. In \#}",
        r"\begin{tabular}{llr}",
        r"\toprule",
        r"Model \& co & Set\_1 & WER \% \\",
        r"\midrule",
        r"x\_y & read & \textbf{10.00}\textsuperscript{\textdagger{}} {\scriptsize 9.00--11.00} \\",
        r"\textbf{z} & a/x\_y & 20.00 \\",
        r"w & far & \textbf{\textless{}1 \%} \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\\ {\footnotesize \textdagger{} only 50 \%}",
        r"\\ {\footnotesize All 100 \%.}",
        r"\end{table}",
    ]


def test_what_is_written_of_a_wide_table() -> None:
    columns = (
        Column("model", "Model", align="left"),
        *(Column(f"n{n}", "rate of words", format=".2f", scale=100) for n in range(5)),
    )
    name = "organization/a-name-that-is-too-long-for-a-single-line-of-a-table"
    rows = ((Cell(name), *(Cell(0.1, 0.09, 0.11) for _ in range(5))),)
    lines = latex(Table("t", "c", columns, rows)).splitlines()
    assert lines[3:8] == [
        r"\small",
        r"\setlength{\tabcolsep}{4pt}",
        r"\begin{tabular}{lrrrrr}",
        r"\toprule",
        " & ".join(["Model", *HEAD * 5]) + r" \\",
    ]
    long = r"\shortstack[l]{a-name-that-is-too-long-\\for-a-single-line-of-a-table}"
    assert lines[9] == " & ".join([long, *[r"\shortstack[r]{10.00\\{\scriptsize 9.00--11.00}}"] * 5]) + r" \\"


HEAD = [r"\shortstack[r]{rate of\\words}"]


def test_a_part_has_the_notes_of_its_own_cells_and_the_last_those_of_all() -> None:
    columns = (
        Column("model", "Model", align="left"),
        *(Column(f"n{n}", f"number {n}", format=".2f") for n in range(30)),
    )
    cells = [Cell(n + 0.25, notes=(f"note {n}",) if n in {0, 29} else ()) for n in range(30)]
    parts = latex(Table("t", "", columns, ((Cell("a"), *cells),), notes=("of all",))).split(r"\end{table}")[:-1]
    said = [re.findall(r"note \d+|of all", part) for part in parts]
    assert (said[0], said[-1]) == (["note 0"], ["note 29", "of all"])
    assert not any(said[1:-1])


def test_a_page_is_filled_and_not_more() -> None:
    """Rows of 10 points go on where the next would leave the page."""
    columns = (Column("model", "Model", align="left"), Column("n", "n"))
    parts = pages(latex(Table("t", "", columns, tuple((Cell(f"m{n}"), Cell(n)) for n in range(100)))))
    counts = [len(rows) - 1 for _, _, rows in parts]
    assert sum(counts) == 100
    room = TEXT_HEIGHT - 12.0 - (1 + 8) * 12.5
    assert counts[0] == counts[1] == int(room // 12.5)


def test_a_heading_is_measured_as_it_is_shown() -> None:
    table = Table("t", "", (Column("model", "Model", align="left"), Column("n", "a\x1bb")), ((Cell("a"), Cell(1)),))
    assert _head(table, 1, _FORMS[0]).width == pytest.approx(width_of(r"a\x1bb", 10.0))
