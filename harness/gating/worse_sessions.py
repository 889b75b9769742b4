"""Single sessions that got worse while the whole did not: a speaker, a call, a meeting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.gating.judge import BLAMED, SESSION, unit_of_change
from harness.records.decision import Finding, Reason, Verdict
from harness.scoring.significance import holm

if TYPE_CHECKING:
    from harness.gating.pair import Pair
    from harness.records.policy import SessionTable

MIN_UTTERANCES = 10
"""A session with fewer cannot be tested by itself."""
NAMED = 5
"""Sessions that have a line of their own; how many more there are is said."""


def worse_sessions(benchmark: str, pair: Pair, rule: SessionTable) -> Iterator[Finding]:
    """A line for each session whose rate rose by more than the margin, beyond chance.

    Within a session the utterances are what is independent (jackknife over them, one-sided), and Holm's correction is
    over all sessions that can be tested: with probability 1 - alpha none is named where none got worse.
    """
    places: dict[str, list[int]] = {}
    for at, session in enumerate(pair.sessions):
        if session is not None:
            places.setdefault(session, []).append(at)
    parts = {session: pair.part(held) for session, held in places.items() if len(held) >= MIN_UTTERANCES}
    if len(parts) < 2:
        return
    changes = [part.worse_by(1 - rule.alpha) if part.more_errors > 0 else None for part in parts.values()]
    # A session that did not get worse counts as a test all the same.
    p_values = holm([1.0 if change is None else change.p / 2 for change in changes])
    scale, unit = pair.metric.scale, unit_of_change(pair.metric)
    named = [
        (change, session, part, p)
        for (session, part), change, p in zip(parts.items(), changes, p_values, strict=True)
        if change is not None and p is not None and p <= rule.alpha and scale * change.value > rule.margin
    ]
    named.sort(key=lambda one: (-one[0].value, one[1]))
    rest = f"; {len(named) - NAMED} more sessions got worse" if len(named) > NAMED else ""
    for change, session, part, p in named[:NAMED]:
        tests = f"p = {p:.2g}, {len(parts)} sessions tested"
        yield Finding(
            subject=f"{benchmark}{SESSION}{session}",
            metric=pair.metric.name,
            verdict=Verdict.FAIL,
            reason=Reason.COMPARED,
            message=f"{scale * change.value:+.2f} {unit} in this session ({tests}){rest}",
            tier=rule.tier,
            margin=rule.margin / scale,
            before=part.before.rate,
            after=part.after.rate,
            change=change,
            utterances=len(part.rows),
            changed=part.changed,
            blame=part.blame(BLAMED),
        )
