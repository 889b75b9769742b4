"""`report RUN... --out DIR`: tables in all forms, plots, and one page to look at."""

import argparse
import math
import re
from pathlib import Path

from harness.amounts import amount
from harness.commands.shared import COSTS, SCORED, add_shared, given_costs, given_systems
from harness.errors import ExitStatus, UsageError
from harness.reporting.drawing import Size
from harness.reporting.page.audio import MODES
from harness.reporting.report import Wishes, write_report
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import read_apart
from harness.scoring.resolve import common_profile
from harness.waiting import waiting

AUDIO_MEGABYTES = 5.0
"""Of audio in the page, unless said."""

MOST_MEGABYTES = 1000.0
"""Of audio in one page: more than any browser opens."""

HELP = (
    "make tables, plots and a page (index.html, opens from the disk) from runs, saved baselines or others' predictions"
)

_INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0}
_WIDTHS = (2.0, 30.0)
"""The narrowest and the widest plot in inches."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add_shared(parser, *SCORED, *COSTS)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--against", choices=("published",), help="put published figures beside ours")
    parser.add_argument(
        "--sort",
        default="average",
        metavar="BY",
        help="order of the models: average (default), rtfx, name, given, or a benchmark",
    )
    parser.add_argument(
        "--width",
        type=inches,
        metavar="84mm",
        help="width of the plots, in mm, cm or in, as for a column of a paper; writes them as PDF too",
    )
    parser.add_argument("--pdf", action="store_true", help="write the plots as PDF too")
    parser.add_argument(
        "--audio",
        choices=MODES,
        default="embed",
        help="what becomes of the audio: embed puts it into the page as far as --audio-mb allows and links the rest "
        "(default), link links the files of this machine, copy copies them beside the page",
    )
    parser.add_argument(
        "--audio-mb",
        type=megabytes,
        metavar="N",
        help="megabytes of audio to put into the page, most telling utterances first; the rest is linked (default 5)",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing of how far it is")


def megabytes(text: str) -> float:
    """A size that a page may have; argparse names the flag."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= MOST_MEGABYTES:
        raise argparse.ArgumentTypeError(f"a number from 0 to {MOST_MEGABYTES:g}, not {text!r}")
    return value


def inches(text: str) -> float:
    """A width in inches, of one that names its unit; argparse names the flag."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(mm|cm|in)\s*", text)
    width = float(found[1]) * _INCHES[found[2]] if found else 0.0
    if not _WIDTHS[0] <= width <= _WIDTHS[1]:
        raise argparse.ArgumentTypeError(
            f"a width with its unit from 51mm to 762mm, such as 84mm or 3.3in, not {text!r}"
        )
    return width


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads, scores, writes; prints the table and where everything is."""
    metrics = [get_metric(name).name for name in args.metric]
    if args.audio_mb is not None and args.audio != "embed":
        raise UsageError(f"--audio-mb {args.audio_mb:g} is of --audio embed; with --audio {args.audio} leave it out")
    with waiting(quiet=args.quiet) as say:
        say("reading")
        systems = given_systems(args, read_apart)
        if not systems:
            raise UsageError("nothing to report on")
        profile = common_profile(systems, args.profile)
        wishes = Wishes(
            published=args.against == "published",
            audio=args.audio,
            audio_bytes=round((AUDIO_MEGABYTES if args.audio_mb is None else args.audio_mb) * 1e6),
            metrics=metrics,
            slices=tuple(args.slice),
            costs=given_costs(args),
            sort=args.sort,
            size=Size(width=args.width, pdf=args.pdf or args.width is not None),
        )
        written = write_report(systems, profile, args.out, wishes, say)
        say("table for the screen")
        text = "\n".join(table.render("terminal") for table in written.shown)
    print(text, end="")
    for reason in written.reasons:
        print(reason)
    for said in written.left_out:
        print(said)
    print(
        f"\n{written.audio}\n{amount(len(written.files), 'file')} in {args.out}; open {written.files[0]} in a browser"
    )
    return ExitStatus.GOOD
