"""What became of the keywords of each utterance, and errors of words that are keywords and of those that are not."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from harness.scoring.keywords.matching import KeywordClass, Matcher, class_of
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.weighted import align_weighted

if TYPE_CHECKING:
    from harness.scoring.profiles import Profile
    from harness.scoring.scored import ScoredUtterance


@dataclass(frozen=True, slots=True)
class Found:
    """The keywords of one utterance, by class."""

    right: Counter[KeywordClass] = field(default_factory=Counter)
    """In reference and hypothesis, as often as in the one that has it less often."""
    said: Counter[KeywordClass] = field(default_factory=Counter)
    written: Counter[KeywordClass] = field(default_factory=Counter)
    made_up: int = 0
    """Written ones that the reference does not have at all."""


def find_keywords(utterances: Sequence[ScoredUtterance], profile: Profile, language: str) -> list[Found | None]:
    """Keywords and distractors of each utterance; None for one without a list."""
    words = functools.cache(profile.texts(language).words)
    matcher = _matchers(words, together=profile.matches_compounds(language))
    return [_found(one, matcher) for one in utterances]


_Matchers = Callable[[tuple[str, ...], bool], Matcher]


def _matchers(words: Callable[[str], Sequence[str]], *, together: bool) -> _Matchers:
    """Makes the matcher of a list once, normalized or as written."""

    @functools.lru_cache(maxsize=1000)
    def make(keywords: tuple[str, ...], as_written: bool) -> Matcher:
        return Matcher(keywords, str.split if as_written else words, together=together)

    return make


def _found(one: ScoredUtterance, matcher: _Matchers) -> Found | None:
    if one.row.keywords is None:
        return None
    keywords = (*one.row.keywords, *(one.row.distractors or ()))
    find = matcher(keywords, one.as_written).find
    said, written = (Counter(each.keyword for each in find(side)) for side in (one.reference, one.hypothesis))
    found = Found(made_up=sum(number for at, number in written.items() if at not in said))
    for count, times in ((found.right, said & written), (found.said, said), (found.written, written)):
        for at, number in times.items():
            count[class_of(keywords[at])] += number
    return found


class BiasedErrors(NamedTuple):
    """Errors and reference words of one utterance, of words that are keywords and of the others."""

    biased: int
    biased_words: int
    others: int
    other_words: int


def biased_errors(
    utterances: Sequence[ScoredUtterance], profile: Profile, language: str
) -> list[BiasedErrors | None] | None:
    """B-WER's and U-WER's counts, None for an utterance without a list; None for all in languages without spaces."""
    if language in LANGUAGES_WITHOUT_SPACES:
        return None
    matcher = _matchers(functools.cache(profile.texts(language).words), together=False)
    return [
        None
        if one.row.keywords is None
        else count_biased(one.reference, one.hypothesis, matcher(one.row.keywords, one.as_written))
        for one in utterances
    ]


def count_biased(reference: Sequence[str], hypothesis: Sequence[str], matcher: Matcher) -> BiasedErrors:
    """Errors as the scorer of the LibriSpeech biasing lists counts them.

    The alignment costs 4 for a substitution, 3 for a gap. Substituted, deleted and right words belong where the
    reference word does, inserted ones where the inserted word does; words of a phrase where all of it stands there.
    """
    said, written = (
        {at for found in matcher.find(side) for at in range(found.start, found.end)} for side in (reference, hypothesis)
    )
    errors = [0, 0]
    for at, other in align_weighted(reference, hypothesis, substitution=4, gap=3):
        if at is None:
            errors[other in written] += 1
        elif other is None or reference[at] != hypothesis[other]:
            errors[at in said] += 1
    return BiasedErrors(errors[1], len(said), errors[0], len(reference) - len(said))
