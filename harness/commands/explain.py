"""`explain`: why one set of predictions has two word error rates, rule by rule, and what no rule explains."""

import argparse

from msgspec.structs import replace

from harness.amounts import amount
from harness.commands.shared import add_shared, given_systems, left, percent, table
from harness.commands.timeline_tables import show_timelines
from harness.errors import ExitStatus, UsageError
from harness.records.explanation import Explained, Explanation, PublishedGap
from harness.reporting.published import find, lacking
from harness.reporting.table import Column, Table
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.explain import average_effects, explain
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from harness.scoring.timeline import timeline
from harness.streams import put_json

FIRST, SECOND = "leaderboard@2026-04", "leaderboard@2026-08"
"""What is explained where nothing is asked for."""

HELP = "say why one set of predictions has two error rates: from one profile to another, rule by rule"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    add_shared(parser, "paths", "--language", "--reference", "--format", "--json")
    for name, dest, default, what in (
        ("--from", "first", FIRST, "rules to start from"),
        ("--to", "second", SECOND, "rules to arrive at"),
    ):
        parser.add_argument(name, dest=dest, metavar="PROFILE", help=f"{what} (default {default})")
    parser.add_argument(
        "--timeline", action="store_true", help="the same predictions under every version of the leaderboard's rules"
    )
    parser.add_argument("--against", choices=["published"], help="add the published figure, and what is unexplained")
    parser.add_argument("--model", metavar="ID", help="whose published figure to find, if the file does not say it")
    parser.add_argument("--top", type=int, default=3, metavar="N", help="utterances to name a step (%(default)s)")


def run(args: argparse.Namespace) -> ExitStatus:
    """Explain every benchmark of every system, and their average."""
    systems = given_systems(args)
    for system in systems:
        for predictions in system.benchmarks:
            if predictions.target is not None:
                what = "translations, which have no word errors that rules could explain"
                raise UsageError(f"{predictions.source} holds {what}")
    if args.timeline:
        given = {"--from": args.first, "--to": args.second, "--against": args.against, "--model": args.model}
        if useless := [flag for flag, value in given.items() if value]:
            raise UsageError(f"--timeline takes no {useless[0]}: it goes through all versions; leave one of them out")
        return show_timelines([timeline(system, top=max(0, args.top)) for system in systems], args.json)
    if args.model and not args.against:
        raise UsageError(f"--model {args.model} is whose published figure to find; add --against published")
    first, second = get_profile(args.first or FIRST), get_profile(args.second or SECOND)
    found = []
    for system in systems:
        explained = [explain(one, first, second, top=max(0, args.top)) for one in system.benchmarks]
        if args.against:
            figures = [_published(args.model or system.model, one) for one in system.benchmarks]
            explained = [replace(one, published=gaps) for one, gaps in zip(explained, figures, strict=True)]
        found.append(Explained(model=system.model, first=first.name, second=second.name, benchmarks=tuple(explained)))
    if args.json:
        put_json(found)
        return ExitStatus.GOOD
    for one in found:
        _print(one, args.model or one.model)
    return ExitStatus.GOOD


def _print(found: Explained, name: str) -> None:
    """Everything about one model, whom published figures call by that name."""
    for one in found.benchmarks:
        print(_table(found, one).render("terminal"))
        _print_moves(one)
        if one.published is not None:
            _print_published(name, one)
    if len(found.benchmarks) > 1 and all(one.total is not None and one.metric == "wer" for one in found.benchmarks):
        print(_average_table(found).render("terminal"))


