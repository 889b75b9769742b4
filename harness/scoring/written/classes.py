"""Precision, recall and F1 of each mark and each class of capitals and keywords, and what became of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.records.details import ClassScore
from harness.scoring.keywords.counts import find_keywords
from harness.scoring.keywords.matching import CLASSES
from harness.scoring.metrics import capitalization, numbers, punctuation
from harness.scoring.metrics.base import Absent, Metric, f1, summed
from harness.scoring.written.counts import CAPITALS, WRITINGS, Tally

if TYPE_CHECKING:
    from harness.records.statistics import MetricValue
    from harness.scoring.metrics.base import Parts
    from harness.scoring.scored import Scored, ScoredUtterance

_SHARE = Metric(name="share", title="share", meaning="of all of its kind", count=lambda *_: None, better="higher")


def by_class(scored: Scored, utterances: Sequence[ScoredUtterance]) -> list[ClassScore]:
    """Everything that the benchmark has of them, frequent ones first.

    Args:
        scored: one benchmark of one model.
        utterances: its utterances that are scored.
    """
    sessions = [one.row.session for one in utterances]
    asked = utterances, scored.profile, scored.language
    found: list[ClassScore] = []
    marks = punctuation.tallies(*asked)
    if not isinstance(marks, Absent):
        found += _of_tallies("mark", marks, sessions)
    capitals = capitalization.tallies(*asked)
    if not isinstance(capitals, Absent):
        found += _of_tallies("capitals", [None if one is None else one[0] for one in capitals], sessions, CAPITALS)
    for writing in WRITINGS:
        of = [None if one is None else (one[writing], one.total()) for one in numbers.tallies(*asked) or ()]
        if sum(parts[1] for parts in of if parts is not None):
            share = summed(_SHARE, of, sessions)
            right, said = int(share.count or 0), int(share.of or 0)
            found.append(ClassScore(kind="numbers", name=writing, right=right, reference=said, recall=share))
    keywords = find_keywords(*asked)
    for kind in CLASSES:
        counts = [None if one is None else (one.right[kind], one.said[kind], one.written[kind]) for one in keywords]
        if any(one is not None and (one[1] or one[2]) for one in counts):
            found.append(class_score("keywords", kind, counts, sessions))
    return found


def _of_tallies(
    kind: str, tallies: Sequence[Tally | None], sessions: Sequence[str | None], names: Sequence[str] | None = None
) -> Iterator[ClassScore]:
    total = Tally()
    for one in tallies:
        total.add(one or Tally())
    seen = sorted(total.kinds(), key=lambda name: (-total.of([name])[1], name)) if names is None else names
    for name in seen:
        each = [None if one is None else one.of([name]) for one in tallies]
        yield class_score(kind, name, each, sessions)


def class_score(
    kind: str, name: str, counts: Sequence[tuple[int, int, int] | None], sessions: Sequence[str | None]
) -> ClassScore:
    """One class from how many each utterance has right, in its reference, and written."""

    def share(parts: Sequence[Parts | None]) -> MetricValue:
        return summed(_SHARE, parts, sessions)

    right, said, written = (sum(one[at] for one in counts if one is not None) for at in range(3))
    return ClassScore(
        kind=kind,
        name=name,
        right=right,
        reference=said,
        written=written,
        precision=share([None if one is None else (one[0], one[2]) for one in counts]),
        recall=share([None if one is None else (one[0], one[1]) for one in counts]),
        f1=share([None if one is None else f1(*one) for one in counts]),
    )
