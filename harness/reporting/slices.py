"""Slices as a table: rates with intervals, differences from the rest, the smallest corrected p first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.reporting.model import Cell, Column, interval_text
from harness.reporting.table import Table
from harness.scoring.sliced import sliced

if TYPE_CHECKING:
    from harness.records.slices import SliceScore, SliceTable
    from harness.records.statistics import Difference
    from harness.scoring.scored import Scored

_FEW = "cannot be tested: too few sessions"


def slices_tables(names: Sequence[str], scored: Sequence[Sequence[Scored]], tags: Sequence[str]) -> dict[str, Table]:
    """A table for each tag, by the name of its file.

    Args:
        names: what to call the systems.
        scored: of each its benchmarks, counted.
        tags: what to slice by.

    Raises:
        UsageError: no benchmark has a tag.
    """
    tables = {}
    for tag in dict.fromkeys(tags):
        without: list[str] = []
        found = sliced(names, scored, [tag], without.append)[tag]
        stem = re.sub(r"[^A-Za-z0-9_.-]", "_", tag)
        tables[f"slices_{stem}"] = slices_table(tag, found, without)
    return tables


def slices_table(tag: str, tables: Sequence[tuple[str, SliceTable]], without: Sequence[str] = ()) -> Table:
    """One tag, a row for each slice of each benchmark of each system.

    Args:
        tag: its name.
        tables: with what to call the system of each.
        without: which benchmarks have no such tag, in words.
    """
    columns = (
        Column("model", "Model", align="left"),
        Column("benchmark", "Benchmark", align="left"),
        Column("value", tag, align="left"),
        Column("utterances", "Utterances", format=",d"),
        Column("sessions", "Sessions", format=",d"),
        Column("words", "Words", format=",d"),
        Column("rate", "Rate", format=".2f", scale=100),
        Column("interval", "95 % interval"),
        Column("difference", "To the rest", format="+.2f", scale=100),
        Column("difference_interval", "95 % interval of that"),
        Column("p_holm", "p (Holm)", format=".3f"),
        Column("resolves", "Resolves", format=".2f", scale=100),
    )
    rows = [(Cell(name), Cell(one.benchmark), *_cells(part)) for name, one in tables for part in one.slices]
    caption = f"Rates in percent by {tag}."
    binned = dict.fromkeys(one.binned for _, one in tables if one.binned)
    if binned:
        caption += f" Bins: {'; '.join(binned)}."
    return Table(f"Slices: {tag}", caption, columns, tuple(rows), (*_notes(tables), *without))


def compact(table: Table) -> Table:
    """The table for a screen: what is the same in every row is told in the caption."""
    same = [at for at in (0, 1) if len({row[at].value for row in table.rows}) == 1]
    said = ", ".join(str(table.rows[0][at].value) for at in reversed(same)) if table.rows else ""
    return replace(
        table,
        caption=f"{said}. {table.caption}" if said else table.caption,
        columns=tuple(one for at, one in enumerate(table.columns) if at not in same),
        rows=tuple(tuple(cell for at, cell in enumerate(row) if at not in same) for row in table.rows),
    )


def _cells(part: SliceScore) -> tuple[Cell, ...]:
    found = part.difference
    p = "<0.001" if part.p_holm is not None and part.p_holm < 0.001 else part.p_holm
    return (
        Cell(part.value),
        Cell(part.utterances),
        Cell(part.sessions),
        Cell(part.errors.words),
        Cell(part.rate),
        Cell(interval_text(part.interval)),
        Cell(None if found is None else found.value, best=bool(part.differs), notes=() if found else (_FEW,)),
        Cell(None if found is None else _ends(found)),
        Cell(p),
        Cell(part.resolves),
    )


def _ends(found: Difference) -> str:
    return f"{100 * found.low:+.2f} to {100 * found.high:+.2f}"


def _notes(tables: Sequence[tuple[str, SliceTable]]) -> list[str]:
    notes = [
        "To the rest: the slice's rate less that of all other utterances that have the tag, in points; in bold where "
        "the p, corrected after Holm for the values of the tag, is below 0.05. Resolves: the true difference that this "
        "data finds in four of five cases.",
    ]
    untagged = dict.fromkeys(
        f"{one.untagged:,} of {one.untagged + sum(part.utterances for part in one.slices):,} utterances of "
        f"{one.benchmark} have no {one.tag}, and are in no row."
        for _, one in tables
        if one.untagged
    )
    alone = dict.fromkeys(one.benchmark for _, one in tables if one.unit == "utterance")
    if alone:
        notes.append(
            f"Utterances are taken as independent: no sessions are known, or each slice is one: {', '.join(alone)}."
        )
    return [*notes, *untagged]
