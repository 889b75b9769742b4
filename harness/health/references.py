"""Checks of one reference by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from harness.health.languages import counted_scripts, guess, script_of, scripts_of
from harness.health.seen import Seen, finding
from harness.scoring import lattice

if TYPE_CHECKING:
    from harness.records.health import HealthFinding, Severity

FOREIGN = 0.5
"""Share of letters that are of a script that the language does not have."""

_NO_WORD = r"n/a|nan|null|undefined|todo|tbd|untranscribed|lorem ipsum.*|no transcript(?:ion)?|#n/a|#ref!|#value!"
_PERHAPS = (
    r"n/?a|none|nil|unknown|fixme|xxx+|missing|empty|no (?:text|speech|audio)|unintelligible|inaudible|silence|noise|"
    r"unk|test|text|transcript(?:ion)?|sentence|-+|\?+|\.+"
)
_PLACEHOLDER = re.compile(rf"[\s\W_]*(?:{_NO_WORD}|{_PERHAPS})[\s\W_]*", re.IGNORECASE)
_CERTAIN_PLACEHOLDER = re.compile(rf"[\s\W_]*(?:{_NO_WORD})[\s\W_]*", re.IGNORECASE)
_MARKUP: tuple[tuple[str, re.Pattern[str], float, Severity], ...] = (
    ("an HTML or XML tag", re.compile(r"</?[A-Za-z!][^<>]{0,200}>"), 0.95, "medium"),
    ("an HTML entity", re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#x[0-9A-Fa-f]{1,6});"), 0.95, "medium"),
    (
        "an address",
        re.compile(r"\b(?:https?|ftp|file|s3|gs)://\S+|\bwww\.\w\S*|\b[\w.+-]+@[\w-]+\.\w{2,}\b"),
        0.9,
        "medium",
    ),
    (
        "remains of JSON or Python",
        re.compile(
            r'\{\s*["\']|["\']\s*:\s*["\'\[{\d]|["\'\d\]}]\s*\}\s*$|^\s*\[\s*["\'{].*\]\s*$|\\[nrt](?![a-z])|\\["\']|\bb\'[^\']*\'$'
        ),
        0.9,
        "medium",
    ),
    (
        "an escape",
        re.compile(r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|(?:%[0-9A-F]{2}){2,}|(?:=[0-9A-F]{2}){2,}"),
        0.95,
        "high",
    ),
    (
        "a file name or path",
        re.compile(
            r"(?:[\w.-]+[/\\])+[\w.-]+\.\w{2,4}\b|\b[\w-]+\.(?:wav|mp3|flac|ogg|opus|m4a|json|jsonl|txt|csv|tsv|TextGrid|eaf|srt)\b"
        ),
        0.9,
        "medium",
    ),
    (
        "a time stamp",
        re.compile(r"-->|\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,3})?\b|[\[<(]\s*\d+(?:[.:]\d+)+\s*[\])>]|<\|[^|]*\|>"),
        0.9,
        "medium",
    ),
    (
        "a speaker's label",
        re.compile(r"^\s*(?:speaker|spk|sprecher|locuteur|hablante)[ _-]?\w{1,4}\s*[:>]", re.IGNORECASE),
        0.8,
        "medium",
    ),
    ("brackets", re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|\(\([^()]*\)\)"), 0.75, "medium"),
    (
        "a mark of formatting",
        re.compile(r"\*\*[^*]+\*\*|(?:^|\s)#{1,6}\s+\w|`[^`]+`|\w__\w|(?:^|\s)__\w+|~~|\|\|"),
        0.7,
        "medium",
    ),
    ("a code for a sound", re.compile(r"(?:^|\s)%\w+|(?:^|\s)\+{1,3}[a-z_]+\+{1,3}|(?:^|\s)[@#&=]\w+"), 0.6, "low"),
    ("parentheses", re.compile(r"\([^()]*\)"), 0.4, "low"),
    ("an unpaired bracket", re.compile(r"^[^\[\]{}<>]*[\[\]{}<>][^\[\]{}<>]*$"), 0.5, "low"),
)
_ENCODINGS = ("cp1252", "latin-1", "cp1251", "cp437", "cp850", "mac_roman", "koi8-r")
_NOT_ASCII = re.compile(r"[^\x00-\x7f](?:[^\x00-\x7f]|(?<=[^\x00-\x7f])[ \xa0])*[^\x00-\x7f]")
_ADDRESS = re.compile(r"://|www\.")
_LOST = re.compile(r"[^\W\d_]\?[^\W\d_]|[^\W\d_]\?\?[^\W\d_]")
_JUNK = ("锟斤拷", "烫烫烫", "屯屯屯", "ï¿½", "ï»¿")
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def check_reference(one: Seen) -> list[HealthFinding]:
    """All that is wrong with the text of a reference, seen alone."""
    if not one.reference.strip():
        return [finding(one, "empty_reference", "the reference is empty", confidence=0.9)]
    return [found for check in _CHECKS for found in check(one)]


def _placeholder(one: Seen) -> Iterator[HealthFinding]:
    text = one.reference.strip()
    if not _PLACEHOLDER.fullmatch(text):
        return
    certain = bool(_CERTAIN_PLACEHOLDER.fullmatch(text)) or not any(map(str.isalpha, text)) or text[:1] in "<[("
    # "None" and "test" may have been said.
    yield finding(
        one,
        "placeholder",
        f"the reference is {text[:40]!r}",
        confidence=0.9 if certain else 0.4,
        severity=None if certain else "info",
    )


def _markup(one: Seen) -> Iterator[HealthFinding]:
    try:
        if lattice.parse(one.reference) is not None:
            return
    except ValueError:
        pass
    for what, pattern, confidence, severity in _MARKUP:
        found = pattern.search(one.reference)
        if found is not None:
            where = f"characters {found.start() + 1} to {found.end()}"
            yield finding(
                one,
                "markup",
                f"{what}: {found[0].strip()[:40]!r}",
                where=where,
                confidence=confidence,
                severity=severity,
            )
            return


def _encoding(one: Seen) -> Iterator[HealthFinding]:
    text = one.reference
    for sign in ("\ufffd", *_JUNK):
        if sign in text:
            place = text.index(sign)
            yield finding(
                one,
                "encoding",
                f"characters were lost: {text[max(0, place - 10) : place + 11]!r}",
                where=f"character {place + 1}",
                confidence=1.0,
            )
            return
    broken = misread(text)
    if broken is not None:
        place, seen, meant = broken
        yield finding(
            one,
            "encoding",
            f"{seen!r} was {meant!r} before it was read in the wrong encoding",
            where=f"characters {place + 1} to {place + len(seen)}",
            confidence=0.95,
        )
        return
    lost = None if _ADDRESS.search(text) else _LOST.search(text)
    if lost is not None:
        yield finding(
            one,
            "encoding",
            f"a question mark within a word: {text[max(0, lost.start() - 8) : lost.end() + 8]!r}",
            where=f"character {lost.start() + 2}",
            confidence=0.7,
        )


def misread(text: str) -> tuple[int, str, str] | None:
    """UTF-8 that was read as something else: where, what stands there, and what it was; None where there is none."""
    if text.isascii():
        return None
    for stretch in _NOT_ASCII.finditer(text):
        for encoding in _ENCODINGS:
            meant = _decoded(stretch[0], encoding)
            if meant is not None:
                return stretch.start(), stretch[0], meant
    return None


def _decoded(text: str, encoding: str) -> str | None:
    """What a stretch was, if it is UTF-8 read in an encoding and makes sense otherwise."""
    try:
        # Windows' code page leaves five bytes open, which come through as control characters.
        data = b"".join(
            bytes([ord(c)]) if encoding == "cp1252" and 0x80 <= ord(c) < 0xA0 else c.encode(encoding) for c in text
        )
        meant = data.decode("utf-8")
    except (UnicodeError, ValueError):
        return None
    if not all(_plausible(character) for character in meant) or len(meant) >= len(text):
        return None
    # One pair may be chance: a capital E with an accent before a closing quotation mark.
    return meant if len(text) > 2 or (text[0] in "ÃÂÅÄâÐÑРС├√" and text[1] not in "»«”’“") else None


def _plausible(character: str) -> bool:
    code = ord(character)
    if character == " " or 0xA0 <= code < 0x180 or 0x2010 <= code <= 0x2044 or code in {0x20AC, 0x2122, 0x2026, 0xFEFF}:
        return True
    return code >= 0x370 and unicodedata.category(character)[0] in "LMPN"


def _hidden(one: Seen) -> Iterator[HealthFinding]:
    for place, character in enumerate(one.reference):
        if character.isascii() and character.isprintable():
            continue
        category = unicodedata.category(character)
        joiner = character in "\u200c\u200d"
        if (
            category in {"Cc", "Cf", "Co", "Cs", "Cn"} and not joiner and character not in "\t\n\r\u00ad"
        ) or character == "\u00ad":
            yield finding(
                one,
                "hidden_characters",
                f"U+{ord(character):04X} stands in the text",
                where=f"character {place + 1}",
                confidence=0.8,
                severity="medium" if category == "Co" else None,
            )
            return


def _script(one: Seen) -> Iterator[HealthFinding]:
    allowed = scripts_of(one.language)
    counted = counted_scripts(one.reference)
    total = sum(counted.values())
    if not allowed or total < 2:
        return
    foreign = {name: count for name, count in counted.items() if name not in allowed}
    share = sum(foreign.values()) / total
    if share > FOREIGN:
        most = max(foreign, key=lambda name: foreign[name])
        # A name or a brand may be all of a short text.
        sure = 0.95 if total >= 8 or most != "Latin" else 0.5
        yield finding(
            one,
            "script",
            f"stated as {one.language!r}, written in {most} letters ({100 * share:.0f} %)",
            value=share,
            threshold=FOREIGN,
            confidence=sure,
            severity="high" if sure > 0.6 else "low",
        )


def _other_language(one: Seen) -> Iterator[HealthFinding]:
    words = [word.lower() for word in _WORDS.findall(one.reference)]
    guessed = guess(words, one.language)
    if guessed is not None:
        language, share = guessed
        yield finding(
            one,
            "other_language",
            f"stated as {one.language!r}; {100 * share:.0f} % of its words are small words of {language!r}",
            value=share,
            threshold=0.25,
            confidence=min(0.95, 0.4 + share * len(words) / 12),
        )


def _mixed(one: Seen) -> Iterator[HealthFinding]:
    if one.reference.isascii():
        return
    for word in _WORDS.finditer(one.reference):
        scripts = [script_of(letter) for letter in word[0]]
        alike = {name for name in scripts if name in {"Latin", "Cyrillic", "Greek", "Armenian"}}
        if len(alike) > 1:
            fewest = min(alike, key=scripts.count)
            if (scripts.count(fewest) > 2 and fewest != "Latin") or (len(word[0]) < 3 and "µ" in word[0]):
                continue  # "PDF-файл" is written that way
            letter = word[0][scripts.index(fewest)]
            where = f"characters {word.start() + 1} to {word.end()}"
            yield finding(
                one,
                "mixed_scripts",
                f"{word[0][:40]!r} has a {fewest} letter among others: {letter!r} (U+{ord(letter):04X})",
                where=where,
                confidence=0.9,
            )
            return


_CHECKS: tuple[Callable[[Seen], Iterator[HealthFinding]], ...] = (
    _placeholder,
    _markup,
    _encoding,
    _hidden,
    _script,
    _other_language,
    _mixed,
)
