"""The leaderboard's scoring, by version, written down plainly: what perf/scoring.py and the tests measure against.

Its code is built on the PyPI package that carries the leaderboard's ancestor, one text at a time, one regular
expression after another, as the official path does; none of it is shared with harness.scoring but the tables of words.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from harness.scoring.normalize import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Version = Literal["card@2026-04", "leaderboard@2026-04", "leaderboard@2026-08", "leaderboard@2026-10"]
Scored = Literal["leaderboard@2026-08", "leaderboard@2026-10", "unicode@2026-11"]
"""What `score` scores under."""

_FILLERS = r"\b(hmm|mm|mhm|mmm|uh|um|ah|aha|ahh|ahm|eh|ehehe|em|hm|huh|hum|mhum|uhm|umm|uhuh)\b"  # b2eea90, 2026-04-24
_NEW_FILLERS = (  # 2026-10
    r"\b(ah-ha|a+h+m*|a+h+a+|e+h+m*|e+m+|e+r+m*|h+a+h+|h+e+h+|h+m+|h+u+h+|m{2,}|m+h+m*|t+s+k+|u+g+h+|u+h+m*|"
    r"u+h+u+[hm]*|u+m+h*|ahem|eheh|ehehe|ehr|hmmph|hum|hunh|mhum|mmkay)\b"
)
_COMPOUNDS = (
    (r"\bet\s+cetera\b", "etc"),
    (r"\b(?:al|all)\s+right\b", "alright"),
    (r"\bhow\s+ever\b", "however"),
    (r"\b(wi|hi|lo|sci)\s+fi\b", r"\1fi"),
    (r"\be\s+(mail|book|commerce)\b", r"e\1"),
    (r"\bx\s+ray\b", "xray"),
    (r"\bt\s+shirt\b", "tshirt"),
    (r"\ba\s+m\b", "am"),
    (r"\bp\s+m\b", "pm"),
    (r"\bo\s+k\b", "okay"),
)


def english(version: Version) -> Callable[[str], str]:
    """The English normalizer of a version, as plain as it was written."""
    from whisper_normalizer.english import EnglishTextNormalizer

    normalizer = EnglishTextNormalizer()
    if version == "card@2026-04":
        return normalizer  # type: ignore[no-any-return]
    for added_by_the_package in (r"\bkinda\b", r"\bsorta\b", r"\bdunno\b", r"\bcause\b"):
        del normalizer.replacers[added_by_the_package]
    if version == "leaderboard@2026-04":
        normalizer.standardize_spellings.mapping = tables.spelling("2025-09")
        return normalizer  # type: ignore[no-any-return]
    newest = version == "leaderboard@2026-10"
    normalizer.ignore_patterns = _NEW_FILLERS if newest else _FILLERS
    number_rules = _numbers_with_oh() if newest else normalizer.standardize_numbers
    normalizer.standardize_spellings.mapping = tables.spelling("2026-06")
    pronouns = r"\b(it|he|she|what|that|who|here|there|how|when|where|why|this)'s\b"
    normalizer.replacers = {
        (pronouns if pattern == r"'s\b" else pattern): (r"\1 is" if pattern == r"'s\b" else to)
        for pattern, to in normalizer.replacers.items()
    }

    def normalize(text: str) -> str:
        from whisper_normalizer.basic import remove_symbols_and_diacritics

        s = text.lower()
        s = re.sub(r"[<\[][^>\]]*[>\]]", "", s)
        s = re.sub(r"\(([^)]+?)\)", "", s)
        s = re.sub(normalizer.ignore_patterns, "", s)
        s = re.sub(r"\s+'", "'", s)
        s = _clock_times(s, number_rules) if newest else s
        for pattern, replacement in normalizer.replacers.items():
            s = re.sub(pattern, replacement, s)
        s = re.sub(r"(\d),(\d)", r"\1\2", s)
        s = re.sub(r"\.(?![0-9])", " ", s) if newest else re.sub(r"\.([^0-9]|$)", r" \1", s)
        s = remove_symbols_and_diacritics(s, keep=".%$¢€£")
        for pattern, replacement in _COMPOUNDS:
            s = re.sub(pattern, replacement, s)
        s = number_rules(s)
        s = normalizer.standardize_spellings(s)
        s = " ".join(_acronyms([tables.NAMES.get(word, word) for word in s.split()]))
        if newest:
            s = re.sub(r"[.$¢€£](?![0-9])", " ", s)
            s = re.sub(r"(?<![0-9])%", " ", s)
        else:
            s = re.sub(r"[.$¢€£]([^0-9])", r" \1", s)
            s = re.sub(r"([^0-9])%", r"\1 ", s)
        return re.sub(r"\s+", " ", s)

    return normalize


def _numbers_with_oh() -> Callable[[str], str]:
    """The package's number rules with their text changed where it says that "oh" is a zero."""
    from whisper_normalizer import english as package

    source = inspect.getsource(package.EnglishNumberNormalizer)
    loop, zero = "prev, current, next in windowed([None] + words + [None], 3)", "elif current in self.zeros:\n"
    digits = "any(word.isdecimal() or word in self.decimals for word in words[at + {0} : at + {0} + 1])"
    assert source.count(loop) == source.count(zero) == 1
    source = source.replace(loop, f"at, ({loop.replace(' in windowed', ') in enumerate(windowed')})")
    word = f"elif current == 'oh' and not ({digits.format(1)} and (value is not None or {digits.format(2)})):"
    put_out = "if value is not None: yield output(value)\n                yield output(current)"
    source = source.replace(zero, f"{word}\n                {put_out}\n            {zero}")
    names = dict(vars(package))
    exec(source, names)  # noqa: S102  the installed package's own code
    return names["EnglishNumberNormalizer"]()  # type: ignore[no-any-return]


