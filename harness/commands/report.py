"""`report RUN... --out DIR`: tables in all forms, plots, and one page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    import argparse

    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

HELP = "make tables, plots and a page (index.html, opens from the disk) from runs or predictions of others"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="RUN", help="run folders, or predictions of others")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--against", choices=("published",), help="put published figures beside ours")
    parser.add_argument("--profile", help="rules to score under (default: those the runs were made for)")
    parser.add_argument("--language", help="language of the texts, where file names do not say it")
    parser.add_argument(
        "--audio-mb",
        type=float,
        default=5.0,
        metavar="N",
        help="megabytes of audio to put into the page, most telling utterances first; the rest is linked (default 5)",
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads, scores, writes; prints the table and where everything is."""
    from harness.reporting.report import Report, write_report
    from harness.scoring.pairing import read_apart

    systems = read_apart(args.paths, args.language)
    if not systems:
        msg = "nothing to report on"
        raise UsageError(msg)
    report = Report(
        systems=systems,
        profile=_profile(args.profile, systems),
        out=args.out,
        against_published=args.against == "published",
        audio_bytes=int(args.audio_mb * 1e6),
    )
    files, reasons = write_report(report)
    print((args.out / "table.txt").read_text(encoding="utf-8"), end="")
    for reason in reasons:
        print(reason)
    print(f"\n{len(files)} files in {args.out}; open {files[0]} in a browser")
    return ExitStatus.GOOD


def _profile(name: str | None, systems: list[System]) -> Profile:
    """The rules: those asked for, else those that all runs were made for.

    Raises:
        UsageError: the runs were made for different rules, and none was asked for.
    """
    from harness.scoring.profiles import DEFAULT_PROFILE, get_profile

    if name is not None:
        return get_profile(name)
    stored = {str((system.run or {}).get("profile") or DEFAULT_PROFILE) for system in systems}
    if len(stored) > 1:
        msg = f"the runs were made for different rules ({', '.join(sorted(stored))}); choose with --profile"
        raise UsageError(msg)
    return get_profile(stored.pop())
