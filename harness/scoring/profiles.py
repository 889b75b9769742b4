"""Profiles: named, versioned rules from text to score. No number is printed or stored without the name of one.

A built-in profile never changes; new rules get a new name. A user's own profile is a TOML file that names the profile
it starts from and what it does otherwise (`harness.scoring.profile_files`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import UsageError, unknown_name
from harness.scoring import align, lattice
from harness.scoring.compounds import join_pairs, joined_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.chinese import ChineseRules, chinese_normalizer
from harness.scoring.normalize.english import EnglishRules, english_normalizer
from harness.scoring.normalize.multilingual import MultilingualRules, multilingual_normalizer
from harness.scoring.normalize.oiwer import oiwer_words
from harness.scoring.normalize.own import OwnRules, own_normalizer
from harness.scoring.normalize.unicode import UnicodeRules, unicode_normalizer
from harness.scoring.texts import Texts, characters, graphemes, letters, words

if TYPE_CHECKING:
    from harness.records.scores import ProfileRecord


LANGUAGES_WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my", "bo"})
"""Primary subtags of languages that are scored by characters."""

LEADERBOARD_LANGUAGES = frozenset({"en", "de", "fr", "it", "es", "pt", "nl"})
"""Primary subtags of languages that the leaderboard's rules were made for, in use there or close to it."""

DROPPED_REFERENCE = "ignore time segment in scoring"
"""TED-LIUM's mark of a segment without a reference; dropped together with empty references."""

_LIBRARIES = ("kaldialign", "num2words", "rapidfuzz", "regex", "whisper-normalizer")
_OPTIONAL_LIBRARIES = ("opencc", "wetext")