def _clock_times(text: str, number_rules: Callable[[str], str]) -> str:
    """Clock times in digits (2026-10), three passes."""
    ones = "one two three four five six seven eight nine"
    teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    tens = rf"(?:twenty|thirty|forty|fifty)(?:[\s-]+(?:{ones.replace(' ', '|')}))?"
    number = rf"(?:[0-9]{{1,2}}|{tens}|{'|'.join((ones + ' ' + teens).split())}|zero)"
    clock = r"o\s*['\u2019]?\s*clock"
    start = r"(?<![\w.:])"

    def value(words: str) -> int:
        read = number_rules(words.replace("-", " ")).split()
        return 1 if read == ["one"] else int("".join(read))

    def relative(match: re.Match[str]) -> str:
        amount, side, hour = match["amount"], match["side"], value(match["hour"])
        minutes = 30 if amount == "half" else 15 if "quarter" in amount else value(match["minutes"])
        if hour > 23 or minutes > 59:
            return match[0]
        if side in ("past", "after") or minutes == 0:
            return f"{hour}:{minutes:02}"
        return f"{12 if hour == 1 else 23 if hour == 0 else hour - 1}:{60 - minutes:02}"

    def on_the_hour(match: re.Match[str]) -> str:
        return f"{value(match[1])}:00" if value(match[1]) < 24 else match[0]

    def digits(match: re.Match[str]) -> str:
        return f"{int(match[1])}" if int(match[2]) == 0 else f"{int(match[1])}:{match[2]}"

    amount = rf"(?P<amount>half|(?:a\s+)?quarter|(?P<minutes>{number})\s+minutes?)"
    text = re.sub(
        rf"{start}{amount}\s+(?P<side>past|after|to|before)\s+(?P<hour>{number})(?:\s+{clock})?\b",
        relative,
        text,
    )
    text = re.sub(rf"{start}({number})\s+{clock}\b", on_the_hour, text)
    return re.sub(r"(?<![\w:./])([0-9]|[01][0-9]|2[0-3]):([0-5][0-9])(?![\w:]|\.\d)", digits, text)


def _acronyms(words: list[str]) -> Iterable[str]:
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalnum():
            run.append(word)
            continue
        needed = 3 if "a" in run or "i" in run else 2
        yield from ["".join(run)] if len(run) >= needed else run
        run = []
        if word:
            yield word


