"""Numbers that the references have in digits: as written there, spelled out, or wrong."""

import functools
from collections import Counter
from collections.abc import Callable, Sequence

from harness.scoring.metrics.base import Metric, Parts, Utterances
from harness.scoring.profiles import DEFAULT_PROFILE, LANGUAGES_WITHOUT_SPACES, Profile, built_in_profile
from harness.scoring.written.counts import Writing, numbers
from harness.scoring.written.facing import of_faces


def tallies(utterances: Utterances, profile: Profile, language: str) -> list[Counter[Writing] | None] | None:
    """What became of the numbers of each utterance, None for a reference that accepts several spellings.

    None for all in languages without spaces, where nothing says which characters are one number.
    """
    if language in LANGUAGES_WITHOUT_SPACES:
        return None
    same = same_number(language)
    return of_faces(utterances, profile, language, lambda one: numbers(one, same), ("numbers", language))


def same_number(language: str) -> Callable[[str, str], bool]:
    """Whether two texts are the same under rules that read numbers, whichever the profile's are."""
    read = functools.cache(built_in_profile(DEFAULT_PROFILE).texts(language).words)
    return lambda one, other: bool(read(one)) and read(one) == read(other)


def _count(
    utterances: Utterances, profile: Profile, language: str, *, writing: Writing
) -> Sequence[Parts | None] | None:
    found = tallies(utterances, profile, language)
    if found is None:
        return None
    return [None if one is None else (one[writing], one.total()) for one in found]


NUMBERS_AS_WRITTEN = Metric(
    name="numbers_as_written",
    title="numbers as written",
    meaning="numbers that are written as in the reference, of those that it has in digits",
    count=functools.partial(_count, writing="as written"),
    counted=("number not as written", "numbers not as written"),
    classes=True,
    better="higher",
)

NUMBERS_SPELLED_OUT = Metric(
    name="numbers_spelled_out",
    title="numbers spelled out",
    meaning="numbers that are right but spelled out, of those that the reference has in digits",
    count=functools.partial(_count, writing="spelled out"),
    counted=("number spelled out", "numbers spelled out"),
    classes=True,
    part=True,
)

NUMBERS_WRONG = Metric(
    name="numbers_wrong",
    title="numbers wrong",
    meaning="numbers that are wrong or missing, of those that the reference has in digits",
    count=functools.partial(_count, writing="wrong"),
    counted=("wrong number", "wrong numbers"),
    classes=True,
    part=True,
)
