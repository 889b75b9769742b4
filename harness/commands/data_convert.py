"""`data convert PATH --to manifest|parquet --out X`: own data in another form, the same ids, references and samples."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.commands.own_data import add_own_data, asked
from harness.commands.shared import teller
from harness.errors import ExitStatus, UsageError
from harness.request import own_data, told

HELP = "write own data as a manifest or as Parquet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("name", metavar="PATH", help="own data: a file, a folder, or hf://ORG/SET")
    parser.add_argument("--to", choices=("manifest", "parquet"), required=True, help="what to write")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PATH", help="a .jsonl or .parquet file, or a folder for it"
    )
    parser.add_argument(
        "--copy-audio", action="store_true", help="write the audio beside the manifest, segments and channels cut"
    )
    parser.add_argument("--relative", action="store_true", help="paths in the manifest are from its folder")
    parser.add_argument("--quiet", action="store_true", help="do not say what was found")
    add_own_data(parser, data=False)


def run(args: argparse.Namespace) -> ExitStatus:
    """Converts, and says what was written."""
    from harness.conversion import convert

    if args.to == "parquet" and (args.copy_audio or args.relative):
        raise UsageError("--copy-audio and --relative are about a manifest; Parquet holds the audio itself")
    _, (dataset,) = own_data([args.name], asked(args))
    say = teller(quiet=args.quiet)
    for line in told(dataset):
        say(line)
    print(convert(dataset, args.to, args.out, copy_audio=args.copy_audio, relative=args.relative))
    return ExitStatus.GOOD
