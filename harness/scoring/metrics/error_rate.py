"""The error rates: of words, and of characters."""

from collections.abc import Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES


def _words(utterances: Utterances, _profile: object, language: str) -> Sequence[Parts] | None:
    if language in LANGUAGES_WITHOUT_SPACES:
        return None
    return [(one.counts.errors, one.counts.words) for one in utterances]


def _characters(utterances: Utterances, _profile: object, language: str) -> Sequence[Parts]:
    """One space between words is a character like others, as in jiwer; languages without spaces have none."""
    from rapidfuzz.distance import Levenshtein

    between = "" if language in LANGUAGES_WITHOUT_SPACES else " "
    counted = []
    for one in utterances:
        reference = between.join(one.reference)
        counted.append((Levenshtein.distance(reference, between.join(one.hypothesis)), len(reference)))
    return counted


WER = Metric(
    name="wer",
    title="WER",
    meaning="word error rate: substituted, deleted and inserted words, of the reference's words",
    count=_words,
)

CER = Metric(
    name="cer",
    title="CER",
    meaning="character error rate: the same over characters, one space between words counted as one",
    count=_characters,
)
