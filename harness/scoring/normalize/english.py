"""The English normalizers: Whisper's rules, and what the leaderboard made of them, version by version.

A normalizer is a set of rules (`EnglishRules`), each of which can be switched on its own. `EnglishNormalizer` applies
them in two halves, as the original does: the first (brackets, fillers, contractions, symbols) never looks beyond one
whitespace-separated token but for a few stated cases; the second (compounds, numbers, spellings, names, acronyms) does.
So what a token becomes is computed once and looked up from then on, and a text made of tokens that the second half
leaves alone ("plain" ones: most texts) is a look-up and a join. Everything else goes through the rules one by one.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from harness.scoring.normalize import numbers, tables

_KEPT_SYMBOLS = frozenset(".%$¢€£")
_LETTERS_WITHOUT_DECOMPOSITION = {
    "œ": "oe",
    "Œ": "OE",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "ß": "ss",
    "ẞ": "SS",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "th",
    "ł": "l",
    "Ł": "L",
}

_BRACKETS = re.compile(r"[<\[][^>\]]*[>\]]")
_PARENTHESES = re.compile(r"\(([^)]+?)\)")
_SPACE_APOSTROPHE = re.compile(r"\s+'")
_DIGIT_COMMA = re.compile(r"(\d),(\d)")
_PERIOD = re.compile(r"\.([^0-9]|$)")
_TWO_WORD_CONTRACTION = re.compile(r"'(?:[ds] (?:been|gone)|d done|s got)\b")
_STRAY_BEFORE = re.compile(r"[.$¢€£]([^0-9])")
_STRAY_AFTER = re.compile(r"([^0-9])%")
_SPACES = re.compile(r"\s+")
_ACRONYM_WORDS = frozenset({"a", "i"})

_MEMO_LIMIT = 500_000
"""Tokens remembered by one normalizer (some 50 MB) before it starts afresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnglishRules:
    """Which rules an English normalizer has. The defaults are OpenAI Whisper's."""

    fillers: Literal["whisper", "2026-04"] = "whisper"
    """The hesitations that are dropped."""
    casual: bool = False
    """kinda, sorta, dunno and cause are written out (the PyPI package does)."""
    possessives: bool = False
    """`'s` is " is" after pronouns only, and a word of its own elsewhere."""
    spelling: tables.SpellingVersion = "whisper"
    """British -> American table."""
    compounds: bool = False
    """all right, e mail, p m, ... are written together."""
    names: bool = False
    """One spelling for each of 152 name variants."""
    acronyms: bool = False
    """Runs of single letters and digits are joined."""


@functools.cache
def _character(character: str) -> str:
    """What becomes of one character of decomposed text when symbols and diacritics go."""
    if character in _KEPT_SYMBOLS:
        return character
    if character in _LETTERS_WITHOUT_DECOMPOSITION:
        return _LETTERS_WITHOUT_DECOMPOSITION[character]
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    return " " if category[0] in "MSP" else character


def _without_symbols(text: str) -> str:
    """Spaces for symbols and punctuation, no diacritics."""
    return "".join(map(_character, unicodedata.normalize("NFKD", text)))


def _joined_acronyms(words: list[str]) -> list[str]:
    """Join runs of single letters and digits: two or more, three or more where an "a" or "i" is among them."""
    out: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalnum():
            run.append(word)
            continue
        if len(run) >= (2 if _ACRONYM_WORDS.isdisjoint(run) else 3):
            out.append("".join(run))
        else:
            out.extend(run)
        run.clear()
        out.append(word)
    return out[:-1]


