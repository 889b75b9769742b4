"""Where keywords stand in normalized words, and of which class they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

KeywordClass = Literal["e-mail", "date", "number", "name"]
CLASSES: tuple[KeywordClass, ...] = ("name", "number", "date", "e-mail")

_MONTHS = (
    "jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s)?|märz|apr(?:il)?|avril|may|mai|june?|juni|juin|july?|"
    "juli|juillet|aug(?:ust)?|août|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|"
    "décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
_DATE = re.compile(
    rf"\b\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}\b|\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:de |of )?(?:{_MONTHS})\b|"
    rf"\b(?:{_MONTHS})\.? \d{{1,4}}(?:st|nd|rd|th)?\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\S+@\S+\.\S+|\S+ at \S+(?: dot \S+)+|\b(?:https?://|www\.)\S+", re.IGNORECASE)


def class_of(keyword: str) -> KeywordClass:
    """What a keyword is, by how it is written: addresses before dates before anything with a digit."""
    if _MAIL.search(keyword):
        return "e-mail"
    if _DATE.search(keyword):
        return "date"
    return "number" if any(character.isdigit() for character in keyword) else "name"


class Occurrence(NamedTuple):
    """A keyword in a text."""

    keyword: int
    """Which of the list; of those that are the same normalized, the first."""
    start: int
    end: int


class Matcher:
    """Finds the keywords of one list.

    Args:
        keywords: as they are written.
        words: what a raw text is normalized to.
        together: whether words that are written together are the same, as under profiles that merge compounds.
    """

    def __init__(self, keywords: Iterable[str], words: Callable[[str], Sequence[str]], *, together: bool) -> None:
        self._between = "" if together else " "
        self._places: dict[str, int] = {}
        self._starts: dict[str, int] = {}
        """How long the longest keyword is that begins with a letter."""
        for at, keyword in enumerate(keywords):
            key = self._between.join(words(keyword))
            if key:
                self._places.setdefault(key, at)
                self._starts[key[0]] = max(self._starts.get(key[0], 0), len(key))

    def find(self, words: Sequence[str]) -> list[Occurrence]:
        """The keywords in normalized words from left to right, the longest at each place, none over another."""
        found = []
        at = 0
        while at < len(words):
            longest = self._starts.get(words[at][:1], 0)
            end, text, best = at, "", None
            while end < len(words) and len(text) < longest:
                text = words[end] if end == at else text + self._between + words[end]
                end += 1
                if text in self._places:
                    best = Occurrence(self._places[text], at, end)
            if best is not None:
                found.append(best)
            at = at + 1 if best is None else best.end
        return found
