"""Benchmarks of several languages: a row for each language, and their macro average."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from harness.reporting.model import SUBJECT, Cell, Column
from harness.reporting.table import Table
from harness.scoring.average import macro_average

if TYPE_CHECKING:
    from harness.records.scores import BenchmarkScore, Scores
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import Scored

MACRO = "macro average"


def languages_table(
    names: Sequence[str], scores: Sequence[Scores], scored: Sequence[Sequence[Scored]], profiles: Sequence[Profile]
) -> Table | None:
    """Every benchmark of several languages; None where there is none.

    Args:
        names: what to call the systems.
        scores: of each.
        scored: of each its benchmarks, counted, in the order of its scores.
        profiles: of each.
    """
    columns = (
        *SUBJECT,
        Column("language", "Language", align="left"),
        Column("utterances", "Utterances", format=",d"),
        Column("words", "Words", format=",d"),
        Column("wer", "WER", format=".2f", scale=100),
        Column("cer", "CER", format=".2f", scale=100),
    )
    rows = list[tuple[Cell, ...]]()
    for name, score, held, profile in zip(names, scores, scored, profiles, strict=True):
        parts = [
            (one.units.part_of, entry) for one, entry in zip(held, score.benchmarks, strict=True) if one.units.part_of
        ]
        for whole, group in groupby(parts, key=lambda part: part[0]):
            entries = [entry for _, entry in group]
            rows += [_row(name, str(whole), entry) for entry in entries]
            macro = macro_average([(entry.rate, entry.metric == "cer") for entry in entries], profile)
            why = () if macro is not None else ("words and characters do not average",)
            utterances = sum(entry.utterances for entry in entries)
            words = macro if entries[0].metric == "wer" else None
            total = (Cell(name), Cell(str(whole)), Cell(MACRO), Cell(utterances), Cell(None))
            rows.append((*total, Cell(words, notes=why), Cell(macro if words is None else None)))
    caption = "Rates in percent, each language under its own rules. Macro average: the plain mean over the languages."
    return Table("Languages", caption, columns, tuple(rows)) if rows else None


def _row(name: str, whole: str, entry: BenchmarkScore) -> tuple[Cell, ...]:
    ends = (entry.interval.low, entry.interval.high) if entry.interval else ()
    wer, cer = (Cell(entry.wer, *ends), Cell(None)) if entry.metric == "wer" else (Cell(None), Cell(entry.cer, *ends))
    units = entry.words if entry.metric == "wer" else entry.characters
    return Cell(name), Cell(whole), Cell(entry.language), Cell(entry.utterances), Cell(units), wer, cer
