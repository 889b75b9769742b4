"""`explain`: why one set of predictions has two word error rates, rule by rule, and what no rule explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ExitStatus

if TYPE_CHECKING:
    import argparse

    from harness.records.explanation import Explained, Explanation, PublishedGap
    from harness.reporting.table import Cell, Table
    from harness.scoring.predictions import Predictions

HELP = "say why one set of predictions has two error rates: from one profile to another, rule by rule"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a run folder, a predictions file, or a folder of them"
    )
    parser.add_argument(
        "--from",
        dest="first",
        metavar="PROFILE",
        default="leaderboard@2026-04",
        help="rules to start from (%(default)s)",
    )
    parser.add_argument(
        "--to", dest="second", metavar="PROFILE", default="leaderboard@2026-08", help="rules to arrive at (%(default)s)"
    )
    parser.add_argument(
        "--against", choices=["published"], help="add the published figure, and what is left unexplained"
    )
    parser.add_argument(
        "--model", metavar="ID", help="whose published figure to find, if the file name does not say it"
    )
    parser.add_argument("--language", help="language of the texts, where the file names do not say it: en, de, zh, ...")
    parser.add_argument(
        "--top", type=int, default=3, metavar="N", help="utterances to name for each step (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(args: argparse.Namespace) -> ExitStatus:
    """Explain every benchmark of every system, and their average."""
    from msgspec.structs import replace

    from harness.records.codec import pretty
    from harness.records.explanation import Explained
    from harness.scoring.explain import explain
    from harness.scoring.predictions import read_systems
    from harness.scoring.profiles import get_profile

    first, second = get_profile(args.first), get_profile(args.second)
    found = []
    for system in read_systems(args.paths, args.language):
        explained = [explain(one, first, second, top=max(0, args.top)) for one in system.benchmarks]
        if args.against:
            figures = [_published(args.model or system.model, one) for one in system.benchmarks]
            explained = [replace(one, published=gaps) for one, gaps in zip(explained, figures, strict=True)]
        found.append(Explained(model=system.model, first=first.name, second=second.name, benchmarks=tuple(explained)))
    if args.json:
        print(pretty(found), end="")
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
    from harness.reporting.table import Cell, Column, Table

    columns = (
        Column("rule", "Rule", align="left"),
        Column("switch", "Switched", align="left"),
        Column("rate", one.metric.upper(), format=".2f", scale=100),
        Column("effect", "Effect", format="+.3f", scale=100),
        Column("alone", "Alone", format="+.3f", scale=100),
        Column("errors", "Errors"),
        Column("words", "Words"),
        Column("moved", "Utterances moved"),
        Column("examples", "Most often", align="left"),
    )
    none = Cell(None)
    rows = [_row(found.first, "", one.start.rate, None, None, one.start.errors.errors, one.start.words, None, "")]
    rows += [
        _row(
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
    rows.append((Cell("interaction"), Cell(""), none, none, Cell(one.interaction), none, none, none, Cell("")))
    rows.append(
        _row(found.second, "", one.end.rate, one.total, one.total, one.end.errors.errors, one.end.words, None, "")
    )
    caption = f"{found.model}, {one.utterances:,} utterances; rates in percent, effects in points."
    notes = (
        "Effect: on top of the steps above it; the effects add up to the difference of the two profiles.",
        "Alone: this rule only, on top of the first profile; with the interaction these add up to it too. (Rules of "
        "a normalizer that the first profile does not have: on top of that normalizer.)",
        *(f"{step.rule}: {step.meaning}" for step in one.steps),
    )
    return Table(f"{one.benchmark}: {found.first} to {found.second}", caption, columns, tuple(rows), notes)


def _row(*values: str | float | None) -> tuple[Cell, ...]:
    from harness.reporting.table import Cell

    return tuple(Cell(value) for value in values)


def _average_table(found: Explained) -> Table:
    from harness.reporting.table import Column, Table
    from harness.scoring.explain import average_effects

    columns = (
        Column("rule", "Rule", align="left"),
        Column("rate", "WER", format=".2f", scale=100),
        Column("effect", "Effect", format="+.3f", scale=100),
    )
    explained = found.benchmarks
    rate = sum(one.start.rate or 0.0 for one in explained) / len(explained)
    start, rows = rate, [_row(found.first, rate, None)]
    for rule, effect in average_effects(explained).items():
        rate += effect
        rows.append(_row(rule, rate, effect))
    rows.append(_row(found.second, rate, rate - start))
    caption = (
        f"{found.model}: plain mean over {len(explained)} benchmarks, unrounded; rates in percent, effects in points."
    )
    return Table(f"average: {found.first} to {found.second}", caption, columns, tuple(rows))


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
    from harness.records.explanation import PublishedGap
    from harness.reporting.published import find
    from harness.scoring.error_counts import ErrorCounts
    from harness.scoring.profiles import get_profile
    from harness.scoring.scored import count_predictions

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
    for figure in one.published:
        stated = [each for each in (figure.date, figure.hardware, figure.source) if each]
        print(f"Published: {100 * figure.value:.2f} under {figure.profile or 'unknown rules'} ({', '.join(stated)})")
        if figure.ours is None or figure.unexplained is None:
            print("  Its rules are not known, so that it cannot be compared.")
        else:
            print(f"  these predictions under the same rules: {100 * figure.ours:.2f}")
            print(f"  left unexplained: {100 * figure.unexplained:+.2f} points, which no rule of scoring makes:")
            print("  other data, decoding or batches, a rounded figure, or texts normalized before they were stored")
    print()
