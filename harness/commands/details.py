"""What `score --details` prints below its table: metrics, slices, confusions and what looks wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.records.details import Confusions, Details
    from harness.records.statistics import Interval
    from harness.reporting.table import Table

_SHOWN = 10
"""Confusions, sessions and values of tags that are printed; --json has all."""


def details_text(model: str, found: Details) -> str:
    """One benchmark of one model, from `harness.scoring.details.describe`."""
    blocks = [_metrics(model, found).render("terminal"), _slices(found).render("terminal")]
    confused = _confusions(found.benchmark, found.confusions)
    if confused.rows:
        blocks.append(confused.render("terminal"))
    blocks += [f"looks broken: {finding.message}\n" for finding in found.findings]
    return "\n".join(blocks)


def _metrics(model: str, found: Details) -> Table:
    from harness.reporting.table import Cell, Column, Table
    from harness.scoring.metrics import get_metric
    from harness.scoring.metrics.base import ratio

    columns = (
        Column("metric", "Metric", align="left"),
        Column("value", "Value"),
        Column("interval", "95 % interval"),
        Column("unit", "Unit", align="left"),
        Column("counted", "Counted"),
    )
    rows, notes = [], []
    for name, one in found.metrics.items():
        metric = get_metric(name)
        value = None if one.value is None else format(one.value * metric.scale, metric.format)
        counted = f"{one.count:,.6g} of {one.of:,.6g}" if metric.value is ratio and one.of else None
        cells = (metric.title, value, _ends(one.interval, metric.scale), metric.unit, counted)
        rows.append(tuple(map(Cell, cells)))
        notes.append(f"{metric.title}: {metric.meaning}.")
    for flag, flagged in found.flags.items():
        if flagged.utterances:
            rows.append(tuple(map(Cell, (f"flagged: {flag}", flagged.utterances, None, "utterances", None))))
            notes.append(f"{flag}: {flagged.meaning}.")
    caption = f"{model}, {found.utterances:,} utterances."
    return Table(found.benchmark, caption, columns, tuple(rows), tuple(notes))


def _ends(interval: Interval | None, scale: float = 100) -> str | None:
    return None if interval is None else f"{scale * interval.low:.2f} to {scale * interval.high:.2f}"


def _slices(found: Details) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("slice", "Slice", align="left"),
        Column("value", "Value", align="left"),
        Column("utterances", "Utterances"),
        Column("words", "Words"),
        Column("rate", "Rate", format=".2f", scale=100),
        Column("interval", "95 % interval"),
    )
    worst = sorted(found.by_session, key=lambda part: -(part.rate or 0))[:_SHOWN]
    rows = []
    for part in [*found.by_length, *worst, *found.by_tag[: 5 * _SHOWN]]:
        cells = (part.kind, part.value, part.utterances, part.words, part.rate, _ends(part.interval))
        rows.append(tuple(Cell(cell) for cell in cells))
    notes = (f"Sessions: the {len(worst)} worst of {len(found.by_session)}.",) if worst else ()
    return Table(f"{found.benchmark}: slices", "Rates in percent; length in words.", columns, tuple(rows), notes)


def _confusions(benchmark: str, confused: Confusions) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("substituted", "Substituted", align="left"),
        Column("substituted_times", "Times"),
        Column("deleted", "Deleted", align="left"),
        Column("deleted_times", "Times"),
        Column("inserted", "Inserted", align="left"),
        Column("inserted_times", "Times"),
    )
    substituted = [(f"{one} -> {other}", times) for (one, other), times in confused.substitutions]
    sides: list[Sequence[tuple[str, int]]] = [substituted, confused.deletions, confused.insertions]
    rows = []
    for index in range(min(_SHOWN, max(map(len, sides)))):
        cells = [side[index] if index < len(side) else (None, None) for side in sides]
        rows.append(tuple(Cell(value) for pair in cells for value in pair))
    return Table(f"{benchmark}: most frequent errors", "", columns, tuple(rows))
