"""One Table, shown as terminal text, Markdown, CSV, LaTeX, HTML or JSON.

The people's forms round (two decimals) and mark; the machine's forms (CSV, JSON) hold every value unrounded, in its
own unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from harness.errors import unknown_name
from harness.reporting import render

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

T = TypeVar("T")

Format = Literal["terminal", "markdown", "csv", "latex", "html", "json"]
"""The forms of a Table."""

FORMATS: tuple[Format, ...] = get_args(Format)
"""All forms, in the order in which help texts name them."""

EXTENSIONS: Mapping[Format, str] = {
    "terminal": "txt",
    "markdown": "md",
    "csv": "csv",
    "latex": "tex",
    "html": "html",
    "json": "json",
}
"""The file name extension of each form."""

MARKS = ("†", "‡", "§", "¶", "††", "‡‡", "§§", "¶¶")
"""Footnote signs in the order in which they are given out; ``(9)`` and on after them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, and what is to be said about it."""

    value: str | int | float | None
    """Text, or a number in the unit of the data (a WER is a fraction). None is not known, shown as a dash."""
    low: float | None = None
    """Lower end of the interval, where one is known."""
    high: float | None = None
    """Upper end of the interval."""
    notes: tuple[str, ...] = ()
    """What must be known before the value is believed; printed once below the table and referred to by a mark."""
    best: bool = False
    """Shown in bold."""

    @property
    def number(self) -> int | float | None:
        """The value where it is a finite number, else None."""
        if isinstance(self.value, str) or self.value is None or not math.isfinite(self.value):
            return None
        return self.value


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells of one column are named, aligned and shown."""

    key: str
    """Name in CSV and JSON."""
    title: str
    """Heading for people."""
    align: Literal["left", "right"] = "right"
    """Where the cells' text stands."""
    format: str = ""
    """Python's format specification for numbers, such as ``.2f``; ``adaptive`` shows about three digits of any size."""
    scale: float = 1
    """Numbers are multiplied by this where people read them: 100 shows a fraction in percent."""
    best: Literal["low", "high"] | None = None
    """Which number of the column deserves bold; None: none."""

    def show(self, cell: Cell) -> str:
        """The cell's value as people read it, without marks and not escaped."""
        if cell.number is None:
            return cell.value if isinstance(cell.value, str) else "–"
        return self.show_number(cell.number)

    def show_number(self, number: float) -> str:
        """A number as people read it."""
        number *= self.scale
        if self.format == "adaptive":
            small = ".2f" if abs(number) >= 0.0995 or not number else ".2g"
            return format(number, ",.0f" if abs(number) >= 99.95 else ".1f" if abs(number) >= 9.995 else small)
        return format(number, self.format or ("d" if isinstance(number, int) else "g"))

    def show_interval(self, cell: Cell) -> str:
        """The cell's interval as ``low–high``, or nothing where there is none."""
        if cell.low is None or cell.high is None or cell.number is None:
            return ""
        return f"{self.show_number(cell.low)}–{self.show_number(cell.high)}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns, with a title, a caption and notes."""

    title: str
    """What the table is of, a few words."""
    caption: str
    """Under which rules the numbers were made: suite, profile, units."""
    columns: tuple[Column, ...]
    """One for each cell of a row; the first names the row."""
    rows: tuple[tuple[Cell, ...], ...]
    """The cells."""
    notes: tuple[str, ...] = ()
    """Remarks on the whole table, printed below it without a mark."""
    marks: Mapping[str, str] = field(init=False, repr=False)
    """The sign of every cell's note, in order of appearance."""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            message = f"table {self.title!r}: a row does not have {len(self.columns)} cells"
            raise ValueError(message)
        noted = dict.fromkeys(note for row in self.rows for cell in row for note in cell.notes)
        signs = {note: MARKS[i] if i < len(MARKS) else f"({i + 1})" for i, note in enumerate(noted)}
        object.__setattr__(self, "marks", signs)

    def signs(self, cell: Cell) -> str:
        """The footnote signs of a cell, not escaped."""
        return " ".join(self.marks[note] for note in cell.notes)

    def render(self, form: str, *, width: int | None = None, color: bool | None = None) -> str:
        """The table in one form, ending with a line end.

        Args:
            form: one of FORMATS.
            width: columns of the terminal; None asks the terminal (100 where there is none).
            color: whether bold and dim are used in the terminal form; None: only on a terminal, and not under NO_COLOR.

        Raises:
            UsageError: there is no such form.
        """
        if form == "terminal":
            return render.terminal(self, width, color)
        if form not in FORMATS:
            raise unknown_name("table format", form, FORMATS)
        return render.RENDERERS[form](self)