class EnglishNormalizer:
    """English text to the form that is scored.

    Args:
        rules: which rules to apply.
    """

    def __init__(self, rules: EnglishRules) -> None:
        self._rules = rules
        self._fillers = re.compile(rf"\b({'|'.join(tables.FILLERS[rules.fillers].split())})\b")
        contractions = {
            **tables.CONTRACTIONS_BEFORE,
            **(tables.CASUAL if rules.casual else {}),
            **tables.CONTRACTIONS,
            **(tables.CASUAL_CAUSE if rules.casual else {}),
            **tables.TITLES,
            **tables.PERFECT,
            **tables.NOT_ARE,
            **(tables.IS_AFTER_PRONOUNS if rules.possessives else tables.IS_ALWAYS),
            **tables.ENDINGS,
        }
        self._contractions = [(re.compile(pattern), to) for pattern, to in contractions.items()]
        self._compounds = [(re.compile(pattern), to) for pattern, to in tables.COMPOUNDS.items()]
        self._words = dict(tables.spelling(rules.spelling))
        if rules.names:
            # A spelling is mapped first and its result looked up among the names.
            self._words = {word: tables.NAMES.get(to, to) for word, to in self._words.items()} | {
                word: to for word, to in tables.NAMES.items() if word not in self._words
            }
        self._halves: dict[str, str | None] = {}
        self._plain: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Normalize one text.

        Returns:
            Words separated by one space. A space may be left at an end where a stray symbol stood, as in the original.

        Raises:
            ValueError: a number has more digits than Python converts.
        """
        lower = text.lower()
        tokens = lower.split()
        out = list(map(self._plain.get, tokens))
        if None in out:
            return self._not_all_plain(lower, tokens)
        if "'" in lower and _TWO_WORD_CONTRACTION.search(lower):
            return self._second_half(self._first_half(lower))
        joined = " ".join(filter(None, out))
        if self._rules.acronyms and _has_short_run(joined):
            return " ".join(_joined_acronyms(joined.split()))
        return joined

    def _not_all_plain(self, lower: str, tokens: list[str]) -> str:
        """The long way, learning the tokens that were not seen before."""
        halves = self._halves
        if len(halves) > _MEMO_LIMIT:
            halves.clear()
            self._plain.clear()
        for token in tokens:
            if token not in halves:
                self._learn(token)
        local = [halves[token] for token in tokens]
        if None in local or ("'" in lower and _TWO_WORD_CONTRACTION.search(lower)):
            return self._second_half(self._first_half(lower))
        return self._second_half(" ".join(filter(None, local)))

    def _learn(self, token: str) -> None:
        """Remember what the first half makes of a token, and the second where it looks at nothing else."""
        if token[0] == "'" or not _BRACKET_CHARACTERS.isdisjoint(token):
            self._halves[token] = None  # reaches beyond the token
            return
        words = self._first_half(token).split()
        self._halves[token] = " ".join(words)
        if all(map(self._is_plain, words)):
            self._plain[token] = " ".join(self._words.get(word, word) for word in words)

    def _is_plain(self, word: str) -> bool:
        """Whether the second half does no more to this word than to look it up, whatever stands beside it."""
        if word in numbers.NUMBER_WORDS and word not in numbers.INERT_ALONE:
            return False
        if word == "half" or not word.isalpha():
            return False
        if self._rules.compounds and word in tables.COMPOUND_ENDS:
            return False
        return not (self._rules.acronyms and len(word) == 1 and word not in _ACRONYM_WORDS)

    def _first_half(self, text: str) -> str:
        text = _BRACKETS.sub("", text)
        text = _PARENTHESES.sub("", text)
        text = self._fillers.sub("", text)
        text = _SPACE_APOSTROPHE.sub("'", text)
        for pattern, to in self._contractions:
            text = pattern.sub(to, text)
        text = _DIGIT_COMMA.sub(r"\1\2", text)
        text = _PERIOD.sub(r" \1", text)
        return _without_symbols(text)

    def _second_half(self, text: str) -> str:
        if self._rules.compounds:
            for pattern, to in self._compounds:
                text = pattern.sub(to, text)
        words = [self._words.get(word, word) for word in numbers.standardize_numbers(text).split()]
        if self._rules.acronyms:
            words = _joined_acronyms(words)
        text = " ".join(words)
        text = _STRAY_BEFORE.sub(r" \1", text)
        text = _STRAY_AFTER.sub(r"\1 ", text)
        return _SPACES.sub(" ", text)


_BRACKET_CHARACTERS = frozenset("<[(")


def _has_short_run(text: str) -> bool:
    """Whether three words in a row are "a" or "i": the only run that a plain text can have joined."""
    padded = f" {text} "
    return " i i " in padded or " a a " in padded or " a i " in padded or " i a " in padded


@functools.cache
def english_normalizer(rules: EnglishRules) -> EnglishNormalizer:
    """The normalizer of these rules, shared so that what it learned is used by all."""
    return EnglishNormalizer(rules)
