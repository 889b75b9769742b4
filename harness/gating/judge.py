"""How one number of a run is judged: its difference from the baseline's, held against a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Rule, Tier
from harness.scoring.significance import enough_utterances, turned

if TYPE_CHECKING:
    from harness.gating.pair import Pair
    from harness.records.statistics import Difference
    from harness.scoring.metrics import Metric

BLAMED = 10
"""Utterances that are named for each benchmark that got worse."""


def judge(change: Difference | None, margin: float, *, changed: int) -> Verdict:
    """The verdict on how much worse a run is (a fraction for rates).

    PASS where no utterance's counts changed or the whole interval is at or below the margin, FAIL where the whole
    interval is above it, else INCONCLUSIVE.
    """
    if changed == 0:
        return Verdict.PASS
    if change is None:
        return Verdict.INCONCLUSIVE
    if change.high <= margin:
        return Verdict.PASS
    return Verdict.FAIL if change.low > margin else Verdict.INCONCLUSIVE


def problem(subject: str, reason: Reason, message: str, *, tier: Tier = Tier.MUST) -> Finding:
    """The finding that something cannot be compared."""
    return Finding(subject=subject, verdict=Verdict.INCONCLUSIVE, reason=reason, message=message, tier=tier)


def compared(subject: str, pair: Pair, rule: Rule, alpha: float) -> Finding:
    """The verdict on one number of one benchmark."""
    worse = pair.worse_by(1 - alpha)
    found = judged(subject, pair.metric, rule, worse, changed=pair.changed, utterances=len(pair.rows))
    return replace(
        found,
        before=pair.before.rate,
        after=pair.after.rate,
        change=turned(worse) if worse and pair.metric.better == "higher" else worse,
        blame=() if found.verdict is Verdict.PASS else pair.blame(BLAMED),
    )


def unit_of_change(metric: Metric) -> str:
    """What differences of a metric are told in."""
    return "points" if metric.unit == "percent" else metric.unit


def judged(
    subject: str, metric: Metric, rule: Rule, worse: Difference | None, *, changed: int, utterances: int
) -> Finding:
    """The verdict on how much worse the run is, in words too."""
    verdict = judge(worse, rule.margin, changed=changed)
    reason = Reason.UNCHANGED if changed == 0 else Reason.COMPARED if worse else Reason.FEW_SESSIONS
    margin, enough = f"the margin of {metric.scale * rule.margin:g} {unit_of_change(metric)}", None
    message = f"{changed:,} of {utterances:,} utterances changed; "
    if reason is Reason.UNCHANGED:
        message = f"no utterance's counts changed, of {utterances:,}"
    elif worse is None:
        message += "under five sessions there is no interval to decide by"
    elif verdict is Verdict.PASS:
        message += f"the interval is at or below {margin}"
    elif verdict is Verdict.FAIL:
        message += f"the whole interval is above {margin}"
    else:
        enough = enough_utterances(worse, rule.margin, utterances)
        more = f"about {enough:,} utterances would be enough" if enough else "the difference lies on the margin itself"
        message += f"the interval holds {margin}; {more}"
    return Finding(
        subject=subject,
        metric=metric.name,
        verdict=verdict,
        reason=reason,
        message=message,
        tier=rule.tier,
        margin=rule.margin,
        change=worse,
        utterances=utterances,
        changed=changed,
        enough=enough,
    )
