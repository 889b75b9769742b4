"""No accent may get worse by more than a point: each slice of a benchmark held to the margin of its tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from harness.errors import UsageError
from harness.gating.judge import compared, problem
from harness.gating.worse_sessions import MIN_UTTERANCES
from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Policy, Rule, SliceTable, Tier
from harness.scoring.intervals import MIN_SESSIONS
from harness.scoring.slicing import slice_by

if TYPE_CHECKING:
    from harness.gating.pair import Pair


def with_slices(policy: Policy, tags: Sequence[str]) -> Policy:
    """The policy, with the default table for each further tag."""
    return replace(policy, slices={**{tag: SliceTable() for tag in tags}, **policy.slices})


def judged_slices(pairs: Sequence[Pair], rules: Mapping[str, SliceTable], alpha: float) -> Iterator[Finding]:
    """A finding for each slice of each benchmark, at a level that is shared out among the slices of the tag.

    With k slices each interval holds its difference with probability 1 - alpha / k: with probability 1 - alpha none
    fails where none got worse by more than the margin. A tag that no benchmark has is INCONCLUSIVE.
    """
    for tag, rule in rules.items():
        why: list[UsageError] = []
        for pair in pairs:
            try:
                yield from _of_benchmark(pair, tag, rule, alpha)
            except UsageError as error:
                why.append(error)
        if len(why) == len(pairs):
            message = f"no benchmark has the tag {tag}, so that no slice of it can be judged; --metadata FILE adds tags"
            yield problem(f"slices: {tag}", Reason.NOT_MEASURED, message, tier=rule.tier)


def _part(pair: Pair, held: Sequence[int]) -> tuple[Pair, str]:
    """A slice, and what is said of it: of too few sessions the utterances stand for them."""
    sessions = [pair.sessions[at] for at in held]
    independent = sessions.count(None) + len({*sessions} - {None})
    if independent >= MIN_SESSIONS:
        return pair.part(held, sessions), ""
    what = "1 session" if independent == 1 else f"{independent} sessions"
    return pair.part(held), f"; of {what} only, so that its utterances are taken as independent"


def _of_benchmark(pair: Pair, tag: str, rule: SliceTable, alpha: float) -> Iterator[Finding]:
    tagged = [msgspec.structs.replace(new, tags={**old.tags, **new.tags}) for old, new in pair.rows]
    slicing = slice_by(tagged, [int(words) for words in pair.after.words], tag)
    scale = pair.metric.scale
    limit = Rule(rule.margin / scale, rule.tier)
    for value in slicing.order:
        held = [at for at, found in enumerate(slicing.values) if found == value]
        part, said = _part(pair, held)
        if not part.before.words.sum() or not part.after.words.sum():
            continue
        found = compared(f"{pair.benchmark}: {tag} = {value}", part, limit, alpha / len(slicing.order))
        if len(slicing.order) > 1 and found.verdict is not Verdict.PASS:
            said += f"; each of {len(slicing.order)} slices is judged at {1 - alpha / len(slicing.order):.4g}"
        if len(held) < MIN_UTTERANCES and found.reason is not Reason.UNCHANGED:
            found = replace(found, tier=Tier.INFORMATIVE)
            said += f"; under {MIN_UTTERANCES} utterances a slice is only shown"
        yield replace(found, message=found.message + said)
    lost = slicing.values.count(None)
    if lost:
        message = f"{lost:,} of {len(slicing.values):,} utterances have no {tag}, and are in no slice"
        yield replace(
            problem(f"{pair.benchmark}: {tag}", Reason.UNCHANGED, message, tier=Tier.INFORMATIVE), verdict=Verdict.PASS
        )