Rules = EnglishRules | MultilingualRules | UnicodeRules | ChineseRules | None
"""Of one language's normalizer; None leaves texts as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules. Each stands alone, so that `dataclasses.replace` switches one of them."""

    name: str
    """What is printed with every number, such as ``leaderboard@2026-08``."""
    english: EnglishRules | UnicodeRules | None
    """Normalizer of English texts; None leaves them as written."""
    others: EnglishRules | MultilingualRules | UnicodeRules | None
    """Normalizer of all other languages that are written with spaces."""
    unspaced: UnicodeRules | None = None
    """Normalizer of languages written without spaces."""
    chinese: ChineseRules | None = None
    """Normalizer of Chinese, counted in graphemes; None: as other languages without spaces."""
    oiwer: bool = False
    """Hindi is compared by words as voi_oiwer does, without compounds; else as other languages."""
    korean: Literal["words", "characters"] = "words"
    """What is counted of Korean: words, or syllables without the spaces, as most of what is published of it is."""
    armenian: Literal["others", "refused"] = "others"
    """Armenian is normalized as other languages, or not at all: the rules have a normalizer of it that is not known."""
    own: OwnRules | None = None
    """Replacements, equivalents and drops that a user's profile file states."""
    compound_pairs: bool = False
    """Other languages: words that both sides write alike but for spaces are joined on both sides before alignment."""
    merge_compounds: bool = False
    """Words in a row that are one word of the other side, written together, match it at no cost (kaldialign)."""
    drop_empty_references: bool = True
    """Our own runs: a reference that normalizes to nothing is not scored. In predictions of others it always stays."""
    round_before_average: bool = False
    """The average is of rates rounded to hundredths of a percent."""

    def normalize(self, text: str, language: str) -> str:
        """A text in the form that is scored.

        Raises:
            ValueError: a rule cannot digest the text, such as a number of 4,400 digits.
        """
        return self.normalizer(language)(text)

    def rules(self, language: str) -> Rules:
        """The rules that texts of one language meet; None leaves them as written."""
        if language == "en":
            return self.english
        if language in LANGUAGES_WITHOUT_SPACES:
            return self.unspaced if self.chinese is None or language != "zh" else self.chinese
        return self.others

    def with_rules(self, language: str, rules: Rules) -> Profile:
        """The same profile with other rules for the texts of one language, and for those that share them."""
        if language == "en":
            assert not isinstance(rules, MultilingualRules | ChineseRules)
            return dataclasses.replace(self, english=rules)
        if language in LANGUAGES_WITHOUT_SPACES:
            if isinstance(rules, ChineseRules):
                return dataclasses.replace(self, chinese=rules)
            assert rules is None or isinstance(rules, UnicodeRules)
            return dataclasses.replace(self, chinese=None, unspaced=rules)
        assert not isinstance(rules, ChineseRules)
        return dataclasses.replace(self, others=rules)

    def with_spaces(self, language: str) -> Profile:
        """The same profile with the spaces of texts kept, also in a language that is written without."""
        rules = self.rules(language)
        if not isinstance(rules, UnicodeRules):
            return self
        return self.with_rules(language, dataclasses.replace(rules, spaces=False))

    def normalizer(self, language: str) -> Callable[[str], str]:
        """The function that normalizes texts of one language.

        Raises:
            UsageError: the rules need a library that is not installed, a rule of the user's finds nothing, or the
                rules of this language are not known.
        """
        self._check(language)
        return self._with_own(self._normalizer(language), language)

    def knows(self, language: str) -> bool:
        """Whether the rules for a language are known."""
        return language != "hy" or self.armenian != "refused"

    def _check(self, language: str) -> None:
        """Refuses a language whose rules are not known: other ones would give a number that is not theirs."""
        if not self.knows(language):
            raise UsageError(
                f"{self.name} has rules for Armenian (hy) that are not published in a form that could be rebuilt; "
                f'score it with --profile {OWN_PROFILE}, or with a profile of your own that says armenian = "others"'
            )

    def _with_own(self, normalize: Callable[[str], str], language: str) -> Callable[[str], str]:
        if self.own is None:
            return normalize
        return own_normalizer(self.own, normalize, spaces=language not in LANGUAGES_WITHOUT_SPACES)

    def _normalizer(self, language: str) -> Callable[[str], str]:
        rules = self.rules(language)
        if isinstance(rules, EnglishRules):
            return english_normalizer(rules)
        if isinstance(rules, MultilingualRules):
            return multilingual_normalizer(rules, language)
        if isinstance(rules, UnicodeRules):
            return unicode_normalizer(rules, language, spaces=language not in LANGUAGES_WITHOUT_SPACES)
        return _as_written if rules is None else chinese_normalizer(rules)

    def texts(self, language: str) -> Texts:
        """The texts of one language in the form that is scored."""
        if self._is_oiwer(language):
            return Texts(self._with_own(oiwer_words, language), words)
        if not self.by_character(language):
            return Texts(self.normalizer(language), words, merge=self.matches_compounds(language))
        if language not in LANGUAGES_WITHOUT_SPACES:
            return Texts(self.normalizer(language), letters)
        return Texts(self.normalizer(language), graphemes if self._by_grapheme(language) else characters)

    def by_character(self, language: str) -> bool:
        """Whether characters are counted instead of words, so that the rate is a CER."""
        return language in LANGUAGES_WITHOUT_SPACES or (language == "ko" and self.korean == "characters")

    def _is_oiwer(self, language: str) -> bool:
        return self.oiwer and language == "hi"

    def _by_grapheme(self, language: str) -> bool:
        return isinstance(self.rules(language), ChineseRules)

    def count(self, reference: str, hypothesis: str, language: str) -> ErrorCounts:
        """Errors of one pair of raw texts; one that the normalizer cannot digest is counted as it is written."""
        return self.count_pair(self.texts(language), reference, hypothesis, language)[0]

    def count_pair(self, texts: Texts, reference: str, hypothesis: str, language: str) -> tuple[ErrorCounts, str, bool]:
        """Errors of a pair of raw texts, the reference as it is scored, and whether that is as written.

        `texts` are those of the language under this profile.
        """
        left, right, as_written = texts.pair(reference, hypothesis)
        slots = lattice.parse(reference) if self.oiwer and self._is_oiwer(language) else None
        if slots is None:
            return self.count_normalized(left, right, language), left, as_written
        spoken = [[texts.alone(variant) for variant in slot if variant.strip()] for slot in slots]
        return lattice.oiwer([slot for slot in spoken if slot], right.split()), left, as_written

    def count_normalized(self, reference: str, hypothesis: str, language: str) -> ErrorCounts:
        """Errors of a pair of normalized texts: of characters where they are what is counted, else of words."""
        if language in LANGUAGES_WITHOUT_SPACES:
            if self._by_grapheme(language):
                return align.count(graphemes(reference), graphemes(hypothesis), merge=False)
            return align.count_characters(reference, hypothesis)
        if self.by_character(language):
            return align.count(letters(reference), letters(hypothesis), merge=False)
        units = reference.split()
        if reference == hypothesis:
            return ErrorCounts(len(units))
        return align.count(*self._joined(units, hypothesis.split(), language), merge=self._merges(language))

    def align(self, reference: Sequence[str], hypothesis: Sequence[str], language: str) -> align.Alignment:
        """How normalized words (or characters) face each other; its counts are those of `count_normalized`."""
        if self.by_character(language):
            return align.align(reference, hypothesis, merge=False)
        return align.align(*self._joined(reference, hypothesis, language), merge=self._merges(language))

    def matches_compounds(self, language: str) -> bool:
        """Whether words that both sides write alike but for spaces are no error."""
        if self.by_character(language):
            return False
        return self._merges(language) or self._joins_pairs(language)

    def merged(self, reference: Sequence[str], hypothesis: Sequence[str], language: str) -> list[tuple[str, str]]:
        """Compounds that normalized words of both sides write differently, which is no error: as each side has them."""
        if self._merges(language):
            steps = self.align(reference, hypothesis, language)
            found = [(" ".join(step.reference), " ".join(step.hypothesis)) for step in steps if step.operation == "hit"]
            return [pair for pair in found if pair[0] != pair[1]]
        return joined_pairs(reference, hypothesis) if self._joins_pairs(language) else []

    def _merges(self, language: str) -> bool:
        return self.merge_compounds and not self._is_oiwer(language)

    def _joins_pairs(self, language: str) -> bool:
        return self.compound_pairs and language != "en" and not self._is_oiwer(language)

    def _joined(
        self, reference: Sequence[str], hypothesis: Sequence[str], language: str
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Both sides with what they write alike but for spaces joined, where the profile does that."""
        return join_pairs(reference, hypothesis) if self._joins_pairs(language) else (reference, hypothesis)

    def drops(self, normalized_reference: str) -> bool:
        """Whether our own runs leave out an utterance with this reference."""
        return self.drop_empty_references and normalized_reference.strip() in {"", DROPPED_REFERENCE}

    def record(self) -> ProfileRecord:
        """As scores.json states it: the name, every rule, and the libraries behind them."""
        from harness.records.scores import ProfileRecord

        rules = dataclasses.asdict(self) | {"own": None if self.own is None else self.own.record()}
        return ProfileRecord(name=rules.pop("name"), libraries=libraries(), rules=rules)


def _as_written(text: str) -> str:
    return text


@functools.cache
def libraries() -> dict[str, str]:
    """Versions of everything outside this project that a score depends on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {name: version(name) for name in _LIBRARIES} | {"unicode": unicodedata.unidata_version}
    for name in _OPTIONAL_LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


_CARD = EnglishRules(casual=True)
_WHISPER = EnglishRules()
_APRIL = EnglishRules(spelling="2025-09")
_MAY = dataclasses.replace(_APRIL, fillers="2026-04", compounds=True, names=True, acronyms=True)
_JUNE = dataclasses.replace(_MAY, possessives=True)
_AUGUST = dataclasses.replace(_JUNE, spelling="2026-06")
_OCTOBER = dataclasses.replace(_AUGUST, fillers="2026-10", clock_times=True, oh_among_digits=True, stray_runs=True)
ENGLISH_RULES = {
    "card@2026-04": _CARD,
    "leaderboard@2023-07": _WHISPER,
    "leaderboard@2026-04": _APRIL,
    "leaderboard@2026-05": _MAY,
    "leaderboard@2026-06": _JUNE,
    "leaderboard@2026-08": _AUGUST,
    "leaderboard@2026-10": _OCTOBER,
}
"""The English rules of the built-in profiles."""

_LEADERBOARD = Profile(name="", english=_WHISPER, others=_WHISPER, round_before_average=True)
_FIRST_OTHERS = MultilingualRules(numbers=False, diacritics=False)


def _leaderboard(version: str, base: Profile = _LEADERBOARD, **changes: Any) -> Profile:
    """The leaderboard's rules of a version: those of another one, and what changed."""
    return dataclasses.replace(base, name=f"leaderboard@{version}", **changes)


# What changed in which version of its code. English rules are Whisper's until 2025; other languages have rules of their
# own since 2025-08, digits in words since 2026-03; names, acronyms, compounds and fillers came in late April 2026, when
# the tables of @2026-04 were out, possessives and kaldialign in June. The rules of 2026-10 are those of the code as it
# was read in October 2026; when they were first used for a published table is not known.
_L2023_07 = _leaderboard("2023-07")
_L2025_08 = _leaderboard("2025-08", _L2023_07, others=_FIRST_OTHERS)
_L2025_09 = _leaderboard("2025-09", _L2025_08, english=_APRIL)
_L2026_04 = _leaderboard("2026-04", _L2025_09, others=MultilingualRules(), compound_pairs=True)
_L2026_05 = _leaderboard("2026-05", _L2026_04, english=_MAY)
_L2026_06 = _leaderboard("2026-06", _L2026_05, english=_JUNE, merge_compounds=True)
_L2026_08 = _leaderboard("2026-08", _L2026_06, english=_AUGUST)
_L2026_10 = _leaderboard(
    "2026-10",
    _L2026_08,
    english=_OCTOBER,
    others=MultilingualRules(marks=True),
    chinese=ChineseRules(),
    oiwer=True,
    armenian="refused",
)

_BUILT_IN = {
    profile.name: profile
    for profile in (
        # IBM's model cards: PyPI's whisper-normalizer, English rules for every row whatever its language, jiwer.
        Profile(name="card@2026-04", english=_CARD, others=_CARD),
        _L2023_07,
        _L2025_08,
        _L2025_09,
        _L2026_04,
        _L2026_05,
        _L2026_06,
        _L2026_08,
        _L2026_10,
        # Our own, for languages that no leaderboard made rules for: what Unicode says of characters, jiwer.
        Profile(
            name="unicode@2026-11",
            english=UnicodeRules(),
            others=UnicodeRules(),
            unspaced=UnicodeRules(),
            korean="characters",
        ),
        # Texts as they are written, jiwer.
        Profile(name="verbatim", english=None, others=None, drop_empty_references=False),
    )
}

DEFAULT_PROFILE = "leaderboard@2026-08"
"""For predictions of others that belong to no suite, in languages that the leaderboard made rules for."""
OWN_PROFILE = "unicode@2026-11"
"""For predictions in other languages."""


def default_profile(languages: Iterable[str]) -> str:
    """The profile of texts where nothing names one: our own where one is in a language without leaderboard rules."""
    return DEFAULT_PROFILE if LEADERBOARD_LANGUAGES.issuperset(languages) else OWN_PROFILE


def built_in_profile(name: str) -> Profile:
    """A built-in profile.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in _BUILT_IN:
        raise unknown_name("profile", name, _BUILT_IN)
    return _BUILT_IN[name]


def profile_names() -> list[str]:
    """The built-in profiles."""
    return list(_BUILT_IN)
