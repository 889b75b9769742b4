"""The table of conditions: each beside the clean one, with the paired difference; and where the rate doubles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.perturb.names import joined, named
from harness.reporting.model import SUBJECT
from harness.reporting.table import Cell, Column, Table
from harness.scoring.robustness import AVERAGE, Gap, doublings, gaps

if TYPE_CHECKING:
    from harness.records.scores import Scores
    from harness.scoring.scored import Scored

COLUMNS = (
    *SUBJECT,
    Column("condition", "Condition", align="left"),
    Column("wer", "WER", format=".2f", scale=100),
    Column("difference", "To clean", format="+.2f", scale=100),
    Column("p", "p (Holm)", format=".2g"),
    Column("times", "Times clean", format=".2f"),
    Column("sessions", "Sessions"),
    Column("failed", "Failed"),
    Column("rtfx", "RTFx", format="adaptive"),
)

CAPTION = (
    "Percent, with 95 % intervals over sessions; characters where the language has no spaces. To clean: under the "
    "condition minus clean on the same utterances, paired; p corrected for the conditions of a benchmark. RTFx counts "
    "the audio that the model was given."
)

FEW = "over utterances, as there are under five sessions: it holds for these speakers, not for others"


def has_conditions(scored: Sequence[Sequence[Scored]]) -> bool:
    """Whether any system has a benchmark under a condition, but for translations, which have no error rate."""
    every = (one for held in scored for one in held if named(one.units.benchmark) is not None)
    return any(one.target is None for one in every)


def robustness_table(
    names: Sequence[str], scores: Sequence[Scores], scored: Sequence[Sequence[Scored]]
) -> Table | None:
    """Every condition of every system and benchmark beside the clean one; None where there are none.

    Args:
        names: what to call the systems.
        scores: of each.
        scored: the benchmarks of each, counted.
    """
    if not has_conditions(scored):
        return None
    every = [gaps(held) for held in scored]
    rows = [row for name, score, found in zip(names, scores, every, strict=True) for row in _rows(name, score, found)]
    caption = f"Profile {scores[0].profile.name}. {CAPTION}"
    notes = [*_doubled(names, every), *_without(names, scored, every)]
    return Table("Conditions beside clean", caption, COLUMNS, tuple(rows), tuple(notes))


def _rows(name: str, score: Scores, found: Sequence[Gap]) -> Iterator[tuple[Cell, ...]]:
    entries = {entry.benchmark: entry for entry in score.benchmarks}
    for one in found:
        entry = entries.get(joined(one.benchmark, one.condition) if one.condition else one.benchmark)
        few = (FEW,) if one.unit == "utterance" else ()
        short = (f"{amount(one.left_out, 'utterance')} left out, not transcribed both times",) if one.left_out else ()
        interval, change = one.interval, one.difference
        yield (
            Cell(name),
            Cell("average" if one.benchmark == AVERAGE else one.benchmark),
            Cell(one.condition or "clean"),
            Cell(one.rate, interval.low if interval else None, interval.high if interval else None, short),
            Cell(change.value + 0.0, change.low + 0.0, change.high + 0.0, few) if change else Cell(None),
            Cell(one.p_holm),
            Cell(one.times if one.condition else None),
            Cell(one.sessions, notes=() if one.condition else few),
            Cell(None if entry is None else entry.failed),
            Cell(None if entry is None else entry.speed.rtfx),
        )


def _doubled(names: Sequence[str], every: Sequence[Sequence[Gap]]) -> Iterator[str]:
    """Where the rate doubles, a line for each kind of noise."""
    for name, found in zip(names, every, strict=True):
        for one in doublings(found):
            where = one.why if one.snr is None else f"at {one.snr:.1f} dB"
            on = "on average" if one.benchmark == AVERAGE else f"on {one.benchmark}"
            yield f"The SNR of {one.series} at which the WER of {name} is twice the clean one, {on}: {where}."


def _without(names: Sequence[str], scored: Sequence[Sequence[Scored]], every: Sequence[Sequence[Gap]]) -> Iterator[str]:
    """Benchmarks under a condition that have nothing to stand beside."""
    for name, held, found in zip(names, scored, every, strict=True):
        there = {joined(one.benchmark, one.condition) for one in found}
        under = [one.units.benchmark for one in held if named(one.units.benchmark) is not None]
        lost = [benchmark for benchmark in under if benchmark not in there]
        if lost:
            yield f"No clean run of the same utterances beside it, for {name}: {', '.join(lost)}."
