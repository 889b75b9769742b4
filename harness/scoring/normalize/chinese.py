"""Chinese as the leaderboard normalizes it (2026-10), and the conversion to simplified characters.

The rules are those of a branch that was not merged when it was read: numbers and symbols are written in Chinese words
(WeText), traditional characters as simplified ones (OpenCC). Both libraries come with the `chinese` extra.
"""

from __future__ import annotations

import functools
import importlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.errors import UsageError
from harness.scoring.normalize.brackets import without_brackets

if TYPE_CHECKING:
    from collections.abc import Callable

_FRACTION = re.compile("([0-9]?)([\u00bc-\u00be\u2150-\u215e])")
_SPACES = re.compile(r"\s+")


class Simplifier(Protocol):
    """What OpenCC's converter does."""

    def convert(self, text: str) -> str:
        """Traditional characters as simplified ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChineseRules:
    """Which rules the leaderboard's Chinese normalizer has."""

    simplified: bool = True
    """Traditional characters are written as simplified ones."""
    numbers: bool = True
    """Digits and symbols are written in words."""


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        how = "pip install -c constraints.txt '.[chinese]'"
        raise UsageError(f"these rules for Chinese need {name}, not installed here; to install: {how}") from None


@functools.cache
def simplifier() -> Simplifier:
    """The converter, loaded once.

    Raises:
        UsageError: OpenCC is not installed.
    """
    return _library("opencc").OpenCC("t2s")  # type: ignore[no-any-return]


@functools.cache
def _in_words() -> Callable[[str], str]:
    """What writes digits and symbols in Chinese words, loaded once."""
    return _library("wetext").Normalizer(lang="zh", operator="tn").normalize  # type: ignore[no-any-return]


@functools.cache
def _character(character: str) -> str:
    import regex

    if unicodedata.category(character)[0] in "SP":
        return " "
    return character if regex.match(r"[\w\s]", character) else " "


def _fraction(match: re.Match[str]) -> str:
    written = unicodedata.normalize("NFKC", match[2]).replace("\u2044", "/")
    return f"{match[1]} {written}" if match[1] else written


class ChineseNormalizer:
    """Chinese text in the form that the leaderboard scores.

    Args:
        rules: which rules to apply.

    Raises:
        UsageError: a library is not installed.
    """

    def __init__(self, rules: ChineseRules) -> None:
        import regex

        self._simplify = simplifier().convert if rules.simplified else None
        self._in_words = _in_words() if rules.numbers else None
        self._beside_han = regex.compile(r"\s+(?=\p{Han})|(?<=\p{Han})\s+")

    def __call__(self, text: str) -> str:
        """Normalize one text.

        Returns:
            Words separated by one space, none at either end; spaces are not counted.
        """
        text = unicodedata.normalize("NFKC", _FRACTION.sub(_fraction, text))
        if self._simplify is not None:
            text = self._simplify(text)
        text = without_brackets(text.lower()).replace("(", " ").replace(")", " ")
        text = self._beside_han.sub("", text)
        if self._in_words is not None:
            text = self._in_words(text)
        text = "".join([_character(each) for each in text.replace("〇", "零")])
        return _SPACES.sub(" ", text).strip()


@functools.cache
def chinese_normalizer(rules: ChineseRules) -> ChineseNormalizer:
    """The normalizer of these rules."""
    return ChineseNormalizer(rules)
