"""The gate against published figures: no utterances to pair, so our interval alone decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.gate.decide import conclude, judge
from harness.gate.findings import Finding, Reason, Side, Verdict
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.intervals import Interval, wer_interval
from harness.scoring.significance import Difference
from harness.scoring.student_t import upper_tail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.gate.findings import Benchmark, Decision
    from harness.gate.policy import Policy, Rule

NAME = "published"
"""What stands for the published figures on the command line."""


def figures_of(model: str, profile: str | None) -> dict[str, tuple[float, str]]:
    """The newest published WER of a model for each benchmark under these rules, as a fraction, and its source."""
    from harness.reporting.published import find

    found: dict[str, tuple[float, str]] = {}
    for figure in find(model, metric="wer", profile=profile):
        if figure.benchmark is not None and figure.benchmark != "average":
            found.setdefault(figure.benchmark, (figure.rate, figure.source))
    return found


def decide_published(run: Side, figures: Mapping[str, tuple[float, str]], policy: Policy) -> Decision:
    """Compares each benchmark of a run with its published WER.

    A benchmark without a published figure under the run's rules is INCONCLUSIVE, as is a run without transcripts.

    Args:
        run: what is judged.
        figures: benchmark to WER (a fraction) and source.
        policy: margins and tiers; averages and speed are not compared.
    """
    findings = []
    if not run.benchmarks or not run.complete:
        what = "holds no transcripts" if not run.benchmarks else "did not go to its end"
        findings.append(_problem("run", Reason.INCOMPLETE, f"the run {run.name} {what}"))
    findings += [_benchmark(one, figures.get(one.name), policy, run.profile) for one in run.benchmarks.values()]
    return conclude(findings, run, None, policy)


def _problem(subject: str, reason: Reason, message: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.INCONCLUSIVE, reason=reason, message=message)


def _benchmark(one: Benchmark, figure: tuple[float, str] | None, policy: Policy, profile: str | None) -> Finding:
    if not one.units or one.failed or (one.expected is not None and one.utterances != one.expected):
        message = f"{one.utterances:,} of {one.expected or 'its'} utterances, {one.failed:,} failed"
        return _problem(one.name, Reason.INCOMPLETE, message)
    if one.drift:
        return _problem(one.name, Reason.OTHER_DATA, f"the data is not what is locked: {one.drift[0]}")
    if figure is None:
        return _problem(one.name, Reason.NO_BASELINE, f"nothing is published of it under {profile or 'these rules'}")
    rate = sum((unit.counts for unit in one.units), ErrorCounts()).rate
    if rate is None:
        return _problem(one.name, Reason.NO_WORDS, "there are no reference words, so there is no error rate")
    errors, words = ([getattr(unit.counts, key) for unit in one.units] for key in ("errors", "words"))
    interval = wer_interval(errors, words, [unit.session for unit in one.units], level=1 - policy.alpha)
    change = None if interval is None else _shifted(interval, rate, figure[0], 1 - policy.alpha)
    return _finding(one, policy.rule(one.name), rate, figure, change)


def _finding(one: Benchmark, rule: Rule, rate: float, figure: tuple[float, str], change: Difference | None) -> Finding:
    verdict = judge(change, rule.margin, changed=1)
    where = {Verdict.PASS: "at or below", Verdict.FAIL: "above", Verdict.INCONCLUSIVE: "around"}[verdict]
    message = f"the interval is {where} the margin of {100 * rule.margin:g} points; published by {figure[1]}"
    enough = None
    if change is None:
        message = f"under five sessions there is no interval to decide by; published by {figure[1]}"
    elif verdict is Verdict.INCONCLUSIVE:
        enough = change.enough_utterances(rule.margin, len(one.units))
    return Finding(
        subject=one.name,
        verdict=verdict,
        reason=Reason.COMPARED if change else Reason.FEW_SESSIONS,
        message=message,
        tier=rule.tier,
        margin=rule.margin,
        before=figure[0],
        after=rate,
        change=change,
        utterances=len(one.units),
        changed=len(one.units),
        enough=enough,
    )


def _shifted(interval: Interval, rate: float, figure: float, level: float) -> Difference:
    """Our rate's interval as one of its difference to a number that is taken as exact."""
    value, error = rate - figure, interval.standard_error
    p = min(1.0, 2 * upper_tail(abs(value) / error, interval.degrees)) if error else float(value == 0)
    ends = (interval.low - figure, interval.high - figure)
    return Difference(value, *ends, p, error, interval.degrees, interval.sessions, level)
