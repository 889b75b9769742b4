"""`compare`: is the difference between systems real? Per benchmark and on average, with intervals and tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from harness.records.comparison import Block, Comparison, Pair, Standing
    from harness.reporting.table import Cell, Table

HELP = "compare systems on the same utterances: differences with intervals, tests, ties"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="run folders or predictions of two or more systems, or a folder of them",
    )
    parser.add_argument("--profile", help="rules to score under, by name or TOML file (default: those of the suite)")
    parser.add_argument("--language", help="language of the texts, where the file names do not say it: en, de, zh, ...")
    parser.add_argument(
        "--reference", metavar="FILE", type=Path, help="the PATHs are NIST trn or Kaldi text, this is their reference"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--trn",
        metavar="DIR",
        type=Path,
        help="also write what was compared as NIST trn files, for sclite and sc_stats",
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Compare and print."""
    from harness.records.codec import pretty
    from harness.scoring.comparison import compare_systems
    from harness.scoring.pairing import read_apart
    from harness.scoring.resolve import common_profile
    from harness.scoring.transcripts import read_transcripts

    if args.reference is None:
        systems = read_apart(args.paths, args.language)
    else:
        systems = read_transcripts(args.reference, map(Path, args.paths), args.language)
    if len(systems) < 2:
        raise UsageError(f"nothing to compare {systems[0].model} with; give predictions of two systems or more")
    profile = common_profile(systems, args.profile)
    comparison = compare_systems(systems, profile)
    if args.trn is not None:
        from harness.scoring.nist_export import write_comparison

        write_comparison(systems, profile, args.trn)
    if args.json:
        print(pretty(comparison), end="")
    else:
        for table in tables(comparison):
            print(table.render("terminal"))
    return ExitStatus.GOOD


def tables(comparison: Comparison) -> list[Table]:
    """One table of all benchmarks for two systems; one a benchmark for more."""
    blocks = [*comparison.benchmarks, *([comparison.average] if comparison.average else [])]
    if len(comparison.systems) == 2:
        return [_table_of_two(blocks, comparison)]
    return [_table_of_many(block, comparison) for block in blocks]


def _table_of_two(blocks: Sequence[Block], comparison: Comparison) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("benchmark", "Benchmark", align="left"),
        Column("first", "A", format=".2f", scale=100, best="low"),
        Column("second", "B", format=".2f", scale=100, best="low"),
        Column("difference", "A - B", format="+.2f", scale=100),
        Column("interval", "95 % interval"),
        Column("p", "p", format=".3f"),
        Column("mapsswe_p", "MAPSSWE p", format=".3f"),
        Column("sessions", "Sessions"),
        Column("smallest", "Resolves", format=".2f", scale=100),
        Column("verdict", "Verdict", align="left"),
    )
    rows = []
    for block in blocks:
        pair = block.pairs[0]
        rates = {one.system: one for one in block.systems}
        rows.append(
            (
                Cell(block.benchmark if block.metric == "wer" else f"{block.benchmark} (CER)"),
                _rate_cell(rates[pair.first]),
                _rate_cell(rates[pair.second]),
                *_difference_cells(pair),
                _p_cell(None if pair.mapsswe is None else pair.mapsswe.p),
                _sessions_cell(block),
                Cell(block.smallest_difference),
                Cell(_verdict(pair)),
            )
        )
    caption = f"A: {comparison.systems[0]}. B: {comparison.systems[1]}. Profile {comparison.profile.name}, percent."
    return Table("Comparison of two systems", caption, columns, tuple(rows), _notes(comparison))


def _table_of_many(block: Block, comparison: Comparison) -> Table:
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("system", "System", align="left"),
        Column("rate", block.metric.upper(), format=".2f", scale=100, best="low"),
        Column("rate_interval", "95 % interval"),
        Column("difference", "To the best", format="+.2f", scale=100),
        Column("interval", "95 % interval"),
        Column("p", "p (Holm)", format=".3f"),
        Column("mapsswe_p", "MAPSSWE p (Holm)", format=".3f"),
        Column("rank", "Rank"),
        Column("tie", "Tie with the best", align="left"),
    )
    best = block.systems[0].system
    rows = []
    for one in block.systems:
        pair = block.pair(best, one.system)
        rows.append(
            (
                Cell(one.system),
                _rate_cell(one),
                Cell(_interval(one)),
                *(_difference_cells(pair, reverse=pair.first == best) if pair else (Cell(None),) * 3),
                _p_cell(pair.mapsswe_p_holm if pair else None),
                Cell(_rank(one)),
                Cell(_tie(one, best)),
            )
        )
    resolves = block.smallest_difference
    about = f"{block.utterances:,} utterances, {block.sessions:,} " + (
        "sessions" if block.unit == "session" else "utterances taken as sessions (none are known)"
    )
    smallest = "no intervals under five sessions" if resolves is None else f"resolves {100 * resolves:.2f} points"
    caption = f"Profile {comparison.profile.name}, percent. {about}; {smallest}."
    return Table(block.benchmark, caption, columns, tuple(rows), _notes(comparison))


def _rate_cell(standing: Standing) -> Cell:
    from harness.reporting.table import Cell

    interval = standing.interval
    if interval is None:
        return Cell(standing.rate)
    return Cell(standing.rate, interval.low, interval.high)


def _interval(standing: Standing) -> str | None:
    interval = standing.interval
    return None if interval is None else f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"


def _rank(standing: Standing) -> str | None:
    if standing.rank is None:
        return None
    low, high = standing.rank
    return str(low) if low == high else f"{low}–{high}"


def _difference_cells(pair: Pair, *, reverse: bool = False) -> tuple[Cell, Cell, Cell]:
    """Difference, its interval and its corrected p."""
    from harness.reporting.table import Cell

    found = pair.difference
    if found is None:
        return Cell(None), Cell(None), Cell(None)
    value, low, high = (-found.value, -found.high, -found.low) if reverse else (found.value, found.low, found.high)
    value, low, high = value + 0.0, low + 0.0, high + 0.0  # no difference is +0.00, not -0.00
    return Cell(value), Cell(f"{100 * low:+.2f} to {100 * high:+.2f}"), _p_cell(pair.p_holm)


def _p_cell(p: float | None) -> Cell:
    from harness.reporting.table import Cell

    return Cell("<0.001" if p is not None and p < 0.001 else p)


def _sessions_cell(block: Block) -> Cell:
    from harness.reporting.table import Cell

    notes = () if block.unit == "session" else ("no sessions are known: utterances are taken as independent",)
    return Cell(block.sessions, notes=notes)


def _verdict(pair: Pair) -> str:
    if pair.significant is None or pair.difference is None:
        return "cannot tell"
    if not pair.significant:
        return "tie"
    return "A is better" if pair.difference.value < 0 else "B is better"


def _tie(standing: Standing, best: str) -> str:
    if standing.system == best:
        return "best"
    return {True: "tie", False: "worse", None: "cannot tell"}[standing.tied_with_best]


def _notes(comparison: Comparison) -> tuple[str, ...]:
    """What the columns mean, and what was left out."""
    return (
        "Difference, interval and p: paired over sessions. MAPSSWE: NIST's matched pairs; they take stretches of "
        "errors as independent.",
        "Resolves: the smallest true difference between these systems that this data finds in four of five cases.",
        *comparison.notes,
    )
