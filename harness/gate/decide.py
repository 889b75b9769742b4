"""The gate's decision: PASS, FAIL or INCONCLUSIVE for each benchmark, the average and speed. Values in, values out.

What is compared is the union of the benchmarks of both sides. Whatever cannot be compared has a finding of its own, and
no such finding passes: a gate that is green because nothing was there is worse than none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from harness.errors import ExitStatus
from harness.gate.findings import STRUCTURAL, Benchmark, Blame, Decision, Finding, Reason, Side, Unit, Verdict
from harness.gate.policy import Policy, Rule, Tier
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.significance import Counts, Difference, average_difference, difference
from harness.version import program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MIN_REPEATS = 3
"""With fewer measurements of speed on one of the sides its verdict is informative."""


def decide(run: Side, baseline: Side | None, policy: Policy, *, blamed: int = 10) -> Decision:
    """Compares a run with its baseline.

    Args:
        run: what is judged.
        baseline: what it is held against; None where there is none, which is INCONCLUSIVE.
        policy: what is asked.
        blamed: how many utterances to name for each benchmark that got worse.
    """
    if baseline is None:
        message = f"there is no baseline; make one with `{program()} baseline save RUN`"
        findings = [_run(Reason.NO_BASELINE, message)]
        return Decision(findings, ExitStatus.INCONCLUSIVE, run, None, policy)
    findings = _whole(run, baseline)
    names = dict.fromkeys([*baseline.benchmarks, *run.benchmarks])
    pairs: list[_Pair] = []
    comparable = not any(finding.reason is Reason.OTHER_PROFILE for finding in findings)
    for name in names:
        found = _pair(name, run.benchmarks.get(name), baseline.benchmarks.get(name), policy.rule(name).tier)
        if isinstance(found, Finding):
            findings.append(found)
        elif comparable:
            pairs.append(found)
            findings.append(_benchmark(found, policy, blamed))
    if not pairs:
        findings.append(_run(Reason.NOTHING_COMPARED, "no benchmark of the run could be compared with the baseline"))
    elif len(names) > 1:
        findings.append(_average(pairs, len(names), policy))
    findings.append(_speed(run, baseline, policy))
    return conclude(findings, run, baseline, policy)


def conclude(findings: Sequence[Finding], run: Side, baseline: Side | None, policy: Policy) -> Decision:
    """The decision that follows from all findings; without any it is INCONCLUSIVE."""
    status = _status(findings, policy) if findings else ExitStatus.INCONCLUSIVE
    return Decision(findings, status, run, baseline, policy)


def judge(change: Difference | None, margin: float, *, changed: int) -> Verdict:
    """The verdict on a WER difference (run minus baseline, as a fraction).

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


@dataclass(frozen=True, slots=True)
class _Pair:
    """A benchmark on both sides, the units of both in the same order."""

    name: str
    run: Sequence[Unit]
    baseline: Sequence[Unit]

    @property
    def changed(self) -> int:
        return sum(new.counts != old.counts for new, old in zip(self.run, self.baseline, strict=True))

    def statistics(self) -> tuple[Counts, Counts, list[str | None]]:
        return _counts(self.run), _counts(self.baseline), [unit.session for unit in self.run]


def _counts(units: Sequence[Unit]) -> Counts:
    return Counts([unit.counts.errors for unit in units], [unit.counts.words for unit in units])


def _rate(units: Sequence[Unit]) -> float | None:
    return sum((unit.counts for unit in units), ErrorCounts()).rate


def _run(reason: Reason, message: str) -> Finding:
    return Finding(subject="run", verdict=Verdict.INCONCLUSIVE, reason=reason, message=message)


def _whole(run: Side, baseline: Side) -> list[Finding]:
    """What can be said before any benchmark is looked at."""
    findings = []
    if run.profile != baseline.profile and None not in {run.profile, baseline.profile}:
        message = (
            f"the run is for profile {run.profile}, the baseline for {baseline.profile}; make a new baseline, or "
            "score both under the same rules with --profile"
        )
        findings.append(_run(Reason.OTHER_PROFILE, message))
    for side, what in ((run, "run"), (baseline, "baseline")):
        if not side.benchmarks:
            findings.append(_run(Reason.INCOMPLETE, f"the {what} {side.name} holds no transcripts at all"))
        elif not side.complete:
            message = f"the {what} {side.name} did not go to its end; repeat its command, which goes on where it was"
            findings.append(_run(Reason.INCOMPLETE, message))
    return findings


