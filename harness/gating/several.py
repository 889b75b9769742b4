"""Several models in one call: each is judged against its own baseline, and the worst verdict is that of all."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import ExitStatus
from harness.gating.render import names, numbers
from harness.records.decision import Decision, Decisions, Finding
from harness.reporting.table import Cell, Column, Table

ORDER = (ExitStatus.REGRESSION, ExitStatus.INCONCLUSIVE, ExitStatus.GOOD)
"""From the worst."""


def together(decisions: Sequence[Decision]) -> Decisions:
    """The decisions with the worst verdict of them."""
    worst = min(decisions, key=lambda one: ORDER.index(one.exit_status))
    return Decisions(verdict=worst.verdict, exit_status=worst.exit_status, decisions=tuple(decisions))


def things(decisions: Sequence[Decision]) -> str:
    """What several are decisions on: models, or candidates where two are of one model."""
    return "models" if len({(one.run.model, one.run.suite) for one in decisions}) == len(decisions) else "candidates"


def headline(decision: Decision) -> Finding | None:
    """The finding that stands for a decision: of its average, or else of its only benchmark."""
    average = next((one for one in decision.findings if one.subject == "average"), None)
    rates = [one for one in decision.findings if one.metric in {"wer", "cer"} and ": " not in one.subject]
    return average or (rates[0] if len(rates) == 1 else None)


def summary(decisions: Sequence[Decision]) -> Table:
    """A row for each model: what was judged, its verdict, and its headline number."""
    columns = (
        Column("model", "Model", align="left"),
        Column("suite", "Suite", align="left"),
        Column("verdict", "Verdict", align="left"),
        Column("before", "Before"),
        Column("after", "After"),
        Column("difference", "Difference"),
        Column("repeats", "Repeats", format="d"),
    )
    rows = []
    for one, name in zip(decisions, names(decisions), strict=True):
        found = headline(one)
        before, after, moved, _, _ = numbers(found) if found else ("–",) * 5
        cells = (name, one.run.suite, one.verdict.value, before, after, moved, 1 + len(one.run.repeats))
        rows.append(tuple(map(Cell, cells)))
    worst = together(decisions)
    passed = sum(one.exit_status is ExitStatus.GOOD for one in decisions)
    caption = f"{passed} of {len(decisions)} {things(decisions)} passed, each against its own baseline. "
    caption += "Error rates in percent: the average, or that of the only benchmark. "
    caption += "Repeats: runs with the same weights, settings and transcripts, which all give its speed."
    return Table(f"Gate: {worst.verdict.value}", caption, columns, tuple(rows))
