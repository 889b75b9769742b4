"""`score`: word error rates of run folders and of others' predictions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ExitStatus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

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
    parser.add_argument("--json", action="store_true", help="print the objects of scores.json instead of a table")
    parser.add_argument(
        "--details",
        action="store_true",
        help="also CER, MER, WIL, sentence errors, slices, confusions, flags",
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Score, print, and say by the exit status whether anything failed."""
    from harness.scoring.counting import available_workers
    from harness.scoring.predictions import read_systems
    from harness.scoring.profiles import get_profile
    from harness.scoring.score import score_systems
    from harness.scoring.transcripts import read_transcripts

    chosen = get_profile(args.profile) if args.profile else None
    if args.reference is None:
        systems = read_systems(args.paths, args.language)
    else:
        systems = read_transcripts(args.reference, map(Path, args.paths), args.language)
    profiles = [chosen or _profile_of(system) for system in systems]
    scores = score_systems(systems, profiles, workers=available_workers(), cached=True)
    if args.details:
        _add_details(scores, systems, chosen)
    if args.json:
        json.dump(scores, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        print()
    else:
        print(_table(scores, systems))
        _print_details(scores)
    for score in scores:
        for entry in score["benchmarks"]:
            for warning in entry["warnings"]:
                print(f"warning: {score['model']} on {entry['benchmark']}: {warning}", file=sys.stderr)
    return ExitStatus.GOOD


def _add_details(scores: Sequence[dict[str, Any]], systems: Sequence[System], chosen: Profile | None) -> None:
    """Put what `describe` finds into each benchmark of each score."""
    from harness.scoring.details import describe

    for score, system in zip(scores, systems, strict=True):
        for entry, predictions in zip(score["benchmarks"], system.benchmarks, strict=True):
            entry["details"] = describe(predictions, chosen or _profile_of(system))


def _print_details(scores: Sequence[dict[str, Any]]) -> None:
    from harness.commands.details import details_text

    for score in scores:
        for entry in score["benchmarks"]:
            if "details" in entry:
                print(details_text(score["model"], entry["details"]))


def _profile_of(system: System) -> Profile:
    """The profile of the system's suite, or the default one."""
    from benchmarks.registry import suites
    from harness.scoring.profiles import DEFAULT_PROFILE, get_profile

    suite = suites().get(system.suite or "")
    stored = (system.run or {}).get("profile")
    return get_profile(suite.profile if suite else stored if isinstance(stored, str) else DEFAULT_PROFILE)


def _table(scores: Sequence[dict[str, Any]], systems: Sequence[System]) -> str:
    from harness.reporting.table import results_table

    return results_table(scores, [system.run for system in systems]).render("terminal")
