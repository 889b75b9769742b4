"""Our own normalizer, for languages that no leaderboard made rules for: what Unicode says of characters, no word list.

Each rule is a field of `UnicodeRules` that says why it is there. The ones that are off are for those who want them:
they make different words alike for somebody.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from harness.scoring.normalize.chinese import simplifier
from harness.scoring.normalize.memo import Memo

_APOSTROPHES = dict.fromkeys(
    map(ord, "\u2019\u2018\u201b\u02bc\u02bb\u02b9\u2032\u00b4`\uff07\u05f3\u055a\ua78b\ua78c"), "'"
)
"""Typographic, modifier, prime and accent signs that are written for an apostrophe, to the one on keyboards."""
_INSIDE_WORDS = frozenset("\u055b\u055c\u055e")
"""Armenian's marks of emphasis, exclamation and question: on the vowel that is stressed, so inside of a word."""
_DOTTED_I = ("tr", "az")
_QUOTES = re.compile(r"''+")
_ALEFS = dict.fromkeys("أإآٱ", "ا")
_HAMZA_AND_MADDA = frozenset("\u0653\u0654\u0655")
_SARA_AM = re.compile("\u0e4d([\u0e48-\u0e4b])\u0e32")
_REPEATED_THAI_MARK = re.compile("([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\\1+")
_CHINESE = ("zh", "yue")
_ENDS = frozenset(".,?!;:")
"""Punctuation that most often stands behind a word."""
_MEMO_LIMIT = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnicodeRules:
    """Which rules the normalizer has. What is on by default makes only those texts alike that are read aloud alike."""

    compatibility: bool = True
    """NFKC: full and half width, half-width kana, ligatures and composed or decomposed letters are alike. Else NFC."""
    case: bool = True
    """Case is folded, in Turkish and Azerbaijani with their two letters i: nobody hears a capital."""
    invisible: bool = True
    """Joiners, zero-width spaces, direction marks, soft hyphens and variation selectors go: nobody sees them."""
    apostrophes: bool = True
    """All forms of the apostrophe are one, kept inside a word: a keyboard's choice is no error of recognition."""
    punctuation: bool = True
    """Punctuation and symbols become spaces, but Armenian's marks inside of a word go. Combining marks stay: in most
    scripts of the world they are vowels."""
    spaces: bool = True
    """Spaces are ignored in languages that are written without them: where one is put is a matter of layout."""
    digits: bool = False
    """Digits of all scripts are written 0 to 9."""
    kana: bool = False
    """Katakana is written as hiragana."""
    arabic_alef: bool = False
    """Alef with hamza, madda or wasla is a plain one."""
    arabic_tatweel: bool = False
    """The stroke that only stretches a word goes."""
    arabic_short_vowels: bool = False
    """Short vowels, tanwin, shadda and Quranic marks go: most texts are written without."""
    hebrew_points: bool = False
    """Points and cantillation marks go: most texts are written without."""
    simplified_chinese: bool = False
    """Traditional characters are written as simplified ones (OpenCC; Chinese only, the `chinese` extra)."""
    thai_typing: bool = False
    """Two sara e are one sara ae, marks typed in another order or twice are put right: they look the same."""


class _Characters(dict[int, str]):
    """What becomes of each character of composed, case-folded text, found out when it is first met."""

    def __init__(self, rules: UnicodeRules) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, code: int) -> str:
        self[code] = found = self._of(chr(code))
        return found

    def _of(self, character: str) -> str:
        rules = self._rules
        category = unicodedata.category(character)
        if rules.invisible and (category in {"Cf", "Me"} or _is_variation_selector(character)):
            return ""
        if category == "Cc" and not character.isspace():
            return "" if rules.invisible else character
        if character == "'" and rules.apostrophes:
            return character
        if rules.punctuation and category[0] in "PS":
            return "" if character in _INSIDE_WORDS else " "
        if category == "Nd" and rules.digits:
            return str(unicodedata.decimal(character))
        return self._of_a_script(character, category)

    def _of_a_script(self, character: str, category: str) -> str:
        rules = self._rules
        if rules.kana and "ァ" <= character <= "ヶ":
            return chr(ord(character) - ord("ァ") + ord("ぁ"))
        if rules.arabic_alef and character in _ALEFS:
            return _ALEFS[character]
        if rules.arabic_tatweel and character == "\u0640":
            return ""
        if category == "Mn" and (
            (rules.arabic_short_vowels and "\u0600" <= character <= "\u06ff" and character not in _HAMZA_AND_MADDA)
            or (rules.hebrew_points and "\u0591" <= character <= "\u05c7")
        ):
            return ""
        return character


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


class UnicodeNormalizer:
    """Text of one language to the form that is scored.

    Args:
        rules: which rules to apply.
        language: primary subtag.
        spaces: whether the language is written with spaces between words.
    """

    def __init__(self, rules: UnicodeRules, language: str, *, spaces: bool) -> None:
        self._rules, self._language = rules, language
        self._form: Literal["NFKC", "NFC"] = "NFKC" if rules.compatibility else "NFC"
        self._keeps_spaces = spaces or not rules.spaces
        self._simplified = simplifier() if rules.simplified_chinese and language in _CHINESE else None
        self._characters = _Characters(rules)
        self._tokens = Memo(self._token)

    def __call__(self, text: str) -> str:
        """Normalize one text; never raises.

        Returns:
            Words separated by one space, none at either end; no space at all in a language that is written without.
        """
        if not self._keeps_spaces:
            return self._letters(text).replace(" ", "")
        if len(self._tokens) > _MEMO_LIMIT:
            self._tokens.clear()
        return " ".join(filter(None, map(self._tokens.__getitem__, text.split())))

    def _token(self, token: str) -> str:
        """All rules on one token; of English letters and digits only that of case says anything."""
        word = token[:-1] if token[-1] in _ENDS and self._rules.punctuation else token
        if not (word.isascii() and word.isalnum()) or (self._rules.case and self._language in _DOTTED_I):
            return self._letters(token)
        return word.lower() if self._rules.case else word

    def _letters(self, text: str) -> str:
        """All rules but that of spaces, on a token or a text."""
        rules = self._rules
        if rules.apostrophes:
            text = text.translate(_APOSTROPHES)
        text = unicodedata.normalize(self._form, text)
        if rules.case:
            if self._language in _DOTTED_I:
                text = text.replace("İ", "i").replace("I", "ı")
            text = unicodedata.normalize(self._form, text.casefold())
        if self._simplified is not None:
            text = self._simplified.convert(text)
        text = unicodedata.normalize(self._form, text.translate(self._characters))  # what stood between may be gone
        if rules.thai_typing:
            text = _REPEATED_THAI_MARK.sub(r"\1", _SARA_AM.sub("\\1\u0e4d\u0e32", text.replace("เเ", "แ")))
        if rules.apostrophes:
            text = _QUOTES.sub(" ", text)
        return " ".join(filter(None, map(self._word, text.split())))

    def _word(self, word: str) -> str:
        """A word without what has no letter to stand on: apostrophes at its ends, marks at its start."""
        if self._rules.apostrophes:
            word = word.strip("'")
        if not self._rules.punctuation:
            return word
        start = 0
        while start < len(word) and (word[start] == "'" or unicodedata.category(word[start])[0] == "M"):
            start += 1
        return word[start:]


@functools.cache
def unicode_normalizer(rules: UnicodeRules, language: str, *, spaces: bool) -> UnicodeNormalizer:
    """The normalizer of these rules and this language, shared so that what it learned is used by all."""
    return UnicodeNormalizer(rules, language, spaces=spaces)
