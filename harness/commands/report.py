"""`report RUN... --out DIR`: tables in all forms, plots, and one page to look at."""

import argparse
from pathlib import Path

from harness.commands.shared import add_shared, given_systems
from harness.errors import ExitStatus, UsageError
from harness.reporting.report import write_report
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import read_apart
from harness.scoring.resolve import common_profile

MOST_MEGABYTES = 1000.0
"""Of audio in one page: more than any browser opens."""

HELP = "make tables, plots and a page (index.html, opens from the disk) from runs or predictions of others"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add_shared(
        parser, "paths", "--suite", "--profile", "--language", "--reference", "--format", "--metric", "--keywords"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--against", choices=("published",), help="put published figures beside ours")
    parser.add_argument(
        "--audio-mb",
        type=megabytes,
        default=5.0,
        metavar="N",
        help="megabytes of audio to put into the page, most telling utterances first; the rest is linked (default 5)",
    )


def megabytes(text: str) -> float:
    """A size that a page may have; argparse names the flag."""
    value = float(text)
    if not 0 <= value <= MOST_MEGABYTES:
        raise argparse.ArgumentTypeError(f"a number from 0 to {MOST_MEGABYTES:g}, not {text!r}")
    return value


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads, scores, writes; prints the table and where everything is."""
    metrics = [get_metric(name).name for name in args.metric]
    systems = given_systems(args, read_apart)
    if not systems:
        raise UsageError("nothing to report on")
    profile, audio = common_profile(systems, args.profile), round(args.audio_mb * 1e6)
    published = args.against == "published"
    written = write_report(systems, profile, args.out, published=published, audio_bytes=audio, metrics=metrics)
    print(written.table.render("terminal"), end="")
    for reason in written.reasons:
        print(reason)
    print(f"\n{len(written.files)} files in {args.out}; open {written.files[0]} in a browser")
    return ExitStatus.GOOD
