"""`fitting`: does a system reproduce errors of a reference that its audio does not support?"""

from __future__ import annotations

import argparse

from msgspec.structs import asdict

from harness.commands.shared import add_shared, given_systems, left, percent, table
from harness.errors import ExitStatus, UsageError
from harness.processes import available_workers
from harness.records.fitting import Fittings, SystemFitting
from harness.reporting.table import Cell, Column, Table
from harness.scoring.fitting.judging import fitting, judge
from harness.scoring.labels import labels
from harness.scoring.pairing import pair_benchmarks, read_apart
from harness.scoring.resolve import common_profile
from harness.scoring.scored import Scored, count_systems
from harness.streams import put_json

HELP = "how often systems have a reference's words where its correction says that they are wrong, and whether by chance"

_VERDICTS = {True: "fits the reference", False: "no sign of it", None: "cannot tell"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    add_shared(parser, "paths", "--profile", "--language", "--reference", "--format", "--corrected", "--json")


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads both references, judges every system against the others, and prints."""
    if args.corrected is None:
        raise UsageError("say what corrects the reference: --corrected FILE, or the id of a benchmark")
    systems = given_systems(args, read_apart)
    profile, names = common_profile(systems, args.profile), labels(systems)
    counted = count_systems(systems, [profile] * len(systems), workers=available_workers())
    groups: list[dict[int, Scored]]
    if len(systems) > 1:
        groups = [dict(zip(one.systems, one.scored, strict=True)) for one in pair_benchmarks(counted, names)]
    else:
        groups = [{0: one} for one in counted[0]]
    found = Fittings(
        profile=profile.record(),
        corrected=args.corrected,
        systems=tuple(one for group in groups for one in _group(group, names)),
    )
    if args.json:
        put_json(found)
    else:
        print(fitting_table(found).render("terminal"), end="")
    return ExitStatus.GOOD


def _group(group: dict[int, Scored], names: list[str]) -> list[SystemFitting]:
    """The systems of one benchmark, on the utterances that all of them transcribed."""
    held = {index: {one.row.id: one for one in scored.utterances()} for index, scored in group.items()}
    shared = [name for name in next(iter(held.values())) if all(name in rows for rows in held.values())]
    judged = {
        index: judge([rows[name] for name in shared], group[index].profile, group[index].language)
        for index, rows in held.items()
    }
    return [
        SystemFitting(
            system=names[index],
            benchmark=group[index].units.benchmark,
            **asdict(fitting(one, [other for place, other in judged.items() if place != index])),
        )
        for index, one in judged.items()
    ]


def fitting_table(found: Fittings) -> Table:
    """A row a system and benchmark."""
    columns = (
        left("system", "System"),
        left("benchmark", "Benchmark"),
        Column("original", "As the reference", format=",d"),
        Column("corrected", "As the correction", format=",d"),
        Column("neither", "Neither", format=",d"),
        Column("rate", "Rate", format=".1f", scale=100),
        Column("habit", "By habit", format=".1f", scale=100),
        Column("others", "Others", format=".1f", scale=100),
        percent("alike", "Of its errors"),
        left("verdict", "Verdict"),
    )
    rows = [
        (
            one.system,
            one.benchmark,
            one.original,
            one.corrected,
            one.neither,
            Cell(one.rate, *((one.interval.low, one.interval.high) if one.interval else ())),
            one.habit,
            one.others,
            one.alike,
            _VERDICTS[one.fits],
        )
        for one in found.systems
    ]
    caption = (
        f"Places where the reference and {found.corrected} differ after normalization, profile {found.profile.name}. "
        "Rate, percent: places with the reference's words, of those with the words of one of the two; with its 95 % "
        "interval over sessions. By habit: what it would be with the errors that the system makes of the same words "
        "elsewhere. Of its errors: the reference's words, of all that is wrong by the correction. Fits the reference: "
        "the rate is above habit and above the others', and more than two thirds of the errors are the reference's, "
        "each one-sided at 5 %."
    )
    return table("Benchmark fitting", caption, columns, rows)
