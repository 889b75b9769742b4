"""`score`: word error rates of run folders and of others' predictions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ExitStatus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from harness.scoring.predictions import System

HELP = "score run folders, or predictions of others (leaderboard or NeMo manifests)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a run folder, a predictions file, or a folder of them"
    )
    parser.add_argument("--profile", help="rules to score under, by name or TOML file (default: those of the suite)")
    parser.add_argument("--language", help="language of the texts, where the file names do not say it: en, de, zh, ...")
    parser.add_argument(
        "--reference", metavar="FILE", type=Path, help="the PATHs are NIST trn or Kaldi text, this is their reference"
    )
    parser.add_argument(
        "--metric", action="append", default=[], metavar="NAME", help="add a metric to table and JSON; may be repeated"
    )
    parser.add_argument(
        "--check", choices=("jiwer",), help="count again with this library, and fail where it counts otherwise"
    )
    parser.add_argument("--json", action="store_true", help="print the objects of scores.json instead of a table")
    parser.add_argument(
        "--details",
        action="store_true",
        help="also CER, MER, WIL, sentence errors, slices, confusions, flags",
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Score, print, and say by the exit status whether anything failed."""
    from msgspec.structs import replace

    from harness.records.codec import pretty
    from harness.scoring.counting import available_workers
    from harness.scoring.metrics import get_metric
    from harness.scoring.resolve import resolve_profile
    from harness.scoring.score import score_counted
    from harness.scoring.scored import count_systems

    metrics = [get_metric(name).name for name in args.metric]
    systems = read(args.paths, args.reference, args.language)
    profiles = [resolve_profile(system, args.profile) for system in systems]
    counted = count_systems(systems, profiles, workers=available_workers(), cached=True)
    scores = [score_counted(*each, metrics) for each in zip(systems, profiles, counted, strict=True)]
    if args.check is not None:
        from harness.scoring.second_opinion import check

        for line in check(one for held in counted for one in held):
            print(line, file=sys.stderr)
    if args.details:
        from harness.scoring.details import describe

        for at, (score, held) in enumerate(zip(scores, counted, strict=True)):
            entries = zip(score.benchmarks, map(describe, held), strict=True)
            scores[at] = replace(score, benchmarks=tuple(replace(one, details=found) for one, found in entries))
    if args.json:
        print(pretty(scores), end="")
    else:
        from harness.commands.details import details_text
        from harness.reporting.results import results_table
        from harness.scoring.pairing import labels
        from harness.scoring.ties import ties

        tied = ties(counted, profiles[0]) if len(set(profiles)) == 1 else {}
        print(
            results_table(
                scores, [system.run for system in systems], tied, metrics=metrics, names=labels(systems)
            ).render("terminal")
        )
        for score in scores:
            for entry in score.benchmarks:
                if entry.details is not None:
                    print(details_text(score.model, entry.details))
    for score in scores:
        for entry in score.benchmarks:
            for warning in entry.warnings:
                print(f"warning: {score.model} on {entry.benchmark}: {warning}", file=sys.stderr)
    return ExitStatus.GOOD


def read(paths: Sequence[str], reference: Path | None, language: str | None) -> list[System]:
    """The systems that the paths hold; with a reference file, they are NIST trn or Kaldi text."""
    from harness.scoring.predictions import read_systems
    from harness.scoring.transcripts import read_transcripts

    if reference is None:
        return read_systems(paths, language)
    return read_transcripts(reference, map(Path, paths), language)
