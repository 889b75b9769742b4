"""Clock times in English words: "half past two" to "2:30", "ten o'clock" and "10:00" to "10".

The rules are the leaderboard's of 2026-10, on lower-cased text before any contraction or number is read: three passes
over the whole text. What they do where nobody would speak of a time ("the second quarter to 15 million") is theirs too.
"""

import re

from harness.scoring.normalize import numbers, tables

_UP_TO_NINE = "|".join(tables.NUMBERS["ones"][:9])
_TENS = "|".join(tables.NUMBERS["tens"][:4])  # twenty to fifty
_NUMBER = rf"(?:[0-9]{{1,2}}|(?:{_TENS})(?:[\s-]+(?:{_UP_TO_NINE}))?|{'|'.join(tables.NUMBERS['ones'])}|zero)"
_CLOCK = r"o\s*['\u2019]?\s*clock"
_RELATIVE = re.compile(
    rf"(?<![\w.:])(?:(half)|((?:a\s+)?quarter)|({_NUMBER})\s+minutes?)\s+(past|after|to|before)\s+({_NUMBER})"
    rf"(?:\s+{_CLOCK})?\b"
)
_ON_THE_HOUR = re.compile(rf"(?<![\w.:])({_NUMBER})\s+{_CLOCK}\b")
_DIGITS = re.compile(r"(?<![\w:./])(2[0-3]|[01]?[0-9]):([0-5][0-9])(?![\w:]|\.[0-9])")

LAST_HOUR = 23


def may_hold_one(lower: str) -> bool:
    """Whether a lower-cased text has anything that each of the patterns needs; False is certain."""
    return ":" in lower or "half" in lower or "quarter" in lower or "minute" in lower or "clock" in lower


def rewrite(lower: str) -> str:
    """A lower-cased text with its clock times in digits; a full hour is its number alone."""
    if not may_hold_one(lower):
        return lower
    text = _RELATIVE.sub(_relative, lower)
    text = _ON_THE_HOUR.sub(_on_the_hour, text)
    return _DIGITS.sub(_in_digits, text)


def _value(number: str) -> int:
    """What a number of one or two words or digits stands for."""
    return sum(
        int(word) if word.isdecimal() else numbers.TENS.get(word, 0) + numbers.ONES.get(word, 0)
        for word in number.replace("-", " ").split()
    )


def _relative(match: re.Match[str]) -> str:
    """Such as "quarter to nine": 8:45."""
    half, quarter, stated, direction, hours = match.groups()
    minutes = 30 if half else 15 if quarter else _value(stated)
    hour = _value(hours)
    if hour > LAST_HOUR or minutes >= 60:
        return match[0]
    if direction in {"to", "before"} and minutes:
        minutes = 60 - minutes
        hour = (hour + 10) % 12 + 1 if 1 <= hour <= 12 else (hour - 1) % 24
    return f"{hour}:{minutes:02d}"


def _on_the_hour(match: re.Match[str]) -> str:
    """Such as "ten o'clock": 10:00."""
    hour = _value(match[1])
    return f"{hour}:00" if hour <= LAST_HOUR else match[0]


def _in_digits(match: re.Match[str]) -> str:
    """A time without what says nothing: the hour's leading zero, the minutes of a full hour."""
    hour = str(int(match[1]))
    return hour if match[2] == "00" else f"{hour}:{match[2]}"
