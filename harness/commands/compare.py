"""`compare`: is the difference between systems real? Per benchmark and on average, with intervals and tests."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from harness.amounts import amount
from harness.commands.shared import SCORED, add_shared, given_systems, inputs_of, left, percent, spare, table
from harness.errors import ExitStatus, UsageError
from harness.records.comparison import Block, Comparison, Pair, Standing
from harness.reporting.table import Cell, Column, Table
from harness.scoring.comparison import compare_systems
from harness.scoring.intervals import MIN_SESSIONS
from harness.scoring.metrics import Metric, get_metric
from harness.scoring.metrics.base import ratio
from harness.scoring.nist_export import write_comparison
from harness.scoring.pairing import read_apart
from harness.scoring.resolve import common_profile
from harness.scoring.significance import ALPHA
from harness.streams import put_json

HELP = "compare systems on the same utterances: differences with intervals, tests, ties"

_NO_SESSIONS = "no sessions are known: utterances are taken as independent"
_NO_SPREAD = (
    "MAPSSWE: one has as many more errors in each segment, so that there is no spread to test the difference by"
)
_TIES = {True: "tie", False: "worse", None: "cannot tell"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    add_shared(parser, *SCORED, "--json")
    parser.add_argument(
        "--trn", metavar="DIR", type=Path, help="also write what was compared as NIST trn, for sclite and sc_stats"
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Compare and print."""
    metrics = [comparable_metric(name) for name in dict.fromkeys(args.metric)]
    systems = given_systems(args, read_apart)
    if len(systems) < 2:
        raise UsageError(f"nothing to compare {systems[0].model} with; give predictions of two systems or more")
    profile = common_profile(systems, args.profile)
    comparison = compare_systems(systems, profile, metrics, args.slice)
    if args.trn is not None:
        write_comparison(systems, profile, args.trn, partial(spare, inputs_of(args, systems)))
    if args.json:
        put_json(comparison)
    else:
        for one in (*tables(comparison), *slice_tables(comparison)):
            print(one.render("terminal"))
    return ExitStatus.GOOD


def tables(comparison: Comparison) -> list[Table]:
    """One table of all benchmarks for two systems; one a benchmark for more."""
    blocks = [*comparison.benchmarks, *([comparison.average] if comparison.average else [])]
    if len(comparison.systems) == 2:
        by_metric: dict[str, list[Block]] = {}
        for block in comparison.metrics:
            by_metric.setdefault(block.metric, []).append(block)
        further = [_table_of_two(found, comparison, get_metric(name)) for name, found in by_metric.items()]
        if further and not blocks:  # translations alone: what is to be said is said once
            further[-1] = replace(further[-1], notes=comparison.notes)
        return [*([_table_of_two(blocks, comparison)] if blocks else []), *further]
    return [_table_of_many(block, comparison) for block in (*blocks, *comparison.metrics)]


def slice_tables(comparison: Comparison) -> list[Table]:
    """One table a benchmark and tag for two systems; one a slice for more."""
    found = []
    for one in comparison.slices:
        title = f"{one.benchmark} by {one.tag}"
        if len(comparison.systems) > 2:
            found += [
                replace(_table_of_many(block, comparison), title=f"{title}: {block.benchmark}") for block in one.values
            ]
            continue
        by = one.values[0].metric if one.values else "wer"
        made = _table_of_two(one.values, comparison, None if by in {"wer", "cer"} else get_metric(by))
        notes = ["p and verdict: corrected after Holm for the values of the tag, the smallest first."]
        notes += [f"Bins: {one.binned}."] if one.binned else []
        untagged = amount(one.untagged, "utterance has", "utterances have")
        notes += [f"{untagged} no {one.tag}, so no row."] if one.untagged else []
        columns = (replace(made.columns[0], key="value", title=one.tag), *made.columns[1:])
        found.append(replace(made, title=title, columns=columns, notes=tuple(notes)))
    return found


