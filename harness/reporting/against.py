"""Our figures beside published ones, and whether the two can be compared at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.reporting.drawing import Point
from harness.reporting.model import SUBJECT
from harness.reporting.published import SHARES, Figure, canonical_model, find, lacking
from harness.reporting.table import Cell, Column, Table

if TYPE_CHECKING:
    from benchmarks.dataset import Source
    from harness.records.run import RunRecord
    from harness.records.scores import Scores


def against_published(
    scores: Sequence[Scores], runs: Sequence[RunRecord | None], names: Sequence[str] | None = None
) -> Table:
    """A row for each of our rates that has a published counterpart: of our suite and rules, else the nearest to them.

    A difference in rules, data, suite or hardware is marked, and such a row shows no difference. Where another profile
    would let more rows be compared, a note says which and how many. Without `names` the models' own are shown.
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
    offered: dict[str, int] = {}
    compared = rates = alike = 0
    for name, score, run in zip(names or [score.model for score in scores], scores, runs, strict=True):
        for benchmark, metric, ours in _figures(score):
            known = find(score.model, benchmark, metric)
            if ours is None or not known:
                continue
            figure = min(known, key=lambda one: _distance(one, score, run))
            other = other_data(benchmark, score, run)
            notes = (*obstacles(figure, score, run), *other)
            difference = None if notes else ours - figure.value
            compared += difference is not None
            rates += metric == "wer"
            alike += difference is not None and metric == "wer"
            if not other:
                for profile in _profiles_that_compare(known, score, run):
                    offered[profile] = offered.get(profile, 0) + 1
            source = f"{figure.source}{f', {figure.date}' if figure.date else ''}"
            facts = (Cell(name), Cell(benchmark), Cell(metric), Cell(ours))
            rows.append((*facts, Cell(figure.value, notes=notes), Cell(difference), Cell(source)))
    differ = "Where rules, data, suite or hardware differ the two cannot be compared, and no difference is shown."
    caption = f"WER in percent. {differ}"
    said = f"{compared} of {amount(len(rows), 'row')} can be compared." + _offer(alike, rates, offered)
    notes = (said,) if rows else ("Nothing is published of these models on these benchmarks.",)
    return Table("Against published figures", caption, columns, tuple(rows), notes)


def _offer(compared: int, rates: int, offered: Mapping[str, int]) -> str:
    """Under which profile more error rates could be compared; empty where under none."""
    best = max(offered, key=lambda profile: (offered[profile], profile), default=None)
    if best is None or offered[best] <= compared:
        return ""
    return f" Under --profile {best} {offered[best]} of the {amount(rates, 'error rate')} can be, not {compared}."


def _profiles_that_compare(known: Sequence[Figure], score: Scores, run: RunRecord | None) -> set[str]:
    """The profiles under which an error rate could be compared with one of its published figures."""
    found = set()
    for figure in known:
        others = [kind for kind, _ in _differences(figure, score, run) if kind != "rules"]
        if figure.metric == "wer" and not others and figure.profile is not None:
            found.add(figure.profile)
    return found


def _distance(figure: Figure, score: Scores, run: RunRecord | None) -> tuple[int, ...]:
    """How far a published figure is from being of the same thing as ours: least where nothing differs."""
    kinds = [kind for kind, _ in _differences(figure, score, run)]
    if figure.benchmark == "average":
        return (len(kinds), "suite" in kinds, "rules" in kinds, *_overlap(figure.suite, score))
    return (len(kinds), "suite" in kinds, "rules" in kinds, figure.suite is not None and figure.suite != score.suite)


def _overlap(suite: str | None, score: Scores) -> tuple[int, int, int]:
    """How far a suite is from what our average is over, 0 where it is ours: predictions of others state no suite.

    First how many of our benchmarks it does not list, then how many it lists that we have not.
    """
    from benchmarks.registry import known_suite

    known, ours = known_suite(suite), {entry.benchmark for entry in score.benchmarks}
    listed = set(known.benchmarks) if known else set()
    return (suite is None or suite != score.suite, len(ours - listed), len(listed - ours))


def _figures(score: Scores) -> list[tuple[str, str, float | None]]:
    """Benchmark, metric and value (WER in percent) of all that can be published."""
    rates = {entry.benchmark: entry.wer for entry in score.benchmarks} | {"average": score.average.wer}
    found = [(name, "wer", None if rate is None else 100 * rate) for name, rate in rates.items()]
    return [*found, ("average", "rtfx", score.average.speed.rtfx)]


def obstacles(figure: Figure, score: Scores, run: RunRecord | None) -> list[str]:
    """Why our figure and a published one are not of the same thing."""
    return [why for _, why in _differences(figure, score, run)]


def _differences(figure: Figure, score: Scores, run: RunRecord | None) -> list[tuple[str, str]]:
    """In what a published figure is of another thing than ours: the kind, and a sentence."""
    found, profile = [], score.profile.name
    if figure.metric in SHARES and figure.profile != profile:
        stated = figure.profile or "rules that are not stated"
        found.append(("rules", f"other rules: published under {stated}, ours {profile}"))
    if figure.benchmark == "average" and (figure.suite is None or figure.suite != score.suite):
        ours = f", ours over {score.suite}" if score.suite else ", ours over what the predictions have"
        found.append(("suite", f"other suite: published over {_suite_of(figure)}{ours}"))
    if figure.metric == "rtfx":
        here = run.hardware if run else None
        if here is None or not figure.hardware or figure.hardware.lower() not in here.lower():
            stated, ours = figure.hardware or "one that is not stated", here or "not known"
            found.append(("hardware", f"other hardware: published on {stated}, ours {ours}"))
    return found


def _suite_of(figure: Figure) -> str:
    return figure.suite or "one that is not stated"


def other_data(benchmark: str, score: Scores, run: RunRecord | None) -> list[str]:
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
    found = [reason for reason, holds in reasons.items() if holds]
    # A run has compared its data with what is locked (drift); what others predicted is compared here.
    foreign = [entry for entry in entries if entry.measured_as not in held]
    short = {entry.benchmark: lacking(entry.benchmark, entry.utterances, score.suite) for entry in foreign}
    parts = [f"{said} of {name}" if benchmark == "average" else said for name, said in short.items() if said]
    return [*found, *([f"other data: ours is {', '.join(parts)}"] if parts else [])]


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
