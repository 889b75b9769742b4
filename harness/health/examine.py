"""Reads a set once, measures each utterance in threads, and puts together what was found."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.health.clips import check_clip
from harness.health.copies import check_copies
from harness.health.hear import measured
from harness.health.kinds import KINDS, SEVERITIES
from harness.health.references import check_reference
from harness.health.rows import check_rows
from harness.health.seen import Seen
from harness.health.tempo import check_tempo
from harness.records.health import Health, HealthFinding, HealthKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.dataset import Utterance

AHEAD = 32
"""Utterances that are measured or wait for it at one time."""


def read_set(benchmark: str, utterances: Iterable[Utterance], workers: int = 2) -> Iterator[Seen]:
    """Every utterance as it was measured, in the set's order.

    Args:
        benchmark: what to call the set.
        utterances: as their source gives them; no more than `AHEAD` are held.
        workers: threads that decode.
    """
    waiting: deque[Future[Seen]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="health") as pool:
        try:
            for utterance in utterances:
                waiting.append(pool.submit(_see, benchmark, utterance))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _see(benchmark: str, utterance: Utterance) -> Seen:
    facts, trouble, odd = None, None, tuple[str, ...]()
    try:
        facts, odd = measured(utterance)
    except DataError as error:
        trouble = str(error)
    return Seen(
        benchmark=benchmark,
        id=utterance.id,
        reference=utterance.reference,
        language=utterance.language,
        session=utterance.session,
        origin=utterance.audio.origin,
        audio=replace(utterance.audio, data=None) if utterance.audio.path is not None else None,
        facts=facts,
        trouble=trouble,
        odd=odd,
    )


def check_set(rows: Sequence[Seen], *, whole: bool = True, more: Iterable[HealthFinding] = ()) -> list[HealthFinding]:
    """All findings about one set.

    Args:
        rows: its utterances.
        whole: False where only some of its rows were read, so that holes in their ids tell nothing.
        more: what was found elsewhere, such as beside systems' transcripts.
    """
    if not rows:
        return []
    found = [one for row in rows for one in (*check_clip(row), *check_reference(row))]
    found += [*check_tempo(rows), *check_copies(rows, waveform), *check_rows(rows, whole=whole), *more]
    return found


def waveform(one: Seen) -> NDArray[np.float32] | None:
    """An utterance's samples again, 16 kHz, one channel; None where its bytes were not kept or cannot be read."""
    from harness.audio import decode

    if one.audio is None:
        return None
    try:
        return decode(one.audio)
    except DataError:
        return None


def put_together(
    name: str,
    sets: Mapping[str, Sequence[Seen]],
    found: Iterable[HealthFinding],
    *,
    of: int | None,
    systems: Sequence[str],
) -> Health:
    """The record: findings ranked, kinds counted and explained.

    Args:
        name: what was checked.
        sets: utterances by benchmark.
        found: all findings.
        of: how many utterances there are, where some were left out.
        systems: whose transcripts were looked at.
    """
    ranked = sorted(found, key=_rank)
    counts = Counter(one.kind for one in ranked)
    rows = [row for held in sets.values() for row in held]
    flagged = {(one.benchmark, one.utterance) for one in ranked if one.utterance and one.severity != "info"}
    kinds = tuple(
        HealthKind(
            kind=kind,
            title=KINDS[kind].title,
            count=counts[kind],
            meaning=KINDS[kind].meaning,
            advice=KINDS[kind].advice,
        )
        for kind in dict.fromkeys(one.kind for one in ranked)
    )
    return Health(
        name=name,
        benchmarks=tuple(sets),
        utterances=len(rows),
        of=of,
        seconds=round(sum(row.facts.seconds for row in rows if row.facts is not None), 2),
        flagged=len(flagged),
        languages=dict(sorted(Counter(row.language for row in rows).items())),
        sessions=len({(row.benchmark, row.session) for row in rows if row.session is not None}),
        systems=tuple(systems),
        kinds=kinds,
        findings=tuple(ranked),
    )


def _rank(one: HealthFinding) -> tuple[int, float, str, str, str]:
    return SEVERITIES.index(one.severity), -one.confidence, one.kind, one.benchmark, one.utterance or ""