def multilingual(language: str, version: Version = "leaderboard@2026-08") -> Callable[[str], str]:
    """The normalizer of other languages."""
    import num2words
    import regex

    newest = version == "leaderboard@2026-10"

    def spelled(match: re.Match[str]) -> str:
        try:
            return str(num2words.num2words(int(match[0]), lang=language))
        except Exception:  # noqa: BLE001  as the official code
            return match[0]

    def normalize(text: str) -> str:
        s = text.lower()
        s = re.sub(r"[<\[][^>\]]*[>\]]", "", s)
        s = re.sub(r"\(([^)]+?)\)", "", s)
        s = "".join(
            " " if unicodedata.category(character)[0] in ("SP" if newest else "MSP") else character
            for character in unicodedata.normalize("NFKC", s)
        )
        s = (regex if newest else re).sub(r"[^\w\s]", "", s.lower())
        s = re.sub(r"\s+", " ", s).strip()
        s = re.sub(r"(\d)\s+(\d{3})\b", r"\1\2", s)
        return re.sub(r"\d+", spelled, s)

    return normalize


def unicode_rules(language: str, *, spaces: bool = True) -> Callable[[str], str]:
    """Our own unicode@2026-11, as plain: what no shortcut of it may change."""
    apostrophes = re.compile("[\u2019\u2018\u201b\u02bc\u02bb\u02b9\u2032\u00b4`\uff07\u05f3\u055a\ua78b\ua78c]")

    def one(character: str) -> str:
        category = unicodedata.category(character)
        if category in ("Cf", "Me") or re.match("[\ufe00-\ufe0f\U000e0100-\U000e01ef]", character):
            return ""
        if category == "Cc":
            return character if re.match(r"\s", character) else ""
        return " " if category[0] in "SP" and character != "'" else character

    def normalize(text: str) -> str:
        import regex

        s = unicodedata.normalize("NFKC", apostrophes.sub("'", text))
        if language in ("tr", "az"):
            s = re.sub("I", "ı", re.sub("İ", "i", s))
        s = unicodedata.normalize("NFKC", s.casefold())
        s = unicodedata.normalize("NFKC", "".join(one(character) for character in s))
        s = " ".join(re.sub("''+", " ", s).split())
        s = regex.sub(r"(?<!\S)['\p{M}]+|'(?!\S)", "", s)
        return " ".join(s.split()) if spaces else re.sub(r"\s", "", s)

    return normalize


def score(pairs: Iterable[tuple[str, str]], language: str, profile: Scored = "leaderboard@2026-08") -> dict[str, int]:
    """Counts of pairs of raw texts under a profile, as kaldialign names them."""
    if profile == "unicode@2026-11":
        return _score_plainly(pairs, unicode_rules(language))
    import kaldialign

    normalize = english(profile) if language == "en" else multilingual(language, profile)
    references, hypotheses = [], []
    for text, other in pairs:
        words, others = normalize(text).split(), normalize(other).split()
        if language != "en":
            words, others = _pairs(words, others)
        references.append(words)
        hypotheses.append(others)
    found = kaldialign.batch_error_rate(references, hypotheses, merge_compounds=True)
    return {key: int(found[key]) for key in ("ins", "del", "sub", "ref_len")}


def _score_plainly(pairs: Iterable[tuple[str, str]], normalize: Callable[[str], str]) -> dict[str, int]:
    """With jiwer, which takes no empty reference."""
    import jiwer

    counts = dict.fromkeys(("ins", "del", "sub", "ref_len"), 0)
    for text, other in pairs:
        words, others = normalize(text), normalize(other)
        if not words:
            counts["ins"] += len(others.split())
            continue
        found = jiwer.process_words(words, others)
        counts["ins"] += found.insertions
        counts["del"] += found.deletions
        counts["sub"] += found.substitutions
        counts["ref_len"] += len(words.split())
    return counts


def _pairs(words: list[str], others: list[str]) -> tuple[list[str], list[str]]:
    left: list[str] = []
    right: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, words, others).get_opcodes():
        if tag != "equal" and i2 > i1 and "".join(words[i1:i2]) == "".join(others[j1:j2]):
            left.append("".join(words[i1:i2]))
            right.append("".join(others[j1:j2]))
        else:
            left += words[i1:i2]
            right += others[j1:j2]
    return left, right
