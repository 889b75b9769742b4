"""Keywords that were found and made up, and error rates of words that are keywords and of the others."""

import functools
from collections.abc import Sequence
from typing import Literal

from harness.amounts import amount
from harness.scoring.keywords.counts import biased_errors, find_keywords
from harness.scoring.metrics.base import Absent, Metric, Noted, Parts, Utterances, f1, halves
from harness.scoring.profiles import Profile

NO_KEYWORDS = Absent("no utterance has keywords; give them with --keywords")


def _noted(counted: Sequence[Parts | None]) -> Sequence[Parts | None] | Noted | Absent:
    """What is counted, with how many utterances have no list."""
    left = counted.count(None)
    if left == len(counted):
        return NO_KEYWORDS
    if not left:
        return counted
    return Noted(counted, f"{left} of {amount(len(counted), 'utterance')} left out: they have no keywords")


def _share(
    utterances: Utterances, profile: Profile, language: str, *, of: Literal["precision", "recall", "f1"]
) -> Sequence[Parts | None] | Noted | Absent:
    counted: list[Parts | None] = []
    for one in find_keywords(utterances, profile, language):
        if one is None:
            counted.append(None)
            continue
        right, said, written = one.right.total(), one.said.total(), one.written.total()
        parts = {"precision": (right, written), "recall": (right, said), "f1": f1(right, said, written)}
        counted.append(parts[of])
    return _noted(counted)


def _made_up(utterances: Utterances, profile: Profile, language: str) -> Sequence[Parts | None] | Noted | Absent:
    found = find_keywords(utterances, profile, language)
    return _noted(
        [
            None if one is None else (one.made_up, len(utterance.reference) / 1000)
            for one, utterance in zip(found, utterances, strict=True)
        ]
    )


def _errors(
    utterances: Utterances, profile: Profile, language: str, *, biased: bool
) -> Sequence[Parts | None] | Noted | Absent:
    found = biased_errors(utterances, profile, language)
    if found is None:
        return Absent("the language is written without spaces")
    return _noted(
        [
            None if one is None else (one.biased, one.biased_words) if biased else (one.others, one.other_words)
            for one in found
        ]
    )


KEYWORD_PRECISION = Metric(
    name="keyword_precision",
    title="keyword precision",
    meaning="keywords that are in the reference, of those that were written",
    count=functools.partial(_share, of="precision"),
    counted=("wrong keyword", "wrong keywords"),
    takes="--keywords",
    better="higher",
    classes=True,
)

KEYWORD_RECALL = Metric(
    name="keyword_recall",
    title="keyword recall",
    meaning="keywords that were written, of those of the reference",
    count=functools.partial(_share, of="recall"),
    counted=("missed keyword", "missed keywords"),
    takes="--keywords",
    better="higher",
    classes=True,
)

KEYWORD_F1 = Metric(
    name="keyword_f1",
    title="keyword F1",
    meaning="harmonic mean of precision and recall of keywords",
    count=functools.partial(_share, of="f1"),
    counted=halves("keyword", "keywords"),
    takes="--keywords",
    better="higher",
    classes=True,
)

KEYWORDS_MADE_UP = Metric(
    name="keywords_made_up",
    title="keywords made up",
    meaning="keywords and distractors that were written where the reference has none of them, a thousand words",
    count=_made_up,
    counted=("keyword made up", "keywords made up"),
    takes="--keywords",
    unit="a thousand words",
    classes=True,
)

BIASED_WER = Metric(
    name="biased_wer",
    title="B-WER",
    meaning="word error rate of words that are keywords, as the scorer of the LibriSpeech biasing lists counts it",
    count=functools.partial(_errors, biased=True),
    takes="--keywords",
)

UNBIASED_WER = Metric(
    name="unbiased_wer",
    title="U-WER",
    meaning="word error rate of words that are no keywords, as the scorer of the LibriSpeech biasing lists counts it",
    count=functools.partial(_errors, biased=False),
    takes="--keywords",
)
