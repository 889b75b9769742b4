"""Whether references say how a transcript should be written at all: many have no punctuation, or no capitals."""

from __future__ import annotations

from collections.abc import Iterable

from harness.amounts import amount
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.written.counts import capitals_of
from harness.scoring.written.marks import pieces

FEW = 0.01
"""Marks, or words with capitals, of all words under which references have none: those that have are above 0.05."""
MOST = 0.8
"""Words in capitals, of those with several letters, above which all are."""


def lacks_punctuation(references: Iterable[str], language: str) -> str | None:
    """Why punctuation cannot be scored against these references; None where it can."""
    marks = words = 0
    for reference in references:
        found = pieces(reference, spaced=language not in LANGUAGES_WITHOUT_SPACES)
        marks += len(found.marks)
        words += len(found.tokens)
    if not words:
        return "the references have no words"
    if marks < FEW * words:
        return f"the references have no punctuation ({amount(marks, 'mark')} in {amount(words, 'word')})"
    return None


def _letters(token: str) -> int:
    """Letters with case."""
    if token.isascii() and token.isalpha():
        return len(token)
    return sum(letter.lower() != letter.upper() for letter in token)


def lacks_capitals(references: Iterable[str], language: str) -> str | None:
    """Why capitals cannot be scored against these references; None where they can."""
    if language in LANGUAGES_WITHOUT_SPACES:
        return "the language is written without case"
    cased = capitals = several = upper = 0
    for reference in references:
        for token in pieces(reference, spaced=True).tokens:
            kind = capitals_of(token)
            if kind is None:
                continue
            cased += 1
            capitals += kind != "lower"
            if _letters(token) > 1:
                several += 1
                upper += kind == "UPPER"
    if not cased:
        return "the references have no letters with case"
    if capitals < FEW * cased:
        return f"the references have no capitals ({capitals:,} of {amount(cased, 'word')})"
    if upper > MOST * several or (not several and capitals == cased):
        return f"the references are all in capitals ({upper if several else capitals:,} of {several or cased:,} words)"
    return None
