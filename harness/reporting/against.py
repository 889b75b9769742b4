"""Our figures beside published ones, and whether the two can be compared at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.reporting.drawing import Point
from harness.reporting.model import SUBJECT
from harness.reporting.published import Figure, canonical_model, find
from harness.reporting.table import Cell, Column, Table

if TYPE_CHECKING:
    from benchmarks.dataset import Source
    from harness.records.run import RunRecord
    from harness.records.scores import Scores


def against_published(
    scores: Sequence[Scores], runs: Sequence[RunRecord | None], names: Sequence[str] | None = None
) -> Table:
    """A row for each of our rates that has a published counterpart: the newest under our rules, else the newest.

    A difference in rules, data, suite or hardware is marked, and such a row shows no difference. Without
    `names` the models' own are shown.
    """
    columns = (
        *SUBJECT,
        Column("metric", "Metric", align="left"),
        Column("ours", "Ours", format=".2f"),
        Column("published", "Published", format=".2f"),
        Column("difference", "Difference", format="+.2f"),
        Column("source", "Source", align="left"),
    )
    rows = []
    for name, score, run in zip(names or [score.model for score in scores], scores, runs, strict=True):
        for benchmark, metric, ours in _figures(score):
            known = find(score.model, benchmark, metric)
            if ours is None or not known:
                continue
            figure = next((one for one in known if not _obstacles(one, score, run)), known[0])
            notes = (*_obstacles(figure, score, run), *_other_data(benchmark, score, run))
            difference = None if notes else ours - figure.value
            source = f"{figure.source}{f', {figure.date}' if figure.date else ''}"
            facts = (Cell(name), Cell(benchmark), Cell(metric), Cell(ours))
            rows.append((*facts, Cell(figure.value, notes=notes), Cell(difference), Cell(source)))
    differ = "Where rules, data, suite or hardware differ the two cannot be compared, and no difference is shown."
    caption = f"WER in percent. {differ}"
    empty = () if rows else ("Nothing is published of these models on these benchmarks.",)
    return Table("Against published figures", caption, columns, tuple(rows), empty)


def _figures(score: Scores) -> list[tuple[str, str, float | None]]:
    """Benchmark, metric and value (WER in percent) of all that can be published."""
    rates = {entry.benchmark: entry.wer for entry in score.benchmarks} | {"average": score.average.wer}
    found = [(name, "wer", None if rate is None else 100 * rate) for name, rate in rates.items()]
    return [*found, ("average", "rtfx", score.average.speed.rtfx)]


def _obstacles(figure: Figure, score: Scores, run: RunRecord | None) -> list[str]:
    """Why our figure and a published one are not of the same thing."""
    found, profile = [], score.profile.name
    if figure.metric == "wer" and figure.profile != profile:
        found.append(f"other rules: published under {figure.profile or 'rules that are not stated'}, ours {profile}")
    if figure.benchmark == "average" and figure.suite != score.suite:
        found.append(f"other suite: published over {figure.suite or 'one that is not stated'}")
    if figure.metric == "rtfx":
        here = run.hardware if run else None
        if here is None or not figure.hardware or figure.hardware.lower() not in here.lower():
            found.append(f"other hardware: published on {figure.hardware or 'one that is not stated'}")
    return found


def _other_data(benchmark: str, score: Scores, run: RunRecord | None) -> list[str]:
    """Why our figure is not of the whole of the data that a published one is of."""
    entries = [entry for entry in score.benchmarks if benchmark in {entry.benchmark, "average"}]
    held = run.benchmarks if run else {}
    facts = [(entry.measured_as, held[entry.measured_as]) for entry in entries if entry.measured_as in held]
    sources = [_source(name, fact.source) for name, fact in facts]
    reasons = {
        "other data: ours is a sample": any(fact.selection and fact.selection.limit for _, fact in facts),
        "other data: ours is not what is locked": any(fact.drift for _, fact in facts),
        "other data: ours is read from where the rows are others": any(
            source is not None and "rows" not in source.locked for source in sources
        ),
        "other data: ours lacks failed utterances": any(entry.failed for entry in entries),
    }
    return [reason for reason, holds in reasons.items() if holds]


def _source(benchmark: str, name: str | None) -> Source | None:
    """The source that a run read a benchmark from; None where it is not known."""
    from benchmarks.registry import datasets

    dataset = datasets().get(benchmark)
    return next((source for source in dataset.sources if source.name == name), None) if dataset else None


def published_points(suite: str | None, profile: str, ours: Sequence[str], benchmarks: Sequence[str]) -> list[Point]:
    """Published average and RTFx of the models of a suite under the same rules, without those that are measured here.

    Nothing where ours are over other benchmarks than the whole suite, of which averages are published.
    """
    from benchmarks.registry import suites

    if suite not in suites() or set(benchmarks) != set(suites()[suite].benchmarks):
        return []
    here = {canonical_model(model) for model in ours}
    speeds = _newest(find(metric="rtfx", suite=suite))
    averages = _newest(find(metric="wer", benchmark="average", suite=suite, profile=profile))
    return [Point(model, rate, speeds.get(model), ours=False) for model, rate in averages.items() if model not in here]


def _newest(figures: Sequence[Figure]) -> dict[str, float]:
    """The first figure of each model."""
    found: dict[str, float] = {}
    for figure in figures:
        found.setdefault(figure.model, figure.rate)
    return found
