"""Tables of `explain --timeline`: the same predictions under every version of the leaderboard's rules."""

from collections.abc import Sequence

from harness.amounts import amount
from harness.commands.shared import left, percent, table
from harness.errors import ExitStatus
from harness.records.explanation import BenchmarkTimeline, Timeline, VersionStep
from harness.reporting.table import Column, Table
from harness.scoring.timeline import official_versions
from harness.streams import put_json

_Row = tuple[str | float | None, ...]


def show_timelines(found: Sequence[Timeline], as_json: bool) -> ExitStatus:
    """Prints them, as tables or as JSON."""
    if as_json:
        put_json(found)
        return ExitStatus.GOOD
    for one in found:
        for each in one.benchmarks:
            print(_benchmark(one.model, each).render("terminal"))
        if len(one.benchmarks) > 1 or any(each.suite and each.rate is not None for each in one.averages):
            print(_averages(one).render("terminal"))
    return ExitStatus.GOOD


def _benchmark(model: str, one: BenchmarkTimeline) -> Table:
    columns = (
        left("version", "Rules"),
        left("rule", "Rule"),
        percent("rate", one.metric.upper()),
        Column("effect", "Effect", format="+.3f", scale=100),
        Column("errors", "Errors"),
        Column("words", "Words"),
        Column("moved", "Utterances moved"),
        left("examples", "Most often"),
    )
    rows: list[_Row] = []
    for version in one.versions:
        rows.append(_version(version))
        rows += [
            (
                "",
                step.rule,
                step.rate,
                step.effect,
                step.errors.errors,
                step.words,
                step.utterances_moved,
                "; ".join(f"{example.change} ({example.times})" for example in step.examples),
            )
            for step in version.steps
            if step.utterances_moved
        ]
    first, last = one.versions[0], one.versions[-1]
    moved = last.errors.errors - first.errors.errors
    rows.append(("in all", "", None, one.total, moved, last.words - first.words, None, ""))
    notes = (
        "A version's effect is on top of the version before it; the effects of the versions add up to the last line, "
        "those of the rules below a version to the version's. A rule that moves no utterance is left out.",
        "What is not known is when the rules of leaderboard@2026-10 were first used for a published table.",
        *(f"Left out: {name}, whose rules for this language are not known." for name in _left_out(one)),
    )
    caption = (
        f"{model}, {amount(one.utterances, 'utterance')}, language {one.language}; rates in percent, effects in points."
    )
    return table(f"{one.benchmark}: the leaderboard's rules, oldest first", caption, columns, rows, notes)


def _left_out(one: BenchmarkTimeline) -> list[str]:
    shown = {version.profile for version in one.versions}
    return [version.name for version in official_versions() if version.name not in shown]


def _version(version: VersionStep) -> _Row:
    errors, words = version.errors.errors, version.words
    if version.effect is None:
        return (version.profile, "", version.rate, None, errors, words, None, "")
    return (version.profile, "", version.rate, version.effect, errors, words, version.utterances_moved, "")


def _averages(found: Timeline) -> Table:
    columns = (left("version", "Rules"), left("suite", "Over"), percent("rate", "WER"), left("missing", "Not there"))
    everything = f"all {len(found.benchmarks)} given"
    rows = [(one.profile, one.suite or everything, one.rate, ", ".join(one.missing)) for one in found.averages]
    caption = f"{found.model}: plain mean over the sets of each version where they are known; rates in percent."
    return table("average: the leaderboard's rules and sets, oldest first", caption, columns, rows)