def mark_best(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows with the best cell of each column that wants one marked. What shows as equal is equally good.

    With one row only nothing is marked. A cell with a note that not all cells of its column have does not compete:
    it was not made under the same conditions.
    """
    marked = [list(row) for row in rows]
    for at, column in enumerate(columns):
        cells = [(i, row[at]) for i, row in enumerate(marked) if row[at].number is not None]
        if column.best is None or len(rows) < 2 or not cells:
            continue
        common = set.intersection(*(set(cell.notes) for _, cell in cells))
        fair = [(i, cell, cell.number) for i, cell in cells if set(cell.notes) <= common and cell.number is not None]
        best = (min if column.best == "low" else max)((number for _, _, number in fair), default=0)
        for i, cell, number in fair:
            if column.show_number(number) == column.show_number(best):
                marked[i][at] = replace(cell, best=True)
    return tuple(tuple(row) for row in marked)


TIE = "not told apart from the best: paired over sessions, corrected after Holm"


def results_table(
    scores: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any] | None],
    ties: Mapping[str, Collection[int]] | None = None,
) -> Table:
    """Models by benchmarks: WER in percent, average, RTFx, end-to-end RTFx and failed utterances.

    Args:
        scores: one object of scores.json for each model.
        runs: the run.json beside each, or None where there is none (predictions of others).
        ties: for each benchmark and ``average``, which of the scores are tied with the best
            (`harness.scoring.ties.ties`).
    """
    pairs = list(zip(scores, runs, strict=True))
    names = list(dict.fromkeys(entry["benchmark"] for score in scores for entry in score["benchmarks"]))
    profile = _most_common([score["profile"]["name"] for score in scores])
    columns = (Column("model", "Model", align="left"), *_columns(scores, names, runs))
    rows = []
    for index, (score, run) in enumerate(pairs):
        entries = {entry["benchmark"]: entry for entry in score["benchmarks"]}
        ours = (run or {}).get("benchmarks", {})
        cells = [Cell(score["model"], notes=_model_notes(score, profile))]
        cells += [_wer_cell(entries.get(name), ours.get(name), _utterances(scores, name)) for name in names]
        cells += _summary_cells(score, entries, len(names), leaderboard_clock=_leaderboard_clock(scores))
        for at, name in enumerate([*names, "average"], start=1):
            if index in (ties or {}).get(name, ()) and cells[at].number is not None:
                cells[at] = replace(cells[at], notes=(*cells[at].notes, TIE))
        size = ((run or {}).get("model") or {}).get("parameters")
        cells.append(Cell(size))
        rows.append(tuple(cells))
    if all(row[-1].value is None for row in rows):  # the sizes of others' models are rarely known
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    suites = [score["suite"] for score in scores if score.get("suite")]
    title = "Word error rate, percent"
    notes = (*_drafts(scores), *_precision(scores), *_remarks(runs))
    return Table(title, _caption(suites, profile, scores), columns, mark_best(columns, rows), notes)


def _columns(
    scores: Sequence[Mapping[str, Any]], names: Sequence[str], runs: Sequence[Mapping[str, Any] | None]
) -> list[Column]:
    # On different hardware no model is the fastest.
    fastest: Literal["high"] | None = "high" if len({hardware_of(run or {}) for run in runs}) == 1 else None
    columns = [
        Column(name, f"{name} CER" if _by_characters(scores, name) else name, format=".2f", scale=100, best="low")
        for name in names
    ]
    columns.append(Column("average", "Average", format=".2f", scale=100, best="low"))
    columns.append(Column("rtfx", "RTFx", format="adaptive", best=fastest))
    columns.append(Column("rtfx_end_to_end", "RTFx end to end", format="adaptive", best=fastest))
    if _leaderboard_clock(scores):
        columns.append(Column("rtfx_leaderboard", "RTFx as the leaderboard times", format="adaptive", best=fastest))
    columns.append(Column("failed", "Failed"))
    columns.append(Column("parameters", "Size (B)", format="adaptive", scale=1e-9))
    return columns


def _wer_cell(entry: Mapping[str, Any] | None, run: Mapping[str, Any] | None, usual: int | None) -> Cell:
    """The rate of one model on one benchmark, with all that makes it less than it seems."""
    if entry is None:
        return Cell(None)
    fact = run or {}
    expected, limit = fact.get("expected"), (fact.get("selection") or {}).get("limit")
    notes = []
    if limit is not None:
        notes.append(f"a sample only: --limit {limit:,}")
    if entry["failed"] or (expected is not None and entry["utterances"] < expected):
        of = f" of {expected:,}" if expected is not None else ""
        notes.append(f"incomplete: {entry['utterances']:,}{of} utterances, {entry['failed']:,} failed")
    elif usual is not None and entry["utterances"] != usual and limit is None:
        notes.append(f"other data than in the other rows: {entry['utterances']:,} utterances, not {usual:,}")
    notes += [f"not the locked data: {drift}" for drift in fact.get("drift") or ()]
    rate = "cer" if entry.get("metric") == "cer" else "wer"
    interval = entry.get(f"{rate}_interval") or {}
    return Cell(entry.get(rate), interval.get("low"), interval.get("high"), tuple(notes))


def _summary_cells(
    score: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], columns: int, *, leaderboard_clock: bool
) -> list[Cell]:
    """Average, all RTFx and failures of one model; marked where they are of fewer benchmarks than the table has."""
    average = score.get("average") or {}
    interval, speed = average.get("wer_interval") or {}, average.get("speed") or {}
    over = (f"over {len(entries)} of the {columns} benchmarks",) if len(entries) < columns else ()
    why = "a benchmark has no word error rate" if score.get("complete") else "the suite is incomplete"
    notes = over if average.get("wer") is not None else (f"no average: {why}",)
    return [
        Cell(average.get("wer"), interval.get("low"), interval.get("high"), notes),
        Cell(speed.get("rtfx"), notes=over),
        Cell(speed.get("rtfx_end_to_end"), notes=over),
        *([Cell(speed.get("rtfx_leaderboard"), notes=over)] if leaderboard_clock else []),
        Cell(sum(entry["failed"] for entry in entries.values())),
    ]


def _leaderboard_clock(scores: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any model was also timed with `--clock leaderboard`."""
    return any("rtfx_leaderboard" in ((score.get("average") or {}).get("speed") or {}) for score in scores)


def _model_notes(score: Mapping[str, Any], profile: str) -> tuple[str, ...]:
    notes = [] if score.get("complete", True) else ["incomplete run"]
    if score["profile"]["name"] != profile:
        notes.append(f"scored under other rules: {score['profile']['name']}")
    return tuple(notes)


def _utterances(scores: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """How many utterances most models have on a benchmark."""
    counts = [entry["utterances"] for score in scores for entry in score["benchmarks"] if entry["benchmark"] == name]
    return _most_common(counts) if counts else None


def _by_characters(scores: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(e["benchmark"] == name and e.get("metric") == "cer" for score in scores for e in score["benchmarks"])


def _most_common(values: Sequence[T]) -> T:
    """The value that occurs most often, the first of those that do equally often."""
    return max(values, key=values.count)


def _caption(suites: Sequence[str], profile: str, scores: Sequence[Mapping[str, Any]]) -> str:
    suite = f"Suite {', '.join(dict.fromkeys(suites))}" if suites else "Predictions of others"
    entries = [entry for score in scores for entry in score["benchmarks"]]
    intervals = [entry.get("wer_interval") or entry.get("cer_interval") for entry in entries]
    methods = dict.fromkeys(interval["method"] for interval in intervals if interval)
    between = f" 95 % intervals: {', '.join(methods)}." if methods else " No intervals: fewer than five sessions."
    rounded = any((score.get("average") or {}).get("rounded") for score in scores)
    average = f" Average: plain mean of the {'' if rounded else 'un'}rounded rates of the benchmarks."
    return f"{suite}, profile {profile}.{average}{between}"


def _drafts(scores: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the drafts of models that edit one were worth, so that what the editor earns is visible."""
    notes = []
    for score in scores:
        found = [
            f"{100 * entry['draft_wer']:.2f} on {entry['benchmark']}"
            for entry in score["benchmarks"]
            if entry.get("draft_wer") is not None
        ]
        if found:
            notes.append(f"Before editing, the drafts of {score['model']} had a WER of {', '.join(found)}.")
    return tuple(notes)


def _precision(scores: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The smallest difference that the data resolves, and where utterances had to stand for sessions."""
    entries = [entry for score in scores for entry in score["benchmarks"]]
    averages = [score.get("average") or {} for score in scores]
    known = [(average.get("wer_interval") or {}).get("smallest_difference") for average in averages]
    where = "on average"
    if len({entry["benchmark"] for entry in entries}) == 1:
        known = [(entry.get("wer_interval") or {}).get("smallest_difference") for entry in entries]
        where = f"on {entries[0]['benchmark']}"
    found = [difference for difference in known if difference is not None]
    notes = []
    if found:
        notes.append(
            f"Resolves {100 * max(found):.2f} points {where} between two such models whose errors are unrelated; "
            "compare, which pairs the utterances, resolves smaller ones."
        )
    alone = dict.fromkeys(entry["benchmark"] for entry in entries if entry.get("unit") == "utterance")
    if alone:
        notes.append(f"No sessions are known, utterances are taken as independent: {', '.join(alone)}.")
    return tuple(notes)


def _remarks(runs: Sequence[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """What is true of the whole table: where it was measured, and which data is not locked."""
    machines: dict[str, list[str]] = {}
    unlocked: dict[str, None] = {}
    for run in runs:
        if run is None:
            continue
        machine = hardware_of(run)
        if machine:
            machines.setdefault(machine, []).append(run["model"]["id"])
        for name, fact in run["benchmarks"].items():
            if fact.get("revision_locked") is False and not str(fact.get("source")).startswith("embedded"):
                unlocked[name] = None
    remarks = [f"RTFx on {machine}." for machine in machines]
    if len(machines) > 1:
        remarks = [f"RTFx of {', '.join(models)} on {machine}." for machine, models in machines.items()]
    return (*remarks, *([f"Data revision not locked: {', '.join(unlocked)}."] if unlocked else []))


def hardware_of(run: Mapping[str, Any]) -> str | None:
    """What a run was computed on, in words: the accelerator, or the processor with its cores. None is not known."""
    hardware = (run.get("environment") or {}).get("hardware") or {}
    if hardware.get("accelerator"):
        count = hardware.get("accelerators") or 1
        return f"{count} x {hardware['accelerator']}" if count > 1 else str(hardware["accelerator"])
    if hardware.get("cpu"):
        return f"{hardware['cpu']}, {hardware.get('cores')} cores"
    return None
