"""`normalize`: what a profile makes of texts, line by line."""

import argparse
import os
import sys

from harness.errors import DataError, ExitStatus, UsageError
from harness.streams import Output, exact

HELP = "print each line of standard input as a profile normalizes it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("--profile", required=True, help="rules to apply, by name or TOML file")
    parser.add_argument("--language", default="en", help="language of the lines (default: en)")


def run(args: argparse.Namespace) -> ExitStatus:
    """Read a line, write a line, at once, until the input ends."""
    from benchmarks.languages import primary_subtag
    from harness.scoring.profile_files import get_profile

    normalize = get_profile(args.profile).normalizer(primary_subtag(args.language))
    if sys.stdin is None:  # as in `normalize <&-`
        raise UsageError("standard input is closed; give the lines there, as in: normalize --profile NAME < FILE")
    lines, out = iter(sys.stdin.buffer.readline, b""), sys.stdout
    if not (out.isatty() or os.environ.keys() & {"GITHUB_ACTIONS", "TF_BUILD"}):  # a file or a program takes it as data
        out = exact(out)
    for number, line in enumerate(lines, start=1):
        try:
            print(normalize(line.decode("utf-8").rstrip("\r\n")), flush=True, file=out)
        except UnicodeDecodeError:
            raise DataError(f"line {number} is not UTF-8 text; convert the input") from None
        except ValueError as error:
            message = f"line {number} cannot be normalized under {args.profile}: {error}; scoring takes such a text raw"
            raise DataError(message) from None
        if isinstance(out, Output) and out.gone:  # as in `yes | ... | head`
            break
    return ExitStatus.GOOD
