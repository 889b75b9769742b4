"""Which texts two English normalizers may write differently, told by their tokens; of all others both make the same.

What is said here is one-sided: a text that is not named comes out alike for certain, one that is named perhaps too. The
reasons are those of the shortcuts in `english`: the first half of the rules looks at one token, and of the second half
each rule says which words it looks at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from harness.scoring.normalize import clock_times, numbers, tables
from harness.scoring.normalize.english import EnglishRules, english_normalizer

_FIRST_HALF = frozenset({"fillers", "clock_times", "casual", "possessives", "stray_runs"})
"""Rules of the first half."""
_WRITTEN = frozenset({*numbers.NUMBER_WORDS, "and", "a", "half", "point", "five"})
"""Words that reading numbers may write, besides digits."""


class EnglishChange:
    """What tells the texts that two sets of rules may write differently.

    Args:
        first: one set of rules.
        second: the other.
        tokens: all that occur in the texts (`english.tokens_of`).
    """

    def __init__(self, first: EnglishRules, second: EnglishRules, tokens: Collection[str]) -> None:
        self._sides = english_normalizer(first), english_normalizer(second)
        names = [field.name for field in dataclasses.fields(EnglishRules)]
        self._differ = {name for name in names if getattr(first, name) != getattr(second, name)}
        self._clock = first.clock_times or second.clock_times
        self._halves_differ = not self._differ.isdisjoint(_FIRST_HALF)
        one, other = (side.words for side in self._sides)
        self._remapped = {word for word in one.keys() | other.keys() if one.get(word) != other.get(word)}
        written = {*_WRITTEN, *(tables.COMPOUNDS.values() if first.compounds or second.compounds else ())}
        short = any(len(to) < 2 for words in (one, other) for to in words.values())
        self._anywhere = not self._remapped.isdisjoint(written) or ("acronyms" in self._differ and short)
        """A rule may write what another one looks at, so that nothing can be told by tokens."""
        self._single: set[str] = set()
        self._silent: set[str] = set()
        self._touched = set() if self._anywhere else {token for token in tokens if self._touches(token)}

    def may_differ(self, tokens: Sequence[str] | None) -> bool:
        """Whether the two may write the text of these tokens differently; None is a text that has no tokens."""
        if tokens is None or self._anywhere or not self._touched.isdisjoint(tokens):
            return True
        return "acronyms" in self._differ and self._may_join(tokens)

    def _touches(self, token: str) -> bool:
        """Whether a token may make a difference wherever it stands. Notes what may when it stands beside another."""
        if self._clock and clock_times.may_hold_one(token):
            return True
        half = self._sides[0].half(token)
        if half is None or (self._halves_differ and half != self._sides[1].half(token)):
            return True
        words = half.split()
        if any(map(self._is_looked_at, words)):
            return True
        if not words:
            self._silent.add(token)
        if "acronyms" in self._differ and any(map(_may_be_single, words)):
            self._single.add(token)
            return len(words) > 1 or not half.isalpha()  # "g7" is read as "g 7"
        return False

    def _is_looked_at(self, word: str) -> bool:
        """Whether a rule of the second half in which the two differ looks at this word."""
        differ, plain = self._differ, word.isalpha()
        return (
            (not plain and (bool(self._remapped) or not differ.isdisjoint({"stray_runs", "compounds"})))
            or word in self._remapped
            or ("compounds" in differ and word in tables.COMPOUND_ENDS)
            or ("oh_among_digits" in differ and "oh" in word)
        )

    def _may_join(self, tokens: Sequence[str]) -> bool:
        """Whether two words in a row may be single letters or digits."""
        single, silent, last = self._single, self._silent, False
        for token in tokens:
            if token in single:
                if last:
                    return True
                last = True
            elif token not in silent:
                last = False
        return False


def _may_be_single(word: str) -> bool:
    """Whether a word is, or may be read as, letters or digits that stand alone."""
    return len(word) == 1 or word in numbers.NUMBER_WORDS or not word.isalpha()
