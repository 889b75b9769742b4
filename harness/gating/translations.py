"""Translations: BLEU and its like, which have no word errors, judged by drawing sessions anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.gating.judge import judged, problem
from harness.gating.slices import as_slice, of_tags, sliced_rows, too_few
from harness.records.decision import Finding, Reason
from harness.records.policy import Rule, SessionTable
from harness.scoring import resampling
from harness.scoring.metrics import get_metric
from harness.scoring.resampled import all_parts, paired_parts
from harness.scoring.significance import turned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.records.journal import Line
    from harness.records.policy import Policy, SliceTable
    from harness.records.statistics import Difference
    from harness.scoring.metrics import Metric
    from harness.scoring.pairing import PairedBenchmark
    from harness.scoring.resampling import Rows

MAIN = "bleu"
"""What is judged where the policy names none of the scores: with its margin of word error rates, in points of BLEU."""


def judge_translations(paired: PairedBenchmark, policy: Policy) -> Iterator[Finding]:
    """The verdicts on a benchmark of translations, of which the first system is the baseline, the second the run."""
    rule = policy.rule(paired.benchmark)
    utterances = [scored.utterances() for scored in paired.scored]
    for name, limit in (_asked(policy) or {MAIN: Rule(100 * rule.margin, rule.tier)}).items():
        metric, subject = get_metric(name), f"{paired.benchmark}: {get_metric(name).title}"
        (old, new), sessions, reason = paired_parts(paired, metric, utterances)
        if not sessions:
            yield problem(subject, Reason.NOT_MEASURED, f"not scored: {reason}", tier=limit.tier)
            continue
        changed = sum(map(_differs, paired.rows(0), paired.rows(1)))
        worse = _worse(metric, (old, new), sessions, policy.alpha)
        found = judged(subject, metric, limit, worse, changed=changed, utterances=len(sessions))
        yield _with_values(found, metric, (old, new))
    if policy.sessions != SessionTable():
        message = "single sessions of translations are not judged; [slices.session] judges each by BLEU"
        subject = f"{paired.benchmark}: sessions"
        yield problem(subject, Reason.NOT_MEASURED, message, tier=policy.sessions.tier)


def slices_of_translations(paired: PairedBenchmark, policy: Policy, tag: str, rule: SliceTable) -> Iterator[Finding]:
    """The verdicts on the slices of a tag, by the scores that judge the whole; the margin is in points of them.

    Raises:
        UsageError: no utterance has the tag.
    """
    rows = [*zip(paired.rows(0), paired.rows(1), strict=True)]
    slicing = sliced_rows(rows, [one.words for one in paired.counts()[1]], tag)
    sessions, utterances = paired.sessions(), [scored.utterances() for scored in paired.scored]
    limit, level = Rule(rule.margin, rule.tier), policy.alpha / len(slicing.order)
    for metric in map(get_metric, _asked(policy) or (MAIN,)):
        (old, new), reason = all_parts(paired, metric, utterances)
        if reason:
            message = f"not scored: {reason}"
            yield problem(f"{paired.benchmark}: {tag}: {metric.title}", Reason.NOT_MEASURED, message, tier=rule.tier)
            continue
        # Utterances without a translation, which a run may score as empty ones, count for neither score.
        every = [(at, one, other) for at, (one, other) in enumerate(zip(old, new, strict=True)) if one and other]
        for value in slicing.order:
            both = [each for each in every if slicing.values[each[0]] == value]
            few = too_few(units := [sessions[at] for at, _, _ in both])
            sides = [one for _, one, _ in both], [other for _, _, other in both]
            changed = sum(_differs(*rows[at]) for at, _, _ in both)
            subject = f"{paired.benchmark}: {tag} = {value}: {metric.title}"
            if both:
                worse = _worse(metric, sides, [None] * len(both) if few else units, level)
                found = judged(subject, metric, limit, worse, changed=changed, utterances=len(both))
                found = _with_values(found, metric, sides)
                yield as_slice(found, slicing, len(both), policy.alpha, few)
    yield from of_tags(paired.benchmark, slicing, rows)


def _asked(policy: Policy) -> dict[str, Rule]:
    """The scores of translations that the policy names."""
    margins = {name: Rule(table.margin, table.tier) for name, table in policy.metrics.items()}
    return {name: one for name, one in margins.items() if get_metric(name).resampled}


def _differs(old: Line, new: Line) -> bool:
    return old.hypothesis != new.hypothesis


def _worse(metric: Metric, parts: tuple[Rows, Rows], sessions: Sequence[str | None], alpha: float) -> Difference | None:
    """How much worse the run is by a score to which each utterance adds `parts`: the baseline's and the run's."""
    old, new = parts
    sides = (old, new) if metric.better == "higher" else (new, old)
    return resampling.difference(*sides, sessions, metric.value, 1 - alpha)


def _with_values(found: Finding, metric: Metric, parts: tuple[Rows, Rows]) -> Finding:
    """The verdict with both scores, and their difference as it reads: below nothing where a good score falls."""
    before, after = (metric.value(tuple(map(sum, zip(*side, strict=True)))) for side in parts)
    change = turned(found.change) if found.change and metric.better == "higher" else found.change
    return replace(found, before=before, after=after, change=change)
