"""No accent may get worse by more than a point: each slice of a benchmark held to the margin of its tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from harness.amounts import amount
from harness.errors import UsageError
from harness.gating.judge import compared, problem
from harness.gating.worse_sessions import MIN_UTTERANCES
from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Policy, Rule, SliceTable, Tier
from harness.scoring.intervals import MIN_SESSIONS
from harness.scoring.slicing import slice_by

if TYPE_CHECKING:
    from harness.gating.pair import Pair
    from harness.records.journal import Line
    from harness.scoring.slicing import Slicing


def with_slices(policy: Policy, tags: Sequence[str]) -> Policy:
    """The policy, with the default table for each further tag."""
    return replace(policy, slices={**{tag: SliceTable() for tag in tags}, **policy.slices})


OfTag = Callable[[str, SliceTable], Iterator[Finding]]
"""The findings on the slices of a tag of one benchmark; UsageError where it has no such tag."""


def judged_slices(
    pairs: Sequence[Pair], rules: Mapping[str, SliceTable], alpha: float, translations: Sequence[OfTag] = ()
) -> Iterator[Finding]:
    """A finding for each slice of each benchmark, at a level that is shared out among the slices of the tag.

    Benchmarks of translations, which have no pairs of error rates, say what is found of their slices themselves.

    With k slices each interval holds its difference with probability 1 - alpha / k: with probability 1 - alpha none
    fails where none got worse by more than the margin. A tag that no benchmark has is INCONCLUSIVE.
    """
    for tag, rule in rules.items():
        why: list[UsageError] = []
        benchmarks: list[OfTag] = [*(partial(_of_benchmark, pair, alpha) for pair in pairs), *translations]
        for one in benchmarks:
            try:
                yield from one(tag, rule)
            except UsageError as error:
                why.append(error)
        if why and len(why) == len(benchmarks):
            message = f"no benchmark has the tag {tag}, so that no slice of it can be judged; --metadata FILE adds tags"
            yield problem(f"slices: {tag}", Reason.NOT_MEASURED, message, tier=rule.tier)


def _part(pair: Pair, held: Sequence[int]) -> tuple[Pair, str]:
    """A slice, and what is said of it: of too few sessions the utterances stand for them."""
    sessions = [pair.sessions[at] for at in held]
    few = too_few(sessions)
    return (pair.part(held), few) if few else (pair.part(held, sessions), "")


def too_few(sessions: Sequence[str | None]) -> str:
    """What is said of a slice of too few sessions to tell; empty where there are enough."""
    independent = sessions.count(None) + len({*sessions} - {None})
    if independent >= MIN_SESSIONS:
        return ""
    return f"; of {amount(independent, 'session')} only, so that its utterances are taken as independent"


def sliced_rows(rows: Iterable[tuple[Line, Line]], words: Sequence[int], tag: str) -> Slicing:
    """Which slice each utterance is in: as the baseline says, else the run, so that no run chooses its slices.

    Raises UsageError as `slice_by`.
    """
    return slice_by([_tagged(old, new) for old, new in rows], words, tag)


def _tagged(old: Line, new: Line) -> Line:
    tags = {**new.tags, **{tag: value for tag, value in old.tags.items() if value}}
    return msgspec.structs.replace(new, tags=tags, session=new.session if old.session is None else old.session)


def as_slice(found: Finding, slicing: Slicing, utterances: int, alpha: float, said: str = "") -> Finding:
    """The verdict on a slice, and what is to be known of it; a small one is only shown."""
    if len(slicing.order) > 1 and found.verdict is not Verdict.PASS:
        said += f"; each of {len(slicing.order)} slices is judged at {1 - alpha / len(slicing.order):.4g}"
    if utterances < MIN_UTTERANCES and found.reason is not Reason.UNCHANGED:
        found = replace(found, tier=Tier.INFORMATIVE)
        said += f"; under {MIN_UTTERANCES} utterances a slice is only shown"
    return replace(found, message=found.message + said)


def of_tags(benchmark: str, slicing: Slicing, rows: Iterable[tuple[Line, Line]]) -> Iterator[Finding]:
    """That some utterances are in no slice, and that the run has other tags than the baseline, which are used."""
    tag, lost = slicing.tag, slicing.values.count(None)
    pairs = ((new.id, old.tags.get(tag), new.tags.get(tag)) for old, new in rows)
    other = [each for each in pairs if each[1] and each[2] and each[1] != each[2]]
    if other:
        name, before, after = other[0]
        message = (
            f"{len(other):,} of {len(slicing.values):,} utterances have another {tag} than in the baseline, by which "
        )
        message += (
            f"they are judged, such as {name!r}: {after}, which was {before}; look at them, then save a new baseline"
        )
        finding = problem(f"{benchmark}: {tag}", Reason.OTHER_TAGS, message, tier=Tier.INFORMATIVE)
        yield replace(finding, verdict=Verdict.PASS)
    if lost:
        message = f"{lost:,} of {len(slicing.values):,} utterances have no {slicing.tag}, and are in no slice"
        finding = problem(f"{benchmark}: {slicing.tag}", Reason.UNCHANGED, message, tier=Tier.INFORMATIVE)
        yield replace(finding, verdict=Verdict.PASS)


def _of_benchmark(pair: Pair, alpha: float, tag: str, rule: SliceTable) -> Iterator[Finding]:
    slicing = sliced_rows(pair.rows, [int(words) for words in pair.after.words], tag)
    scale = pair.metric.scale
    limit = Rule(rule.margin / scale, rule.tier)
    for value in slicing.order:
        held = [at for at, found in enumerate(slicing.values) if found == value]
        part, said = _part(pair, held)
        if not part.before.words.sum() or not part.after.words.sum():
            continue
        found = compared(f"{pair.benchmark}: {tag} = {value}", part, limit, alpha / len(slicing.order))
        yield as_slice(found, slicing, len(held), alpha, said)
    yield from of_tags(pair.benchmark, slicing, pair.rows)
