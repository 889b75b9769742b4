"""`baseline save|update|list`: keeps baselines of the gate as small files that belong into a repository."""

import argparse
from pathlib import Path

from harness.commands.shared import add_shared, left, table
from harness.errors import ExitStatus
from harness.gating.baseline import save, stored
from harness.reporting.table import Column
from harness.scoring.finding import each_once, without_reports
from harness.streams import put_json, tell
from harness.version import program

HELP = "save a run as a baseline for the gate, update it after a review, or list those that are there"

DIRECTORY = Path("baselines")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the three things to do and their flags."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="save|update|list")
    saving = verbs.add_parser("save", help="save a complete run", allow_abbrev=False)
    updating = verbs.add_parser(
        "update", help="show what a reviewed run changes of its baseline, and replace it", allow_abbrev=False
    )
    for one in (saving, updating):
        one.add_argument(
            "run", nargs="+", type=Path, metavar="RUN", help="a run folder; further ones repeat it for speed"
        )
    updating.add_argument(
        "--candidate-of",
        metavar="NAME",
        help="the model whose baseline it was, where the model was renamed: its id, or that baseline's name or file",
    )
    updating.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
    listing = verbs.add_parser("list", help="list baselines", allow_abbrev=False)
    add_shared(listing, "--json")
    for one in (saving, updating, listing):
        one.add_argument(
            "--dir", type=Path, default=DIRECTORY, help=f"folder of baselines (default {DIRECTORY}); commit it"
        )


def run(args: argparse.Namespace) -> ExitStatus:
    """Does it."""
    if args.what != "list":
        args.run = each_once(without_reports(args.run), tell)
    return {"save": _save, "update": _update, "list": _list}[args.what](args)


def _save(args: argparse.Namespace) -> ExitStatus:
    path = save(args.run, args.dir)
    print(f"{path}: {path.stat().st_size:,} bytes; commit it, then: {program()} gate RUN --baseline {args.dir}")
    return ExitStatus.GOOD


def _update(args: argparse.Namespace) -> ExitStatus:
    from harness.gating.render import changes_table
    from harness.gating.update import apply, changes

    found = changes(args.run, args.dir, candidate_of=args.candidate_of)
    for change in found:
        print(changes_table(change.decision).render("terminal"), end="")
        for finding in change.decision.findings:
            print(f"{finding.subject}: {finding.message}")
    for change in found:
        if not args.dry_run:
            apply(change, args.dir)
        told = "would be replaced" if args.dry_run else "replaced; commit it"
        named = "" if change.before == change.after else f", which was {change.before}"
        print(f"{change.after}{named}: {told}")
    return ExitStatus.GOOD


def _list(args: argparse.Namespace) -> ExitStatus:
    found = stored(args.dir)
    if args.json:
        put_json(found)
        return ExitStatus.GOOD
    columns = (
        left("model", "Model"),
        left("suite", "Suite"),
        left("profile", "Profile"),
        Column("utterances", "Utterances"),
        Column("repeats", "Speeds"),
        left("commit", "Commit"),
        Column("bytes", "Bytes"),
    )
    rows = [
        (one.model, one.suite, one.profile, one.utterances, one.repeats, (one.commit or "")[:12] or None, one.bytes)
        for one in found
    ]
    note = () if found else (f"None there; make one with `{program()} baseline save RUN`.",)
    print(table(f"Baselines in {args.dir}", "", columns, rows, note).render("terminal"), end="")
    return ExitStatus.GOOD
