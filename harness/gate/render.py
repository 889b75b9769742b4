"""The gate's answer for each of its readers: terminal, JUnit XML, GitHub, a comment in Markdown, JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.errors import ExitStatus
from harness.gate.decide import effect
from harness.gate.findings import Verdict
from harness.reporting import escape
from harness.reporting.table import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.gate.findings import Blame, Decision, Finding

SHOWN = 5
"""Utterances to blame that people are shown for each benchmark; JSON has all."""

_MARKS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}


def table(decision: Decision) -> Table:
    """All findings as a table."""
    columns = (
        Column("subject", "Compared", align="left"),
        Column("verdict", "Verdict", align="left"),
        Column("before", "Baseline"),
        Column("after", "Run"),
        Column("change", "Change"),
        Column("margin", "Margin"),
        Column("tier", "Tier", align="left"),
    )
    rows = tuple(_row(finding) for finding in decision.findings)
    run, baseline = decision.run, decision.baseline
    against = f"{baseline.model} ({baseline.name})" if baseline else "no run"
    level = f"{100 * (1 - decision.policy.alpha):g} %"
    caption = (
        f"{run.model} ({run.name}) against {against}; suite {run.suite or 'none'}, profile {run.profile or 'default'}. "
        f"WER in percent, change with its {level} interval over sessions, margin in points; RTFx for speed."
    )
    return Table(f"Gate: {decision.verdict.value}", caption, columns, rows)


def _row(finding: Finding) -> tuple[Cell, ...]:
    speed = finding.subject == "speed"
    change = "–"
    if finding.before is not None and finding.after is not None:
        if speed:
            change = f"{100 * (finding.after / finding.before - 1):+.1f} %"
        else:
            change = f"{100 * (finding.after - finding.before):+.2f}"
            if finding.change is not None and finding.changed:
                change += f" [{100 * finding.change.low:+.2f}, {100 * finding.change.high:+.2f}]"
    margin = "–" if finding.margin is None else f"{100 * finding.margin:g}" + (" %" if speed else "")
    return (
        Cell(finding.subject),
        Cell(finding.verdict.value),
        Cell(_value(finding.before, speed=speed)),
        Cell(_value(finding.after, speed=speed)),
        Cell(change),
        Cell(margin),
        Cell(finding.tier.value),
    )


def _value(value: float | None, *, speed: bool) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if speed else f"{100 * value:.2f}"


def terminal(decision: Decision, *, width: int | None = None, color: bool | None = None) -> str:
    """For the person at the keyboard: the table, a line for each finding, the utterances to blame, the verdict."""
    lines = [table(decision).render("terminal", width=width, color=color)]
    for finding in decision.findings:
        lines.append(f"{finding.verdict.value:<13} {escape.plain(finding.subject)}: {escape.plain(finding.message)}")
        lines += [f"    {line}" for blame in finding.blame[:SHOWN] for line in _blame_lines(blame)]
    lines += ["", f"{decision.verdict.value} (exit status {int(decision.status)})"]
    return "\n".join(lines) + "\n"


def _blame_lines(blame: Blame) -> list[str]:
    said, before, after = _excerpts(blame)
    return [
        f"{escape.plain(blame.id)}: {blame.more_errors} more errors ({100 * blame.contribution:+.3f} points)",
        f"    said      {said}",
        f"    baseline  {before}",
        f"    run       {after}",
    ]


def _excerpts(blame: Blame, longest: int = 160) -> list[str]:
    """Reference, the baseline's and the run's transcript; long ones from shortly before the first difference."""
    from itertools import takewhile

    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(blame.before, blame.after, strict=False)))
    texts = [escape.plain(text) for text in (blame.reference, blame.before, blame.after)]
    start = max(0, same - 50) if max(map(len, texts)) > longest else 0
    cut = [text[start : start + longest] for text in texts]
    return [
        ("…" if start else "") + part + ("…" if len(text) > start + longest else "")
        for part, text in zip(cut, texts, strict=True)
    ]


def markdown(decision: Decision) -> str:
    """For a comment on a pull request, or the job summary."""
    lines = [f"### {_MARKS[decision.verdict]} ASR gate: {decision.verdict.value}", ""]
    lines += table(decision).render("markdown").split("\n")[2:]
    for finding in decision.findings:
        what = f"{_MARKS[finding.verdict]} **{escape.markdown(finding.subject)}**"
        lines.append(f"- {what}: {escape.markdown(finding.message)}")
    for finding in decision.findings:
        if finding.blame:
            lines += ["", *_markdown_blame(finding)]
    return "\n".join(lines) + "\n"


def _markdown_blame(finding: Finding) -> list[str]:
    """A table that opens on a click."""
    lines = [
        f"<details><summary>Utterances to blame on {escape.html(finding.subject)}</summary>",
        "",
        "| utterance | more errors | points | said | baseline | run |",
        "|:--|--:|--:|:--|:--|:--|",
    ]
    for blame in finding.blame:
        texts = [escape.markdown(text) for text in _excerpts(blame)]
        cells = [escape.markdown(blame.id), str(blame.more_errors), f"{100 * blame.contribution:+.3f}", *texts]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, "", "</details>"]


def junit(decision: Decision) -> str:
    """JUnit XML as GitHub's reporters, GitLab and Jenkins read it: a test case for each finding.

    What makes the exit status 1 is a failure, what makes it 3 an error; what did not pass but
    changes nothing is skipped.
    """
    cases = [_case(decision, finding) for finding in decision.findings]
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


def _case(decision: Decision, finding: Finding) -> tuple[str, str]:
    """The kind of outcome (empty: passed), and the element."""
    status = effect(finding, decision.policy)
    kind = {ExitStatus.REGRESSION: "failure", ExitStatus.INCONCLUSIVE: "error"}.get(status, "")
    if not kind and finding.verdict is not Verdict.PASS:
        kind = "skipped"
    start = f'<testcase classname="{escape.xml(decision.run.model)}" name="{escape.xml(finding.subject)}" time="0">'
    message = escape.xml(f"{finding.verdict.value}: {finding.message}")
    if not kind:
        return kind, f"{start}<system-out>{message}</system-out></testcase>"
    details = [line for blame in finding.blame for line in _blame_lines(blame)]
    body = "\n".join(escape.xml(line) for line in details)
    type_ = "" if kind == "skipped" else f' type="{finding.verdict.value.lower()}"'
    return kind, f'{start}<{kind} message="{message}"{type_}>{body}</{kind}></testcase>'


def github(decision: Decision) -> str:
    """Workflow commands by which GitHub shows what did not pass at the job and on the pull request.

    GitHub keeps ten of each level for a step, so passes are told in one notice.
    """
    levels = {ExitStatus.REGRESSION: "error", ExitStatus.INCONCLUSIVE: "error", ExitStatus.GOOD: "warning"}
    lines = []
    for finding in decision.findings:
        if finding.verdict is Verdict.PASS:
            continue
        title = _property(f"ASR gate {finding.verdict.value}: {finding.subject}")
        named = [f"{blame.id} ({blame.more_errors} more errors)" for blame in finding.blame[:SHOWN]]
        message = finding.message + (f". To blame: {', '.join(named)}" if named else "")
        lines.append(f"::{levels[effect(finding, decision.policy)]} title={title}::{_data(message)}")
    passed = [finding.subject for finding in decision.findings if finding.verdict is Verdict.PASS]
    lines.append(f"::notice title=ASR gate {decision.verdict.value}::passed: {_data(', '.join(passed) or 'nothing')}")
    return "\n".join(lines) + "\n"


def _data(text: str) -> str:
    return escape.plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def json_text(decision: Decision) -> str:
    """Everything, for machines."""
    found = {
        "verdict": decision.verdict.value,
        "exit_status": int(decision.status),
        "run": {"name": decision.run.name, "model": decision.run.model, "suite": decision.run.suite},
        "baseline": decision.baseline and {"name": decision.baseline.name, "model": decision.baseline.model},
        "profile": decision.run.profile,
        "findings": [_finding(finding) for finding in decision.findings],
    }
    return json.dumps(found, indent=1, allow_nan=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "verdict": finding.verdict.value,
        "reason": finding.reason.value,
        "message": finding.message,
        "tier": finding.tier.value,
        "margin": finding.margin,
        "before": finding.before,
        "after": finding.after,
        "change": finding.change and finding.change.to_json(),
        "utterances": finding.utterances,
        "changed": finding.changed,
        "enough": finding.enough,
        "blame": _blamed(finding.blame),
    }


def _blamed(blame: Sequence[Blame]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "more_errors": one.more_errors,
            "contribution": one.contribution,
            "reference": one.reference,
            "before": one.before,
            "after": one.after,
        }
        for one in blame
    ]
