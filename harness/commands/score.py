"""`score`: word error rates of run folders and of others' predictions."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from harness.commands.details import details_text
from harness.commands.shared import COSTS, SCORED, add_shared, given_costs, given_systems, inputs_of, spare
from harness.errors import ExitStatus
from harness.processes import available_workers
from harness.records.scores import Scores
from harness.records.slices import SliceTable
from harness.reporting.languages import languages_table
from harness.reporting.page.plain import only_speakers
from harness.reporting.results import results_table
from harness.reporting.slices import compact, slices_table
from harness.scoring.details import describe
from harness.scoring.labels import labels
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import other_utterances
from harness.scoring.per_utterance import alignments, write_utterances, writer
from harness.scoring.resolve import resolve_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import Scored, count_systems
from harness.scoring.second_opinion import check
from harness.scoring.sliced import sliced
from harness.scoring.ties import ties
from harness.streams import put_json, tell

NO_WORD_ERRORS = "which are right in many ways, have no word errors"

HELP = "score run folders, or predictions of others (leaderboard or NeMo manifests)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    add_shared(parser, *SCORED, *COSTS, "--json")
    parser.add_argument(
        "--check", choices=("jiwer",), help="count again with this library, and fail where it counts otherwise"
    )
    parser.add_argument(
        "--per-utterance",
        metavar="FILE",
        type=Path,
        help="also write every utterance with its texts, counts and aligned words (.jsonl, .csv, .parquet)",
    )
    parser.add_argument(
        "--alignments", metavar="FILE", type=Path, help="also write the alignments to read, in the manner of sclite"
    )
    parser.add_argument(
        "--details", action="store_true", help="also CER, MER, WIL, sentence errors, slices, confusions, flags"
    )


def run(args: argparse.Namespace) -> ExitStatus:
    """Score, print, and say by the exit status whether anything failed."""
    if args.per_utterance is not None:
        writer(args.per_utterance)  # an ending that none writes is said first
    metrics = [get_metric(name).name for name in args.metric]
    systems = given_systems(args)
    spare(inputs_of(args, systems), args.per_utterance, args.alignments)
    profiles = [resolve_profile(system, args.profile) for system in systems]
    counted = count_systems(systems, profiles, workers=available_workers(), cached=True)
    scores = [score_counted(*each, metrics) for each in zip(systems, profiles, counted, strict=True)]
    if args.check is not None:
        for line in check(one for held in counted for one in held):
            tell(line)
    _write_utterances(args, [*zip(labels(systems), counted, strict=True)])
    if args.details:
        scores = [_detailed(*each) for each in zip(scores, counted, strict=True)]
    names = labels(systems)
    by_tag = sliced(names, counted, args.slice, tell)
    scores = [_with_slices(name, score, by_tag) for name, score in zip(names, scores, strict=True)]
    entries = [(name, entry) for name, score in zip(names, scores, strict=True) for entry in score.benchmarks]
    if args.json:
        called = zip(scores, names, systems, strict=True)
        # Of others' files two may be of one name, which only the label tells apart.
        named = [
            score if system.run or name == score.model else replace(score, name=name) for score, name, system in called
        ]
        put_json(named)
    else:
        tied = ties(counted, profiles[0], [one.suite for one in systems]) if len(set(profiles)) == 1 else {}
        runs = [system.run for system in systems]
        others = other_utterances(counted)
        shown = results_table(scores, runs, tied, metrics=metrics, names=names, costs=given_costs(args), others=others)
        spoken = languages_table(names, scores, counted, profiles)
        by_slice = [compact(slices_table(tag, found)) for tag, found in by_tag.items() if found]
        for one in (shown, *filter(None, [spoken]), *by_slice):
            print(one.render("terminal"))
        for name, entry in entries:
            if entry.details is not None:
                print(details_text(name, entry.details))
    if not metrics and any(only_speakers(one) for held in counted for one in held):
        tell("of some recordings only who speaks when is known, which --metric der measures")
    for name, entry in entries:
        for warning in entry.warnings:
            tell(f"warning: {name} on {entry.benchmark}: {warning}")
    return ExitStatus.GOOD


def _write_utterances(args: argparse.Namespace, named: Sequence[tuple[str, Sequence[Scored]]]) -> None:
    """The files of single utterances that were asked for."""
    every = [(name, one) for name, each in named for one in each]
    spoken = [(name, one) for name, one in every if one.target is None]
    if args.alignments is not None and len(spoken) < len(every):
        tell(f"{args.alignments}: without translations, {NO_WORD_ERRORS}")
    if args.alignments is not None and args.per_utterance is not None and len(spoken) == len(every):
        write_utterances(every, {args.per_utterance: writer(args.per_utterance), args.alignments: alignments})
        return
    if args.per_utterance is not None:
        write_utterances(every, {args.per_utterance: writer(args.per_utterance)})
    if args.alignments is not None and spoken:
        write_utterances(spoken, {args.alignments: alignments})


def _with_slices(name: str, scores: Scores, by_tag: Mapping[str, Sequence[tuple[str, SliceTable]]]) -> Scores:
    """A model's scores with its slices."""
    held = [one for found in by_tag.values() for called, one in found if called == name]
    entries = [
        replace(entry, slices=tuple(one for one in held if one.benchmark == entry.benchmark))
        for entry in scores.benchmarks
    ]
    return replace(scores, benchmarks=tuple(entries)) if held else scores


def _detailed(score: Scores, counted: Sequence[Scored]) -> Scores:
    entries = []
    for entry, one in zip(score.benchmarks, counted, strict=True):
        if one.target is None:
            entries.append(replace(entry, details=describe(one)))
        else:
            tell(f"{entry.benchmark} has no details: translations, {NO_WORD_ERRORS}")
            entries.append(entry)
    return replace(score, benchmarks=tuple(entries))
