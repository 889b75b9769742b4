"""All that can be said of one benchmark of one model besides its error rate, as one record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.records.details import Details, Flagged
from harness.scoring.diagnosis import FLAGS, diagnose, flags
from harness.scoring.metrics import measure_all, metrics
from harness.scoring.slices import by_length, by_session, by_tag, confusions
from harness.scoring.written.classes import by_class

if TYPE_CHECKING:
    from harness.scoring.scored import Scored, ScoredUtterance


def describe(scored: Scored, top: int = 20) -> Details:
    """Metrics, slices, confusions, flags and findings; null where there is nothing to count.

    Args:
        scored: of one model on one benchmark; failed utterances are left out.
        top: how many confusions of each kind, and ids of each flag, to name.
    """
    utterances = scored.utterances()
    return Details(
        benchmark=scored.units.benchmark,
        language=scored.language,
        utterances=len(utterances),
        metrics=measure_all(metrics().values(), scored, utterances),
        classes=tuple(by_class(scored, utterances)),
        flags=_flagged(utterances, top),
        findings=tuple(diagnose(utterances)),
        confusions=confusions(utterances, top),
        by_length=tuple(by_length(utterances)),
        by_session=tuple(by_session(utterances)),
        by_tag=tuple(by_tag(utterances)),
    )


def _flagged(utterances: Sequence[ScoredUtterance], top: int) -> dict[str, Flagged]:
    """For each flag how often, and the ids of the first utterances that have it."""
    found = [(one.row.id, flag) for one in utterances for flag in flags(one)]
    counted = Counter(flag for _, flag in found)
    return {
        flag: Flagged(
            meaning=meaning, utterances=counted[flag], ids=tuple(name for name, kind in found if kind == flag)[:top]
        )
        for flag, meaning in FLAGS.items()
    }
