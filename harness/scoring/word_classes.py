"""Numbers and capitalized names among the reference words, and which of them were recognized.

Which normalized words they are is told by the raw reference: each of its tokens is normalized by itself, and the words
that come out are found again among those of the whole reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from harness.scoring.scored import ScoredUtterance

WordClass = Literal["number", "name"]
_SENTENCE_END = frozenset(".?!:")
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "jr.", "sr.", "hon.", "m.", "mme."})
"""Abbreviations that end no sentence, so that the name after them counts."""
_MOSTLY_UPPER = 0.5
"""Share of capitalized tokens above which capitals mean nothing: all-caps references, title case."""


def is_cased(references: Iterable[str]) -> bool:
    """Whether capitals in these references tell names: some tokens have them, and most do not."""
    tokens = capitalized = 0
    for reference in references:
        for token in reference.split():
            tokens += 1
            capitalized += token[:1].isupper()
    return 0 < capitalized < _MOSTLY_UPPER * tokens


def classify(
    one: ScoredUtterance, normalize: Callable[[str], list[str]], *, cased: bool
) -> list[tuple[WordClass, ...]]:
    """The classes of each normalized reference word, mostly none."""
    from rapidfuzz.distance import Levenshtein

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


def recognized(one: ScoredUtterance) -> list[bool]:
    """For each normalized reference word, whether it was recognized. A step may cover several words, joined."""
    right: list[bool] = []
    for step in one.alignment:
        letters = "".join(step.reference)
        while letters:
            letters = letters.removeprefix(one.reference[len(right)])
            right.append(step.operation == "hit")
    return right