def _pair(name: str, run: Benchmark | None, baseline: Benchmark | None, tier: Tier) -> _Pair | Finding:
    """The benchmark's units side by side, or why that cannot be."""

    def problem(reason: Reason, message: str) -> Finding:
        return Finding(subject=name, verdict=Verdict.INCONCLUSIVE, reason=reason, message=message, tier=tier)

    if run is None:
        return problem(Reason.MISSING, "the baseline has it, the run does not")
    if baseline is None:
        return problem(Reason.EXTRA, "the run has it, the baseline does not; save a new baseline")
    unusable = _unusable(run, "run") or _unusable(baseline, "baseline")
    if unusable:
        return problem(*unusable)
    if run.revision != baseline.revision and None not in {run.revision, baseline.revision}:
        return problem(Reason.OTHER_REVISION, f"data revision {run.revision}, the baseline's is {baseline.revision}")
    return _paired(name, run, baseline, problem)


def _unusable(side: Benchmark, what: str) -> tuple[Reason, str] | None:
    """Why a benchmark of one side cannot be compared with anything, or None."""
    if not side.units:
        return Reason.INCOMPLETE, f"the {what} has no transcript of it"
    if side.failed:
        return Reason.INCOMPLETE, f"{side.failed:,} utterances of the {what} have no transcript"
    if side.expected is not None and side.utterances != side.expected:
        return Reason.INCOMPLETE, f"the {what} has {side.utterances:,} of {side.expected:,} utterances"
    if side.drift:
        return Reason.OTHER_DATA, f"the {what}'s data is not what is locked: {side.drift[0]}"
    return None


def _paired(
    name: str, run: Benchmark, baseline: Benchmark, problem: Callable[[Reason, str], Finding]
) -> _Pair | Finding:
    """Units of the same id and reference, or the first that has no counterpart."""
    old = _by_id(baseline.units)
    new = _by_id(run.units)
    lost, added = [key for key in old if key not in new], [key for key in new if key not in old]
    if lost:
        message = f"the run lacks {len(lost):,} of the baseline's {len(old):,} utterances, such as {lost[0][0]!r}"
        return problem(Reason.INCOMPLETE, message)
    if added:
        message = f"the run has {len(added):,} utterances that the baseline lacks, such as {added[0][0]!r}"
        return problem(Reason.OTHER_DATA, message)
    changed = [key for key in old if old[key].reference != new[key].reference]
    if changed:
        message = f"{len(changed):,} references differ from the baseline's, such as that of {changed[0][0]!r}"
        return problem(Reason.OTHER_DATA, message)
    pair = _Pair(name, [new[key] for key in old], list(old.values()))
    if _rate(pair.run) is None or _rate(pair.baseline) is None:
        return problem(Reason.NO_WORDS, "there are no reference words, so there is no error rate")
    return pair


def _by_id(units: Sequence[Unit]) -> dict[tuple[str, int], Unit]:
    """Units by id; where an id occurs again (others' predictions), by its place among its equals."""
    found: dict[tuple[str, int], Unit] = {}
    times: dict[str, int] = {}
    for unit in units:
        times[unit.id] = times.get(unit.id, -1) + 1
        found[unit.id, times[unit.id]] = unit
    return found


def _benchmark(pair: _Pair, policy: Policy, blamed: int) -> Finding:
    """The verdict on one benchmark."""
    change = difference(*pair.statistics(), level=1 - policy.alpha)
    found = _wer(pair.name, policy.rule(pair.name), change, changed=pair.changed, utterances=len(pair.run))
    blame = () if found.verdict is Verdict.PASS else _blame(pair, blamed)
    return replace(found, before=_rate(pair.baseline), after=_rate(pair.run), blame=blame)


def _wer(subject: str, rule: Rule, change: Difference | None, *, changed: int, utterances: int) -> Finding:
    """The verdict on a WER difference, in words too."""
    verdict = judge(change, rule.margin, changed=changed)
    reason = Reason.UNCHANGED if changed == 0 else Reason.COMPARED if change else Reason.FEW_SESSIONS
    margin, enough = f"the margin of {100 * rule.margin:g} points", None
    message = f"{changed:,} of {utterances:,} utterances changed; "
    if reason is Reason.UNCHANGED:
        message = f"no utterance's counts changed, of {utterances:,}"
    elif change is None:
        message += "under five sessions there is no interval to decide by"
    elif verdict is Verdict.PASS:
        message += f"the interval is at or below {margin}"
    elif verdict is Verdict.FAIL:
        message += f"the whole interval is above {margin}"
    else:
        enough = change.enough_utterances(rule.margin, utterances)
        more = f"about {enough:,} utterances would be enough" if enough else "the difference lies on the margin itself"
        message += f"the interval holds {margin}; {more}"
    return Finding(
        subject=subject,
        verdict=verdict,
        reason=reason,
        message=message,
        tier=rule.tier,
        margin=rule.margin,
        change=change,
        utterances=utterances,
        changed=changed,
        enough=enough,
    )


