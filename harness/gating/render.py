"""The gate's answer for each of its readers: terminal, JUnit XML, GitHub. JSON is the record; comments: `comment`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.errors import ExitStatus
from harness.gating.decide import effect
from harness.gating.judge import unit_of_change
from harness.records.decision import Blame, Decision, Finding, Reason, Verdict
from harness.reporting import escape
from harness.reporting.table import Cell, Column, Table
from harness.scoring.metrics import Metric, get_metric, metrics

if TYPE_CHECKING:
    from harness.records.policy import Policy

SHOWN = 5
"""Utterances that got worse that people are shown for each benchmark; JSON has all."""

_WITHOUT_NOTE = {None, "wer", "cer", "rtfx", "rtfx_end_to_end"}
"""What the caption speaks of."""
_NUMBERS = {"before": "Baseline", "after": "Run", "change": "Change", "margin": "Margin"}


def names(decisions: Sequence[Decision]) -> list[str]:
    """What tells several apart: the model, what the run is called where the model does not, or else its path too."""
    keys = [(one.run.model, one.run.title, f"{one.run.title} ({one.run.name})") for one in decisions]
    counted = [Counter(each) for each in zip(*keys, strict=True)]
    return [next((name for name, count in zip(key, counted, strict=True) if count[name] == 1), key[0]) for key in keys]


def table(decision: Decision, policy: Policy) -> Table:
    """All findings as a table."""
    columns = (
        Column("subject", "Compared", align="left"),
        Column("verdict", "Verdict", align="left"),
        *(Column(*each) for each in _NUMBERS.items()),
        Column("tier", "Tier", align="left"),
    )
    rows = tuple(
        tuple(map(Cell, (one.subject, one.verdict.value, *_numbers(one), one.tier.value))) for one in decision.findings
    )
    run, baseline = decision.run, decision.baseline
    against = f"{baseline.title} ({baseline.name})" if baseline else "no run"
    changes = "Change" if _translations(decision) else "WER in percent, change"
    caption = (
        f"{run.title} ({run.name}) against {against}; suite {run.suite or 'none'}, profile {decision.profile}. "
        f"{changes} with its {100 * (1 - policy.alpha):g} % interval over sessions (utterances where none are named), "
        "margin in points; RTFx for speed."
    )
    others = dict.fromkeys(metric_of(one) for one in decision.findings if one.metric not in _WITHOUT_NOTE)
    notes = tuple(f"{one.title}: {one.meaning}; {'' if one.resampled else 'in '}{one.unit}." for one in others)
    return Table(f"Gate: {decision.verdict.value}", caption, columns, rows, notes)


def _translations(decision: Decision) -> bool:
    """Whether scores of translations were judged, and no error rate."""
    known, names = metrics(), {one.metric for one in decision.findings}
    return names.isdisjoint({"wer", "cer"}) and any(one.resampled for name, one in known.items() if name in names)


def changes_table(decision: Decision) -> Table:
    """What a run changes of its baseline: before, after, difference."""
    columns = (
        Column("subject", "Compared", align="left"),
        Column("before", "Before"),
        Column("after", "After"),
        Column("difference", "Difference"),
        Column("changed", "Utterances changed"),
    )
    rows = tuple(
        tuple(
            map(Cell, (one.subject, *numbers(one)[:3], f"{one.changed:,} of {one.utterances:,}" * bool(one.utterances)))
        )
        for one in decision.findings
        if one.before is not None
    )
    run = decision.run
    return Table(f"Baseline of {run.model} on {run.suite}", "Error rates in percent; speed as RTFx.", columns, rows)


def metric_of(finding: Finding) -> Metric:
    """What was compared; the error rate where nothing was."""
    return get_metric(finding.metric or "wer")


def numbers(finding: Finding) -> tuple[str, str, str, str, str]:
    """The baseline's value, the run's, the difference, its interval (or nothing), the margin, as people read them."""
    before, after, change = finding.before, finding.after, finding.change
    metric = None if finding.subject == "speed" else metric_of(finding)
    scale, form = (metric.scale, metric.format) if metric else (1, ".4g")
    old, new = ("–" if value is None else format(scale * value, form) for value in (before, after))
    margin = "–"
    if finding.margin is not None:
        margin = f"{scale * finding.margin:g}" if metric else f"{100 * finding.margin:g} %"
    if before is None or after is None:
        return old, new, "–", "", margin
    if metric is None:
        return old, new, f"{100 * (after / before - 1):+.1f} %", "", margin
    ends = (change.low, change.high) if change is not None and finding.changed else ()
    moved, *interval = (format(scale * value, f"+{form}") for value in (after - before, *ends))
    return old, new, moved, f"[{', '.join(interval)}]" if interval else "", margin


def _numbers(finding: Finding) -> tuple[str, ...]:
    """The same with the interval beside the difference."""
    before, after, moved, interval, margin = numbers(finding)
    return before, after, f"{moved} {interval}".strip(), margin


def terminal(decision: Decision, policy: Policy, *, width: int | None = None, color: bool | None = None) -> str:
    """For the person at the keyboard: the table, a line for each finding, the worst utterances, the verdict."""
    lines = [table(decision, policy).render("terminal", width=width, color=color)]
    for finding in decision.findings:
        lines.append(f"{finding.verdict.value:<13} {escape.plain(finding.subject)}: {escape.plain(finding.message)}")
        lines += [f"    {line}" for blame in finding.blame[:SHOWN] for line in _blame_lines(blame, finding)]
    lines += ["", *(f"note: {escape.plain(line)}" for line in decision.notes)]
    lines += [f"now: {escape.plain(line)}" for line in decision.advice]
    lines += [f"{decision.verdict.value} (exit status {int(decision.exit_status)})"]
    return "\n".join(lines) + "\n"


def more_errors(blame: Blame, finding: Finding) -> str:
    """By how much an utterance got worse."""
    one, several = metric_of(finding).counted
    return amount(blame.more_errors, f"more {one}", f"more {several}")


def _blame_lines(blame: Blame, finding: Finding) -> list[str]:
    reference, before, after = excerpts(blame)
    metric = metric_of(finding)
    part = f"{metric.scale * blame.contribution:+.3f} {unit_of_change(metric)}"
    return [
        f"{escape.plain(blame.id)}: {more_errors(blame, finding)} ({part})",
        f"    reference  {reference}",
        f"    baseline   {before}",
        f"    run        {after}",
    ]


def excerpts(blame: Blame, longest: int = 160) -> list[str]:
    """Reference, the baseline's and the run's transcript; long ones from shortly before the first difference."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(blame.before, blame.after, strict=False)))
    texts = [escape.plain(text) for text in (blame.reference, blame.before, blame.after)]
    start = max(0, same - 50) if max(map(len, texts)) > longest else 0
    cut = [text[start : start + longest] for text in texts]
    return [
        ("…" if start else "") + part + ("…" if len(text) > start + longest else "")
        for part, text in zip(cut, texts, strict=True)
    ]


