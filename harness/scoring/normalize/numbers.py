"""English number words to digits, as OpenAI Whisper's normalizer does it: "twenty one dollars" -> "$21".

The rules, odd corners included, are those of ``EnglishNumberNormalizer`` of openai/whisper (MIT license), which the
leaderboard and the model cards score with; a corner that is "wrong" ("thirty six" after digits, a swallowed "point")
is part of what the published numbers mean. What is ours is the code: one table of words instead of a chain of
look-ups, words that mean no number passed through at once, and every regular expression skipped that cannot match.
"""

import functools
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

from harness.scoring.normalize import tables

Oh = Literal["zero", "among digits"]
"""Whether "oh" is always a zero, or only among digits (leaderboard 2026-10)."""

ZEROS = frozenset({"o", "oh", "zero"})
ONES = {name: value for value, name in enumerate(tables.NUMBERS["ones"], start=1)}
TENS = {name: 10 * value for value, name in enumerate(tables.NUMBERS["tens"], start=2)}
MULTIPLIERS = {"hundred": 100} | {
    name: 1000**power for power, name in enumerate(tables.NUMBERS["multipliers"], start=1)
}
_DECIMALS = frozenset(ONES) | frozenset(TENS) | ZEROS

_IRREGULAR_ORDINALS = {"zeroth": (0, "th"), "first": (1, "st"), "second": (2, "nd"), "third": (3, "rd")} | {
    "fifth": (5, "th"),
    "twelfth": (12, "th"),
}
_ONES_SUFFIXED = (
    {("sixes" if name == "six" else name + "s"): (value, "s") for name, value in ONES.items()}
    | _IRREGULAR_ORDINALS
    | {
        name + ("h" if name.endswith("t") else "th"): (value, "th")
        for name, value in ONES.items()
        if value > 3 and value not in {5, 12}
    }
)
_TENS_SUFFIXED = {name.replace("y", "ies"): (value, "s") for name, value in TENS.items()} | {
    name.replace("y", "ieth"): (value, "th") for name, value in TENS.items()
}
_MULTIPLIERS_SUFFIXED = {name + "s": (value, "s") for name, value in MULTIPLIERS.items()} | {
    name + "th": (value, "th") for name, value in MULTIPLIERS.items()
}
_SIGNS = {"minus": "-", "negative": "-", "plus": "+", "positive": "+"}
_SPECIALS = ("and", "double", "triple", "point")
PREFIXES = frozenset({*_SIGNS.values(), *tables.CURRENCIES.values()})

INERT_ALONE = frozenset({"and", "double", "triple", "per", "percent", *tables.CURRENCIES})
"""Number words that stay as they are in a text without any other number word or digit."""

_NUMERIC = re.compile(r"^\d+(\.\d+)?$")
_AND_A_HALF = re.compile(r"\band\s+a\s+half\b")
_LETTER_DIGIT = re.compile(r"([a-z])([0-9])")
_DIGIT_LETTER = re.compile(r"([0-9])([a-z])")
_DIGIT_SUFFIX = re.compile(r"([0-9])\s+(st|nd|rd|th|s)\b")
_SUFFIXES = frozenset({"st", "nd", "rd", "th", "s"})
_CURRENCY_CENTS = re.compile(r"([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b")
_ONLY_CENTS = re.compile(r"[€£$]0.([0-9]{1,2})\b")
_LONE_ONE = re.compile(r"\b1(s?)\b")


