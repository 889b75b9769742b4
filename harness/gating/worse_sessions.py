"""Single sessions that got worse while the whole did not: a speaker, a call, a meeting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.gating.judge import BLAMED, SESSION, unit_of_change
from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Tier
from harness.scoring.significance import holm

if TYPE_CHECKING:
    from harness.gating.pair import Pair
    from harness.records.policy import SessionTable

MIN_UTTERANCES = 10
"""A session with fewer cannot be tested by itself."""
NAMED = 5
"""Sessions that have a line of their own; how many more there are is said."""


LOST, HELD = 0.9, 0.5
"""A session is lost whose rate is at least the first where the baseline's is at most the second."""
LOST_UTTERANCES, LOST_WORDS = 3, 10
"""Utterances and reference words of a session that can be lost; fewer may go wrong by chance."""


WHERE_NO_WORSE = 0.01
"""Where the whole is no worse, a session is red at this share of alpha; up to alpha itself it is a warning: of forty
sessions of an improved model one is worse by luck now and then, which is no reason to stop the improvement."""


def worse_sessions(benchmark: str, pair: Pair, rule: SessionTable) -> Iterator[Finding]:
    """A line for each session whose rate rose by more than the margin, beyond chance, or that is lost altogether.

    Within a session the utterances are what is independent (jackknife over them, one-sided), and Holm's correction is
    over all sessions that can be tested: with probability 1 - alpha none is named where none got worse. Where the
    benchmark as a whole has no more errors than before, all but the clearest are a warning (`WHERE_NO_WORSE`).
    """
    places: dict[str, list[int]] = {}
    for at, session in enumerate(pair.sessions):
        if session is not None:
            places.setdefault(session, []).append(at)
    lost = list(lost_sessions(benchmark, places, pair, rule))
    yield from lost
    told = {finding.subject for finding in lost}
    parts = {session: pair.part(held) for session, held in places.items() if len(held) >= MIN_UTTERANCES}
    if len(parts) < 2:
        return
    red = rule.alpha * (1 if pair.more_errors > 0 else WHERE_NO_WORSE)
    changes = [part.worse_by(1 - rule.alpha) if part.more_errors > 0 else None for part in parts.values()]
    # A session that did not get worse counts as a test all the same.
    p_values = holm([1.0 if change is None else change.p / 2 for change in changes])
    scale, unit = pair.metric.scale, unit_of_change(pair.metric)
    named = [
        (change, session, part, p)
        for (session, part), change, p in zip(parts.items(), changes, p_values, strict=True)
        if change is not None and p is not None and p <= rule.alpha and scale * change.value > rule.margin
        if f"{benchmark}{SESSION}{session}" not in told
    ]
    named.sort(key=lambda one: (-one[0].value, one[1]))
    rest = f"; {amount(len(named) - NAMED, 'more session')} got worse" if len(named) > NAMED else ""
    for change, session, part, p in named[:NAMED]:
        tests = f"p = {p:.2g}, {amount(len(parts), 'session')} tested"
        warned = "" if p <= red else "; only a warning, as the benchmark as a whole is no worse"
        yield Finding(
            subject=f"{benchmark}{SESSION}{session}",
            metric=pair.metric.name,
            verdict=Verdict.FAIL,
            reason=Reason.COMPARED,
            message=f"{scale * change.value:+.2f} {unit} in this session ({tests}){warned}{rest}",
            tier=rule.tier if p <= red else Tier.INFORMATIVE,
            margin=rule.margin / scale,
            before=part.before.rate,
            after=part.after.rate,
            change=change,
            utterances=len(part.rows),
            changed=part.changed,
            blame=part.blame(BLAMED),
        )


def lost_sessions(
    benchmark: str, places: Mapping[str, Sequence[int]], pair: Pair, rule: SessionTable
) -> Iterator[Finding]:
    """A line for each session that is gone, however few utterances it has: next to no word of it is right any more."""
    found = []
    for session, held in places.items() if len(places) > 1 else ():
        part = pair.part(held)
        before, after = part.before.rate, part.after.rate
        many = len(held) >= LOST_UTTERANCES and part.before.words.sum() >= LOST_WORDS
        if many and before is not None and after is not None and before <= HELD and after >= LOST:
            found.append((session, part, before, after))
    rest = f"; {amount(len(found) - NAMED, 'more session is', 'more sessions are')} lost" if len(found) > NAMED else ""
    scale, unit = pair.metric.scale, unit_of_change(pair.metric)
    for session, part, before, after in found[:NAMED]:
        points = f"{scale * (after - before):+.2f} {unit}"
        yield Finding(
            subject=f"{benchmark}{SESSION}{session}",
            metric=pair.metric.name,
            verdict=Verdict.FAIL,
            reason=Reason.COMPARED,
            message=f"{points}: next to nothing of this session is right any more{rest}",
            tier=rule.tier,
            margin=rule.margin / scale,
            before=before,
            after=after,
            utterances=len(part.rows),
            changed=part.changed,
            blame=part.blame(BLAMED),
        )
