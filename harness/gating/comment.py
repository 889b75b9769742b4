"""The gate's answer as one comment on a pull request: its first line, which nobody sees, tells it from all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from harness.amounts import amount
from harness.errors import UsageError
from harness.gating.judge import unit_of_change
from harness.gating.render import excerpts, metric_of, names, table
from harness.gating.several import summary, together
from harness.records.decision import Decision, Finding, Verdict
from harness.records.policy import Tier
from harness.reporting import escape
from harness.secret_values import hide

if TYPE_CHECKING:
    from harness.records.policy import Policy

NAME = "asr-gate"
"""Of the comment, where nobody names it."""
LONGEST = 60_000
"""Characters of a comment; GitHub refuses more than 65,536."""
_MARKS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}
_WARNING = "⚠️"
"""Of a FAIL that is shown only."""


def check_name(name: str) -> str:
    """The name of a comment.

    Raises:
        UsageError: it could end the hidden line.
    """
    if hide(name) != name:
        raise UsageError("--comment-name is a token or a password, and everybody reads it; give another name")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) or "--" in name or name.endswith("-"):
        raise UsageError(f"--comment-name {name!r}: letters, digits, dots and single dashes, 64 at most")
    return name


def check_address(address: str) -> str:
    """The address of a page, which a Markdown link holds as it is.

    Raises:
        UsageError: it is none, holds a user's name or password, or what would end the link.
    """
    if "@" in unquote(urlsplit(address).netloc if "[" not in address else address):
        raise UsageError(
            f"--page-url {hide(address)} holds a user's name or password, and everybody reads it; leave it out"
        )
    if not re.fullmatch(r"https?://[^\s<>()\[\]\\\"'`|]+", address) or not address.isascii():
        raise UsageError(f"--page-url {address!r}: give an address that begins with https://, without spaces")
    return address


def marker(name: str = NAME) -> str:
    """The first line of a comment, by which it is found and replaced."""
    return f"<!-- {check_name(name)} -->"


def comment(decisions: Sequence[Decision], policy: Policy, *, name: str = NAME, page: str | None = None) -> str:
    """Markdown for a comment on a pull request, or for the job summary.

    Args:
        decisions: one for each model.
        policy: what they were judged by.
        name: of the comment.
        page: address of the page where the utterances can be heard.
    """
    whole = together(decisions)
    head = [marker(name), f"### {_MARKS[whole.verdict]} ASR gate: {whole.verdict.value}", ""]
    if len(decisions) > 1:
        head += summary(decisions).render("markdown").split("\n")[2:]
    if page is not None:
        head += [f"[Listen and compare, utterance by utterance]({check_address(page)})", ""]
    titles = names(decisions) if len(decisions) > 1 else [""] * len(decisions)
    for one, title in zip(decisions, titles, strict=True):
        head += _decision(one, policy, title)
    text = "\n".join(head) + "\n"
    held = zip(decisions, titles, strict=True)
    blame = [_blame(finding, title) for one, title in held for finding in one.findings]
    left_out = 0
    for block in filter(None, blame):
        if len(text) + len(block) > LONGEST:
            left_out += 1
        else:
            text += block
    if left_out:
        more = amount(left_out, "more table of utterances does", "more tables of utterances do")
        text += f"\n{more} not fit into a comment; the page and the JSON have all.\n"
    return text


def _decision(decision: Decision, policy: Policy, title: str) -> list[str]:
    """The table of one candidate, what each line of it means, and what to do now."""
    lines = ["", f"#### {_MARKS[decision.verdict]} {escape.markdown(title)}", ""] if title else []
    lines += table(decision, policy).render("markdown").split("\n")[2:]
    for one in decision.findings:
        warning = one.verdict is Verdict.FAIL and one.tier is Tier.INFORMATIVE
        mark = _WARNING if warning else _MARKS[one.verdict]
        lines.append(f"- {mark} **{escape.markdown(one.subject)}**: {escape.markdown(one.message)}")
    lines += [f"- note: {escape.markdown(line)}" for line in decision.notes]
    return lines + [f"- now: {escape.markdown(line)}" for line in decision.advice]


def _blame(finding: Finding, title: str) -> str:
    """The utterances that got worse as a table that opens on a click; nothing where there are none."""
    if not finding.blame:
        return ""
    metric, of = metric_of(finding), f" ({escape.html_in_markdown(title)})" if title else ""
    lines = [
        "",
        f"<details><summary>Utterances that got worse on {escape.html_in_markdown(finding.subject)}{of}</summary>",
        "",
        f"| utterance | more {metric.counted[1]} | {unit_of_change(metric)} | reference | baseline | run |",
        "|:--|--:|--:|:--|:--|:--|",
    ]
    for blame in finding.blame:
        texts = [escape.markdown(text) for text in excerpts(blame)]
        part = f"{metric.scale * blame.contribution:+.3f}"
        cells = [escape.markdown(blame.id), f"{blame.more_errors:,.10g}", part, *texts]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "</details>"]) + "\n"
