"""`gate RUN --baseline RUN`: pass or fail a run against a baseline."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from harness.commands.shared import add_shared, given_systems, inputs_of, spare, with_given_keywords
from harness.errors import ExitStatus, RunError
from harness.gating import render
from harness.gating.against import gate_against
from harness.gating.policy import read_policy
from harness.gating.sides import read_side
from harness.records.codec import pretty
from harness.records.decision import Decision
from harness.records.policy import Policy
from harness.scoring.predictions import System, read_systems
from harness.streams import exact, tell

HELP = """pass or fail a run against a baseline: 0 passed, 1 a regression, 3 inconclusive (docs/gate.md)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    path = "a run folder, a saved baseline (.zip) or predictions of others"
    parser.add_argument("run", nargs="+", type=Path, metavar="RUN", help=f"{path}; further ones repeat it for speed")
    parser.add_argument(
        "--baseline",
        nargs="+",
        type=Path,
        metavar="RUN",
        help=f"{path}; a folder of saved baselines, of which the one of the same suite and model is taken; "
        f"or `published`, for the published figures of the model",
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="TOML: margins, tiers (default: 0.1 points, must)")
    add_shared(parser, "--profile", "--language", "--reference", "--format", "--keywords", "--json")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write Markdown, for a comment")
    parser.add_argument(
        "--github", action="store_true", help="print annotations, and append to the job summary of GitHub Actions"
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads both sides, decides, tells everybody."""
    spare(inputs_of(args), args.junit, args.markdown)
    if args.run[0].resolve() in {path.resolve() for path in args.baseline or ()}:
        tell(f"warning: {args.run[0]} is its own baseline, which it cannot be worse than")
    policy = read_policy(args.policy)
    read = partial(_read, args)
    side = read_side(args.run, policy.speed.measure, args.profile, read, tell)
    decision = gate_against(side, args.baseline or [], policy, args.profile, read)
    print(pretty(decision) if args.json else render.terminal(decision, policy), end="")
    _write(args, decision, policy)
    return decision.exit_status


def _read(args: argparse.Namespace, path: Path) -> list[System]:
    """What a path holds; with ``--reference`` a file holds transcripts alone, while a folder is a run as ever."""
    if path.is_dir():
        return with_given_keywords(args, read_systems([path], args.language, args.format, tell))
    return given_systems(args, given=[path])


def _write(args: argparse.Namespace, decision: Decision, policy: Policy) -> None:
    """The files that were asked for, and GitHub's."""
    if args.junit:
        _put(args.junit, render.junit(decision, policy))
    if args.markdown:
        _put(args.markdown, render.markdown(decision, policy))
    if args.github:
        print(render.github(decision, policy), end="", file=exact(sys.stderr if args.json else sys.stdout))
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            _put(Path(summary), render.markdown(decision, policy), mode="a")


def _put(path: Path, text: str, mode: str = "w") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from None