def _table(found: Explained, one: Explanation) -> Table:
    columns = (
        left("rule", "Rule"),
        left("switch", "Switched"),
        percent("rate", one.metric.upper()),
        Column("effect", "Effect", format="+.3f", scale=100),
        Column("alone", "Alone", format="+.3f", scale=100),
        Column("errors", "Errors"),
        Column("words", "Words"),
        Column("moved", "Utterances moved"),
        left("examples", "Most often"),
    )
    start, end = one.start, one.end
    rows: list[tuple[str | float | None, ...]] = [
        (found.first, "", start.rate, None, None, start.errors.errors, start.words, None, "")
    ]
    rows += [
        (
            step.rule,
            f"{step.before} -> {step.after}",
            step.rate,
            step.effect,
            step.alone,
            step.errors.errors,
            step.words,
            step.utterances_moved,
            "; ".join(f"{example.change} ({example.times})" for example in step.examples),
        )
        for step in one.steps
    ]
    rows.append(("interaction", "", None, None, one.interaction, None, None, None, ""))
    rows.append((found.second, "", end.rate, one.total, one.total, end.errors.errors, end.words, None, ""))
    failed = f" ({one.failed:,} of them failed, which are left out)" if one.failed else ""
    caption = f"{found.model}, {amount(one.utterances, 'utterance')}{failed}, language {one.language}."
    notes = (
        "Rates in percent, effects in points.",
        "Effect: on top of the steps above it; the effects add up to the difference of the two profiles.",
        "Alone: this rule only, on top of the first profile; with the interaction these add up to it too. (Rules of "
        "a normalizer that the first profile does not have: on top of that normalizer.)",
        *(f"{step.rule}: {step.meaning}" for step in one.steps),
    )
    return table(f"{one.benchmark}: {found.first} to {found.second}", caption, columns, rows, notes)


def _average_table(found: Explained) -> Table:
    columns = (left("rule", "Rule"), percent("rate", "WER"), Column("effect", "Effect", format="+.3f", scale=100))
    explained = found.benchmarks
    rate = start = sum(one.start.rate or 0.0 for one in explained) / len(explained)
    rows: list[tuple[str, float, float | None]] = [(found.first, rate, None)]
    for rule, effect in average_effects(explained).items():
        rate += effect
        rows.append((rule, rate, effect))
    rows.append((found.second, rate, rate - start))
    caption = (
        f"{found.model}: plain mean over {len(explained)} benchmarks, unrounded; rates in percent, effects in points."
    )
    return table(f"average: {found.first} to {found.second}", caption, columns, rows)


def _print_moves(one: Explanation) -> None:
    for step in one.steps:
        for move in step.moves:
            changes = f": {'; '.join(move.changes)}" if move.changes else ""
            words = (
                f", words {move.words_before} -> {move.words_after}" if move.words_before != move.words_after else ""
            )
            print(
                f"  {step.rule:<16} {move.id}  {100 * move.contribution:+.4f} points, "
                f"errors {move.errors_before} -> {move.errors_after}{words}{_plain(changes)}"
            )
    print()


def _plain(text: str) -> str:
    """Transcripts are text from outside: nothing in them may steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _published(model: str, predictions: Predictions) -> tuple[PublishedGap, ...]:
    """Published figures of this model and benchmark, each with our rate under the rules that it was made under."""
    found = []
    for figure in find(model, predictions.benchmark, "wer"):
        ours = None
        if figure.profile is not None:
            ours = sum(count_predictions(predictions, get_profile(figure.profile)).kept(), ErrorCounts()).rate
        found.append(
            PublishedGap(
                value=figure.rate,
                profile=figure.profile,
                suite=figure.suite,
                date=figure.date,
                hardware=figure.hardware,
                source=figure.source,
                ours=ours,
                unexplained=None if ours is None else figure.rate - ours,
            )
        )
    return tuple(found)


def _print_published(model: str, one: Explanation) -> None:
    if not one.published:
        print(f"No published WER of {model} on {one.benchmark}.\n")
        return
    part = lacking(one.benchmark, one.utterances + one.failed, None)
    part = f" (these are {part})" if part else ""
    for figure in one.published:
        stated = [each for each in (figure.date, figure.hardware, figure.source) if each]
        print(f"Published: {100 * figure.value:.2f} under {figure.profile or 'unknown rules'} ({', '.join(stated)})")
        if figure.ours is None or figure.unexplained is None:
            print("  Its rules are not known, so that it cannot be compared.")
        else:
            print(f"  these predictions under the same rules: {100 * figure.ours:.2f}")
            print(f"  left unexplained: {100 * figure.unexplained:+.2f} points, which no rule of scoring makes:")
            print(f"  other data{part}, decoding or batches, a rounded figure,")
            print("  or texts normalized before they were stored")
    print()
