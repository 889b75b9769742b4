"""`gate RUN --baseline RUN`: pass or fail a run against a baseline."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import RunError, UsageError
from harness.version import program

if TYPE_CHECKING:
    import argparse

    from harness.errors import ExitStatus
    from harness.records.decision import Decision
    from harness.records.policy import Policy

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
    parser.add_argument("--profile", help="score both under these rules (default: those the runs were made for)")
    parser.add_argument("--language", help="language of the texts, where file names do not say it")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write Markdown, for a comment")
    parser.add_argument("--json", action="store_true", help="print JSON alone on stdout")
    parser.add_argument(
        "--github", action="store_true", help="print annotations, and append to the job summary of GitHub Actions"
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads both sides, decides, tells everybody."""
    from harness.gate import published, render
    from harness.gate.decide import decide
    from harness.gate.policy import read_policy
    from harness.gate.sides import read_side
    from harness.records.codec import pretty

    policy = read_policy(args.policy)
    measure = policy.speed.measure
    side = read_side(args.run, measure, args.profile, args.language)
    if args.baseline == [Path(published.NAME)] and not args.baseline[0].exists():
        figures = published.figures_of(side.system.model, side.profile.name)
        decision = published.decide_published(side, figures, policy)
    else:
        against = _baseline(args.baseline or [], side.system.suite, side.system.model)
        other = read_side(against, measure, args.profile, args.language) if against else None
        decision = decide(side, other, policy)
    print(pretty(decision) if args.json else render.terminal(decision, policy), end="")
    _write(args, decision, policy)
    return decision.exit_status


def _baseline(paths: list[Path], suite: str | None, model: str) -> list[Path]:
    """The baseline's paths; in a folder of baselines the file that fits. Empty where there is none.

    Raises:
        UsageError: there is no such path.
    """
    from harness.gate.baseline import SUFFIX, find

    if not paths:
        return []
    first = paths[0]
    if not first.exists():
        msg = f"no baseline {first}; make one with `{program()} baseline save RUN`"
        raise UsageError(msg)
    if first.is_dir() and any(first.glob(f"*/*{SUFFIX}")):
        found = find(first, suite, model)
        return [found, *paths[1:]] if found else []
    return paths


def _write(args: argparse.Namespace, decision: Decision, policy: Policy) -> None:
    """The files that were asked for, and GitHub's."""
    from harness.gate import render

    if args.junit:
        _put(args.junit, render.junit(decision, policy))
    if args.markdown:
        _put(args.markdown, render.markdown(decision, policy))
    if args.github:
        print(render.github(decision, policy), end="", file=sys.stderr if args.json else sys.stdout)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            _put(Path(summary), render.markdown(decision, policy), mode="a")


def _put(path: Path, text: str, mode: str = "w") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error})"
        raise RunError(msg) from None
