"""How one number of a run is judged: its difference from the baseline's, held against a margin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.amounts import amount
from harness.gating.baseline import directory_of, incomplete, measures_less
from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Rule, Tier
from harness.scoring.metrics import get_metric
from harness.scoring.significance import enough_utterances, holm, turned
from harness.version import program

if TYPE_CHECKING:
    from harness.gating.pair import Pair
    from harness.gating.sides import Side
    from harness.records.policy import Policy
    from harness.records.statistics import Difference
    from harness.scoring.metrics import Metric

SESSION = ": session "
"""In the subject of a finding on one session alone."""

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
    if metric.unit.startswith("a "):  # a thousand words
        return f"{metric.counted[1]} {metric.unit}"
    return "points" if metric.resampled or metric.unit in {"percent", "0 to 100"} else metric.unit


def judged(
    subject: str, metric: Metric, rule: Rule, worse: Difference | None, *, changed: int, utterances: int
) -> Finding:
    """The verdict on how much worse the run is, in words too."""
    verdict = judge(worse, rule.margin, changed=changed)
    reason = Reason.UNCHANGED if changed == 0 else Reason.COMPARED if worse else Reason.FEW_SESSIONS
    margin, enough = f"the margin of {metric.scale * rule.margin:g} {unit_of_change(metric)}", None
    message = f"{changed:,} of {amount(utterances, 'utterance')} changed; "
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


def with_worse(findings: Sequence[Finding], alpha: float) -> list[Finding]:
    """The findings, each with whether the run is worse at all.

    One-sided tests of the differences, Holm's correction over them: a suite of many benchmarks is called worse by
    chance as seldom as one. Where there is no interval, the values themselves answer.
    """
    tested = [one for one in findings if one.change is not None and one.changed and SESSION not in one.subject]
    p_values = holm([_p_worse(one) for one in tested])
    worse = {id(one): p is not None and p <= alpha for one, p in zip(tested, p_values, strict=True)}
    return [replace(one, worse=worse.get(id(one), _higher(one))) for one in findings]


def _p_worse(finding: Finding) -> float:
    """Of the one-sided test that the run is worse."""
    assert finding.change is not None
    sign = 1 if get_metric(finding.metric or "wer").better == "lower" else -1
    p = finding.change.p
    return p / 2 if sign * finding.change.value > 0 else 1 - p / 2


def _higher(finding: Finding) -> bool | None:
    """Whether the run's value is the worse one; None where one of them is not known, or it is a speed."""
    if finding.before is None or finding.after is None or finding.subject == "speed":
        return None
    return (finding.after > finding.before) == (get_metric(finding.metric or "wer").better == "lower") and (
        finding.after != finding.before
    )


def _accept(run: Side, baseline: Side) -> str:
    """How a run becomes the baseline: of a folder of baselines, if that is where the other one is from."""
    record, old = run.system.run, baseline.system.run
    how = "to accept the run as the new baseline: "
    if record is None:
        return f"{how}predictions of others are one as they are, {join(['--baseline', run.name])}"
    lines = dict.fromkeys(record.benchmarks, 0)
    for one in run.system.benchmarks:
        lines[one.measured_as] += len(one.rows)
    kept_in = directory_of(Path(baseline.name), run.system.suite, baseline.system.model)
    why = incomplete(record, lines) or (measures_less(record, old) if old is not None and kept_in is not None else None)
    if why is not None:
        return f"the run cannot become the baseline as it is: {why}"
    words = ["baseline", "update" if kept_in else "save", run.name, *run.repeats]
    words += ["--dir", str(kept_in)] if kept_in else []
    words += ["--candidate-of", baseline.system.model] if kept_in and baseline.system.model != run.system.model else []
    return f"{how}{program()} {join(words)}"


def how_to_save(run: Side, directory: Path | None = None) -> str:
    """What makes a baseline where there is none.

    Args:
        run: what was to be judged.
        directory: the folder of baselines that was looked into.
    """
    if run.system.run is None:
        return "give earlier predictions of the same utterances with --baseline"
    words = ["--dir", str(directory)] if directory is not None else []
    return f"make one with `{program()} {join(['baseline', 'save', run.name, *words])}`"


def _listen(run: Side, baseline: Side, policy: Policy) -> str:
    """The command that makes the page of both.

    A run of ours beside transcripts that need their reference is read by the gate alone, which makes the page too.
    """
    ours = [side.system.run is not None for side in (run, baseline)]
    of_others = {"--reference", "--format"}
    flags = [
        word for flag, value in run.flags.items() if not (all(ours) and flag in of_others) for word in (flag, value)
    ]
    if "--reference" in flags and any(ours):
        words = ["gate", run.name, "--baseline", baseline.name, *flags, "--page", "gate-report"]
    else:
        metrics = [word for name in policy.metrics for word in ("--metric", name)]
        words = ["report", baseline.name, run.name, *flags, *metrics, "--out", "gate-report"]
    return f"listen to what changed: {program()} {join(words)}"


def advice(findings: Sequence[Finding], run: Side, baseline: Side | None, policy: Policy) -> tuple[str, ...]:
    """What to do now, one sentence each."""
    said = []
    failed = [one for one in findings if one.verdict is Verdict.FAIL]
    decisive = any(one.tier is not Tier.INFORMATIVE for one in failed)
    if baseline is not None and (decisive or any(SESSION in one.subject for one in failed)):
        said.append(_listen(run, baseline, policy))
    if baseline is not None and decisive:
        said.append(_accept(run, baseline))
    for one in findings:
        if one.verdict is not Verdict.INCONCLUSIVE or one.tier is Tier.INFORMATIVE or one.change is None:
            continue
        state = "worse than the baseline" if one.worse else "not shown to be worse than the baseline"
        more = f"about {one.enough:,} such utterances would tell (there are {one.utterances:,})" if one.enough else ""
        passes = (
            ' (it passes: inconclusive = "unless worse")'
            if policy.inconclusive == "unless worse" and not one.worse
            else ""
        )
        said.append(
            f"{one.subject} is {state}{passes}" + (f"; whether by more than the margin, {more}" if more else "")
        )
    if any(one.reason is Reason.FEW_SESSIONS and one.verdict is Verdict.INCONCLUSIVE for one in findings):
        said.append(
            "data of at least five sessions (speakers, calls) that have something to count is needed for an interval; "
            "where sessions are not named yet, a column session names them"
        )
    return tuple(said)