def _blame(pair: _Pair, most: int) -> list[Blame]:
    """The utterances with the most new errors."""
    words = sum(unit.counts.words for unit in pair.run)
    worse = [
        (new.counts.errors - old.counts.errors, new, old)
        for new, old in zip(pair.run, pair.baseline, strict=True)
        if new.counts.errors > old.counts.errors
    ]
    worse.sort(key=lambda item: (-item[0], item[1].id))
    return [
        Blame(new.id, more, more / words, new.reference, old.hypothesis, new.hypothesis)
        for more, new, old in worse[:most]
    ]


def _average(pairs: Sequence[_Pair], benchmarks: int, policy: Policy) -> Finding:
    """The verdict on the plain mean over benchmarks."""
    rule = policy.average
    if len(pairs) < benchmarks:
        return Finding(
            subject="average",
            verdict=Verdict.INCONCLUSIVE,
            reason=Reason.INCOMPLETE,
            message=f"only {len(pairs)} of {benchmarks} benchmarks could be compared",
            tier=rule.tier,
        )
    changed = sum(pair.changed for pair in pairs)
    utterances = sum(len(pair.run) for pair in pairs)
    change = average_difference([pair.statistics() for pair in pairs], level=1 - policy.alpha)
    before, after = [_rate(pair.baseline) or 0.0 for pair in pairs], [_rate(pair.run) or 0.0 for pair in pairs]
    found = _wer("average", rule, change, changed=changed, utterances=utterances)
    return replace(found, before=sum(before) / len(before), after=sum(after) / len(after))


def _speed(run: Side, baseline: Side, policy: Policy) -> Finding:
    """The verdict on RTFx: the median of the repeats, on the same hardware."""
    rule = policy.speed
    new, old = [_speeds(side) for side in (run, baseline)]
    if not new or not old:
        which = "run" if not new else "baseline"
        message = f"the {which} has no {policy.measure}"
        return _no_speed(Reason.NOT_MEASURED, message)
    if run.hardware is None or run.hardware != baseline.hardware:
        here, there = (side.hardware or "unknown hardware" for side in (run, baseline))
        message = f"measured on {here}, the baseline on {there}"
        return _no_speed(Reason.OTHER_HARDWARE, message)
    before, after = median(old), median(new)
    few = min(len(new), len(old))
    slower = 1 - after / before
    verdict = Verdict.FAIL if slower > rule.margin else Verdict.PASS
    word = f"{100 * abs(slower):.1f} % {'slower' if slower > 0 else 'faster'}"
    word += f"; up to {100 * rule.margin:g} % slower is allowed"
    if few < MIN_REPEATS:
        word += f"; informative: {few} repeat{'s' if few > 1 else ''}, {MIN_REPEATS} are needed to decide"
    return Finding(
        subject="speed",
        verdict=verdict,
        reason=Reason.COMPARED,
        message=word,
        tier=rule.tier if few >= MIN_REPEATS else Tier.INFORMATIVE,
        margin=rule.margin,
        before=before,
        after=after,
        counts=few >= MIN_REPEATS,
    )


def _speeds(side: Side) -> list[float]:
    return [value for value in side.rtfx if math.isfinite(value) and value > 0]


def _no_speed(reason: Reason, message: str) -> Finding:
    return Finding(
        subject="speed",
        verdict=Verdict.INCONCLUSIVE,
        reason=reason,
        message=f"not compared: {message}",
        tier=Tier.INFORMATIVE,
        counts=False,
    )


def effect(finding: Finding, policy: Policy) -> ExitStatus:
    """What one finding alone would do to the exit status."""
    if finding.reason in STRUCTURAL:
        return ExitStatus.INCONCLUSIVE
    if not finding.counts or finding.tier is Tier.INFORMATIVE or finding.verdict is Verdict.PASS:
        return ExitStatus.GOOD
    if finding.tier is Tier.SHOULD:
        return ExitStatus.INCONCLUSIVE if finding.verdict is Verdict.FAIL else ExitStatus.GOOD
    if finding.verdict is Verdict.FAIL:
        return ExitStatus.REGRESSION
    return {
        "inconclusive": ExitStatus.INCONCLUSIVE,
        "pass": ExitStatus.GOOD,
        "fail": ExitStatus.REGRESSION,
    }[policy.inconclusive]


def _status(findings: Sequence[Finding], policy: Policy) -> ExitStatus:
    effects = {effect(finding, policy) for finding in findings}
    for status in (ExitStatus.REGRESSION, ExitStatus.INCONCLUSIVE):
        if status in effects:
            return status
    return ExitStatus.GOOD
