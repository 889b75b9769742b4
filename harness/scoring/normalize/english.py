"""The English normalizers: Whisper's rules, and what the leaderboard made of them, version by version.

A normalizer is a set of rules (`EnglishRules`), each of which can be switched on its own. `EnglishNormalizer` applies
them in two halves, as the original does: the first (brackets, fillers, contractions, symbols) never looks beyond one
whitespace-separated token but for a few stated cases; the second (compounds, numbers, spellings, names, acronyms) does.
So what a token becomes is computed once and looked up from then on, and a text made of tokens that the second half
leaves alone ("plain" ones: most texts) is a look-up and a join. Everything else goes through the rules one by one.
"""

import functools
import itertools
import re
from dataclasses import dataclass
from typing import Literal

from harness.scoring.normalize import characters, clock_times, numbers, tables
from harness.scoring.normalize.brackets import without_brackets, without_parentheses
from harness.scoring.normalize.memo import Memo

_KEPT_SYMBOLS = ".%$¢€£"
_SPACE_APOSTROPHE = re.compile(r"\s+'")
_DIGIT_COMMA = re.compile(r"(\d),(\d)")
_PERIOD = re.compile(r"\.([^0-9]|$)")
_EACH_PERIOD = re.compile(r"\.(?![0-9])")
_TWO_WORD_CONTRACTION = re.compile(r"'(?:[ds] (?:been|gone)|d done|s got(?:ta)?)\b")
"""What a contraction looks at beyond its own token. "gotta" is "got to" by the time that it does."""
_STRAY_BEFORE = re.compile(r"[.$¢€£]([^0-9])")
_STRAY_AFTER = re.compile(r"([^0-9])%")
_WHOLE_WORD = re.compile(r"\\b([a-z]+)\\b")
_COMPOUND = re.compile("|".join(rf"\b{first}\s+{second}\b" for first, second in tables.COMPOUNDS))
_STRAY = re.compile(r"[.$¢€£][^0-9]|[^0-9]%")
_EACH_STRAY = re.compile(r"[.$¢€£](?![0-9])|(?<![0-9])%")
_SPACES = re.compile(r"\s+")
_ACRONYM_WORDS = frozenset({"a", "i"})

_MEMO_LIMIT = 500_000
"""Tokens remembered by one normalizer (some 50 MB) before it starts afresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnglishRules:
    """Which rules an English normalizer has. The defaults are OpenAI Whisper's."""

    fillers: Literal["whisper", "2026-04", "2026-10"] = "whisper"
    """The hesitations that are dropped."""
    clock_times: bool = False
    """Clock times in words are written in digits, full hours as a number."""
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
    oh_among_digits: bool = False
    """ "oh" is a zero among digits only ("five oh one"), else a word."""
    stray_runs: bool = False
    """Signs that belong to no number go wherever they stand; else of a run ("...") or at an end one may stay."""


def _is_single(word: str) -> bool:
    return len(word) == 1 and word.isalnum()


def _joined_acronyms(words: list[str]) -> list[str]:
    """Join runs of single letters and digits: two or more, three or more where an "a" or "i" is among them."""
    if len([word for word in words if len(word) == 1]) < 2:
        return words
    out: list[str] = []
    for is_single, group in itertools.groupby(words, _is_single):
        run = list(group)
        joined = is_single and len(run) >= (2 if _ACRONYM_WORDS.isdisjoint(run) else 3)
        out += ["".join(run)] if joined else run
    return out


def _joined_compounds(words: list[str]) -> list[str]:
    """Write compounds together."""
    parts: list[str] = []
    done = 0
    for at, word in enumerate(words):
        if word not in tables.COMPOUND_ENDS and word.isalnum():
            continue
        before = words[at - 1] if at else ""
        joined = tables.COMPOUNDS.get((before, word))
        if joined is not None:
            parts.extend(words[done : at - 1])
            parts.append(joined)
            done = at + 1
        elif _COMPOUND.search(f"{before} {word}"):  # with a symbol in the middle, such as "a m$"
            return _COMPOUND.sub(lambda match: tables.COMPOUNDS[tuple(match[0].split())], " ".join(words)).split()
    parts.extend(words[done:])
    return parts


