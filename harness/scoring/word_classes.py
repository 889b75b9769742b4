"""Numbers and capitalized names as a line of their own: how many of those reference words were not heard.

Which normalized words they are is told by the raw reference: each of its tokens is normalized by itself, and the words
that come out are found again among those of the whole reference. Insertions belong to no class, so the rate of a class
counts substitutions and deletions only, and says so by its name: missed words.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.scoring.measures import aligned
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.scoring.measures import ScoredUtterance
    from harness.scoring.profiles import Profile

WordClass = Literal["number", "name"]
CLASSES: tuple[WordClass, ...] = ("number", "name")

_SENTENCE_END = frozenset(".?!:")
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "jr.", "sr.", "hon.", "m.", "mme."})
"""Abbreviations that end no sentence, so that the name after them counts."""
_MOSTLY_UPPER = 0.5
"""Share of capitalized tokens above which capitals mean nothing: all-caps references, title case."""


@dataclass(frozen=True, slots=True)
class Missed:
    """How the reference words of one class fared."""

    words: int
    missed: int
    """Substituted or deleted."""

    @property
    def rate(self) -> float | None:
        """Missed words over words of the class; None where there are none."""
        return self.missed / self.words if self.words else None


def missed_words(
    utterances: Sequence[ScoredUtterance], profile: Profile, language: str
) -> dict[WordClass, Missed | None]:
    """Missed numbers and names. Names are None where the references are not cased, both in languages without spaces."""
    if language in LANGUAGES_WITHOUT_SPACES:
        return dict.fromkeys(CLASSES)
    cased = is_cased(one.row.reference for one in utterances)
    normalize = functools.cache(functools.partial(_normalized, profile=profile, language=language))
    words: dict[WordClass, int] = dict.fromkeys(CLASSES, 0)
    missed: dict[WordClass, int] = dict.fromkeys(CLASSES, 0)
    for one in utterances:
        classes = classify(one, normalize, cased=cased)
        if not any(classes):
            continue
        for index, right in enumerate(_heard(one, profile, language)):
            for kind in classes[index]:
                words[kind] += 1
                missed[kind] += not right
    found: dict[WordClass, Missed | None] = {kind: Missed(words[kind], missed[kind]) for kind in CLASSES}
    return found if cased else {**found, "name": None}


def is_cased(references: Iterable[str]) -> bool:
    """Whether capitals in these references tell names: some tokens have them, and most do not."""
    tokens = capitalized = 0
    for reference in references:
        for token in reference.split():
            tokens += 1
            capitalized += token[:1].isupper()
    return 0 < capitalized < _MOSTLY_UPPER * tokens


def classify(
    one: ScoredUtterance, normalize: Callable[[str], tuple[str, ...]], *, cased: bool
) -> list[tuple[WordClass, ...]]:
    """The classes of each normalized reference word, mostly none."""
    words: list[str] = []
    classes: list[tuple[WordClass, ...]] = []
    begins = True
    for token in one.row.reference.split():
        found: list[WordClass] = []
        if any(character.isdigit() for character in token):
            found.append("number")
        elif cased and not begins and _is_name(token):
            found.append("name")
        begins = token[-1] in _SENTENCE_END and token.lower() not in _TITLES
        for word in normalize(token):
            words.append(word)
            classes.append(tuple(found))
    told: list[tuple[WordClass, ...]] = [()] * len(one.reference)
    if words == one.reference:
        told = classes
    else:
        from rapidfuzz.distance import Levenshtein

        for block in Levenshtein.opcodes(words, one.reference):
            if block.tag == "equal":
                told[block.dest_start : block.dest_end] = classes[block.src_start : block.src_end]
    # A normalizer that writes numbers as digits makes "twenty one" one word that no token was.
    return [
        ("number",) if any(character.isdigit() for character in word) else kinds
        for word, kinds in zip(one.reference, told, strict=True)
    ]


def _is_name(token: str) -> bool:
    letters = token.lstrip("\"'([{«„“‘¿¡-")
    return letters[:1].isupper() and letters.split("'")[0].split("’")[0] != "I"


def _normalized(token: str, profile: Profile, language: str) -> tuple[str, ...]:
    with contextlib.suppress(ValueError):
        token = profile.normalize(token, language)
    return tuple(token.split())


def _heard(one: ScoredUtterance, profile: Profile, language: str) -> list[bool]:
    """For each normalized reference word, whether it was heard. A pair of an alignment may cover several, joined."""
    heard: list[bool] = []
    for reference, hypothesis in aligned(one, profile, language):
        letters = reference.replace(" ", "")
        right = letters == hypothesis.replace(" ", "")
        while letters:
            letters = letters.removeprefix(one.reference[len(heard)])
            heard.append(right)
    return heard
