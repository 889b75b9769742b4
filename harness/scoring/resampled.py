"""Several systems by a score whose differences come from drawing sessions anew, such as BLEU: a block of `compare`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from harness.records.comparison import Block, Pair, Standing
from harness.scoring import resampling
from harness.scoring.metrics.base import parts_of
from harness.scoring.significance import ALPHA, holm

if TYPE_CHECKING:
    from harness.scoring.metrics import Metric
    from harness.scoring.pairing import PairedBenchmark
    from harness.scoring.scored import ScoredUtterance


def paired_parts(
    paired: PairedBenchmark, metric: Metric, utterances: Sequence[Sequence[ScoredUtterance]]
) -> tuple[list[list[tuple[float, ...]]], list[str | None], str | None]:
    """What each utterance adds for each system, of those that count for all; their sessions; why there are none."""
    ordered, reason = all_parts(paired, metric, utterances)
    kept = [at for at, parts in enumerate(zip(*ordered, strict=True)) if None not in parts]
    sessions = paired.sessions()
    rows = [[each[at] or () for at in kept] for each in ordered]
    return rows, [sessions[at] for at in kept], reason


def all_parts(
    paired: PairedBenchmark, metric: Metric, utterances: Sequence[Sequence[ScoredUtterance]]
) -> tuple[list[list[tuple[float, ...] | None]], str | None]:
    """What each utterance adds for each system, None where it does not count; why a system has nothing."""
    read = [parts_of(one, metric, held) for one, held in zip(paired.scored, utterances, strict=True)]
    ordered = [[rows[at] for at in order.tolist()] for (rows, _), order in zip(read, paired.order, strict=True)]
    return ordered, next((reason for _, reason in read if reason), None)


def resampled_block(
    paired: PairedBenchmark, metric: Metric, utterances: Sequence[Sequence[ScoredUtterance]], names: Sequence[str]
) -> Block | str:
    """The systems of a benchmark by a score, the best first; or why it has none."""
    rows, sessions, reason = paired_parts(paired, metric, utterances)
    if not sessions:
        return reason or "no utterance counts for all systems"
    return block_of(paired, metric, rows, sessions, names)


def block_of(
    paired: PairedBenchmark,
    metric: Metric,
    rows: Sequence[Sequence[tuple[float, ...]]],
    sessions: Sequence[str | None],
    names: Sequence[str],
) -> Block:
    """The systems of a benchmark, or of some of its utterances, by what each of these adds to a score."""
    values = [metric.value(tuple(map(sum, zip(*each, strict=True)))) for each in rows]
    couples = list(combinations(range(len(rows)), 2))
    found = [resampling.difference(rows[one], rows[other], sessions, metric.value) for one, other in couples]
    adjusted = holm([None if one is None else one.p for one in found])
    sign = 1 if metric.better == "lower" else -1
    order = sorted(range(len(rows)), key=lambda at: (values[at] is None, sign * (values[at] or 0.0)))
    tied: dict[int, bool | None] = {order[0]: True}
    for (one, other), p in zip(couples, adjusted, strict=True):
        if order[0] in {one, other}:
            tied[other if one == order[0] else one] = None if p is None else p >= ALPHA
    named = [names[index] for index in paired.systems]
    return Block(
        benchmark=paired.benchmark,
        metric=metric.name,
        utterances=len(sessions),
        left_out=len(paired) - len(sessions),
        sessions=sessions.count(None) + len({*sessions} - {None}),
        signature=None if metric.signature is None else metric.signature(paired.target or paired.language),
        unit="session" if any(one is not None for one in sessions) else "utterance",
        smallest_difference=max((one.smallest_difference for one in found if one), default=None),
        systems=tuple(
            Standing(
                system=named[at],
                rate=values[at],
                interval=resampling.interval(rows[at], sessions, metric.value),
                tied_with_best=tied.get(at),
                rank=None,
            )
            for at in order
        ),
        pairs=tuple(
            Pair(
                first=named[one],
                second=named[other],
                difference=change,
                p_holm=p,
                significant=None if p is None else p < ALPHA,
            )
            for (one, other), change, p in zip(couples, found, adjusted, strict=True)
        ),
    )
