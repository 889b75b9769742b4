"""The error rates: of words, and of characters."""

from collections.abc import Sequence
from dataclasses import replace

from harness.scoring.metrics.base import Metric, Parts, Utterances
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES, Profile


def _words(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts] | None:
    if language in LANGUAGES_WITHOUT_SPACES:
        return None
    if profile.by_character(language):  # scored by characters, though it has words
        by_word = replace(profile, korean="words")
        counts = [by_word.count(one.row.reference, one.row.hypothesis or "", language) for one in utterances]
        return [(one.errors, one.words) for one in counts]
    return [(one.counts.errors, one.counts.words) for one in utterances]


def _characters(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts]:
    """One space between words is a character like others, as in jiwer; languages without spaces have none."""
    from rapidfuzz.distance import Levenshtein

    between = "" if profile.by_character(language) else " "
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
    column=True,
)

CER = Metric(
    name="cer",
    title="CER",
    meaning="character error rate: the same over characters, one space between words counted as one",
    count=_characters,
)