class EnglishNormalizer:
    """English text to the form that is scored.

    Args:
        rules: which rules to apply.
    """

    def __init__(self, rules: EnglishRules) -> None:
        self._rules = rules
        self._fillers = re.compile(rf"\b(?:{'|'.join(tables.FILLERS[rules.fillers].split())})\b")
        left_out = {"is_always" if rules.possessives else "is_after_pronouns"}
        left_out |= set() if rules.casual else {"casual", "cause"}
        groups = [group for name, group in tables.CONTRACTIONS.items() if name not in left_out]
        contractions = dict(itertools.chain.from_iterable(group.items() for group in groups))
        # Patterns of whole words ("mr", "gonna") are looked up at once: nothing that a rule writes is such a word, and
        # nothing but another such pattern, or one that takes whole words too ("i'ma"), stands before them in the table.
        whole = {found[1]: to for pattern, to in contractions.items() if (found := _WHOLE_WORD.fullmatch(pattern))}
        self._whole_words = whole
        self._whole_word = re.compile(rf"\b({'|'.join(whole)})\b")
        last_whole = max(at for at, pattern in enumerate(contractions) if _WHOLE_WORD.fullmatch(pattern))
        stated = enumerate(contractions.items())
        apostrophes = [(at, re.compile(pattern), to) for at, (pattern, to) in stated if "'" in pattern]
        self._before_words = [(pattern, to) for at, pattern, to in apostrophes if at < last_whole]
        self._after_words = [(pattern, to) for at, pattern, to in apostrophes if at > last_whole]
        self._words = dict(tables.spelling(rules.spelling))
        if rules.names:
            # A spelling is mapped first and its result looked up among the names.
            self._words = tables.NAMES | {word: tables.NAMES.get(to, to) for word, to in self._words.items()}
        self._oh: numbers.Oh = "among digits" if rules.oh_among_digits else "zero"
        self._locals = Memo(self._local)
        self._halves = Memo(self._half)
        self._plain = Memo(self._when_plain)

    def __call__(self, text: str) -> str:
        """Normalize one text.

        Returns:
            Words separated by one space. A space may be left at an end where a stray symbol stood, as in the original.

        Raises:
            ValueError: a number has more digits than Python converts.
        """
        lower = text.lower()
        if _GLUE in lower:  # rare enough for the plain, slow way
            return self._second_half(self._local_rules(self._reaching_rules(lower)))
        if self._rules.clock_times and clock_times.may_hold_one(lower):
            return self._second_half(self._in_parts(lower))
        tokens = (_glue(lower) if "'" in lower else lower).split()
        if len(self._plain) + len(self._locals) > _MEMO_LIMIT:
            for memo in (self._plain, self._halves, self._locals):
                memo.clear()
        out = list(map(self._plain.__getitem__, tokens))
        if None in out:
            return self._second_half(self._first_half(lower, tokens))
        joined = " ".join(filter(None, out))
        if self._rules.acronyms and _has_short_run(joined):
            return " ".join(_joined_acronyms(joined.split()))
        return joined

    @property
    def words(self) -> dict[str, str]:
        """What is written for a word: spellings, and names."""
        return self._words

    def half(self, token: str) -> str | None:
        """What the first half makes of a token of `tokens_of`; None where what stands beside it may matter."""
        return self._halves[token]

    def _first_half(self, lower: str, tokens: list[str]) -> str:
        """Brackets, fillers, contractions, symbols: token by token where nothing reaches beyond one."""
        known = [self._halves[token] for token in tokens]
        if None not in known:
            return " ".join(filter(None, known))
        return self._in_parts(lower)

    def _in_parts(self, lower: str) -> str:
        """The first half: with what reaches further out of the way, what is left of the rules is local."""
        return " ".join(map(self._locals.__getitem__, _glue(self._reaching_rules(lower)).split()))

    def _half(self, token: str) -> str | None:
        letters = token[:-1] if token[-1] in _SIMPLE_ENDS else token
        if letters.isascii() and letters.isalpha():
            return "" if self._fillers.fullmatch(letters) else self._whole_words.get(letters, letters).strip()
        if not _REACHING.isdisjoint(token):
            return None
        bare = self._fillers.sub("", token)
        return None if bare.startswith("'") else self._locals[bare]

    def _when_plain(self, token: str) -> str | None:
        """What both halves make of a token whatever stands beside it; None where that may matter."""
        half = self._halves[token]
        if half is None:
            return None
        words = half.split()
        return " ".join([self._words.get(word, word) for word in words]) if all(map(self._is_plain, words)) else None

    def _local(self, token: str) -> str:
        """What the local rules make of a token."""
        return " ".join(self._local_rules(token.replace(_GLUE, " ")).split())

    def _reaching_rules(self, text: str) -> str:
        """The rules that can reach over several tokens: brackets, fillers, spaces before an apostrophe, clock times."""
        text = without_parentheses(without_brackets(text))
        text = self._fillers.sub("", text)
        text = _SPACE_APOSTROPHE.sub("'", text)
        return clock_times.rewrite(text) if self._rules.clock_times else text

    def _local_rules(self, text: str) -> str:
        """The rules of the first half that look at one token, or at two that were glued together."""
        apostrophe = "'" in text
        for pattern, to in self._before_words if apostrophe else ():
            text = pattern.sub(to, text)
        text = self._whole_word.sub(lambda match: self._whole_words[match[0]], text)
        for pattern, to in self._after_words if apostrophe else ():
            text = pattern.sub(to, text)
        text = _DIGIT_COMMA.sub(r"\1\2", text)
        text = _EACH_PERIOD.sub(" ", text) if self._rules.stray_runs else _PERIOD.sub(r" \1", text)
        return characters.without_symbols(text, _KEPT_SYMBOLS)

    def _is_plain(self, word: str) -> bool:
        """Whether the second half does no more to this word than to look it up, whatever stands beside it."""
        if word in numbers.NUMBER_WORDS and word not in numbers.INERT_ALONE:
            return False
        if word == "half" or not word.isalpha():
            return False
        if self._rules.compounds and word in tables.COMPOUND_ENDS:
            return False
        return not (self._rules.acronyms and len(word) == 1 and word not in _ACRONYM_WORDS)

    def _second_half(self, text: str) -> str:
        """Compounds, numbers, spellings, names, acronyms, and symbols that belong to no number."""
        words = text.split()
        if self._rules.compounds and not (tables.COMPOUND_ENDS.isdisjoint(words) and text.replace(" ", "").isalnum()):
            words = _joined_compounds(words)
        words = [self._words.get(word, word) for word in numbers.standardize_numbers(words, self._oh)]
        if self._rules.acronyms:
            words = _joined_acronyms(words)
        text = " ".join(words)
        if text.replace(" ", "").isalnum():
            return text
        if self._rules.stray_runs:
            return _SPACES.sub(" ", _EACH_STRAY.sub(" ", text))
        if _STRAY.search(text):
            text = _STRAY_BEFORE.sub(r" \1", text)
            text = _STRAY_AFTER.sub(r"\1 ", text)
            text = _SPACES.sub(" ", text)
        return text


_SIMPLE_ENDS = frozenset(".,?!;:")
_GLUE = "\0"
_REACHING = frozenset("<[(")
"""Characters that may begin what ends in a later token."""


def _glue(lower: str) -> str:
    """Make one token of the two words that a contraction looks at, such as "he's been"."""
    return _TWO_WORD_CONTRACTION.sub(lambda match: match[0].replace(" ", _GLUE), lower)


def tokens_of(text: str) -> list[str] | None:
    """What the first half looks at one by one; None of a text that goes the plain way."""
    lower = text.lower()
    if _GLUE in lower:
        return None
    return (_glue(lower) if "'" in lower else lower).split()


def _has_short_run(text: str) -> bool:
    """Whether three words in a row are "a" or "i": the only run that a plain text can have joined."""
    padded = f" {text} "
    return " i i " in padded or " a a " in padded or " a i " in padded or " i a " in padded


@functools.cache
def english_normalizer(rules: EnglishRules) -> EnglishNormalizer:
    """The normalizer of these rules, shared so that what it learned is used by all."""
    return EnglishNormalizer(rules)
