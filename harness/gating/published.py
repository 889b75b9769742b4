"""The gate against published figures: no utterances to pair, so our interval alone decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.gating.decide import begun, conclude, nowhere, usable
from harness.gating.judge import judged, problem
from harness.records.decision import Decision, Finding, Reason, Verdict
from harness.records.statistics import Difference, Interval
from harness.reporting.published import lacking
from harness.scoring.intervals import detectable, wer_interval
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import as_counts
from harness.scoring.student_t import upper_tail

if TYPE_CHECKING:
    from harness.gating.sides import Side
    from harness.records.policy import Policy

NAME = "published"
"""What stands for the published figures on the command line."""


def figures_of(model: str, profile: str) -> dict[str, tuple[float, str]]:
    """The newest published WER of a model for each benchmark under these rules, as a fraction, and its source."""
    from harness.reporting.published import find

    figures = find(model, metric="wer", profile=profile)
    named = [(figure.benchmark, figure) for figure in reversed(figures) if figure.benchmark]
    return {name: (figure.rate, figure.source) for name, figure in named if name != "average"}


def decide_published(run: Side, figures: Mapping[str, tuple[float, str]], policy: Policy) -> Decision:
    """Compares each benchmark of a run with its published WER.

    A benchmark without a published figure under the run's rules is INCONCLUSIVE, as is a run without transcripts.

    Args:
        run: what is judged.
        figures: benchmark to WER (a fraction) and source.
        policy: margins and tiers; averages and speed are not compared.
    """
    findings = [*begun(run, "run"), *(_benchmark(name, run, figures.get(name), policy) for name in run.scored)]
    for name, table in policy.metrics.items():
        message = "not compared: nothing is published of it"
        findings.append(problem(get_metric(name).title, Reason.NOT_MEASURED, message, tier=table.tier))
    findings += nowhere(policy, run.scored)
    return conclude(findings, run, None, policy)


def _benchmark(name: str, run: Side, figure: tuple[float, str] | None, policy: Policy) -> Finding:
    scored = usable(name, run, "run")
    if isinstance(scored, tuple):
        return problem(name, *scored)
    if figure is None:
        return problem(name, Reason.NO_BASELINE, f"nothing is published of it under {run.profile.name}")
    if other := lacking(name, run.rows(name), run.system.suite):
        return problem(name, Reason.OTHER_DATA, f"the run has {other}, and the published figure is of all")
    counts = as_counts(scored.kept())
    if counts.rate is None:
        return problem(name, Reason.NO_WORDS, "there are no reference words, so there is no error rate")
    sessions = [row.session for row in scored.units.rows]
    interval = wer_interval(counts.errors, counts.words, sessions, level=1 - policy.alpha)
    change = None if interval is None else _shifted(interval, counts.rate, figure[0], 1 - policy.alpha)
    found = judged(name, get_metric("wer"), policy.rule(name), change, changed=len(sessions), utterances=len(sessions))
    where = {Verdict.PASS: "at or below", Verdict.FAIL: "above", Verdict.INCONCLUSIVE: "around"}[found.verdict]
    message = f"the interval is {where} the margin of {100 * policy.rule(name).margin:g} points"
    if change is None:
        message = "under five sessions there is no interval to decide by"
    if interval is not None and found.verdict is Verdict.INCONCLUSIVE:
        found = replace(
            found, enough=_enough(interval, counts.rate, figure[0] + policy.rule(name).margin, len(sessions))
        )
    return replace(found, before=figure[0], after=counts.rate, message=f"{message}; published by {figure[1]}")


def _enough(interval: Interval, rate: float, limit: float, utterances: int) -> int | None:
    """How many such utterances would put the whole interval on one side of a rate, on the interval's own scale.

    That is the logarithm of the rate, of which the width falls with the root of the number; without an error it is the
    upper end that falls with the number itself.
    """
    if rate == 0:
        return math.ceil(utterances * interval.high / limit) if limit > 0 else None
    distance = abs(math.log(rate / limit)) if limit > 0 else 0.0
    half_width = math.log(interval.high / rate)
    return math.ceil(utterances * (half_width / distance) ** 2) if distance else None


def _shifted(interval: Interval, rate: float, figure: float, level: float) -> Difference:
    """Our rate's interval as one of its difference to a number that is taken as exact."""
    value, error = rate - figure, interval.standard_error
    return Difference(
        value=value,
        low=interval.low - figure,
        high=interval.high - figure,
        p=min(1.0, 2 * upper_tail(abs(value) / error, interval.degrees)) if error else float(value == 0),
        standard_error=error,
        degrees=interval.degrees,
        sessions=interval.sessions,
        level=level,
        method=interval.method,
        smallest_difference=detectable(error, interval.degrees, level),
    )
