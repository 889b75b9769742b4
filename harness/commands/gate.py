"""`gate RUN --baseline RUN`: pass or fail a run against a baseline."""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from harness.commands.shared import (
    add_shared,
    check_asked,
    given_systems,
    inputs_of,
    spare,
    with_given_corrected,
    with_given_keywords,
    with_given_metadata,
)
from harness.errors import ExitStatus, RunError, UsageError
from harness.gating import render
from harness.gating.against import gate_against
from harness.gating.comment import NAME, check_address, check_name, comment
from harness.gating.policy import read_policy
from harness.gating.several import summary, things, together
from harness.gating.sides import apart, by_model, read_side
from harness.gating.slices import with_slices
from harness.records.decision import Decision
from harness.records.packed import is_packed
from harness.records.policy import Policy
from harness.records.run import RUN_FILE
from harness.scoring.finding import each_once, without_reports
from harness.scoring.pairing import read_apart
from harness.scoring.predictions import System, read_systems
from harness.scoring.resolve import common_profile
from harness.streams import exact, put_json, tell

HELP = """pass or fail runs against their baselines: 0 passed, 1 a regression, 3 inconclusive (docs/gate.md)"""

AUDIO_BYTES = 5_000_000
"""Of audio in the page, as `report` puts in."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    path = "a run folder, a saved baseline (.zip) or predictions of others"
    several = "further ones that repeat it add their speed, all others are judged apart"
    parser.add_argument("run", nargs="+", type=Path, metavar="RUN", help=f"{path}; {several}")
    parser.add_argument(
        "--baseline",
        nargs="+",
        type=Path,
        metavar="RUN",
        help=f"{path}; a folder of saved baselines, of which the one of the same suite and model is taken; "
        f"or `published`, for the published figures of the model",
    )
    parser.add_argument(
        "--candidate-of",
        metavar="NAME",
        help="the model whose baseline the run is held against, where it was renamed: its id, or the name, folder or "
        "file of that baseline",
    )
    parser.add_argument(
        "--early", action="store_true", help="FAIL a run that --gate-early stopped, if its lines show that it would"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="TOML: margins, tiers (default: 0.1 points, must)")
    add_shared(parser, "--profile", "--language", "--reference", "--format", "--keywords", "--corrected")
    add_shared(parser, "--slice", "--metadata", "--json")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write Markdown, for a comment")
    parser.add_argument("--page", type=Path, metavar="DIR", help="write the page of runs and baselines, to listen")
    parser.add_argument("--page-url", metavar="URL", help="address of the page, for a link in the comment")
    parser.add_argument(
        "--comment-name", default=NAME, metavar="NAME", help=f"name of the comment in its hidden line (default {NAME})"
    )
    parser.add_argument(
        "--github", action="store_true", help="print annotations, and append to the job summary of GitHub Actions"
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Reads all sides, decides, tells everybody."""
    spare(inputs_of(args), args.junit, args.markdown)
    check_name(args.comment_name)
    if args.page_url is not None:
        check_address(args.page_url)
    args.run = each_once(without_reports(args.run), tell)
    args.baseline = args.baseline and each_once(args.baseline, tell)
    baselines = {path.resolve() for path in args.baseline or ()}
    for path in (path for path in args.run if path.resolve() in baselines):
        tell(f"warning: {path} is its own baseline, which it cannot be worse than")
    _check_written(args)
    policy = with_slices(read_policy(args.policy), args.slice)
    check_asked(args, policy.metrics, "--policy")
    decisions = _decided(args, policy)
    whole = together(decisions)
    if args.json:
        put_json(decisions[0] if len(decisions) == 1 else whole)
    else:
        if len(decisions) > 1:
            print(summary(decisions).render("terminal"))
        print("\n".join(render.terminal(one, policy) for one in decisions), end="")
        if len(decisions) > 1:
            of = f"{len(decisions)} {things(decisions)}"
            print(f"\n{whole.verdict.value} (exit status {int(whole.exit_status)}), the worst of {of}")
    if args.page:
        _page(args, decisions)
    _write(args, decisions, policy)
    return whole.exit_status


def _check_written(args: argparse.Namespace) -> None:
    """Refuses what is said about a comment that nobody writes.

    Raises:
        UsageError: names the flag.
    """
    said = {"--page-url": args.page_url, "--comment-name": None if args.comment_name == NAME else args.comment_name}
    for flag, value in said.items():
        if value is not None and args.markdown is None and not args.github:
            raise UsageError(f"{flag} {value} is for the comment, which --markdown FILE or --github writes; add one")