def comparable_metric(name: str) -> Metric:
    """A metric of two systems that has a difference with an interval.

    Raises:
        UsageError: it has none.
    """
    metric = get_metric(name)
    if metric.value is not ratio and not metric.resampled:
        raise UsageError(f"--metric {name}: {metric.title} has no interval and cannot be compared; score shows it")
    return metric


def _rate(metric: Metric | None, key: str, title: str, *, best: bool = False, signed: bool = False) -> Column:
    """A column of rates in the metric's own unit; None is an error rate."""
    if metric is None:
        return percent(key, title, best=best, signed=signed)
    which: Literal["low", "high"] = "low" if metric.better == "lower" else "high"
    form = metric.format if not signed else f"+{metric.format}"
    return Column(key, title, format=form, scale=metric.scale, best=which if best else None)


def _table_of_two(blocks: Sequence[Block], comparison: Comparison, metric: Metric | None = None) -> Table:
    scale = 100 if metric is None else metric.scale
    columns = (
        left("benchmark", "Benchmark"),
        _rate(metric, "first", "A", best=True),
        _rate(metric, "second", "B", best=True),
        _rate(metric, "difference", "A - B", signed=True),
        Column("interval", "95 % interval"),
        Column("p", "p", format=".3f"),
        Column("mapsswe_p", "MAPSSWE p", format=".3f"),
        Column("sessions", "Sessions"),
        _rate(metric, "smallest", "Resolves"),
        left("verdict", "Verdict"),
    )
    rows = []
    for block in blocks:
        pair = block.pairs[0]
        rates = {one.system: one for one in block.systems}
        rows.append(
            (
                block.benchmark if metric or block.metric == "wer" else f"{block.benchmark} (CER)",
                _rate_cell(rates[pair.first]),
                _rate_cell(rates[pair.second]),
                *_difference_cells(pair, scale),
                _mapsswe_cell(pair, pair.mapsswe.p if pair.mapsswe else None),
                Cell(block.sessions, notes=() if block.unit == "session" else (_NO_SESSIONS,)),
                block.smallest_difference,
                _verdict(pair, metric),
            )
        )
    caption = f"A: {comparison.systems[0]}. B: {comparison.systems[1]}. {_rules(blocks, comparison, metric)}."
    if metric is not None:
        caption += f" {metric.title}: {metric.meaning}."
        return table(f"Comparison of two systems: {metric.title}", caption, columns, rows)
    return table("Comparison of two systems", caption, columns, rows, _notes(comparison, blocks))


def _table_of_many(block: Block, comparison: Comparison) -> Table:
    metric = None if block.metric in {"wer", "cer"} else get_metric(block.metric)
    scale = 100 if metric is None else metric.scale
    columns = (
        left("system", "System"),
        _rate(metric, "rate", block.metric.upper() if metric is None else metric.title, best=True),
        _rate(metric, "difference", "To the best", signed=True),
        Column("interval", "95 % interval"),
        Column("p", "p (Holm)", format=".3f"),
        Column("mapsswe_p", "MAPSSWE p (Holm)", format=".3f"),
        Column("rank", "Rank"),
        left("tie", "Tie with the best"),
    )
    best = block.systems[0].system
    rows = []
    for one in block.systems:
        pair = block.pair(best, one.system)
        rows.append(
            (
                one.system,
                _rate_cell(one),
                *(_difference_cells(pair, scale, reverse=pair.first == best) if pair else (None,) * 3),
                _mapsswe_cell(pair, pair.mapsswe_p_holm) if pair else None,
                one.rank and "–".join(map(str, dict.fromkeys(one.rank))),
                "best" if one.system == best else _TIES[one.tied_with_best],
            )
        )
    resolves = block.smallest_difference
    apart = "utterance taken as a session (none is known)", "utterances taken as sessions (none are known)"
    sessions = amount(block.sessions, *(("session",) if block.unit == "session" else apart))
    about = f"{amount(block.utterances, 'utterance')}, {sessions}"
    points = "points" if scale == 100 or metric is None or metric.resampled else metric.unit
    smallest = "no intervals under five sessions" if resolves is None else f"resolves {scale * resolves:.2f} {points}"
    caption = f"{_rules([block], comparison, metric)}. {about}; {smallest}."
    return table(block.benchmark, caption, columns, rows, _notes(comparison, [block]))


