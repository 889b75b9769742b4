"""The gate's decision: PASS, FAIL or INCONCLUSIVE for each benchmark, the average and speed. Values in, values out.

What is compared is the union of the benchmarks of both sides. Whatever cannot be compared has a finding of its own, and
no such finding passes: a gate that is green because nothing was there is worse than none.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.registry import datasets
from harness.amounts import amount
from harness.errors import ExitStatus, nearest
from harness.gating import guards
from harness.gating.judge import BLAMED, advice, compared, how_to_save, judged, problem, with_worse
from harness.gating.pair import Pair, pair_metric, pair_rates
from harness.gating.references import NAMED, more_errors, named, too_many
from harness.gating.silence import silence
from harness.gating.slices import judged_slices
from harness.gating.translations import judge_translations, slices_of_translations
from harness.gating.worse_sessions import worse_sessions
from harness.records.decision import STRUCTURAL, Decision, Finding, Reason, Verdict
from harness.records.packed import SUFFIX
from harness.records.policy import Policy, Rule, Tier
from harness.scoring.average import averaging
from harness.scoring.losses import Losses, losses
from harness.scoring.matching import keys_of, match
from harness.scoring.metrics import get_metric
from harness.scoring.pairing import PairedBenchmark, pair_benchmarks, pair_rest
from harness.scoring.significance import average_difference

if TYPE_CHECKING:
    from pathlib import Path

    from harness.gating.sides import Side
    from harness.scoring.scored import Scored

MIN_REPEATS = 3
"""With fewer measurements of speed on one of the sides its verdict is informative."""


def decide(run: Side, baseline: Side | None, policy: Policy, *, directory: Path | None = None) -> Decision:
    """Compares a run with its baseline.

    Args:
        run: what is judged.
        baseline: what it is held against; None where there is none, which is INCONCLUSIVE.
        policy: what is asked.
        directory: folder of saved baselines that has none of the run.
    """
    if baseline is None:
        empty = directory is not None and not any(directory.glob(f"*/*{SUFFIX}"))
        message = f"there is no baseline{f' in {directory} yet' if empty else ''}; {how_to_save(run, directory)}"
        return conclude([problem("run", Reason.NO_BASELINE, message)], run, None, policy)
    findings = [*begun(run, "run"), *begun(baseline, "baseline")]
    comparable = run.profile == baseline.profile
    if not comparable:
        message = f"the run is for profile {run.profile.name}, the baseline for {baseline.profile.name}; "
        message += "make a new baseline, or score both under the same rules with --profile"
        findings.insert(0, problem("run", Reason.OTHER_PROFILE, message))
    names = dict.fromkeys([*baseline.scored, *run.scored])
    paired: list[PairedBenchmark] = []
    translated = [name for name in names if _is_translated(name, run, baseline)]
    translations = [_translations(name, run, baseline, policy) for name in translated if comparable]
    of_each = ([one] if isinstance(one, Finding) else judge_translations(one, policy) for one in translations)
    findings += itertools.chain.from_iterable(of_each)
    pairs: list[Pair] = []
    for name in (one for one in names if one not in translated):
        tier = policy.rule(name).tier
        found = _paired(name, run, baseline, policy)
        if isinstance(found, tuple):
            findings.append(problem(name, *found, tier=tier))
            continue
        pair = pair_rates(found)
        if comparable and all(
            one.counted and not any(row.reference.strip() for row in one.units.rows) for one in found.scored
        ):
            paired.append(found)  # nothing is said in it: what is made up is judged below
        elif pair.before.rate is None or pair.after.rate is None:
            message = "there are no reference words, so there is no error rate"
            findings.append(problem(name, Reason.NO_WORDS, message, tier=tier))
        elif (nothing := guards.nothing_there(pair)) is not None:
            findings.append(problem(name, *nothing, tier=tier))
        elif comparable:
            paired.append(found)
            pairs.append(pair)
            whole = compared(name, pair, policy.rule(name), policy.alpha)
            findings.append(_with_unseen(whole, pair, found))
            findings += _left_out(name, found, pair, policy)
            if whole.verdict is not Verdict.FAIL:
                findings += _failed_more(name, run, baseline, tier)
            if whole.verdict is not Verdict.FAIL and tier is not Tier.INFORMATIVE:
                findings += worse_sessions(name, pair, policy.sessions)
    if not (paired or translated):
        message = "no benchmark of the run could be compared with the baseline"
        findings.append(problem("run", Reason.NOTHING_COMPARED, message))
    elif len(names) - len(translated) > 1:
        findings.append(_average(pairs, len(names) - len(translated), run, baseline, policy))
    also = [partial(slices_of_translations, one, policy) for one in translations if not isinstance(one, Finding)]
    findings += judged_slices(pairs, policy.slices, policy.alpha, also)
    findings += [*_metrics(paired, policy, translated=bool(translated)), *silence(paired, policy)]
    findings.append(_speed(run, baseline, policy))
    findings += nowhere(policy, names)
    return conclude(findings, run, baseline, policy)


def _is_translated(name: str, *sides: Side) -> bool:
    """Whether a side holds translations of a benchmark, which have no word errors."""
    held = (side.scored.get(name) for side in sides)
    return any(one is not None and one.target is not None for one in held)


def _translations(name: str, run: Side, baseline: Side, policy: Policy) -> PairedBenchmark | Finding:
    """Both sides of a benchmark of translations, or why they cannot be compared."""
    found = _paired(name, run, baseline, policy)
    tier = policy.rule(name).tier
    if isinstance(found, tuple):
        return problem(name, *found, tier=tier)
    if len({one.target for one in found.scored}) > 1:
        message = "one side is transcripts, or translated into another language than the other"
        return problem(name, Reason.OTHER_DATA, message, tier=tier)
    return found


def conclude(findings: Sequence[Finding], run: Side, baseline: Side | None, policy: Policy) -> Decision:
    """The decision that follows from all findings; without any it is INCONCLUSIVE."""
    findings = with_worse(findings, policy.alpha)
    effects = {effect(finding, policy) for finding in findings} or {ExitStatus.INCONCLUSIVE}
    order = (ExitStatus.REGRESSION, ExitStatus.INCONCLUSIVE, ExitStatus.GOOD)
    status = next(status for status in order if status in effects)
    verdicts = {ExitStatus.REGRESSION: Verdict.FAIL, ExitStatus.GOOD: Verdict.PASS}
    return Decision(
        verdict=verdicts.get(status, Verdict.INCONCLUSIVE),
        exit_status=status,
        run=run.record(),
        baseline=baseline.record() if baseline else None,
        profile=run.profile.name,
        findings=tuple(findings),
        notes=guards.notes(run, baseline),
        advice=advice(findings, run, baseline, policy),
    )


def begun(side: Side, what: str) -> Iterator[Finding]:
    """What is wrong with a whole side."""
    if not side.scored:
        yield problem("run", Reason.INCOMPLETE, f"the {what} {side.name} holds no transcripts at all")
    elif not side.complete and side.system.run and side.system.run.early and side.system.run.early.verdict:
        message = f"the {what} {side.name} was stopped early, since FAIL was certain (--gate-early); --early judges it"
        yield problem("run", Reason.INCOMPLETE, message)
    elif not side.complete:
        message = f"the {what} {side.name} did not go to its end; repeat its command, which goes on where it was"
        yield problem("run", Reason.INCOMPLETE, message)


def usable(name: str, side: Side, what: str) -> Scored | tuple[Reason, str]:
    """A benchmark of one side, or why it cannot be compared with anything."""
    scored, fact = side.scored[name], side.fact(name)
    if scored is None or not scored.units.rows:
        return Reason.INCOMPLETE, f"the {what} has no transcript of it"
    if scored.failed and not scored.predictions.scores_empty:
        one, several = f"utterance of the {what} has", f"utterances of the {what} have"
        return Reason.INCOMPLETE, f"{amount(scored.failed, one, several)} no transcript"
    if fact.expected not in {None, side.rows(name)}:
        there = f"{side.rows(name):,} of {amount(fact.expected or 0, 'utterance')}"
        return Reason.INCOMPLETE, f"the {what} has {there}"
    if (wrong := guards.miscounted(name, side)) is not None:
        return Reason.INCOMPLETE, f"the {what} {wrong}"
    if fact.drift:
        return Reason.OTHER_DATA, f"the {what}'s data is not what is locked: {fact.drift[0]}"
    return scored


def _paired(name: str, run: Side, baseline: Side, policy: Policy) -> PairedBenchmark | tuple[Reason, str]:
    """The baseline's and the run's utterances of a benchmark side by side, or why that cannot be."""
    if name not in run.scored:
        return Reason.MISSING, "the baseline has it, the run does not"
    if name not in baseline.scored:
        return Reason.EXTRA, "the run has it, the baseline does not; save a new baseline"
    new = usable(name, run, "run")
    if isinstance(new, tuple):
        return new
    old = usable(name, baseline, "baseline")
    if isinstance(old, tuple):
        return old
    revisions = run.fact(name).revision, baseline.fact(name).revision
    if revisions[0] != revisions[1] and None not in revisions:
        return Reason.OTHER_REVISION, "data revision {}, the baseline's is {}".format(*revisions)
    return _same_utterances(new, old, policy)


def _same_utterances(new: Scored, old: Scored, policy: Policy) -> PairedBenchmark | tuple[Reason, str]:
    before, after = old.units.rows, new.units.rows
    found = match(before, after)
    if len(found.missing):
        what = f"{len(found.missing):,} of the baseline's {amount(len(before), 'utterance')}"
        return Reason.INCOMPLETE, f"the run lacks {what}, such as {before[int(found.missing[0])].id!r}"
    if len(found.added):
        what = f"{amount(len(found.added), 'utterance')} that the baseline lacks"
        return Reason.OTHER_DATA, f"the run has {what}, such as {after[int(found.added[0])].id!r}"
    if len(found.changed) > policy.changed_references * len(before):
        return Reason.OTHER_DATA, too_many(keys_of(before, found.changed), len(before), policy.changed_references)
    if new.language != old.language:
        what = f"scored as {new.language!r}, the baseline's as {old.language!r}"
        return Reason.OTHER_DATA, f"{what}; --language overrides both"
    if len(found.changed):
        paired = pair_rest(old, new, found)
    else:
        paired = pair_benchmarks([[old], [new]], ["the baseline", "the run"])[0]
    other = guards.other_audio(paired.rows(0), paired.rows(1))
    return paired if other is None else (Reason.OTHER_DATA, other)


def nowhere(policy: Policy, names: Collection[str]) -> Iterator[Finding]:
    """What the policy has a rule for and nobody has, which decides nothing: a policy may be for several suites.

    A name that is near to one that is there, of which the policy says nothing, and that is no benchmark's is a slip.
    """
    stated = policy.wer.benchmarks
    for name in (one for one in stated if one not in names):
        near = [] if name in datasets() else nearest(name, (one for one in names if one not in stated))
        message = "neither the run nor the baseline has it, though the policy has a rule for it"
        message += f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        yield problem(name, Reason.NOT_MEASURED, message, tier=Tier.INFORMATIVE)


def _left_out(name: str, paired: PairedBenchmark, pair: Pair, policy: Policy) -> Iterator[Finding]:
    """That utterances which were left out, since their references changed, would have made the run worse.

    Whoever changes the references of what went wrong gets no PASS for it: against the references as they were, the run
    may not have more errors there than the margin allows the whole.
    """
    left, rule = paired.left_out(), policy.rule(name)
    more = more_errors(paired) if left else 0
    words = float(pair.before.words.sum())
    if more > rule.margin * words:
        points = f"{pair.metric.scale * more / words:+.2f} points"
        message = f"{named(left)} changed, and against the references as they were the run has "
        message += f"{amount(more, 'more error')} there ({points}); look at them, then save a new baseline"
        yield problem(f"{name}: references", Reason.OTHER_REFERENCES, message, tier=rule.tier)


def _with_unseen(finding: Finding, pair: Pair, paired: PairedBenchmark) -> Finding:
    """The verdict, and what the counts do not see: raw transcripts that differ, and what the profile drops of them."""
    lost = Losses()
    if not all(one.facts.ascii for one in paired.scored):
        texts = (row.hypothesis or "" for rows in pair.rows for row in rows)
        lost = losses(texts, paired.scored[1].profile, paired.language)
    said, left = [finding.message], paired.left_out()
    if left:
        said.append(f"left out of {len(left) + len(pair.rows):,}: {named(left)} changed")
    if pair.rewritten:
        said.append(f"the raw transcripts of {amount(pair.rewritten, 'utterance')} differ where counts do not")
    said += lost.messages(paired.scored[1].profile.name)
    worst = pair.blame(BLAMED) if finding.verdict is not Verdict.FAIL and finding.margin is not None else ()
    alone = [one for one in worst if one.contribution > (finding.margin or 0.0)]
    if alone:
        first, scale = alone[0], pair.metric.scale
        what = f"{amount(first.more_errors, 'more error')}, {scale * first.contribution:+.2f} points"
        others = f" (so do {', '.join(repr(one.id) for one in alone[1:NAMED])})" if len(alone) > 1 else ""
        said.append(f"warning: {first.id!r} alone adds more than the margin ({what}){others}: read its transcript")
    return replace(
        finding,
        message="; ".join(said),
        left_out=tuple(name for name, _ in left),
        alone=tuple(one.id for one in alone),
        rewritten=pair.rewritten,
        letters_without_marks=lost.letters,
        typographic_apostrophes=lost.apostrophes,
    )


def _failed_more(name: str, run: Side, baseline: Side, tier: Tier) -> Iterator[Finding]:
    """Utterances without a transcript that count as empty ones: more of them than before are no noise."""
    new, old = run.failed(name), baseline.failed(name)
    if new > old:
        one, several = "utterance of the run has", "utterances of the run have"
        message = f"{amount(new, one, several)} no transcript, which counts as empty, {old:,} of the baseline"
        yield problem(name, Reason.INCOMPLETE, message, tier=tier)


def _average(pairs: Sequence[Pair], benchmarks: int, run: Side, baseline: Side, policy: Policy) -> Finding:
    """The verdict on the average over benchmarks."""
    rule = policy.average_rule
    declared = [one.run.averaging if one.run else None for one in (run.system, baseline.system)]
    if run.system.suite == baseline.system.suite and None not in declared and declared[0] != declared[1]:
        message = f"the run averages {run.system.suite} otherwise than the baseline; save a new baseline"
        return problem("average", Reason.OTHER_PROFILE, message, tier=rule.tier)
    suites = run.system.suite, baseline.system.suite
    if suites[0] != suites[1] and None not in suites:
        message = "suite {}, the baseline is of {}: they need not average alike".format(*suites)
        return problem("average", Reason.OTHER_DATA, message, tier=rule.tier)
    if len(pairs) < benchmarks:
        message = f"only {len(pairs)} of {amount(benchmarks, 'benchmark')} could be compared"
        return problem("average", Reason.INCOMPLETE, message, tier=rule.tier)
    over = averaging([run.system.suite], rounded=run.profile.round_before_average)
    names = [pair.benchmark for pair in pairs]
    weights = over.weights(names)
    compared = [(pair.after, pair.before, pair.sessions) for pair in pairs]
    change = average_difference(compared, 1 - policy.alpha, weights)
    changed, utterances = sum(pair.changed for pair in pairs), sum(len(pair.rows) for pair in pairs)
    found = judged("average", get_metric("wer"), rule, change, changed=changed, utterances=utterances)
    before, after = (
        over.rate(dict(zip(names, rates, strict=True)))
        for rates in ([pair.before.rate for pair in pairs], [pair.after.rate for pair in pairs])
    )
    return replace(found, before=before, after=after)


def _metrics(paired: Sequence[PairedBenchmark], policy: Policy, *, translated: bool) -> Iterator[Finding]:
    """The verdicts on further metrics, of each benchmark that has them; translations have had theirs."""
    asked = {name: get_metric(name) for name in policy.metrics}
    asked = {name: metric for name, metric in asked.items() if not (translated and metric.resampled)}
    nowhere = dict.fromkeys(asked) if paired or translated else {}
    reasons: dict[str, str | None] = {}
    for one in paired if asked else ():
        utterances = [scored.utterances() for scored in one.scored]
        for name, metric in asked.items():
            subject, table = f"{one.benchmark}: {metric.title}", policy.metrics[name]
            found = pair_metric(one, metric, utterances)
            if isinstance(found, Pair):
                yield compared(subject, found, Rule(table.margin / metric.scale, table.tier), policy.alpha)
            elif len(found.sides) == 1:
                message = f"the {found.sides[0]} has no {metric.title}"
                message += f": {found.reason}" if found.reason else ""
                yield problem(subject, Reason.NOT_MEASURED, message, tier=table.tier)
            else:
                reasons.setdefault(name, found.reason)
                continue
            nowhere.pop(name, None)
    for name in nowhere:
        why = reasons.get(name)
        message = f"no benchmark has it, so it cannot be judged{f': {why}' if why else ''}"
        yield problem(asked[name].title, Reason.NOT_MEASURED, message, tier=policy.metrics[name].tier)


def _speed(run: Side, baseline: Side, policy: Policy) -> Finding:
    """The verdict on RTFx: the median of the repeats, on the same hardware."""
    rule, measure = policy.speed, policy.speed.measure
    new, old = ([value for value in side.rtfx if math.isfinite(value) and value > 0] for side in (run, baseline))
    if not new or not old:
        message = f"not compared: the {'baseline' if new else 'run'} has no {measure}"
        return problem("speed", Reason.NOT_MEASURED, message, tier=rule.tier or Tier.INFORMATIVE)
    if run.hardware is None or run.hardware != baseline.hardware:
        here, there = (side.hardware or "unknown hardware" for side in (run, baseline))
        message = f"not compared: measured on {here}, the baseline on {there}"
        return problem("speed", Reason.OTHER_HARDWARE, message, tier=rule.tier or Tier.INFORMATIVE)
    before, after = median(old), median(new)
    few = min(len(new), len(old))
    slower = 1 - after / before
    message = f"{100 * abs(slower):.1f} % {'slower' if slower > 0 else 'faster'}"
    message += f"; up to {100 * rule.margin:g} % slower is allowed"
    verdict, reason = Verdict.FAIL if slower > rule.margin else Verdict.PASS, Reason.COMPARED
    if few < MIN_REPEATS:
        verdict, reason = Verdict.INCONCLUSIVE, Reason.FEW_REPEATS
        message += (
            f"; {few} repeat{'s' if few > 1 else ''}, {MIN_REPEATS} on each side are needed to decide (--repeats 3)"
        )
    return Finding(
        subject="speed",
        metric=measure,
        verdict=verdict,
        reason=reason,
        message=message,
        tier=rule.tier or (Tier.INFORMATIVE if few < MIN_REPEATS else Tier.MUST),
        margin=rule.margin,
        before=before,
        after=after,
    )


def effect(finding: Finding, policy: Policy) -> ExitStatus:
    """What one finding alone would do to the exit status."""
    if finding.reason in STRUCTURAL:
        return ExitStatus.INCONCLUSIVE
    if finding.tier is Tier.INFORMATIVE or finding.verdict is Verdict.PASS:
        return ExitStatus.GOOD
    if finding.tier is Tier.SHOULD:
        return ExitStatus.INCONCLUSIVE if finding.verdict is Verdict.FAIL else ExitStatus.GOOD
    if finding.verdict is Verdict.FAIL:
        return ExitStatus.REGRESSION
    stated = {"pass": ExitStatus.GOOD, "fail": ExitStatus.REGRESSION}
    if finding.worse is False:
        stated["unless worse"] = ExitStatus.GOOD
    return stated.get(policy.inconclusive, ExitStatus.INCONCLUSIVE)