def junit(decisions: Sequence[Decision], policy: Policy) -> str:
    """JUnit XML as GitHub's reporters, GitLab and Jenkins read it: a suite for each decision, a case for each finding.

    What makes the exit status 1 is a failure, what makes it 3 an error; what did not pass but
    changes nothing is skipped.
    """
    titles = [
        one.run.title if len({each.run.title for each in decisions}) == len(decisions) else name
        for one, name in zip(decisions, names(decisions), strict=True)
    ]
    suites = [
        [_case(title, finding, policy) for finding in one.findings]
        for one, title in zip(decisions, titles, strict=True)
    ]
    counts = _counted([case for cases in suites for case in cases])
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="asr-gate" {counts}>']
    for one, cases in zip(decisions, suites, strict=True):
        name = escape.xml(f"asr-gate {one.run.suite or ''}".strip())
        lines += [f'<testsuite name="{name}" {_counted(cases)}>', *_properties(one)]
        lines += [*(text for _, text in cases), "</testsuite>"]
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _properties(decision: Decision) -> list[str]:
    """The notes, where JUnit has a place for them."""
    notes = [f'<property name="note" value="{escape.xml(note)}"/>' for note in decision.notes]
    return ["<properties>", *notes, "</properties>"] if notes else []


def _counted(cases: Sequence[tuple[str, str]]) -> str:
    """The attributes that say how many cases there are of each kind."""
    kinds = [kind for kind, _ in cases]
    return (
        f'tests="{len(cases)}" failures="{kinds.count("failure")}" errors="{kinds.count("error")}" '
        f'skipped="{kinds.count("skipped")}" time="0"'
    )


def _case(title: str, finding: Finding, policy: Policy) -> tuple[str, str]:
    """The kind of outcome (empty: passed), and the element."""
    status = effect(finding, policy)
    kind = {ExitStatus.REGRESSION: "failure", ExitStatus.INCONCLUSIVE: "error"}.get(status, "")
    if not kind and finding.verdict is not Verdict.PASS:
        kind = "skipped"
    start = f'<testcase classname="{escape.xml(title)}" name="{escape.xml(finding.subject)}" time="0">'
    message = escape.xml(f"{finding.verdict.value}: {finding.message}")
    if not kind:
        return kind, f"{start}<system-out>{message}</system-out></testcase>"
    details = [line for blame in finding.blame for line in _blame_lines(blame, finding)]
    body = "\n".join(escape.xml(line) for line in details)
    type_ = "" if kind == "skipped" else f' type="{finding.verdict.value.lower()}"'
    return kind, f'{start}<{kind} message="{message}"{type_}>{body}</{kind}></testcase>'


def github(decision: Decision, policy: Policy, *, of: str = "") -> str:
    """Workflow commands by which GitHub shows what did not pass at the job and on the pull request.

    GitHub keeps ten of each level for a step, so passes are told in one notice. `of` names one of several candidates.
    """
    levels = {ExitStatus.REGRESSION: "error", ExitStatus.INCONCLUSIVE: "error", ExitStatus.GOOD: "warning"}
    named_as = f" ({of})" if of else ""
    lines = []
    for finding in decision.findings:
        if finding.verdict is Verdict.PASS or finding.reason is Reason.FEW_REPEATS:
            if _unseen(finding):
                title = _property(f"ASR gate PASS, not all seen: {finding.subject}{named_as}")
                lines.append(f"::warning title={title}::{_data(finding.message)}")
            continue
        title = _property(f"ASR gate {finding.verdict.value}: {finding.subject}{named_as}")
        named = [f"{blame.id} ({more_errors(blame, finding)})" for blame in finding.blame[:SHOWN]]
        message = finding.message + (f". Worst: {', '.join(named)}" if named else "")
        lines.append(f"::{levels[effect(finding, policy)]} title={title}::{_data(message)}")
    passed = [finding.subject for finding in decision.findings if finding.verdict is Verdict.PASS]
    told = (", ".join(passed) or "nothing") + "".join(f". Note: {note}" for note in decision.notes)
    lines.append(f"::notice title={_property(f'ASR gate {decision.verdict.value}{named_as}')}::passed: {_data(told)}")
    return "\n".join(lines) + "\n"


def _unseen(finding: Finding) -> bool:
    """Whether a finding that passed says what somebody has to look at."""
    lost = finding.letters_without_marks or finding.typographic_apostrophes
    return bool(lost or finding.left_out or finding.alone or finding.reason is Reason.OTHER_TAGS)


def _data(text: str) -> str:
    return escape.plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
