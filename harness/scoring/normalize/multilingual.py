"""The leaderboard's normalizer for languages other than English: letters and words only, digits spelled out.

Whisper's basic normalizer with diacritics kept, then digits to words of the language (`num2words`). Until 2026-08 its
rules damage scripts with vowel signs (Hindi, Tamil: category M becomes a space); that is a fact of the profile, not
repaired here. Those of 2026-10 keep marks.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass

from harness.scoring.normalize import characters
from harness.scoring.normalize.brackets import without_brackets, without_parentheses
from harness.scoring.normalize.memo import Memo

_NOT_WORD = re.compile(r"[^\w\s]")
_SPACES = re.compile(r"\s+")
_GROUPED_DIGITS = re.compile(r"(\d)\s+(\d{3})\b")
_DIGITS = re.compile(r"\d+")
_SEPARATORS = re.compile("[\x1c-\x1f]")
"""White space to Python, but not to the `regex` package."""
_MEMO_LIMIT = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MultilingualRules:
    """Which rules the normalizer of other languages has."""

    numbers: bool = True
    """Digits are spelled out in the language of the text."""
    marks: bool = False
    """Combining marks and zero-width (non-)joiners stay; else each is a space (2026-10)."""
    diacritics: bool = True
    """Letters keep their diacritics; else each is its base letter (until 2026-03)."""


@functools.cache
def _character(character: str, lost: str) -> str:
    """A space for a character of one of these categories."""
    return " " if unicodedata.category(character)[0] in lost else character


@functools.lru_cache(maxsize=100_000)
def _spelled(digits: str, language: str) -> str:
    """A whole number in words, or the digits themselves where the language or the number is out of reach."""
    import num2words

    try:
        return str(num2words.num2words(int(digits), lang=language))
    except Exception:  # noqa: BLE001  as in the original: whatever goes wrong, the digits stay
        return digits


class MultilingualNormalizer:
    """Text of one language to the form that is scored.

    Args:
        rules: which rules to apply.
        language: primary subtag, as `num2words` knows it.
    """

    def __init__(self, rules: MultilingualRules, language: str) -> None:
        self._rules = rules
        self._language = language
        self._tokens = Memo(self._token)

    def __call__(self, text: str) -> str:
        """Normalize one text; never raises.

        Returns:
            Words separated by one space, none at either end.
        """
        lower = text.lower()
        if "<" in lower or "[" in lower or "(" in lower or (self._rules.marks and _SEPARATORS.search(lower)):
            return self._whole(lower)
        if len(self._tokens) > _MEMO_LIMIT:
            self._tokens.clear()
        return self._with_numbers(" ".join(filter(None, map(self._tokens.__getitem__, lower.split()))))

    def _token(self, token: str) -> str:
        """What becomes of a token or a text, without a space at either end."""
        return " ".join(self._letters(token).split())

    def _whole(self, lower: str) -> str:
        text = without_parentheses(without_brackets(lower))
        return self._with_numbers(self._token(text))

    def _letters(self, text: str) -> str:
        """Lower-case word characters, and spaces for symbols, punctuation and perhaps marks."""
        if text.isalpha() and (text.isascii() or (self._rules.diacritics and unicodedata.is_normalized("NFKC", text))):
            return text
        if not self._rules.diacritics:
            return _NOT_WORD.sub("", characters.without_symbols(text, "").lower())
        composed = unicodedata.normalize("NFKC", text)
        if not self._rules.marks:
            return _NOT_WORD.sub("", "".join([_character(each, "MSP") for each in composed]).lower())
        import regex

        return regex.sub(r"[^\w\s]", "", "".join([_character(each, "SP") for each in composed]).lower())

    def _with_numbers(self, text: str) -> str:
        if not self._rules.numbers or text.replace(" ", "").isalpha() or not _DIGITS.search(text):
            return text
        text = _GROUPED_DIGITS.sub(r"\1\2", text)
        return _DIGITS.sub(lambda match: _spelled(match[0], self._language), text)


@functools.cache
def multilingual_normalizer(rules: MultilingualRules, language: str) -> MultilingualNormalizer:
    """The normalizer of these rules and this language, shared so that what it learned is used by all."""
    return MultilingualNormalizer(rules, language)
