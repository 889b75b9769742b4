"""The gate's answer for each of its readers: terminal, JUnit XML, GitHub, a comment in Markdown. JSON is the record."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from harness.errors import ExitStatus
from harness.gating.decide import effect
from harness.gating.judge import unit_of_change
from harness.records.decision import Blame, Decision, Finding, Reason, Verdict
from harness.reporting import escape
from harness.reporting.table import Cell, Column, Table
from harness.scoring.metrics import Metric, get_metric

if TYPE_CHECKING:
    from harness.records.policy import Policy

SHOWN = 5
"""Utterances to blame that people are shown for each benchmark; JSON has all."""

_WITHOUT_NOTE = {None, "wer", "cer", "rtfx", "rtfx_end_to_end"}
"""What the caption speaks of."""
_NUMBERS = {"before": "Baseline", "after": "Run", "change": "Change", "margin": "Margin"}
_MARKS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}


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
    against = f"{baseline.model} ({baseline.name})" if baseline else "no run"
    caption = (
        f"{run.model} ({run.name}) against {against}; suite {run.suite or 'none'}, profile {decision.profile}. "
        f"WER in percent, change with its {100 * (1 - policy.alpha):g} % interval over sessions, margin in points; "
        "RTFx for speed."
    )
    others = dict.fromkeys(_metric(one) for one in decision.findings if one.metric not in _WITHOUT_NOTE)
    notes = tuple(f"{metric.title}: {metric.meaning}; in {metric.unit}." for metric in others)
    return Table(f"Gate: {decision.verdict.value}", caption, columns, rows, notes)


def _metric(finding: Finding) -> Metric:
    return get_metric(finding.metric or "wer")


def _numbers(finding: Finding) -> tuple[str, ...]:
    """The baseline's value, the run's, the change and its margin, as people read them."""
    before, after, change = finding.before, finding.after, finding.change
    metric = None if finding.subject == "speed" else _metric(finding)
    scale, form = (metric.scale, metric.format) if metric else (1, ".4g")
    values = ["–" if value is None else format(scale * value, form) for value in (before, after)]
    margin = "–"
    if finding.margin is not None:
        margin = f"{scale * finding.margin:g}" if metric else f"{100 * finding.margin:g} %"
    if before is None or after is None:
        return (*values, "–", margin)
    if metric is None:
        return (*values, f"{100 * (after / before - 1):+.1f} %", margin)
    ends = (change.low, change.high) if change is not None and finding.changed else ()
    moved, *interval = (format(scale * value, f"+{form}") for value in (after - before, *ends))
    return (*values, moved + (f" [{', '.join(interval)}]" if interval else ""), margin)


def terminal(decision: Decision, policy: Policy, *, width: int | None = None, color: bool | None = None) -> str:
    """For the person at the keyboard: the table, a line for each finding, the utterances to blame, the verdict."""
    lines = [table(decision, policy).render("terminal", width=width, color=color)]
    for finding in decision.findings:
        lines.append(f"{finding.verdict.value:<13} {escape.plain(finding.subject)}: {escape.plain(finding.message)}")
        lines += [f"    {line}" for blame in finding.blame[:SHOWN] for line in _blame_lines(blame, finding)]
    lines += ["", *(f"now: {escape.plain(line)}" for line in decision.advice)]
    lines += [f"{decision.verdict.value} (exit status {int(decision.exit_status)})"]
    return "\n".join(lines) + "\n"


def _blame_lines(blame: Blame, finding: Finding) -> list[str]:
    reference, before, after = _excerpts(blame)
    metric = _metric(finding)
    part = f"{metric.scale * blame.contribution:+.3f} {unit_of_change(metric)}"
    return [
        f"{escape.plain(blame.id)}: {blame.more_errors:g} more errors ({part})",
        f"    reference  {reference}",
        f"    baseline   {before}",
        f"    run        {after}",
    ]


def _excerpts(blame: Blame, longest: int = 160) -> list[str]:
    """Reference, the baseline's and the run's transcript; long ones from shortly before the first difference."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(blame.before, blame.after, strict=False)))
    texts = [escape.plain(text) for text in (blame.reference, blame.before, blame.after)]
    start = max(0, same - 50) if max(map(len, texts)) > longest else 0
    cut = [text[start : start + longest] for text in texts]
    return [
        ("…" if start else "") + part + ("…" if len(text) > start + longest else "")
        for part, text in zip(cut, texts, strict=True)
    ]


