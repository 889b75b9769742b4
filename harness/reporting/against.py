"""Our figures beside published ones, and whether the two can be compared at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.reporting.plots import Point
from harness.reporting.published import Figure, canonical_model, find
from harness.reporting.table import Cell, Column, Table, hardware_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.dataset import Source


def against_published(scores: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any] | None]) -> Table:
    """A row for each of our rates that has a published counterpart: the newest under our rules, else the newest.

    A difference in rules, data, suite or hardware is marked, and such a row shows no difference.
    """
    columns = (
        Column("model", "Model", align="left"),
        Column("benchmark", "Benchmark", align="left"),
        Column("metric", "Metric", align="left"),
        Column("ours", "Ours", format=".2f"),
        Column("published", "Published", format=".2f"),
        Column("difference", "Difference", format="+.2f"),
        Column("source", "Source", align="left"),
    )
    rows = []
    for score, run in zip(scores, runs, strict=True):
        for benchmark, metric, ours in _figures(score):
            known = find(score["model"], benchmark, metric)
            if ours is None or not known:
                continue
            figure = next((one for one in known if not _obstacles(one, score, run)), known[0])
            notes = (*_obstacles(figure, score, run), *_other_data(benchmark, score, run or {}))
            difference = None if notes else ours - figure.value
            source = f"{figure.source}{f', {figure.date}' if figure.date else ''}"
            facts = (Cell(score["model"]), Cell(benchmark), Cell(metric), Cell(ours))
            rows.append((*facts, Cell(figure.value, notes=notes), Cell(difference), Cell(source)))
    differ = "Where rules, data, suite or hardware differ the two cannot be compared, and no difference is shown."
    caption = f"WER in percent. {differ}"
    empty = () if rows else ("Nothing is published of these models on these benchmarks.",)
    return Table("Against published figures", caption, columns, tuple(rows), empty)


def _figures(score: Mapping[str, Any]) -> list[tuple[str, str, float | None]]:
    """Benchmark, metric and value (WER in percent) of all that can be published."""
    average = score["average"]
    found = [(entry["benchmark"], "wer", _percent(entry["wer"])) for entry in score["benchmarks"]]
    return [*found, ("average", "wer", _percent(average["wer"])), ("average", "rtfx", average["speed"]["rtfx"])]


def _percent(rate: float | None) -> float | None:
    return None if rate is None else 100 * rate


def _obstacles(figure: Figure, score: Mapping[str, Any], run: Mapping[str, Any] | None) -> list[str]:
    """Why our figure and a published one are not of the same thing."""
    found = []
    profile = score["profile"]["name"]
    if figure.metric == "wer" and figure.profile != profile:
        found.append(f"other rules: published under {figure.profile or 'rules that are not stated'}, ours {profile}")
    if figure.benchmark == "average" and figure.suite != score["suite"]:
        found.append(f"other suite: published over {figure.suite or 'one that is not stated'}")
    if figure.metric == "rtfx":
        here = hardware_of(run) if run else None
        if here is None or not figure.hardware or figure.hardware.lower() not in here.lower():
            found.append(f"other hardware: published on {figure.hardware or 'one that is not stated'}")
    return found


def _other_data(benchmark: str, score: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """Why our figure is not of the whole of the data that a published one is of."""
    facts = run.get("benchmarks") or {}
    entries = [entry for entry in score["benchmarks"] if benchmark in {entry["benchmark"], "average"}]
    runs = [facts.get(entry["benchmark"]) or {} for entry in entries]
    sources = [_source(entry["benchmark"], fact.get("source")) for entry, fact in zip(entries, runs, strict=True)]
    reasons = {
        "other data: ours is a sample": any((fact.get("selection") or {}).get("limit") for fact in runs),
        "other data: ours is not what is locked": any(fact.get("drift") for fact in runs),
        "other data: ours is read from where the rows are others": any(
            source is not None and "rows" not in source.locked for source in sources
        ),
        "other data: ours lacks failed utterances": any(entry.get("failed") for entry in entries),
    }
    return [reason for reason, holds in reasons.items() if holds]


def _source(benchmark: str, name: str | None) -> Source | None:
    """The source that a run read a benchmark from; None where it is not known."""
    from benchmarks.registry import datasets

    dataset = datasets().get(benchmark)
    return next((source for source in dataset.sources if source.name == name), None) if dataset else None


def published_points(suite: str | None, profile: str, ours: Sequence[str]) -> list[Point]:
    """Published average and RTFx of the models of a suite under the same rules, without those that are measured here.

    Args:
        suite: resolved name.
        profile: name of the rules.
        ours: the models that are measured here.
    """
    if suite is None:
        return []
    here = {canonical_model(model) for model in ours}
    speeds: dict[str, float] = {}
    for figure in find(metric="rtfx", suite=suite):
        speeds.setdefault(figure.model, figure.value)
    points: dict[str, Point] = {}
    for figure in find(metric="wer", benchmark="average", suite=suite, profile=profile):
        if figure.model not in here:
            points.setdefault(figure.model, Point(figure.model, figure.rate, speeds.get(figure.model), ours=False))
    return list(points.values())
