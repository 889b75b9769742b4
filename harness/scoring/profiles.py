"""Profiles: named, versioned rules from text to score. No number is printed or stored without the name of one.

A built-in profile never changes; new rules get a new name. A user's own profile is a TOML file that names the profile
it starts from and what it does otherwise:

    extends = "leaderboard@2026-08"
    merge_compounds = false
    [english]
    acronyms = false
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, UsageError, unknown_name
from harness.scoring import align
from harness.scoring.compounds import join_pairs, joined_pairs
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.normalize.english import EnglishRules, english_normalizer
from harness.scoring.normalize.multilingual import MultilingualRules, multilingual_normalizer
from harness.scoring.texts import Texts

if TYPE_CHECKING:
    from harness.records.scores import ProfileRecord


LANGUAGES_WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my", "bo"})
"""Primary subtags of languages that are scored by characters, as written, in every profile."""

DROPPED_REFERENCE = "ignore time segment in scoring"
"""TED-LIUM's mark of a segment without a reference; dropped together with empty references."""

_LIBRARIES = ("kaldialign", "num2words", "rapidfuzz", "whisper-normalizer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules. Each stands alone, so that `dataclasses.replace` switches one of them."""

    name: str
    """What is printed with every number, such as ``leaderboard@2026-08``."""
    english: EnglishRules | None
    """Normalizer of English texts; None leaves them as written."""
    others: EnglishRules | MultilingualRules | None
    """Normalizer of all other languages."""
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

    def normalizer(self, language: str) -> Callable[[str], str]:
        """The function that normalizes texts of one language."""
        rules = self.english if language == "en" else self.others
        if rules is None or language in LANGUAGES_WITHOUT_SPACES:
            return _as_written
        if isinstance(rules, EnglishRules):
            return english_normalizer(rules)
        return multilingual_normalizer(rules, language)

    def texts(self, language: str) -> Texts:
        """The texts of one language in the form that is scored."""
        return Texts(self.normalizer(language), spaces=language not in LANGUAGES_WITHOUT_SPACES)

    def count(self, reference: str, hypothesis: str, language: str) -> ErrorCounts:
        """Errors of one pair of raw texts; one that the normalizer cannot digest is counted as it is written."""
        return self.count_normalized(*self.texts(language).pair(reference, hypothesis)[:2], language)

    def count_normalized(self, reference: str, hypothesis: str, language: str) -> ErrorCounts:
        """Errors of a pair of normalized texts: of characters in languages written without spaces, else of words."""
        if language in LANGUAGES_WITHOUT_SPACES:
            return align.count_characters(reference, hypothesis)
        words = reference.split()
        if reference == hypothesis:
            return ErrorCounts(len(words))
        return align.count(*self._joined(words, hypothesis.split(), language), merge=self.merge_compounds)

    def align(self, reference: Sequence[str], hypothesis: Sequence[str], language: str) -> align.Alignment:
        """How normalized words (or characters) face each other; its counts are those of `count_normalized`."""
        if language in LANGUAGES_WITHOUT_SPACES:
            return align.align(reference, hypothesis, merge=False)
        return align.align(*self._joined(reference, hypothesis, language), merge=self.merge_compounds)

    def matches_compounds(self, language: str) -> bool:
        """Whether words that both sides write alike but for spaces are no error."""
        if language in LANGUAGES_WITHOUT_SPACES:
            return False
        return self.merge_compounds or self._joins_pairs(language)

    def merged(self, reference: Sequence[str], hypothesis: Sequence[str], language: str) -> list[tuple[str, str]]:
        """Compounds that normalized words of both sides write differently, which is no error: as each side has them."""
        if self.merge_compounds:
            steps = self.align(reference, hypothesis, language)
            found = [(" ".join(step.reference), " ".join(step.hypothesis)) for step in steps if step.operation == "hit"]
            return [pair for pair in found if pair[0] != pair[1]]
        return joined_pairs(reference, hypothesis) if self._joins_pairs(language) else []

    def _joins_pairs(self, language: str) -> bool:
        return self.compound_pairs and language != "en"

    def _joined(
        self, reference: Sequence[str], hypothesis: Sequence[str], language: str
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Both sides with what they write alike but for spaces joined, where the profile does that."""
        return join_pairs(reference, hypothesis) if self._joins_pairs(language) else (reference, hypothesis)

    def drops(self, normalized_reference: str) -> bool:
        """Whether our own runs leave out an utterance with this reference."""
        return self.drop_empty_references and (
            not normalized_reference.strip() or normalized_reference.strip() == DROPPED_REFERENCE
        )

    def record(self) -> ProfileRecord:
        """As scores.json states it: the name, every rule, and the libraries behind them."""
        from harness.records.scores import ProfileRecord

        rules = dataclasses.asdict(self)
        return ProfileRecord(name=rules.pop("name"), libraries=libraries(), rules=rules)


def _as_written(text: str) -> str:
    return text


@functools.cache
def libraries() -> dict[str, str]:
    """Versions of everything outside this project that a score depends on."""
    from importlib.metadata import version

    return {name: version(name) for name in _LIBRARIES} | {"unicode": unicodedata.unidata_version}


_CARD = EnglishRules(casual=True)
_APRIL = EnglishRules(spelling="2025-09")
_AUGUST = EnglishRules(
    fillers="2026-04", possessives=True, spelling="2026-06", compounds=True, names=True, acronyms=True
)

_BUILT_IN = {
    profile.name: profile
    for profile in (
        # IBM's model cards: PyPI's whisper-normalizer, English rules for every row whatever its language, jiwer.
        Profile(name="card@2026-04", english=_CARD, others=_CARD),
        # The leaderboard until June 2026: Whisper's rules with the repaired spelling table, jiwer.
        Profile(
            name="leaderboard@2026-04",
            english=_APRIL,
            others=MultilingualRules(),
            compound_pairs=True,
            round_before_average=True,
        ),
        # The leaderboard as of August 2026: its own English rules, kaldialign with merged compounds.
        Profile(
            name="leaderboard@2026-08",
            english=_AUGUST,
            others=MultilingualRules(),
            compound_pairs=True,
            merge_compounds=True,
            round_before_average=True,
        ),
        # Texts as they are written, jiwer.
        Profile(name="verbatim", english=None, others=None, drop_empty_references=False),
    )
}

DEFAULT_PROFILE = "leaderboard@2026-08"
"""For predictions of others that belong to no suite."""


def profile_names() -> list[str]:
    """The built-in profiles."""
    return list(_BUILT_IN)


def get_profile(name: str) -> Profile:
    """A built-in profile by name, or a user's own by the path of its TOML file.

    Raises:
        UsageError: there is no such profile, or the file says what no profile knows.
        DataError: the file cannot be read.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    if name.endswith(".toml"):
        return _from_file(Path(name))
    raise unknown_name("profile", name, _BUILT_IN)


def _from_file(path: Path) -> Profile:
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no profile file {path}; the built-in profiles are: {', '.join(_BUILT_IN)}") from None
    except OSError as error:
        raise DataError(f"profile file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"profile file {path} is not TOML: {error}") from None
    base = stated.pop("extends", DEFAULT_PROFILE)
    if base not in _BUILT_IN:
        raise unknown_name("profile", str(base), _BUILT_IN)
    name = stated.pop("name", path.stem)
    if not isinstance(name, str) or name in _BUILT_IN:
        raise UsageError(f"profile file {path}: name {name!r} must be a text that no built-in profile has")
    changed = _changed(_BUILT_IN[base], stated, str(path))
    assert isinstance(changed, Profile)
    return dataclasses.replace(changed, name=name)


def _changed(rules: Any, stated: dict[str, Any], where: str) -> Any:
    """Frozen rules with what a table of the file states otherwise."""
    known = {field.name for field in dataclasses.fields(rules)} - {"name"}
    changes: dict[str, Any] = {}
    for key, value in stated.items():
        if key not in known:
            error = unknown_name("rule", key, known)
            raise UsageError(f"profile file {where}: {error}")
        changes[key] = _changed_value(getattr(rules, key), value, f"{where}: {key}")
    return dataclasses.replace(rules, **changes)


_CHOICES: dict[str, dict[str, Any]] = {
    "english": {"none": None, "card@2026-04": _CARD, "leaderboard@2026-04": _APRIL, "leaderboard@2026-08": _AUGUST},
    "others": {"none": None, "english": _CARD, "multilingual": MultilingualRules()},
    "fillers": {"whisper": "whisper", "2026-04": "2026-04"},
    "spelling": {"whisper": "whisper", "2025-09": "2025-09", "2026-06": "2026-06"},
}
"""What a rule that is not just on or off can be in a profile file."""


def _changed_value(now: Any, value: Any, where: str) -> Any:
    if isinstance(value, dict) and dataclasses.is_dataclass(now):
        return _changed(now, value, where)
    choices = _CHOICES.get(where.rsplit(" ", 1)[-1])
    if choices is not None and isinstance(value, str):
        if value not in choices:
            raise UsageError(f"profile file {where} cannot be {value!r}; it can be {', '.join(choices)}")
        return choices[value]
    if isinstance(now, bool) and isinstance(value, bool):
        return value
    expected = "true or false" if isinstance(now, bool) else f"a table, or one of {', '.join(choices or ())}"
    raise UsageError(f"profile file {where} must be {expected}, not {value!r}")