def _fraction(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except ValueError:
        return None


def _is_digit(word: str | None) -> bool:
    """Whether "oh" may be a zero beside this word: digits, or a word for a number below a hundred."""
    return word is not None and (word.isdecimal() or word in _DECIMALS)


class _Reader:
    """Reads words from left to right; `value` is the number being put together, `prefix` the sign that it will get."""

    __slots__ = ("after_following", "following", "oh", "out", "prefix", "previous", "skip", "value")

    def __init__(self, oh: Oh) -> None:
        self.oh = oh
        self.out: list[str] = []
        self.value: int | str | None = None
        self.prefix: str | None = None
        self.skip = False
        self.previous: str | None = None
        self.following: str | None = None
        self.after_following: str | None = None

    def emit(self, result: int | str) -> None:
        text = str(result)
        self.out.append(text if self.prefix is None else self.prefix + text)
        self.value = None
        self.prefix = None

    def flush(self) -> None:
        if self.value is not None:
            self.emit(self.value)

    def following_is_numeric(self) -> bool:
        return self.following is not None and _NUMERIC.match(self.following) is not None

    def read(self, words: list[str]) -> list[str]:
        last = len(words) - 1
        for index, word in enumerate(words):
            if self.skip:
                self.skip = False
                continue
            self.previous = words[index - 1] if index else None
            self.following = words[index + 1] if index < last else None
            self.after_following = words[index + 2] if index + 1 < last else None
            _HANDLERS.get(word, _Reader.digits)(self, word)
        self.flush()
        return self.out

    def digits(self, word: str) -> None:
        """Arabic digits, with a currency sign or a fraction perhaps; anything else is a plain word."""
        has_prefix = word[0] in PREFIXES
        bare = word[1:] if has_prefix else word
        if not _NUMERIC.match(bare):
            self.flush()
            self.emit(word)
            return
        fraction = _fraction(bare)
        if fraction is None:
            raise ValueError(f"a number of {len(bare)} digits is too long to read")
        if self.value is not None:
            if isinstance(self.value, str) and self.value.endswith("."):
                self.value += word  # decimals, components of an IP address
                return
            self.emit(self.value)
        if has_prefix:
            self.prefix = word[0]
        self.value = fraction.numerator if fraction.denominator == 1 else bare

    def zero(self, word: str) -> None:
        if word == "oh" and self.oh == "among digits" and not self._is_among_digits():
            self.flush()
            self.emit(word)
        else:
            self.value = str(self.value or "") + "0"

    def _is_among_digits(self) -> bool:
        """Whether a digit follows, and one more stands before it or behind."""
        return _is_digit(self.following) and (self.value is not None or _is_digit(self.after_following))

    def _joined(self, number: int, step: int) -> int | str:
        """`number` behind the value so far: added where the value has room (step 10 or 100), else written after it."""
        if self.value is None:
            return number
        if isinstance(self.value, int) and self.value % step == 0:
            return self.value + number
        return f"{self.value}{number}"

    def _after_value(self, ones: int) -> int | str:
        """One to nineteen after the value so far."""
        if isinstance(self.value, str) or (self.value is not None and self.previous in ONES):
            if self.previous in TENS and ones < 10:  # "... twenty" "one": the last zero gives way
                return str(self.value)[:-1] + str(ones)
            return f"{self.value}{ones}"
        return self._joined(ones, 10 if ones < 10 else 100)

    def ones(self, word: str) -> None:
        self.value = self._after_value(ONES[word])

    def ones_suffixed(self, word: str) -> None:
        number, suffix = _ONES_SUFFIXED[word]
        self.emit(f"{self._after_value(number)}{suffix}")

    def tens(self, word: str) -> None:
        self.value = self._joined(TENS[word], 100)

    def tens_suffixed(self, word: str) -> None:
        number, suffix = _TENS_SUFFIXED[word]
        self.emit(f"{self._joined(number, 100)}{suffix}")

    def _times(self, factor: int) -> int:
        """The value so far, so many times. One that is then no whole number stands before the factor."""
        if isinstance(self.value, int):
            return self.value // 1000 * 1000 + self.value % 1000 * factor
        fraction = None if self.value is None else _fraction(self.value)
        if fraction is not None and (fraction * factor).denominator == 1:
            return (fraction * factor).numerator
        self.flush()
        return factor

    def multiplier(self, word: str) -> None:
        self.value = self._times(MULTIPLIERS[word])

    def multiplier_suffixed(self, word: str) -> None:
        factor, suffix = _MULTIPLIERS_SUFFIXED[word]
        self.emit(f"{self._times(factor)}{suffix}")

    def sign(self, word: str) -> None:
        self.flush()
        if self.following in _HANDLERS or self.following_is_numeric():
            self.prefix = _SIGNS[word]
        else:
            self.emit(word)

    def currency(self, word: str) -> None:
        if self.value is None:
            self.emit(word)
        else:
            self.prefix = tables.CURRENCIES[word]
            self.emit(self.value)

    def percent(self, word: str) -> None:
        self.emit(word if self.value is None else f"{self.value}%")

    def per(self, word: str) -> None:
        if self.value is not None and self.following == "cent":
            self.emit(f"{self.value}%")
            self.skip = True
            return
        self.flush()
        self.emit(word)

    def special(self, word: str) -> None:
        """`and`, `double`, `triple`, `point`: words that mean something only before what can be a number."""
        if self.following not in _HANDLERS and not self.following_is_numeric():
            self.flush()
            self.emit(word)
        elif word == "and":
            if self.previous not in MULTIPLIERS:  # "hundred and one" loses its "and"
                self.flush()
                self.emit(word)
        elif word == "point":
            if self.following in _DECIMALS or self.following_is_numeric():
                self.value = str(self.value or "") + "."
        elif self.following in ONES or self.following in ZEROS:
            self.value = str(self.value or "") + str(ONES.get(str(self.following), 0)) * (2 if word == "double" else 3)
            self.skip = True
        else:
            self.flush()
            self.emit(word)


_HANDLERS: dict[str | None, Callable[[_Reader, str], None]] = {}
# The order is the precedence of the original's chain of conditions: what stands first keeps the word.
for _words, _handler in (
    (ZEROS, _Reader.zero),
    (ONES, _Reader.ones),
    (_ONES_SUFFIXED, _Reader.ones_suffixed),
    (TENS, _Reader.tens),
    (_TENS_SUFFIXED, _Reader.tens_suffixed),
    (MULTIPLIERS, _Reader.multiplier),
    (_MULTIPLIERS_SUFFIXED, _Reader.multiplier_suffixed),
    (_SIGNS, _Reader.sign),
    (tables.CURRENCIES, _Reader.currency),
    (("percent",), _Reader.percent),
    (("per",), _Reader.per),
    (_SPECIALS, _Reader.special),
):
    for _word in _words:
        _HANDLERS.setdefault(_word, _handler)

NUMBER_WORDS = frozenset(word for word in _HANDLERS if word is not None)
"""Every word that the rules below look at."""


def _halves(text: str) -> str:
    """Write "<number> and a half" as "<number> point five"."""
    segments = _AND_A_HALF.split(text)
    parts = []
    for index, segment in enumerate(segments):
        if not segment.strip():
            continue  # a text that begins with "and a half" loses it: so in the original
        parts.append(segment)
        if index < len(segments) - 1:
            last_word = segment.rsplit(maxsplit=2)[-1]
            parts.append("point five" if last_word in _DECIMALS or last_word in MULTIPLIERS else "and a half")
    return " ".join(parts)


def _numeric(words: list[str]) -> list[int]:
    """Where words stand that may be numbers, or parts of one."""
    return [at for at, word in enumerate(words) if word in _HANDLERS or not word.isalpha()]


def standardize_numbers(words: list[str], oh: Oh = "zero") -> list[str]:
    """Write the numbers of a text in digits.

    Words in a row that may be numbers are read together and remembered; what stands around them says nothing about
    them, but for "and a half" and for the endings of ordinals.

    Args:
        words: lower case, without symbols other than ``. % $ ¢ € £``.
        oh: what "oh" is.

    Returns:
        The words, in the same list where there is no number among them.

    Raises:
        ValueError: a number has more digits than Python converts.
    """
    numeric = _numeric(words)
    if not numeric:
        return words
    if "half" in words or any(words[at].startswith("half") for at in numeric):  # a sign may stand behind: "half%"
        words = _halves(" ".join(words)).split()
        numeric = _numeric(words)
    out: list[str] = []
    done = index = 0
    while index < len(numeric):
        start = numeric[index]
        end = start + 1
        index += 1
        while index < len(numeric) and numeric[index] == end:
            end += 1
            index += 1
        if end < len(words) and words[end] in _SUFFIXES:
            end += 1
        out += words[done:start]
        out += _read(tuple(words[start:end]), oh)
        done = end
    return out + words[done:]


@functools.lru_cache(maxsize=100_000)
def _read(words: tuple[str, ...], oh: Oh) -> list[str]:
    """Words in a row that may be numbers, and perhaps the ending of an ordinal, in digits."""
    text = " ".join(words)
    text = _LETTER_DIGIT.sub(r"\1 \2", text)
    text = _DIGIT_LETTER.sub(r"\1 \2", text)
    text = _DIGIT_SUFFIX.sub(r"\1\2", text)
    text = " ".join(_Reader(oh).read(text.split()))
    text = _CURRENCY_CENTS.sub(lambda match: f"{match[1]}{match[2]}.{int(match[3]):02d}", text)
    text = _ONLY_CENTS.sub(lambda match: f"¢{int(match[1])}", text)
    return _LONE_ONE.sub(r"one\1", text).split()