def markdown(decision: Decision, policy: Policy) -> str:
    """For a comment on a pull request, or the job summary."""
    lines = [f"### {_MARKS[decision.verdict]} ASR gate: {decision.verdict.value}", ""]
    lines += table(decision, policy).render("markdown").split("\n")[2:]
    for finding in decision.findings:
        what = f"{_MARKS[finding.verdict]} **{escape.markdown(finding.subject)}**"
        lines.append(f"- {what}: {escape.markdown(finding.message)}")
    lines += [f"- {escape.markdown(line)}" for line in decision.advice]
    for finding in decision.findings:
        if finding.blame:
            lines += ["", *_markdown_blame(finding)]
    return "\n".join(lines) + "\n"


def _markdown_blame(finding: Finding) -> list[str]:
    """A table that opens on a click."""
    metric = _metric(finding)
    lines = [
        f"<details><summary>Utterances to blame on {escape.html(finding.subject)}</summary>",
        "",
        f"| utterance | more errors | {unit_of_change(metric)} | reference | baseline | run |",
        "|:--|--:|--:|:--|:--|:--|",
    ]
    for blame in finding.blame:
        texts = [escape.markdown(text) for text in _excerpts(blame)]
        part = f"{metric.scale * blame.contribution:+.3f}"
        cells = [escape.markdown(blame.id), f"{blame.more_errors:g}", part, *texts]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, "", "</details>"]


def junit(decision: Decision, policy: Policy) -> str:
    """JUnit XML as GitHub's reporters, GitLab and Jenkins read it: a test case for each finding.

    What makes the exit status 1 is a failure, what makes it 3 an error; what did not pass but
    changes nothing is skipped.
    """
    cases = [_case(decision, finding, policy) for finding in decision.findings]
    kinds = [kind for kind, _ in cases]
    counts = (
        f'tests="{len(cases)}" failures="{kinds.count("failure")}" errors="{kinds.count("error")}" '
        f'skipped="{kinds.count("skipped")}"'
    )
    name = escape.xml(f"asr-gate {decision.run.suite or ''}".strip())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="asr-gate" {counts} time="0">',
        f'<testsuite name="{name}" {counts} time="0">',
        *(text for _, text in cases),
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(decision: Decision, finding: Finding, policy: Policy) -> tuple[str, str]:
    """The kind of outcome (empty: passed), and the element."""
    status = effect(finding, policy)
    kind = {ExitStatus.REGRESSION: "failure", ExitStatus.INCONCLUSIVE: "error"}.get(status, "")
    if not kind and finding.verdict is not Verdict.PASS:
        kind = "skipped"
    start = f'<testcase classname="{escape.xml(decision.run.model)}" name="{escape.xml(finding.subject)}" time="0">'
    message = escape.xml(f"{finding.verdict.value}: {finding.message}")
    if not kind:
        return kind, f"{start}<system-out>{message}</system-out></testcase>"
    details = [line for blame in finding.blame for line in _blame_lines(blame, finding)]
    body = "\n".join(escape.xml(line) for line in details)
    type_ = "" if kind == "skipped" else f' type="{finding.verdict.value.lower()}"'
    return kind, f'{start}<{kind} message="{message}"{type_}>{body}</{kind}></testcase>'


def github(decision: Decision, policy: Policy) -> str:
    """Workflow commands by which GitHub shows what did not pass at the job and on the pull request.

    GitHub keeps ten of each level for a step, so passes are told in one notice.
    """
    levels = {ExitStatus.REGRESSION: "error", ExitStatus.INCONCLUSIVE: "error", ExitStatus.GOOD: "warning"}
    lines = []
    for finding in decision.findings:
        if finding.verdict is Verdict.PASS or finding.reason is Reason.FEW_REPEATS:
            if finding.letters_without_marks or finding.typographic_apostrophes:
                title = _property(f"ASR gate PASS, not all seen: {finding.subject}")
                lines.append(f"::warning title={title}::{_data(finding.message)}")
            continue
        title = _property(f"ASR gate {finding.verdict.value}: {finding.subject}")
        named = [f"{blame.id} ({blame.more_errors:g} more errors)" for blame in finding.blame[:SHOWN]]
        message = finding.message + (f". To blame: {', '.join(named)}" if named else "")
        lines.append(f"::{levels[effect(finding, policy)]} title={title}::{_data(message)}")
    passed = [finding.subject for finding in decision.findings if finding.verdict is Verdict.PASS]
    lines.append(f"::notice title=ASR gate {decision.verdict.value}::passed: {_data(', '.join(passed) or 'nothing')}")
    return "\n".join(lines) + "\n"


def _data(text: str) -> str:
    return escape.plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
