"""Word information lost (Morris, Maier and Green, 2004)."""

from collections.abc import Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances


def _count(utterances: Utterances, *_: object) -> Sequence[Parts]:
    """Hits, reference words, and words written. A merged compound counts as the reference words that it matches."""
    counts = [one.counts for one in utterances]
    return [(one.hits, one.words, one.hits + one.substitutions + one.insertions) for one in counts]


def word_information_lost(sums: Parts) -> float | None:
    """1 - H/N * H/P, N reference and P hypothesis words; 1 where one side is empty, None where both are."""
    hits, words, written = sums if len(sums) == 3 else (0.0, 0.0, 0.0)
    if not words or not written:
        return None if words == written else 1.0
    return 1 - (hits / words) * (hits / written)


WIL = Metric(
    name="wil",
    title="WIL",
    meaning="word information lost: one minus hits of the reference's words times hits of the words written",
    count=_count,
    value=word_information_lost,
    gate="show",
)
