"""Raw text taken apart into tokens and the punctuation marks between them."""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

import regex

ELLIPSIS = "…"
"""What two periods and more in a row are taken for."""
_MARK = r"[[\p{Terminal_Punctuation}¿¡…]--[፡·]]"
_OUTSIDE = r"[\p{P}--[%‰#&@*§/\\]]"
"""What stands around words and is no part of them: quotation marks, brackets, dashes and the marks themselves."""
_PERIODS = regex.compile(r"\.{2,}")
_IS_MARK = regex.compile(_MARK, regex.V1)
_TOKEN = regex.compile(
    rf"(?P<before>{_OUTSIDE}*?)(?P<core>[.,\-−]?\d.*?|(?!{_OUTSIDE}).*?)?(?P<after>{_OUTSIDE}*)", regex.V1
)
_INSIDE = regex.compile(rf"\.{{2,}}|(?!(?<=\d).(?=\d))[[{_MARK}]--[.:]]", regex.V1)
"""Marks inside a token that end a word: no point of an abbreviation or address, and nothing between two digits."""

KINDS = {
    "period": ".。．｡।॥۔።։",
    "comma": ",，、､،፣၊",
    "question": "?？؟¿",
    "exclamation": "!！¡",
}
"""Marks of all scripts that say the same; each is compared as it is written. In Greek a semicolon asks."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A raw text, taken apart."""

    tokens: tuple[str, ...]
    """Words without what stands around them, in NFC."""
    whole: tuple[str, ...]
    """The same with what stands around them, as the text has it."""
    marks: tuple[tuple[int, str], ...]
    """Punctuation marks, and how many tokens stand before each."""


@functools.lru_cache(maxsize=20_000)  # several metrics, and what tells whether references can judge, ask for each
def pieces(text: str, *, spaced: bool) -> Pieces:
    """The tokens and marks of a text.

    Args:
        text: raw.
        spaced: whether the language puts spaces between words; else each character is a token.
    """
    found = _Found()
    for part in unicodedata.normalize("NFC", text).split():
        if spaced:
            found.add(_taken_apart(part))
        else:
            _characters(part, found)
    return found.pieces()


class _Found:
    """What was found so far."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.whole: list[str] = []
        self.marks: list[tuple[int, str]] = []

    def pieces(self) -> Pieces:
        return Pieces(tuple(self.tokens), tuple(self.whole), tuple(self.marks))

    def add(self, part: Pieces) -> None:
        self.marks += [(len(self.tokens) + before, mark) for before, mark in part.marks]
        self.tokens += part.tokens
        self.whole += part.whole

    def add_marks(self, outside: str) -> None:
        self.marks += [(len(self.tokens), mark) for mark in marks_of(outside)]


def marks_of(outside: str) -> list[str]:
    """The punctuation marks in what stands between words; periods in a row are one ellipsis."""
    return _IS_MARK.findall(_PERIODS.sub(ELLIPSIS, outside)) if outside else []


@functools.lru_cache(maxsize=100_000)
def _taken_apart(part: str) -> Pieces:
    """What stands between two spaces; every metric asks again, and few words make up most of a text."""
    found = _Found()
    at = 0
    for inner in _INSIDE.finditer(part):
        if not _has_word(part[at : inner.start()]) or not _has_word(part[inner.end() :]):
            continue  # at an edge, where it is taken as such
        _token(part[at : inner.start()], found)
        found.add_marks(inner[0])
        at = inner.end()
    _token(part[at:], found)
    return found.pieces()


@functools.lru_cache(maxsize=100_000)
def _has_word(part: str) -> bool:
    return regex.search(rf"(?!{_OUTSIDE}).", part, regex.V1) is not None


def _token(part: str, found: _Found) -> None:
    match = _TOKEN.fullmatch(part)
    before, core, after = (match["before"], match["core"] or "", match["after"]) if match else ("", part, "")
    found.add_marks(before)
    if core:
        found.tokens.append(core)
        found.whole.append(part)
    found.add_marks(after)


def _characters(part: str, found: _Found) -> None:
    runs = _PERIODS.sub(ELLIPSIS, part)
    for at, character in enumerate(runs):
        between = runs[max(0, at - 1) : at].isdecimal() and runs[at + 1 : at + 2].isdecimal()
        if _IS_MARK.match(character) and not between:
            found.marks.append((len(found.tokens), character))
        elif between or not regex.match(_OUTSIDE, character, regex.V1):
            found.tokens.append(character)
            found.whole.append(character)
