"""Missed numbers and names: reference words of a kind that were substituted or deleted, of all of that kind.

Insertions belong to no kind, so these are no word error rates.
"""

import functools
from collections.abc import Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances
from harness.scoring.profiles import Profile
from harness.scoring.word_classes import WordClass, classify, is_cased, recognized


def _count(utterances: Utterances, profile: Profile, language: str, *, kind: WordClass) -> Sequence[Parts] | None:
    """None in languages without spaces, and for names where the references are not cased."""
    cased = is_cased(one.row.reference for one in utterances)
    if profile.by_character(language) or (kind == "name" and not cased):
        return None
    words = functools.cache(profile.texts(language).words)
    counted: list[Parts] = []
    for one in utterances:
        told = [kind in kinds for kinds in classify(one, str.split if one.as_written else words, cased=cased)]
        right_words = recognized(one) if any(told) else []
        missed = sum(not right for is_kind, right in zip(told, right_words, strict=False) if is_kind)
        counted.append((missed, sum(told)))
    return counted


MISSED_NUMBERS = Metric(
    name="missed_numbers",
    title="missed numbers",
    meaning="numbers of the references that were substituted or deleted",
    count=functools.partial(_count, kind="number"),
    counted=("missed number", "missed numbers"),
    part=True,
)

MISSED_NAMES = Metric(
    name="missed_names",
    title="missed names",
    meaning="capitalized names of the references that were substituted or deleted",
    count=functools.partial(_count, kind="name"),
    counted=("missed name", "missed names"),
    part=True,
)
