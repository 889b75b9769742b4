"""What the verbs share: flags that mean the same everywhere, and tables from plain values."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, UsageError
from harness.price import price_of
from harness.records.run import RUN_FILE, read_run_record
from harness.reporting.costs import Costs
from harness.reporting.table import Cell, Column, Table
from harness.scoring.forms import FORMS
from harness.streams import tell

if TYPE_CHECKING:
    from harness.scoring.predictions import System

FLAGS: dict[str, dict[str, Any]] = {
    "paths": {"nargs": "+", "metavar": "PATH", "help": "a run folder, a predictions file, or a folder of them"},
    "--profile": {"help": "rules to score under, by name or TOML file (default: those of the suite; else by language)"},
    "--language": {"help": "language of all texts, whatever columns and file names say: en, deu, zh-TW, German, ..."},
    "--reference": {
        "type": Path,
        "metavar": "FILE",
        "help": "what was said, where the PATHs are transcripts alone: plain lines, Kaldi text, trn, stm, RTTM, ...",
    },
    "--format": {
        "choices": FORMS,
        "help": "what the files of others are, where endings and contents do not tell",
    },
    "--metric": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": "add a metric to what is shown; may be repeated",
    },
    "--keywords": {
        "metavar": "FILE|A,B",
        "help": "names and terms to look for, in place of those that rows state: one list, or one for each id",
    },
    "--corrected": {
        "metavar": "FILE|NAME",
        "help": "references that correct those of the predictions, by id; or a benchmark that has them, as ami_cleaned",
    },
    "--price": {
        "type": price_of,
        "metavar": "MONEY/h|/min",
        "help": "a column of what an hour of audio costs, by hour of machine (2.5/h) or minute of audio (0.006/min)",
    },
    "--energy": {"action": "store_true", "help": "a column of watt-hours for an hour of audio"},
    "--peak-tflops": {
        "type": float,
        "metavar": "N",
        "help": "what the devices of runs can do at most, for the column of FLOP utilization",
    },
    "--slice": {
        "action": "append",
        "default": [],
        "metavar": "TAG",
        "help": "also by a tag: accent, noise, speaker, snr, length, duration, ...; may be repeated",
    },
    "--metadata": {
        "type": Path,
        "metavar": "FILE",
        "help": "tags of the utterances: a table (CSV, TSV, JSON lines) with a column of ids",
    },
    "--suite": {
        "metavar": "NAME",
        "help": "score predictions of others as this suite: its benchmarks, rules and average (or a .toml of yours)",
    },
    "--json": {"action": "store_true", "help": "print JSON alone on stdout"},
}
"""What argparse is told of each."""


SCORED = (
    *("paths", "--suite", "--profile", "--language", "--reference", "--format"),
    *("--metric", "--keywords", "--corrected", "--slice", "--metadata"),
)
"""What verbs take that score systems: which, under what rules, by what."""

COSTS = ("--price", "--energy", "--peak-tflops")
"""What verbs take that show what runs cost."""


def add_shared(parser: argparse.ArgumentParser, *names: str) -> None:
    """Declares some of `FLAGS`."""
    for name in names:
        parser.add_argument(name, **FLAGS[name])


def given_systems(
    args: argparse.Namespace, read: Callable[..., list[System]] | None = None, given: Sequence[Path] | None = None
) -> list[System]:
    """What the paths of a verb hold: runs and predictions, or transcripts alone beside their ``--reference``.

    Args:
        args: of the verb.
        read: what reads runs and predictions; None is `read_systems`.
        given: the paths; None takes those of the verb.

    Raises:
        UsageError, DataError: as `read_systems` and `read_transcripts`.
    """
    from harness.scoring.predictions import read_systems

    paths = [Path(path) for path in args.paths] if given is None else given
    if args.reference is None:
        systems = (read or read_systems)(paths, args.language, args.format, tell)
    else:
        from harness.scoring.transcripts import read_transcripts

        _check_no_runs(args.reference, paths)
        systems = read_transcripts(args.reference, paths, args.language, args.format, tell)
    systems = with_given_suite(args, systems)
    _check_used(args, systems)
    systems = with_given_corrected(args, with_given_keywords(args, systems))
    return with_given_metadata(args, systems)


def _check_used(args: argparse.Namespace, systems: Sequence[System]) -> None:
    """Refuses what changes nothing of what was asked for.

    Raises:
        UsageError: names the flag, and what makes use of it.
    """
    if args.format is not None and all(one.run is not None for one in systems):
        raise UsageError(f"--format {args.format} is of files of others, and these are runs; leave it out")
    metrics = getattr(args, "metric", None)
    if metrics is not None:  # else the verb is about one of them, or a policy names metrics
        check_asked(args, metrics, "--metric", systems)


def check_asked(args: argparse.Namespace, metrics: Iterable[str], where: str, systems: Sequence[System] = ()) -> None:
    """Refuses keywords and corrected references that no metric looks at.

    Args:
        args: of the verb.
        metrics: that were asked for.
        where: they are asked for.
        systems: of which those of a suite of claims need no metric.

    Raises:
        UsageError: names the flag, and a metric that makes use of it.
    """
    from benchmarks.registry import known_suite
    from harness.scoring.metrics import get_metric

    asked = [get_metric(name) for name in metrics]
    claimed = any(found is not None and found.claims for found in (known_suite(one.suite) for one in systems))
    if args.corrected is not None and all(metric.takes != "--corrected" for metric in asked):
        raise UsageError(
            f"--corrected {args.corrected}: rates are of the references that predictions have; only the metric fitting "
            f"looks at corrected ones; ask for it with {where}, or leave it out"
        )
    if (
        args.keywords is not None
        and not any(metric.takes == "--keywords" or metric.classes for metric in asked)
        and not claimed
    ):
        raise UsageError(
            f"--keywords {args.keywords}: no metric that was asked for looks for them; keyword_f1 does, with {where}; "
            "or leave it out"
        )


def _check_no_runs(reference: Path, paths: Iterable[Path]) -> None:
    """Refuses a reference for runs, whose rows have their own."""
    from harness.records.packed import is_packed
    from harness.records.run import run_files

    for path in paths:
        ours = bool(run_files(path)) if path.is_dir() else path.name == RUN_FILE or (path.is_file() and is_packed(path))
        if ours:
            raise UsageError(
                f"--reference {reference} is of transcripts alone, and {path} is a run, whose utterances have "
                "references; leave it out"
            )


def with_given_metadata(args: argparse.Namespace, systems: list[System]) -> list[System]:
    """The systems with the tags of the verb's ``--metadata``, where it has that and it was given.

    Raises:
        DataError: as `read_metadata` and `with_metadata`.
    """
    if getattr(args, "metadata", None) is None:
        return systems
    from harness.scoring.metadata import read_metadata, with_metadata

    return with_metadata(systems, read_metadata(args.metadata), tell)


def with_given_suite(args: argparse.Namespace, systems: list[System]) -> list[System]:
    """The systems as of the verb's ``--suite``, where it has that and it was given: scored and averaged as it declares.

    Raises:
        UsageError: there is no such suite, a run is of another one, or a system has none of its benchmarks; or no suite
            was given, and runs of one of the user's own average it otherwise than each other.
    """
    if getattr(args, "suite", None) is None:
        _check_one_averaging(systems)
        return systems
    from benchmarks.registry import get_suite

    suite = get_suite(args.suite)
    found = []
    for system in systems:
        if system.run is not None and system.suite != suite.name:
            raise UsageError(f"{system.folder} is a run of {system.suite}, not of {suite.name}; leave --suite out")
        held = [one for one in system.benchmarks if one.benchmark in suite.benchmarks]
        names = [one.benchmark for one in system.benchmarks if one not in held]
        if not held:
            raise UsageError(f"{system.model} has no benchmark of {suite.name}, only {', '.join(names[:4])}")
        if names:
            tell(f"{system.model}: left out {', '.join(names)}, not of {suite.name}")
        found.append(replace(system, suite=suite.name, benchmarks=held))
    return found


def _check_one_averaging(systems: Sequence[System]) -> None:
    """Refuses runs of a suite whose file was changed between them under the same name."""
    first: dict[str | None, System] = {}
    for system in systems:
        known = first.setdefault(system.suite, system) if system.run and system.run.averaging else system
        if known.run and system.run and known.run.averaging != system.run.averaging:
            raise UsageError(
                f"{known.folder} and {system.folder} are of {system.suite}, and average it otherwise; "
                f"give --suite FILE, or take them apart"
            )


def with_given_keywords(args: argparse.Namespace, systems: list[System]) -> list[System]:
    """The systems with the keywords of the verb's ``--keywords``, where it has that and it was given.

    Raises:
        UsageError, DataError: as `read_keywords` and `with_keywords`.
    """
    given = getattr(args, "keywords", None)
    if given is None:
        return systems
    from harness.scoring.keywords.lists import read_keywords, with_keywords

    return with_keywords(systems, read_keywords(given), tell)


def with_given_corrected(args: argparse.Namespace, systems: list[System]) -> list[System]:
    """The systems with the references of the verb's ``--corrected``, where it has that and it was given.

    Raises:
        UsageError, DataError, AccessError: as `read_corrected` and `with_corrected`.
    """
    given = getattr(args, "corrected", None)
    if given is None:
        return systems
    from harness.scoring.fitting.corrected import read_corrected, with_corrected

    return with_corrected(systems, given, read_corrected(given), tell)


def given_costs(args: argparse.Namespace) -> Costs:
    """The columns of cost that a verb was asked for.

    Raises:
        UsageError: a peak is none.
    """
    if args.peak_tflops is not None and not 0 < args.peak_tflops < math.inf:
        raise UsageError(f"--peak-tflops {args.peak_tflops:g}: give a positive number of TFLOP a second")
    return Costs(energy=args.energy, price=args.price, peak_tflops=args.peak_tflops)


def inputs_of(args: argparse.Namespace, systems: Iterable[System] = ()) -> frozenset[Path]:
    """The files that a verb was told to read, and those that it found in folders."""
    given: list[str | Path] = []
    for name in ("paths", "run", "baseline", "reference", "keywords", "corrected", "policy", "profile", "metadata"):
        value = getattr(args, name, None)
        given += value if isinstance(value, list) else [] if value is None else [value]
    found = [one.source for system in systems for one in system.benchmarks]
    return frozenset(Path(one).resolve() for one in (*given, *found))


def spare(inputs: frozenset[Path], *outputs: Path | None) -> None:
    """Refuses to write over what is read.

    Raises:
        UsageError: an output is an input, or a file of a run.
    """
    for path in outputs:
        if path is not None and (path.resolve() in inputs or _of_a_run(path)):
            raise UsageError(f"{path} is what is read, and would be written over; give another name")


def _of_a_run(path: Path) -> bool:
    """Whether a file is a run's own: its run.json, journals or scores, whichever runs are read."""
    try:
        names = read_run_record(path.parent).benchmarks
    except (HarnessError, OSError):
        names = {}
    journals = {f"{name}.jsonl" for name in names}
    return (path.parent / RUN_FILE).is_file() and path.name in {RUN_FILE, "scores.json", *journals}


def teller(*, quiet: bool) -> Callable[[str], None]:
    """What tells a person on stderr how far it is: nothing where `--quiet` was given."""
    return lambda line: None if quiet else tell(line)


def table(
    title: str,
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Iterable[Cell | str | float | None]],
    notes: Iterable[str] = (),
) -> Table:
    """A table whose cells are plain values where there is nothing to say about them."""
    cells = tuple(tuple(value if isinstance(value, Cell) else Cell(value) for value in row) for row in rows)
    return Table(title, caption, tuple(columns), cells, tuple(notes))


def left(key: str, title: str) -> Column:
    """A column of texts."""
    return Column(key, title, align="left")


def percent(key: str, title: str, *, best: bool = False, signed: bool = False) -> Column:
    """A column of fractions, shown in percent; a lower one is better where `best` ones are marked."""
    return Column(key, title, format="+.2f" if signed else ".2f", scale=100, best="low" if best else None)