def _rules(blocks: Sequence[Block], comparison: Comparison, metric: Metric | None) -> str:
    """By what rules figures were made, and their unit: scores of translations know no profile but their signature."""
    unit = "percent" if metric is None or metric.scale == 100 else metric.unit
    if metric is None or not metric.resampled:
        return f"Profile {comparison.profile.name}, {unit}"
    signed = dict.fromkeys(one.signature for one in blocks if one.signature)
    return f"{metric.title}{''.join(f' {one}' for one in signed)}, {unit}"


def _rate_cell(standing: Standing) -> Cell:
    interval = standing.interval
    return Cell(standing.rate, *((interval.low, interval.high) if interval is not None else ()))


def _difference_cells(pair: Pair, scale: float, *, reverse: bool = False) -> tuple[float | str | None, ...]:
    """Difference, its interval and its corrected p."""
    found = pair.difference
    if found is None:
        return None, None, None
    value, low, high = (-found.value, -found.high, -found.low) if reverse else (found.value, found.low, found.high)
    value, low, high = value + 0.0, low + 0.0, high + 0.0  # no difference is +0.00, not -0.00
    return value, f"{scale * low:+.2f} to {scale * high:+.2f}", _p(pair.p_holm)


def _p(p: float | None) -> float | str | None:
    return "<0.001" if p is not None and p < 0.001 else p


def _mapsswe_cell(pair: Pair, p: float | None) -> Cell:
    """A p of the matched pairs; a dash has its reason where there are segments."""
    untold = pair.mapsswe is not None and pair.mapsswe.p is None
    return Cell(_p(p), notes=(_NO_SPREAD,) if untold else ())


def _verdict(pair: Pair, metric: Metric | None = None) -> str:
    if pair.significant is None or pair.difference is None:
        return "cannot tell"
    if not pair.significant:
        return "tie"
    less_is_better = metric is None or metric.better == "lower"
    return "A is better" if (pair.difference.value < 0) == less_is_better else "B is better"


def _too_few(blocks: Sequence[Block]) -> Iterator[str]:
    """Why nothing can be told of benchmarks of a handful of sessions."""
    few = [one.benchmark for one in blocks if one.sessions < MIN_SESSIONS]
    if few:
        yield f"Cannot tell: intervals and verdicts need {MIN_SESSIONS} sessions; there are fewer in {', '.join(few)}."


def _disagreements(blocks: Sequence[Block], systems: int) -> Iterator[str]:
    """Where the two tests do not say the same, which nobody should have to find in the columns."""
    for block in blocks:
        for pair in block.pairs:
            if pair.mapsswe is None or pair.mapsswe.p is None or pair.significant is None:
                continue
            found = pair.mapsswe_p_holm if systems > 2 else pair.mapsswe.p
            if found is not None and pair.significant != (found < ALPHA):
                shown = "< 0.001" if found < 0.001 else f"= {found:.3f}"
                says = "finds no difference" if pair.significant else "finds a difference"
                yield (
                    f"On {block.benchmark} MAPSSWE {says} (p {shown}) where the verdict, over sessions, does the "
                    f"contrary, for {pair.first} and {pair.second}: the verdict holds; "
                    "one of the two assumptions on what is independent does not."
                )


def _notes(comparison: Comparison, blocks: Sequence[Block]) -> tuple[str, ...]:
    """What the columns mean, what is to be known of the benchmarks of a table, and what was left out."""
    return (
        "Difference, interval and p: paired over sessions. MAPSSWE: NIST's matched pairs; they take stretches of "
        "errors as independent.",
        "Resolves: the smallest true difference between these systems that this data finds in four of five cases.",
        *_too_few(blocks),
        *_disagreements(blocks, len(comparison.systems)),
        *comparison.notes,
    )
