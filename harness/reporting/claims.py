"""What a suite's models are published with, one row a claim, beside what was measured; or why nothing was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.reporting.against import obstacles, other_data
from harness.reporting.model import SUBJECT
from harness.reporting.published import SHARES, Figure, canonical_model, find
from harness.reporting.table import Cell, Column, Table
from harness.scoring.metrics import get_metric

if TYPE_CHECKING:
    from benchmarks.suite import Suite
    from harness.records.run import RunRecord
    from harness.records.scores import Scores

NEEDS = {
    "punctuation_error_rate": "run it with --model-option mode=punctuated, and report with --metric {metric}",
    "capitalization_f1": "run it with --model-option mode=punctuated, and report with --metric {metric}",
    "keyword_f1": "run it with --row-keywords or --keywords, and report with --metric {metric} --keywords FILE",
    "wder": "run it with --model-option mode=speakers on recordings with speakers, and report with --metric {metric}",
    "end_error": "run it with --model-option mode=timestamps on words with times, and report with --metric {metric}",
}
"""How a metric is had that no run has unasked."""

CANNOT = {
    "ibm-granite/granite-speech-4.1-2b-nar": {
        "punctuation_error_rate": "it cannot be asked for punctuation",
        "capitalization_f1": "it cannot be asked for capitals",
        "keyword_f1": "it takes no keywords",
        "wder": "it writes no speakers",
        "end_error": "it writes no times",
    },
    "ibm-granite/granite-speech-4.1-2b": {
        "keyword_f1": "it takes keywords; its card has no figure",
        "wder": "it writes no speakers",
        "end_error": "it writes no times",
    },
    "ibm-granite/granite-speech-4.1-2b-plus": {
        "punctuation_error_rate": "by its card it writes no punctuation",
        "capitalization_f1": "by its card it writes no capitals",
    },
}
"""Why a model of the family is not asked for a metric, or states nothing of it."""


def claims_table(suite: Suite, scores: Sequence[Scores], runs: Sequence[RunRecord | None]) -> Table:
    """All that is published of the suite's models on its benchmarks, and what they cannot be asked for."""
    columns = (
        *SUBJECT,
        Column("metric", "Metric", align="left"),
        Column("claimed", "Claimed", format=".2f"),
        Column("measured", "Measured", format=".2f"),
        Column("difference", "Difference", format="+.2f"),
        Column("remark", "Remark", align="left"),
    )
    by_model: dict[str, list[tuple[Scores, RunRecord | None]]] = {}
    for score, run in zip(scores, runs, strict=True):
        by_model.setdefault(canonical_model(score.model), []).append((score, run))
    rows = [row for model in suite.default_models for row in _rows(model, suite, by_model.get(model, []))]
    caption = (
        f"Suite {suite.name}: claims of the models' cards in percent, of end_error in milliseconds, beside what was "
        "measured. Difference: measured minus claimed; the remark says in what the two differ, or why "
        "there is a dash."
    )
    return Table("Claims and measurements", caption, columns, tuple(rows))


def by_model(table: Table) -> list[Table]:
    """The claims of each model as a table of its own, whose title has the name: what fits on a screen."""
    found = []
    models = list(dict.fromkeys(row[0].value for row in table.rows))
    for model in models:
        rows = tuple(row[1:] for row in table.rows if row[0].value == model)
        caption = table.caption if model == models[-1] else ""
        found.append(Table(f"{table.title}: {model}", caption, table.columns[1:], rows))
    return found


def _rows(model: str, suite: Suite, held: Sequence[tuple[Scores, RunRecord | None]]) -> Iterator[tuple[Cell, ...]]:
    """The claims of one model, in the order of metrics, then what it has none of."""
    figures = [
        one for one in _claims(model) if one.benchmark is None or one.benchmark in (*suite.benchmarks, "average")
    ]
    for figure in figures:
        measured, remark = _measured(figure, held)
        difference = None if measured is None else measured - figure.value
        where = figure.benchmark or figure.source.partition("(")[2].partition(":")[0].rstrip(")") or "not stated"
        yield (
            Cell(model),
            Cell(where),
            Cell(figure.metric),
            Cell(figure.value),
            Cell(measured),
            Cell(difference),
            Cell(remark),
        )
    for metric, why in CANNOT.get(model, {}).items():
        yield (Cell(model), Cell("all"), Cell(metric), Cell(None), Cell(None), Cell(None), Cell(why))


def _claims(model: str) -> list[Figure]:
    """The newest figure of each fact that is published of a model; of a word error rate that of its own card first."""
    found: dict[tuple[str, str, str], Figure] = {}
    for figure in sorted(find(model), key=lambda one: (one.metric != "wer", one.metric, not one.suite)):
        if figure.metric == "parameters_billion":
            continue
        found.setdefault((figure.metric, figure.benchmark or figure.source, figure.suite or ""), figure)
    return list(found.values())


def _measured(figure: Figure, held: Sequence[tuple[Scores, RunRecord | None]]) -> tuple[float | None, str]:
    """What was measured of a claim, in its unit, and what is to be said of the two; or why there is nothing."""
    if figure.benchmark is None:
        return None, "its data is not known here, or not stated"
    if not held:
        return None, "the model was not run"
    why = f"not run on {figure.benchmark}"
    for score, run in held:
        entries = {entry.benchmark: entry for entry in score.benchmarks}
        entry = entries.get(figure.benchmark)
        value = None
        if figure.benchmark == "average":
            average = score.average
            value = average.speed.rtfx if figure.metric == "rtfx" else average.wer
            why = "the suite is not complete"
        elif entry is not None and figure.metric == "wer":
            value = entry.wer
        elif entry is not None and figure.metric == "rtfx":
            value, why = entry.speed.rtfx, "its speed is not known"
        elif entry is not None:
            found = entry.metrics.get(figure.metric)
            value = None if found is None else found.value
            why = NEEDS.get(figure.metric, "").format(metric=figure.metric) if found is None else found.reason or ""
        if value is not None:
            scale = 100 if figure.metric in SHARES else 1
            if figure.metric not in {"wer", "rtfx"}:
                scale = int(get_metric(figure.metric).scale)
            remarks = (*obstacles(figure, score, run), *other_data(figure.benchmark, score, run))
            return scale * value, "; ".join(remarks)
    return None, why
