"""The leaderboard's scoring of August 2026 written down plainly: what perf/scoring.py and the tests measure against.

Its code is built on the PyPI package that carries the leaderboard's ancestor, one text at a time, one regular
expression after another, as the official path does; none of it is shared with harness.scoring but the tables of words.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from harness.scoring.normalize import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Version = Literal["card@2026-04", "leaderboard@2026-04", "leaderboard@2026-08"]

_FILLERS = r"\b(hmm|mm|mhm|mmm|uh|um|ah|aha|ahh|ahm|eh|ehehe|em|hm|huh|hum|mhum|uhm|umm|uhuh)\b"  # b2eea90, 2026-04-24
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
    normalizer.ignore_patterns = _FILLERS
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
        for pattern, replacement in normalizer.replacers.items():
            s = re.sub(pattern, replacement, s)
        s = re.sub(r"(\d),(\d)", r"\1\2", s)
        s = re.sub(r"\.([^0-9]|$)", r" \1", s)
        s = remove_symbols_and_diacritics(s, keep=".%$¢€£")
        for pattern, replacement in _COMPOUNDS:
            s = re.sub(pattern, replacement, s)
        s = normalizer.standardize_numbers(s)
        s = normalizer.standardize_spellings(s)
        s = " ".join(_acronyms([tables.NAMES.get(word, word) for word in s.split()]))
        s = re.sub(r"[.$¢€£]([^0-9])", r" \1", s)
        s = re.sub(r"([^0-9])%", r"\1 ", s)
        return re.sub(r"\s+", " ", s)

    return normalize


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


def multilingual(language: str) -> Callable[[str], str]:
    """The normalizer of other languages."""
    import num2words

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
            " " if unicodedata.category(character)[0] in "MSP" else character
            for character in unicodedata.normalize("NFKC", s)
        )
        s = re.sub(r"[^\w\s]", "", s.lower())
        s = re.sub(r"\s+", " ", s).strip()
        s = re.sub(r"(\d)\s+(\d{3})\b", r"\1\2", s)
        return re.sub(r"\d+", spelled, s)

    return normalize


def score(pairs: Iterable[tuple[str, str]], language: str) -> dict[str, int]:
    """Counts of pairs of raw texts under leaderboard@2026-08, as kaldialign names them."""
    import kaldialign

    normalize = english("leaderboard@2026-08") if language == "en" else multilingual(language)
    references, hypotheses = [], []
    for text, other in pairs:
        words, others = normalize(text).split(), normalize(other).split()
        if language != "en":
            words, others = _pairs(words, others)
        references.append(words)
        hypotheses.append(others)
    found = kaldialign.batch_error_rate(references, hypotheses, merge_compounds=True)
    return {key: int(found[key]) for key in ("ins", "del", "sub", "ref_len")}


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
