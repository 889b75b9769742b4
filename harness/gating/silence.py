"""Words that a run writes where the reference has none, which no error rate over reference words sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.amounts import amount
from harness.gating.judge import compared, problem
from harness.gating.pair import Pair, pair_metric
from harness.records.decision import Reason, Verdict
from harness.records.policy import Policy, Rule, Tier
from harness.scoring.metrics import get_metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.records.decision import Finding
    from harness.scoring.pairing import PairedBenchmark
    from harness.scoring.scored import Scored

NAME = "inserted_on_silence"
MARGIN = 1.0
"""Words a minute. What people read aloud is 150; a model that invents sentences writes as many."""


def silence(paired: Sequence[PairedBenchmark], policy: Policy) -> Iterator[Finding]:
    """A verdict on each benchmark with utterances without reference words, unless a policy has one of its own.

    Such references are often fillers, short and few: while the interval holds the margin, nothing follows. Where there
    is no interval, or no length to count by, more words than the margin allows are for somebody to look at.
    """
    if NAME in policy.metrics:
        return
    metric = get_metric(NAME)
    for one in paired:
        before, after = (_inserted(scored, order) for scored, order in zip(one.scored, one.order, strict=True))
        if before == after == 0:
            continue
        subject = f"{one.benchmark}: {metric.title}"
        found = pair_metric(one, metric, ((), ()))
        if isinstance(found, Pair):
            finding = compared(subject, found, Rule(MARGIN), policy.alpha)
            worse = (finding.after or 0.0) - (finding.before or 0.0)
            if finding.verdict is Verdict.INCONCLUSIVE and (finding.change is not None or worse <= MARGIN):
                finding = replace(finding, tier=Tier.INFORMATIVE)
            yield finding
        elif after > before:
            message = f"{amount(after, 'word')} written where the reference has none, in the baseline {before:,}; "
            message += "how long these utterances are is not stated, so that they cannot be judged: look at them"
            yield problem(subject, Reason.NOT_MEASURED, message)


def _inserted(scored: Scored, order: NDArray[np.int64]) -> int:
    """Words that are written where the reference has none."""
    table = scored.table.table[order]
    return int(table[table[:, :3].sum(axis=1) == 0, 3].sum())