def _decided(args: argparse.Namespace, policy: Policy) -> list[Decision]:
    """A decision for each model of the runs."""
    read = partial(_read, args)
    models = list(by_model(args.run, read).values()) if len(args.run) > 1 else [args.run]
    if args.candidate_of is not None and len(models) > 1:
        names = ", ".join(str(paths[0]) for paths in models)
        raise UsageError(
            f"--candidate-of takes runs of one model, not of {len(models)} ({names}); judge each by itself"
        )
    candidates = [one for paths in models for one in apart(paths, read)]
    for one in candidates if len(args.run) > 1 else ():
        first, *repeats = one.paths
        told = f"; {', '.join(map(str, repeats))}: its repeats, for speed" if repeats else ""
        what = "a model of its own" if len(models) > 1 else "judged"
        tell(f"{first}: {f'judged by itself, {one.why}' if one.why else what}{told}")
    decisions = []
    for one in candidates:
        side = read_side(one.paths, policy.speed.measure, args.profile, read, flags=_flags_of(args))
        decisions.append(
            gate_against(
                side,
                args.baseline or [],
                policy,
                args.profile,
                read,
                candidate_of=args.candidate_of,
                alone=len(models) == 1,
                early=args.early,
            )
        )
    sides = [*args.run, *(args.baseline or ())]
    if args.reference is not None and not any(_is_transcripts(args, path) for path in sides):
        tell(f"--reference {args.reference} is not used: all sides are runs, whose utterances have references")
    return decisions


def _flags_of(args: argparse.Namespace) -> dict[str, str]:
    """The flags by which what is given is read and scored, as they are given to `report` too."""
    names = ("profile", "language", "reference", "format", "keywords", "corrected", "metadata")
    given = {f"--{name}": getattr(args, name) for name in names}
    return {flag: str(value) for flag, value in given.items() if value is not None}


def _read(args: argparse.Namespace, path: Path) -> list[System]:
    """What a path holds; with ``--reference`` a file holds transcripts alone, while a folder is a run as ever.

    A folder without a run is one of transcripts where the reference is a folder too.
    """
    if path.is_dir() and not _is_transcripts(args, path):
        systems = read_systems([path], args.language, args.format, tell)
        return with_given_metadata(args, with_given_corrected(args, with_given_keywords(args, systems)))
    return given_systems(args, given=[path])


def _is_transcripts(args: argparse.Namespace, path: Path) -> bool:
    """Whether what is at a path has no references of its own, but those of ``--reference``."""
    if args.reference is None or is_packed(path):
        return False
    return path.is_file() or (path.is_dir() and args.reference.is_dir() and not any(path.rglob(RUN_FILE)))


def _page(args: argparse.Namespace, decisions: Sequence[Decision]) -> None:
    """The page of `report`, of each baseline and its run."""
    from harness.reporting.report import Wishes, write_report

    names = [side.name for one in decisions for side in (one.baseline, one.run) if side is not None]
    paths = [Path(name) for name in dict.fromkeys(names)]
    if args.reference is None:
        systems = given_systems(args, read_apart, paths)
    else:
        systems = [system for path in paths for system in _read(args, path)]
    wishes = Wishes(audio="embed", audio_bytes=AUDIO_BYTES, sort="given")
    written = write_report(systems, common_profile(systems, args.profile), args.page, wishes)
    tell(f"page: {written.files[0]}")


def _write(args: argparse.Namespace, decisions: Sequence[Decision], policy: Policy) -> None:
    """The files that were asked for, and GitHub's."""
    text = comment(decisions, policy, name=args.comment_name, page=args.page_url)
    if args.junit:
        _put(args.junit, render.junit(decisions, policy))
    if args.markdown:
        _put(args.markdown, text)
    if args.github:
        several = len(decisions) > 1
        for one, name in zip(decisions, render.names(decisions), strict=True):
            print(
                render.github(one, policy, of=name if several else ""),
                end="",
                file=exact(sys.stderr if args.json else sys.stdout),
            )
        summary_file = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary_file:
            _put(Path(summary_file), text, mode="a")


def _put(path: Path, text: str, mode: str = "w") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from None
