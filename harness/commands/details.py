"""What `score --details` prints below its table: metrics, slices, confusions and what looks wrong."""

from itertools import islice, zip_longest

from harness.amounts import amount
from harness.commands.shared import left, percent, table
from harness.records.details import Confusions, Details
from harness.reporting.classes import CAPTION, COLUMNS, cells
from harness.reporting.model import interval_text
from harness.reporting.table import Column, Table
from harness.scoring.metrics import get_metric
from harness.scoring.metrics.base import ratio

_SHOWN = 10
"""Confusions, sessions and values of tags that are printed; --json has all."""


def details_text(model: str, found: Details) -> str:
    """One benchmark of one model, from `harness.scoring.details.describe`."""
    blocks = [_metrics(model, found).render("terminal"), _slices(found).render("terminal")]
    if found.classes:
        rows = [cells(one) for one in found.classes]
        title = f"{found.benchmark}: marks, capitals, numbers, keywords"
        blocks.append(table(title, CAPTION, COLUMNS, rows).render("terminal"))
    confused = _confusions(found.benchmark, found.confusions)
    if confused.rows:
        blocks.append(confused.render("terminal"))
    blocks += [f"looks broken: {finding.message}\n" for finding in found.findings]
    return "\n".join(blocks)


def _metrics(model: str, found: Details) -> Table:
    columns = (
        left("metric", "Metric"),
        Column("value", "Value"),
        Column("interval", "95 % interval"),
        left("unit", "Unit"),
        Column("counted", "Counted"),
    )
    rows: list[tuple[str | int | None, ...]] = []
    notes = []
    reasons: dict[str, list[str]] = {}
    for name, one in found.metrics.items():
        metric = get_metric(name)
        if one.reason is not None:
            reasons.setdefault(one.reason, []).append(metric.title)
            continue
        value = None if one.value is None else format(one.value * metric.scale, metric.format)
        counted = f"{one.count:,.6g} of {one.of:,.6g}" if metric.value is ratio and one.of else None
        rows.append((metric.title, value, interval_text(one.interval, metric.scale), metric.unit, counted))
        notes.append(f"{metric.title}: {metric.meaning}.")
    notes += [f"Not scored, {reason}: {', '.join(titles)}." for reason, titles in reasons.items()]
    for flag, flagged in found.flags.items():
        if flagged.utterances:
            rows.append((f"flagged: {flag}", flagged.utterances, None, "utterances", None))
            notes.append(f"{flag}: {flagged.meaning}.")
    return table(found.benchmark, f"{model}, {amount(found.utterances, 'utterance')}.", columns, rows, notes)


def _slices(found: Details) -> Table:
    columns = (
        left("slice", "Slice"),
        left("value", "Value"),
        Column("utterances", "Utterances"),
        Column("words", "Words"),
        percent("rate", "Rate"),
        Column("interval", "95 % interval"),
    )
    worst = sorted(found.by_session, key=lambda part: -(part.rate or 0))[:_SHOWN]
    rows = [
        (part.kind, part.value, part.utterances, part.words, part.rate, interval_text(part.interval))
        for part in [*found.by_length, *worst, *found.by_tag[: 5 * _SHOWN]]
    ]
    notes = (f"Sessions: the {len(worst)} worst of {len(found.by_session)}.",) if worst else ()
    return table(f"{found.benchmark}: slices", "Rates in percent; length in words.", columns, rows, notes)


def _confusions(benchmark: str, confused: Confusions) -> Table:
    columns = [
        column
        for kind in ("Substituted", "Deleted", "Inserted")
        for column in (left(kind.lower(), kind), Column(f"{kind.lower()}_times", "Times"))
    ]
    substituted = [(f"{one} -> {other}", times) for (one, other), times in confused.substitutions]
    sides = zip_longest(substituted, confused.deletions, confused.insertions, fillvalue=(None, None))
    rows = [[value for pair in pairs for value in pair] for pairs in islice(sides, _SHOWN)]
    return table(f"{benchmark}: most frequent errors", "", columns, rows)
