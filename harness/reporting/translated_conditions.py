"""The table of translations under conditions: BLEU and chrF++ of each beside the clean one, with the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.amounts import amount
from harness.perturb.names import named
from harness.reporting.model import SUBJECT
from harness.reporting.table import Cell, Column, Table
from harness.scoring.matching import match
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import PairedBenchmark
from harness.scoring.resampled import resampled_block
from harness.scoring.significance import holm

if TYPE_CHECKING:
    from harness.records.comparison import Block
    from harness.scoring.metrics import Metric
    from harness.scoring.scored import Scored

SCORES = ("bleu", "chrf")
"""What translations are compared by."""

COLUMNS = (
    *SUBJECT,
    Column("condition", "Condition", align="left"),
    Column("score", "Score", align="left"),
    Column("value", "Value", format=".2f"),
    Column("clean", "Clean", format=".2f"),
    Column("difference", "To clean", format="+.2f"),
    Column("p", "p (Holm)", format=".2g"),
    Column("sessions", "Sessions"),
)

CAPTION = (
    "0 to 100, higher is better, with 95 % intervals over sessions. To clean: under the condition minus clean on the "
    "same utterances, sessions drawn anew for both at once; p corrected for the conditions of a benchmark."
)


def translated_conditions_table(names: Sequence[str], scored: Sequence[Sequence[Scored]]) -> Table | None:
    """Every condition of every system's translations beside the clean ones; None where there are none.

    Args:
        names: what to call the systems.
        scored: the benchmarks of each, counted.
    """
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for name, held in zip(names, scored, strict=True):
        translated = [one for one in held if one.target is not None]
        clean = {one.units.benchmark: one for one in translated if named(one.units.benchmark) is None}
        pairs: dict[str, list[tuple[str, PairedBenchmark]]] = {}
        for one in translated:
            if (parts := named(one.units.benchmark)) is None:
                continue
            if (paired := _paired(one, clean.get(parts.clean))) is None:
                notes.append(f"No clean run of the same utterances beside it, for {name}: {one.units.benchmark}.")
            else:
                pairs.setdefault(parts.clean, []).append((parts.condition, paired))
        for benchmark, each in pairs.items():
            for metric in map(get_metric, SCORES):
                rows += [(Cell(name), Cell(benchmark), *cells) for cells in _rows(each, metric)]
    if not rows and not notes:
        return None
    return Table("Translations under conditions beside clean", CAPTION, COLUMNS, tuple(rows), tuple(notes))


def _paired(one: Scored, clean: Scored | None) -> PairedBenchmark | None:
    """A benchmark under a condition and clean, in this order; None where they are not of the same utterances."""
    if clean is None or not (found := match(clean.units.rows, one.units.rows)).whole:
        return None
    return PairedBenchmark([0, 1], [one, clean], [found.places, np.arange(len(found.places))])


def _rows(pairs: Sequence[tuple[str, PairedBenchmark]], metric: Metric) -> Iterator[tuple[Cell, ...]]:
    """The conditions of a benchmark by a score."""
    blocks = [
        resampled_block(paired, metric, [one.utterances() for one in paired.scored], ("noisy", "clean"))
        for _, paired in pairs
    ]
    changes = [None if isinstance(block, str) else block.pairs[0].difference for block in blocks]
    adjusted = holm([None if change is None else change.p for change in changes])
    for (condition, _), block, change, p in zip(pairs, blocks, changes, adjusted, strict=True):
        if isinstance(block, str):
            yield (Cell(condition), Cell(metric.title), Cell(None, notes=(block,)), *[Cell(None)] * 4)
            continue
        few = () if change else ("under five sessions there is no interval",)
        yield (
            Cell(condition),
            Cell(metric.title),
            _value(block, "noisy"),
            _value(block, "clean"),
            Cell(change.value + 0.0, change.low + 0.0, change.high + 0.0) if change else Cell(None, notes=few),
            Cell(p),
            Cell(block.sessions),
        )


def _value(block: Block, system: str) -> Cell:
    """The score of one of the two, and how many utterances are not in it."""
    one = next(one for one in block.systems if one.system == system)
    low, high = (one.interval.low, one.interval.high) if one.interval else (None, None)
    notes = (f"{amount(block.left_out, 'utterance')} left out, not translated both times",) if block.left_out else ()
    return Cell(one.rate, low, high, notes)
