"""Translations: BLEU and its like, which have no word errors, judged by drawing sessions anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.gating.judge import judged, problem
from harness.records.decision import Finding, Reason
from harness.records.policy import Rule
from harness.scoring import resampling
from harness.scoring.metrics import get_metric
from harness.scoring.resampled import paired_parts
from harness.scoring.significance import turned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.records.policy import Policy
    from harness.scoring.pairing import PairedBenchmark

MAIN = "bleu"
"""What is judged where the policy names none of the scores: with its margin of word error rates, in points of BLEU."""


def judge_translations(paired: PairedBenchmark, policy: Policy) -> Iterator[Finding]:
    """The verdicts on a benchmark of translations, of which the first system is the baseline, the second the run."""
    rule = policy.rule(paired.benchmark)
    margins = {name: Rule(table.margin, table.tier) for name, table in policy.metrics.items()}
    asked = {name: one for name, one in margins.items() if get_metric(name).resampled}
    utterances = [scored.utterances() for scored in paired.scored]
    for name, limit in (asked or {MAIN: Rule(100 * rule.margin, rule.tier)}).items():
        metric, subject = get_metric(name), f"{paired.benchmark}: {get_metric(name).title}"
        (old, new), sessions, reason = paired_parts(paired, metric, utterances)
        if not sessions:
            yield problem(subject, Reason.NOT_MEASURED, f"not scored: {reason}", tier=limit.tier)
            continue
        sides = (old, new) if metric.better == "higher" else (new, old)
        worse = resampling.difference(*sides, sessions, metric.value, 1 - policy.alpha)
        changed = sum(one.hypothesis != other.hypothesis for one, other in zip(*map(paired.rows, (0, 1)), strict=True))
        found = judged(subject, metric, limit, worse, changed=changed, utterances=len(sessions))
        before, after = (metric.value(tuple(map(sum, zip(*side, strict=True)))) for side in (old, new))
        change = turned(worse) if worse and metric.better == "higher" else worse
        yield replace(found, before=before, after=after, change=change)
